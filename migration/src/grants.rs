//! What the application's role may do on Postgres. The owner's role runs migrations and nothing else.

/// Rights per table; a table that is not named gets [`ORDINARY`].
const NARROW: &[(&str, &str)] = &[
    ("audit_outbox", "SELECT, INSERT, DELETE"),
    // What goes is what a signed entry of the log said would go; verification finds everything else that is gone.
    ("audit_entry", "SELECT, INSERT, DELETE"),
    ("audit_target", "SELECT, INSERT, DELETE"),
    ("audit_disclosure", "SELECT, INSERT, DELETE"),
    ("audit_hold", "SELECT, INSERT, UPDATE (cleared_seq), DELETE"),
    ("audit_head", "SELECT, INSERT, UPDATE"),
    // A replaced key loses its seed; another master key seals the seeds again. The public half stays.
    (
        "audit_key",
        "SELECT, INSERT, UPDATE (sealed, master_no, retired_at)",
    ),
    (
        "audit_cosigner",
        "SELECT, INSERT, UPDATE (sealed, master_no)",
    ),
    ("audit_tile", "SELECT, INSERT"),
    ("audit_checkpoint", "SELECT, INSERT, UPDATE"),
    // What a purged tenant's log could not take goes with the tenant.
    ("audit_quarantine", "SELECT, INSERT, DELETE"),
    ("audit_purge", "SELECT, INSERT, UPDATE"),
    (
        "deployment",
        "SELECT, INSERT, UPDATE (master_no, master_check)",
    ),
    // Told once and then forgotten by age; never changed.
    ("revocation", "SELECT, INSERT, DELETE"),
    ("seaql_migrations", "SELECT"),
];

/// The look-ups before a tenant is known; nobody else may call them.
const LOOK_UPS: &[&str] = &[
    "auth_api_key(text)",
    "auth_session(bytea)",
    "auth_invitation(bytea, timestamptz)",
    "auth_memberships(uuid)",
];

const ORDINARY: &str = "SELECT, INSERT, UPDATE, DELETE";

/// The statements that give `role` its rights on `tables`, narrowest first in reading order.
///
/// Run after every migration: a new table is unreachable for the application until then, which
/// fails loudly instead of being open by default.
#[must_use]
pub fn statements(role: &str, tables: &[String]) -> Vec<String> {
    let role = quote(role);
    let mut statements = vec![format!("GRANT USAGE ON SCHEMA public TO {role}")];
    for table in tables {
        let rights = NARROW
            .iter()
            .find(|(name, _)| name == table)
            .map_or(ORDINARY, |(_, rights)| rights);
        let table = quote(table);
        statements.push(format!("REVOKE ALL ON TABLE {table} FROM {role}"));
        statements.push(format!("GRANT {rights} ON TABLE {table} TO {role}"));
    }
    statements.push(format!(
        "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}"
    ));
    let look_ups = LOOK_UPS.join(", ");
    statements.push(format!("GRANT EXECUTE ON FUNCTION {look_ups} TO {role}"));
    statements
}

/// An identifier, quoted for SQL.
fn quote(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    #[test]
    fn nobody_updates_an_entry() {
        let tables = ["audit_entry".to_owned(), "file".to_owned()];
        let statements = super::statements("app\"x", &tables);
        assert!(statements.contains(
            &r#"GRANT SELECT, INSERT, DELETE ON TABLE "audit_entry" TO "app""x""#.to_owned()
        ));
    }
}
