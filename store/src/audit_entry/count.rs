//! How often what was done.

use entity::audit_entry::{Column, Entity};
use sea_orm::{FromQueryResult, QuerySelect, sea_query::Expr};

use super::AuditFilter;
use crate::{StoreError, View};

/// Most groups of an answer: the largest are given.
const MOST: u64 = 1_000;

/// What entries are counted by; entries that are alike in all of it are counted together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CountBy {
    /// By what was done.
    pub action: bool,
    /// By how it ended.
    pub outcome: bool,
    /// By the month in which it happened, in UTC.
    pub month: bool,
}

/// How many entries are alike.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Counted {
    /// What was done, if that was asked for.
    pub action: Option<String>,
    /// How it ended, if that was asked for.
    pub outcome: Option<String>,
    /// The month, such as `2026-11`, if that was asked for.
    pub month: Option<String>,
    /// How many.
    pub count: i64,
}

impl View<'_> {
    /// Counts the entries that fit `filter`; the thousand largest groups, the largest first.
    ///
    /// # Errors
    /// As the database says; [`StoreError::Overloaded`] when counting takes too long.
    pub async fn count_audit_entries(
        &self,
        filter: &AuditFilter,
        by: CountBy,
    ) -> Result<Vec<Counted>, StoreError> {
        let month = if self.conn().is_postgres() {
            "to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM')"
        } else {
            "substr(occurred_at, 1, 7)"
        };
        let parts = [
            (by.action, "action", Expr::col(Column::Action)),
            (by.outcome, "outcome", Expr::col(Column::Outcome)),
            (by.month, "month", Expr::cust(month)),
        ];
        let mut query = self.filtered(filter).select_only();
        for (is_wanted, name, part) in parts {
            query = if is_wanted {
                query.column_as(part.clone(), name).group_by(part)
            } else {
                query.column_as(Expr::cust("CAST(NULL AS text)"), name)
            };
        }
        let ranked = |query: sea_orm::Select<Entity>| {
            use sea_orm::QueryOrder;
            query
                .column_as(Expr::cust("COUNT(*)"), "count")
                .order_by_desc(Expr::cust("COUNT(*)"))
        };
        Ok(ranked(query)
            .limit(MOST)
            .into_model::<Counted>()
            .all(self.conn())
            .await?)
    }
}
