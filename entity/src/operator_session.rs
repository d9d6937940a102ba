//! A signed-in operator.

use sea_orm::entity::prelude::*;

use crate::{OperatorId, OperatorSessionId};

/// A signed-in operator.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "operator_session")]
pub struct Model {
    /// The session.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OperatorSessionId,
    /// Whose it is.
    pub operator_id: OperatorId,
    /// SHA-256 of the token; unique.
    pub token_hash: Vec<u8>,
    /// When it began.
    pub created_at: DateTimeUtc,
    /// The absolute end.
    pub expires_at: DateTimeUtc,
    /// When it was last used; none before the first use.
    pub last_seen_at: Option<DateTimeUtc>,
}

/// Joins are written where they are used, so that each names its tenant.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
