//! Which columns of which tables are exported, and how each is written.

use chrono::{DateTime, SecondsFormat, Utc};
use data_encoding::HEXLOWER;
use entity::{ApiKeyId, BareId, FileId, InvitationId, MemberId, TenantId};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::Row;
use crate::{StoreError, conn::Conn};

/// Rows of one statement.
pub(super) const PAGE: usize = 500;

/// How a column is written.
#[derive(Clone, Copy)]
enum Kind {
    /// An id, with its prefix.
    Id(fn(Uuid) -> String),
    Text,
    Number,
    Time,
    Hex,
    /// JSON as it is stored.
    Json,
}

/// A table of an export.
pub(super) struct Source {
    /// The name of its file.
    pub(super) name: &'static str,
    /// The name of each member, and how it is written; in the order of the statement.
    members: &'static [(&'static str, Kind)],
    sql: &'static str,
    /// The column of uuids by which it is read a page at a time; none for tables that stay small.
    pub(super) key: Option<&'static str>,
}

const TENANT: fn(Uuid) -> String = |id| TenantId(id).to_string();
const MEMBER: fn(Uuid) -> String = |id| MemberId(id).to_string();
const FILE: fn(Uuid) -> String = |id| FileId(id).to_string();
const KEY: fn(Uuid) -> String = |id| ApiKeyId(id).to_string();
const INVITATION: fn(Uuid) -> String = |id| InvitationId(id).to_string();
const PLAIN: fn(Uuid) -> String = |id| id.to_string();

/// Every table of an export, in order.
pub(super) const SOURCES: &[Source] = &[
    Source {
        name: "tenant",
        members: &[
            ("id", Kind::Id(TENANT)),
            ("slug", Kind::Text),
            ("name", Kind::Text),
            ("status", Kind::Text),
            ("tier", Kind::Text),
            ("settings", Kind::Json),
            ("createdAt", Kind::Time),
            ("deactivatedAt", Kind::Time),
            ("purgeAfter", Kind::Time),
        ],
        sql: "SELECT id, slug, name, status, tier, settings, created_at, deactivated_at, \
              purge_after FROM tenant WHERE id = $1",
        key: None,
    },
    Source {
        name: "contacts",
        members: &[
            ("kind", Kind::Text),
            ("name", Kind::Text),
            ("email", Kind::Text),
            ("phone", Kind::Text),
            ("company", Kind::Text),
            ("taxNumber", Kind::Text),
            ("line1", Kind::Text),
            ("line2", Kind::Text),
            ("postalCode", Kind::Text),
            ("city", Kind::Text),
            ("region", Kind::Text),
            ("country", Kind::Text),
            ("updatedAt", Kind::Time),
        ],
        sql: "SELECT kind, name, email, phone, company, tax_number, line1, line2, postal_code, \
              city, region, country, updated_at FROM tenant_contact WHERE tenant_id = $1 \
              ORDER BY kind",
        key: None,
    },
    Source {
        name: "members",
        members: &[
            ("id", Kind::Id(MEMBER)),
            ("email", Kind::Text),
            ("name", Kind::Text),
            ("role", Kind::Text),
            ("createdAt", Kind::Time),
            ("removedAt", Kind::Time),
        ],
        sql: "SELECT t.id, u.email, u.name, t.role, t.created_at, t.removed_at FROM member t \
              JOIN \"user\" u ON u.id = t.user_id WHERE t.tenant_id = $1",
        key: Some("t.id"),
    },
    Source {
        name: "invitations",
        members: &[
            ("id", Kind::Id(INVITATION)),
            ("email", Kind::Text),
            ("role", Kind::Text),
            ("createdBy", Kind::Id(MEMBER)),
            ("createdAt", Kind::Time),
            ("expiresAt", Kind::Time),
            ("acceptedAt", Kind::Time),
            ("revokedAt", Kind::Time),
        ],
        sql: "SELECT id, email, role, created_by, created_at, expires_at, accepted_at, revoked_at \
              FROM invitation WHERE tenant_id = $1",
        key: Some("id"),
    },
    Source {
        name: "api_keys",
        members: &[
            ("id", Kind::Id(KEY)),
            ("publicId", Kind::Text),
            ("name", Kind::Text),
            ("scopes", Kind::Text),
            ("cidrs", Kind::Text),
            ("createdBy", Kind::Id(MEMBER)),
            ("createdAt", Kind::Time),
            ("expiresAt", Kind::Time),
            ("lastUsedAt", Kind::Time),
            ("revokedAt", Kind::Time),
        ],
        sql: "SELECT id, public_id, name, scopes, cidrs, created_by, created_at, expires_at, \
              last_used_at, revoked_at FROM api_key WHERE tenant_id = $1",
        key: Some("id"),
    },
    Source {
        name: "files",
        members: &[
            ("id", Kind::Id(FILE)),
            ("system", Kind::Text),
            ("objectType", Kind::Text),
            ("objectId", Kind::Text),
            ("filename", Kind::Text),
            ("displayName", Kind::Text),
            ("mediaType", Kind::Text),
            ("byteLen", Kind::Number),
            ("sha256", Kind::Hex),
            ("state", Kind::Text),
            ("replaces", Kind::Id(FILE)),
            ("createdByType", Kind::Text),
            ("createdById", Kind::Id(PLAIN)),
            ("createdAt", Kind::Time),
            ("trashedAt", Kind::Time),
            ("purgedAt", Kind::Time),
        ],
        sql: "SELECT id, system, object_type, object_id, filename, display_name, media_type, \
              byte_len, sha256, state, replaces, created_by_type, created_by_id, created_at, \
              trashed_at, purged_at FROM file WHERE tenant_id = $1",
        key: Some("id"),
    },
    Source {
        name: "usage",
        members: &[
            ("metric", Kind::Text),
            ("periodStart", Kind::Time),
            ("limit", Kind::Number),
            ("used", Kind::Number),
            ("held", Kind::Number),
            ("trash", Kind::Number),
        ],
        sql: "SELECT metric, period_start, limit_value, used, reserved, trash FROM usage_counter \
              WHERE tenant_id = $1 ORDER BY metric, period_start",
        key: None,
    },
    Source {
        name: "quota_overrides",
        members: &[
            ("metric", Kind::Text),
            ("limit", Kind::Number),
            ("setAt", Kind::Time),
        ],
        sql: "SELECT metric, limit_value, set_at FROM quota_override WHERE tenant_id = $1 \
              ORDER BY metric",
        key: None,
    },
];

impl Source {
    /// The next rows behind a key.
    pub(super) async fn page(
        &self,
        conn: &Conn,
        tenant: TenantId,
        after: Uuid,
    ) -> Result<Vec<QueryResult>, StoreError> {
        let mut values: Vec<Value> = vec![tenant.into()];
        let sql = match self.key {
            None => self.sql.to_owned(),
            Some(key) => {
                values.push(after.into());
                format!("{} AND {key} > $2 ORDER BY {key} LIMIT {PAGE}", self.sql)
            }
        };
        Ok(conn.query_all_raw(conn.sql(&sql, values)).await?)
    }

    /// A row as it is written.
    pub(super) fn row(&self, row: &QueryResult) -> Result<Row, StoreError> {
        let mut json = Map::new();
        for (place, (name, kind)) in self.members.iter().enumerate() {
            json.insert((*name).to_owned(), kind.read(row, place)?);
        }
        Ok(Row {
            table: self.name,
            json: Json::Object(json),
        })
    }
}

impl Kind {
    fn read(self, row: &QueryResult, place: usize) -> Result<Json, StoreError> {
        Ok(match self {
            Self::Id(write) => {
                let id: Option<BareId> = row.try_get_by_index(place)?;
                id.map(|id| write(id.0)).into()
            }
            Self::Text => row.try_get_by_index::<Option<String>>(place)?.into(),
            Self::Number => row.try_get_by_index::<Option<i64>>(place)?.into(),
            Self::Time => {
                let at: Option<DateTime<Utc>> = row.try_get_by_index(place)?;
                at.map(|at| at.to_rfc3339_opts(SecondsFormat::Micros, true))
                    .into()
            }
            Self::Hex => {
                let bytes: Option<Vec<u8>> = row.try_get_by_index(place)?;
                bytes.map(|bytes| HEXLOWER.encode(&bytes)).into()
            }
            Self::Json => {
                let text: Option<String> = row.try_get_by_index(place)?;
                let json = text.map(|text| serde_json::from_str(&text));
                json.transpose()
                    .map_err(StoreError::internal)?
                    .unwrap_or(Json::Null)
            }
        })
    }
}

/// The key of a row, for the page behind it.
pub(super) fn key(row: &QueryResult) -> Result<Uuid, StoreError> {
    let id: BareId = row.try_get_by_index(0)?;
    Ok(id.0)
}
