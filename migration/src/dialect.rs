//! One SQL text, two databases.

use sea_orm_migration::{
    SchemaManager,
    sea_orm::{ConnectionTrait, DbBackend, DbErr},
};

use crate::row_level_security;

/// Column types by placeholder: Postgres, then SQLite (whose `STRICT` tables know five).
const WORDS: &[(&str, &str, &str)] = &[
    ("{uuid}", "uuid", "TEXT"),
    ("{bytes}", "bytea", "BLOB"),
    ("{time}", "timestamptz", "TEXT"),
    ("{int}", "bigint", "INTEGER"),
    ("{small}", "integer", "INTEGER"),
    ("{bool}", "boolean", "INTEGER"),
    ("{text}", "text", "TEXT"),
    (
        "{serial}",
        "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        "INTEGER PRIMARY KEY AUTOINCREMENT",
    ),
    ("{strict}", "", "STRICT"),
];

/// Begins a statement that only Postgres runs.
const POSTGRES_ONLY: &str = "{postgres}";

/// Runs the statements of `sql`, one after the other.
pub(crate) async fn apply(manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    for statement in statements(sql, manager.get_database_backend()) {
        connection.execute_unprepared(&statement).await?;
    }
    Ok(())
}

/// What going back is answered with.
pub(crate) fn forward_only() -> Result<(), DbErr> {
    Err(DbErr::Migration(
        "migrations only go forward; restore a backup to go back".to_owned(),
    ))
}

/// Splits at blank lines into single statements, and puts the database's own words in.
///
/// A statement that begins with `{postgres}` is left out on SQLite. `{row_level_security table}`, or
/// `{row_level_security table column}` where the tenant is not in `tenant_id`, stands for the statements of
/// [`row_level_security::statements`]; each has a paragraph of its own.
#[must_use]
pub fn statements(sql: &str, backend: DbBackend) -> Vec<String> {
    let is_postgres = backend == DbBackend::Postgres;
    let mut statements = Vec::new();
    for text in sql.split("\n\n").map(str::trim) {
        if let Some((table, column)) = row_level_security::placeholder(text) {
            if is_postgres {
                statements.extend(row_level_security::statements(table, column));
            }
        } else if let Some(text) = text.strip_prefix(POSTGRES_ONLY) {
            if is_postgres {
                statements.push(in_words_of(text.trim(), backend));
            }
        } else if !text.is_empty() {
            statements.push(in_words_of(text, backend));
        }
    }
    statements
}

fn in_words_of(text: &str, backend: DbBackend) -> String {
    WORDS
        .iter()
        .fold(text.to_owned(), |text, (word, pg, lite)| {
            let own = if backend == DbBackend::Postgres {
                pg
            } else {
                lite
            };
            text.replace(word, own)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQL: &str = "CREATE TABLE a (tenant_id {uuid}) {strict}\n\n{row_level_security a}\n\n\
                       {postgres} CREATE FUNCTION f()\n";

    #[test]
    fn sqlite_is_not_told_of_rows_it_cannot_hide() {
        let statements = statements(SQL, DbBackend::Sqlite);
        assert_eq!(statements, ["CREATE TABLE a (tenant_id TEXT) STRICT"]);
    }

    #[test]
    fn one_placeholder_closes_a_table_on_postgres() {
        let statements = statements(SQL, DbBackend::Postgres);
        let begins = statements
            .iter()
            .map(|s| s.split(" (").next().unwrap_or_default());
        let expected = [
            "CREATE TABLE a",
            "ALTER TABLE a ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE a FORCE ROW LEVEL SECURITY",
            "CREATE POLICY own_rows ON a USING",
            "CREATE FUNCTION f()",
        ];
        assert_eq!(begins.collect::<Vec<_>>(), expected);
    }
}
