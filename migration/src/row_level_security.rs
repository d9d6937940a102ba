//! The second wall: on Postgres a statement sees the rows of the tenant its transaction has entered, whatever its
//! own conditions say.
//!
//! What a transaction sees stands in the setting [`SETTING`]: a tenant's uuid, that tenant's rows; [`EVERY_TENANT`],
//! all rows; nothing, none. `FORCE` binds the owner of the tables too, so the wall also stands where the server
//! connects as the owner. Only superusers and roles with `BYPASSRLS` pass by.

/// The setting that says whose rows a transaction sees.
pub const SETTING: &str = "app.tenant_id";

/// Its value for work that is no single tenant's. Entering a tenant replaces it.
pub const EVERY_TENANT: &str = "*";

/// The statements that close `table`, whose rows belong to the tenant in `column`.
///
/// Never changed once shipped, because migrations are made of it: another policy is another function. The setting is
/// read once per statement (`SELECT`), not once per row. It is empty, not null, in a connection that was used before,
/// hence `NULLIF`.
#[must_use]
pub fn statements(table: &str, column: &str) -> [String; 3] {
    [
        format!("ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"),
        format!("ALTER TABLE {table} FORCE ROW LEVEL SECURITY"),
        format!(
            "CREATE POLICY own_rows ON {table} USING ({column} = \
             (SELECT NULLIF(NULLIF(current_setting('{SETTING}', true), ''), '{EVERY_TENANT}')::uuid) \
             OR (SELECT current_setting('{SETTING}', true) = '{EVERY_TENANT}'))"
        ),
    ]
}

/// The table and the column of `{row_level_security table column}`.
pub(crate) fn placeholder(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix("{row_level_security ")?;
    let mut words = inside.strip_suffix('}')?.split_whitespace();
    let table = words.next()?;
    Some((table, words.next().unwrap_or("tenant_id")))
}
