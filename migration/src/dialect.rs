//! One SQL text, two databases.

use sea_orm_migration::{
    SchemaManager,
    sea_orm::{ConnectionTrait, DbBackend, DbErr},
};

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

/// Puts the database's own words in, and splits at blank lines into single statements.
#[must_use]
pub fn statements(sql: &str, backend: DbBackend) -> Vec<String> {
    let text = WORDS.iter().fold(sql.to_owned(), |text, (word, pg, lite)| {
        let own = if backend == DbBackend::Postgres {
            pg
        } else {
            lite
        };
        text.replace(word, own)
    });
    text.split("\n\n")
        .map(str::trim)
        .filter(|statement| !statement.is_empty())
        .map(str::to_owned)
        .collect()
}
