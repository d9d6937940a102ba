//! Reading a log: entries newest first, one entry, where an event stands, and where the log ends.

mod count;
mod draw;

use audit::{
    entry::{ActorKind, Outcome},
    genesis::vkey,
    hash::Hash,
};
use chrono::{DateTime, Utc};
use entity::{
    EntryId, EventId, audit_checkpoint, audit_disclosure, audit_entry, audit_head, audit_key,
    audit_outbox, audit_target,
};
use policy::Action;
use sea_orm::{
    ColumnTrait, Condition, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, ExprTrait, Query},
};
use uuid::Uuid;

use crate::{
    EventStatus, Noun, Store, StoreError, View,
    ledger::cosigner,
    log::log_origin,
    operator::OperatorView,
    page::{Cursors, Page, PageRequest},
    tx::Scope,
};

pub use count::{CountBy, Counted};
pub use draw::{Draw, Drawn, SAMPLE_MOST};

/// Which entries are asked for; everything that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// By this member, key or operator.
    pub actor_id: Option<Uuid>,
    /// By this sort of principal.
    pub actor_type: Option<ActorKind>,
    /// One of these actions; an empty list matches nothing.
    pub actions: Option<Vec<Action>>,
    /// Whose action begins so, such as `file.`.
    pub action_prefix: Option<String>,
    /// That ended so.
    pub outcome: Option<Outcome>,
    /// That touched this.
    pub target_id: Option<Uuid>,
    /// That touched something of this kind, such as `file`.
    pub target_type: Option<String>,
    /// That happened at this time or later.
    pub after: Option<DateTime<Utc>>,
    /// That happened before this time.
    pub before: Option<DateTime<Utc>>,
}

/// Where an event stands.
#[derive(Debug, Clone)]
pub struct EventStatusRow {
    /// How far it is.
    pub status: EventStatus,
    /// Its entry, once it has one.
    pub entry: Option<audit_entry::Model>,
}

/// Where a log ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainInfo {
    /// Number of entries.
    pub size: i64,
    /// Leaf hash of the last one, lower-case hex.
    pub head_hash: String,
    /// The log's name and key, in the form of C2SP signed notes.
    pub public_key: String,
    /// The newest signed checkpoint; empty in a log that is older than checkpoints, until its next entry.
    pub checkpoint: String,
    /// The key that adds times to checkpoints, as signed notes write it; `None` before the first time.
    pub cosigner_key: Option<String>,
    /// Events committed and not yet in the log.
    pub pending: u64,
    /// The epoch.
    pub epoch: i32,
    /// `ok`, `quarantined` or `closed`.
    pub state: String,
}

impl AuditFilter {
    fn fingerprint(&self) -> String {
        format!("audit_entries:{self:?}")
    }

    fn apply(&self, mut query: Select<audit_entry::Entity>) -> Select<audit_entry::Entity> {
        use audit_entry::Column;
        if let Some(actor) = self.actor_id {
            query = query.filter(Column::ActorId.eq(actor.to_string()));
        }
        if let Some(kind) = self.actor_type {
            query = query.filter(Column::ActorType.eq(kind.as_str()));
        }
        if let Some(prefix) = &self.action_prefix {
            // The registry is closed, and no two databases agree on what comes behind a text.
            let names = Action::ALL.iter().map(|action| action.name());
            let fitting = names.filter(|name| name.starts_with(prefix));
            query = query.filter(Column::Action.is_in(fitting));
        }
        if let Some(actions) = &self.actions {
            query = query.filter(Column::Action.is_in(actions.iter().map(|a| a.name())));
        }
        if let Some(outcome) = self.outcome {
            query = query.filter(Column::Outcome.eq(outcome.as_str()));
        }
        if let Some(after) = self.after {
            query = query.filter(Column::OccurredAt.gte(after));
        }
        if let Some(before) = self.before {
            query = query.filter(Column::OccurredAt.lt(before));
        }
        query
    }
}

impl View<'_> {
    /// A page of entries, newest first.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a cursor of another list.
    pub async fn list_audit_entries(
        &self,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Page<audit_entry::Model>, StoreError> {
        use audit_entry::Column;
        let mut query = self
            .filtered(filter)
            .order_by_desc(Column::Epoch)
            .order_by_desc(Column::Seq)
            .limit(page.probe());
        if let Some(cursor) = page.after() {
            query = query.filter(self.before_cursor(filter, cursor)?);
        }
        Ok(page.cut(query.all(self.conn()).await?))
    }

    /// The entries that fit.
    fn filtered(&self, filter: &AuditFilter) -> Select<audit_entry::Entity> {
        let query = filter.apply(self.find::<audit_entry::Entity>());
        if filter.target_id.is_none() && filter.target_type.is_none() {
            return query;
        }
        query.filter(self.touched(filter))
    }

    /// The cursor of an entry in the list of that filter.
    #[must_use]
    pub fn audit_entry_cursor(&self, filter: &AuditFilter, entry: &audit_entry::Model) -> String {
        let fingerprint = filter.fingerprint();
        Cursors::new(self.store(), self.tenant(), &fingerprint).encode(&position(entry))
    }

    fn before_cursor(&self, filter: &AuditFilter, cursor: &str) -> Result<Condition, StoreError> {
        let fingerprint = filter.fingerprint();
        let position = Cursors::new(self.store(), self.tenant(), &fingerprint).decode(cursor)?;
        before(&position)
    }

    fn touched(&self, filter: &AuditFilter) -> Expr {
        let key = |epoch: Expr, seq: Expr| Expr::tuple([epoch, seq]);
        let id = filter.target_id;
        let kind = filter.target_type.as_deref();
        let touching = Query::select()
            .columns([audit_target::Column::Epoch, audit_target::Column::Seq])
            .from(audit_target::Entity)
            .and_where(audit_target::Column::TenantId.eq(self.tenant()))
            .and_where_option(id.map(|id| audit_target::Column::TargetId.eq(id)))
            .and_where_option(kind.map(|kind| audit_target::Column::TargetType.eq(kind)))
            .to_owned();
        key(
            audit_entry::Column::Epoch.into_expr(),
            audit_entry::Column::Seq.into_expr(),
        )
        .in_subquery(touching)
    }

    /// The entry with that id.
    ///
    /// # Errors
    /// As the database says.
    pub async fn find_audit_entry(
        &self,
        id: EntryId,
    ) -> Result<Option<audit_entry::Model>, StoreError> {
        Ok(self
            .find::<audit_entry::Entity>()
            .filter(audit_entry::Column::EventId.eq(EventId(id.uuid())))
            .one(self.conn())
            .await?)
    }

    /// Where an event stands; `None` for one that is not this tenant's, or never was.
    ///
    /// # Errors
    /// As the database says.
    pub async fn find_event(&self, id: EventId) -> Result<Option<EventStatusRow>, StoreError> {
        if let Some(entry) = self.find_audit_entry(EntryId(id.uuid())).await? {
            return Ok(Some(EventStatusRow {
                status: self.status_of(&entry).await?,
                entry: Some(entry),
            }));
        }
        let waiting = self
            .find::<audit_outbox::Entity>()
            .filter(audit_outbox::Column::EventId.eq(id))
            .count(self.conn())
            .await?;
        Ok((waiting > 0).then_some(EventStatusRow {
            status: EventStatus::Pending,
            entry: None,
        }))
    }

    async fn status_of(&self, entry: &audit_entry::Model) -> Result<EventStatus, StoreError> {
        let head = self
            .find::<audit_head::Entity>()
            .filter(audit_head::Column::Epoch.eq(entry.epoch))
            .one(self.conn())
            .await?;
        Ok(match head {
            Some(head) if entry.seq < head.anchored_size => EventStatus::Anchored,
            // Who appends also signs; only a log that is older than checkpoints is not signed yet.
            Some(head) if head.frontier.is_some() => EventStatus::Signed,
            _ => EventStatus::Sequenced,
        })
    }

    /// The disclosures of an entry, by field.
    ///
    /// # Errors
    /// As the database says.
    pub async fn disclosures_of(
        &self,
        entry: &audit_entry::Model,
    ) -> Result<Vec<audit_disclosure::Model>, StoreError> {
        Ok(self
            .find::<audit_disclosure::Entity>()
            .filter(audit_disclosure::Column::Epoch.eq(entry.epoch))
            .filter(audit_disclosure::Column::Seq.eq(entry.seq))
            .order_by_asc(audit_disclosure::Column::Field)
            .all(self.conn())
            .await?)
    }

    /// Where the tenant's log ends.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no log, or as the database says.
    pub async fn audit_chain(&self) -> Result<ChainInfo, StoreError> {
        chain(self, self.store()).await
    }
}

impl OperatorView {
    /// Where the deployment's own log ends.
    ///
    /// # Errors
    /// As the database says.
    pub async fn system_chain(&self, store: &Store) -> Result<ChainInfo, StoreError> {
        chain(&self.scope, store).await
    }
}

async fn chain(scope: &Scope, store: &Store) -> Result<ChainInfo, StoreError> {
    let head = scope
        .find::<audit_head::Entity>()
        .order_by_desc(audit_head::Column::Epoch)
        .one(scope.conn())
        .await?
        .ok_or(StoreError::NotFound(Noun::AuditEntry))?;
    let key = scope
        .find::<audit_key::Entity>()
        .filter(audit_key::Column::Epoch.eq(head.epoch))
        .order_by_desc(audit_key::Column::KeyNo)
        .one(scope.conn())
        .await?
        .ok_or_else(|| StoreError::internal("a log without a key"))?;
    let public: [u8; 32] = key
        .public
        .try_into()
        .map_err(|_| StoreError::internal("a public key without 32 bytes"))?;
    let hash = Hash::from_slice(&head.last_hash)
        .ok_or_else(|| StoreError::internal("a head without a hash"))?;
    let checkpoint = scope
        .find::<audit_checkpoint::Entity>()
        .filter(audit_checkpoint::Column::Epoch.eq(head.epoch))
        .order_by_desc(audit_checkpoint::Column::Size)
        .one(scope.conn())
        .await?;
    let deployment = store.deployment().await.map_err(StoreError::internal)?;
    let cosigner = cosigner::find(scope.conn()).await?;
    let cosigner = cosigner.map(|row| cosigner::verifier(&deployment, &row.public));
    let origin = log_origin(&deployment, scope.tenant(), head.epoch);
    Ok(ChainInfo {
        size: head.size,
        head_hash: hash.to_hex(),
        public_key: vkey(&origin, &public),
        checkpoint: checkpoint.map_or_else(String::new, |checkpoint| checkpoint.note),
        cosigner_key: cosigner.transpose()?.map(|key| key.to_string()),
        pending: scope.count::<audit_outbox::Entity>().await?,
        epoch: head.epoch,
        state: head.state,
    })
}

/// Where an entry stands in lists of entries.
pub(crate) fn position(entry: &audit_entry::Model) -> String {
    format!("{}/{}", entry.epoch, entry.seq)
}

/// The entries before a position: older ones.
pub(crate) fn before(position: &str) -> Result<Condition, StoreError> {
    use audit_entry::Column;
    let (epoch, seq) = position
        .split_once('/')
        .and_then(|(epoch, seq)| Some((epoch.parse::<i32>().ok()?, seq.parse::<i64>().ok()?)))
        .ok_or_else(|| StoreError::internal("a cursor with a good tag has no position"))?;
    let same_epoch = Condition::all()
        .add(Column::Epoch.eq(epoch))
        .add(Column::Seq.lt(seq));
    Ok(Condition::any()
        .add(Column::Epoch.lt(epoch))
        .add(same_epoch))
}
