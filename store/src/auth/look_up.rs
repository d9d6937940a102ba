//! What is looked up before a tenant is known, by a secret's hash or an id.
//!
//! On Postgres a request sees no tenant's rows yet. Each look-up is a function of the database, which sees through the
//! wall for one statement, takes exactly that one value, and gives exactly these columns.

use sea_orm::{Statement, Value};

use crate::conn::Conn;

/// One look-up, on either database.
pub(crate) struct LookUp {
    postgres: &'static str,
    sqlite: &'static str,
}

/// A key by its public id.
pub(super) const API_KEY: LookUp = LookUp {
    postgres: "SELECT * FROM auth_api_key($1)",
    sqlite: "SELECT k.id, k.tenant_id, k.mac, k.pepper_no, k.scopes, k.cidrs, k.expires_at, \
             k.revoked_at, k.created_by, m.user_id, m.role, m.removed_at FROM api_key k \
             JOIN member m ON m.tenant_id = k.tenant_id AND m.id = k.created_by \
             WHERE k.public_id = $1",
};

/// A session by the hash of its token, with the person and the membership of the selected tenant.
pub(super) const SESSION: LookUp = LookUp {
    postgres: "SELECT * FROM auth_session($1)",
    sqlite: "SELECT s.id, s.user_id, u.email, s.tenant_id, s.last_seen_at, s.expires_at, \
             m.id AS member_id, m.role, m.removed_at, t.status \
             FROM session s JOIN \"user\" u ON u.id = s.user_id \
             LEFT JOIN member m ON m.tenant_id = s.tenant_id AND m.user_id = s.user_id \
             LEFT JOIN tenant t ON t.id = s.tenant_id WHERE s.token_hash = $1",
};

/// An open invitation by the hash of its token at a time, with the account of its address.
pub(super) const INVITATION: LookUp = LookUp {
    postgres: "SELECT * FROM auth_invitation($1, $2)",
    sqlite: "SELECT i.tenant_id, i.id, i.email, i.role, i.reservation_id, u.id AS user_id, u.password_hash \
             FROM invitation i LEFT JOIN \"user\" u ON u.email = i.email \
             WHERE i.token_hash = $1 AND i.accepted_at IS NULL AND i.revoked_at IS NULL \
             AND i.expires_at > $2",
};

/// A person's memberships that are not over, oldest first.
pub(crate) const MEMBERSHIPS: LookUp = LookUp {
    postgres: "SELECT * FROM auth_memberships($1) ORDER BY id",
    sqlite: "SELECT m.id, m.tenant_id, m.role, u.email, u.name, m.created_at, \
             t.slug, t.name AS tenant_name, t.status \
             FROM member m JOIN tenant t ON t.id = m.tenant_id JOIN \"user\" u ON u.id = m.user_id \
             WHERE m.user_id = $1 AND m.removed_at IS NULL ORDER BY m.id",
};

impl LookUp {
    /// The statement for the database behind `conn`.
    pub(crate) fn by(&self, conn: &Conn, values: impl IntoIterator<Item = Value>) -> Statement {
        let sql = if conn.is_postgres() {
            self.postgres
        } else {
            self.sqlite
        };
        conn.sql(sql, values)
    }
}
