//! What was redacted, pruned and held, as lists: from the entries, with how far each is.

use std::collections::HashMap;

use audit::entry::Outcome;
use entity::{audit_entry, audit_hold, audit_removal};
use policy::Action;
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect};

use crate::{
    StoreError, View,
    audit_entry::{before, position},
    page::{Cursors, Page, PageRequest},
};

/// A redaction or a prune.
#[derive(Debug, Clone)]
pub struct RemovalRow {
    /// The entry that announced it.
    pub entry: audit_entry::Model,
    /// How far it is; `None` when the row that says so is gone.
    pub removal: Option<audit_removal::Model>,
}

/// A hold.
#[derive(Debug, Clone)]
pub struct HoldRow {
    /// The entry that set it.
    pub entry: audit_entry::Model,
    /// The hold; `None` when its row is gone.
    pub hold: Option<audit_hold::Model>,
}

impl View<'_> {
    /// A page of redactions, newest first.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a cursor of another list.
    pub async fn list_redactions(
        &self,
        page: &PageRequest,
    ) -> Result<Page<RemovalRow>, StoreError> {
        self.removals(Action::AuditRedact, page).await
    }

    /// A page of prunes, newest first.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a cursor of another list.
    pub async fn list_prunes(&self, page: &PageRequest) -> Result<Page<RemovalRow>, StoreError> {
        self.removals(Action::AuditPrune, page).await
    }

    /// A page of holds, newest first, lifted ones included.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a cursor of another list.
    pub async fn list_holds(&self, page: &PageRequest) -> Result<Page<HoldRow>, StoreError> {
        let found = self.announced(Action::AuditHoldSet, page).await?;
        let seqs = found.rows.iter().map(|entry| entry.seq);
        let rows = self
            .find::<audit_hold::Entity>()
            .filter(audit_hold::Column::Seq.is_in(seqs))
            .all(self.conn())
            .await?;
        let mut holds: HashMap<_, _> = rows
            .into_iter()
            .map(|row| ((row.epoch, row.seq), row))
            .collect();
        Ok(Page {
            rows: found
                .rows
                .into_iter()
                .map(|entry| HoldRow {
                    hold: holds.remove(&(entry.epoch, entry.seq)),
                    entry,
                })
                .collect(),
            has_next: found.has_next,
        })
    }

    /// The cursor of an entry in the list of entries of that action.
    #[must_use]
    pub fn register_cursor(&self, action: Action, entry: &audit_entry::Model) -> String {
        let list = list_name(action);
        Cursors::new(self.store(), self.tenant(), &list).encode(&position(entry))
    }

    async fn removals(
        &self,
        action: Action,
        page: &PageRequest,
    ) -> Result<Page<RemovalRow>, StoreError> {
        let found = self.announced(action, page).await?;
        let seqs = found.rows.iter().map(|entry| entry.seq);
        let rows = self
            .find::<audit_removal::Entity>()
            .filter(audit_removal::Column::Seq.is_in(seqs))
            .all(self.conn())
            .await?;
        let mut removals: HashMap<_, _> = rows
            .into_iter()
            .map(|row| ((row.epoch, row.seq), row))
            .collect();
        Ok(Page {
            rows: found
                .rows
                .into_iter()
                .map(|entry| RemovalRow {
                    removal: removals.remove(&(entry.epoch, entry.seq)),
                    entry,
                })
                .collect(),
            has_next: found.has_next,
        })
    }

    async fn announced(
        &self,
        action: Action,
        page: &PageRequest,
    ) -> Result<Page<audit_entry::Model>, StoreError> {
        use audit_entry::Column;
        let mut query = self
            .find::<audit_entry::Entity>()
            .filter(Column::Action.eq(action.name()))
            .filter(Column::Outcome.eq(Outcome::Success.as_str()))
            .order_by_desc(Column::Epoch)
            .order_by_desc(Column::Seq)
            .limit(page.probe());
        if let Some(cursor) = page.after() {
            query = query.filter(self.before(action, cursor)?);
        }
        Ok(page.cut(query.all(self.conn()).await?))
    }

    fn before(&self, action: Action, cursor: &str) -> Result<Condition, StoreError> {
        let list = list_name(action);
        before(&Cursors::new(self.store(), self.tenant(), &list).decode(cursor)?)
    }
}

fn list_name(action: Action) -> String {
    format!("register:{action}")
}
