//! Entries of a log.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use audit::entry::{EntryRef, Outcome};
use data_encoding::HEXLOWER;
use entity::{AnyId, BareId, EntryId, FileId, audit_entry};
use policy::Action;
use store::{Snapshot, View, ledger::Provable, page::PageRequest};
use uuid::Uuid;

use super::{
    context,
    page::connection,
    principal::{Principal, PrincipalType},
    scalar::{BigInt, DateTime},
    word::AuditOutcome,
};
use crate::{
    error::{Code, Error, Failure},
    service::input,
};

/// An entry of a tenant's log. Its fields are read from the bytes that were hashed; where those are
/// not an entry any more, from the columns beside them.
#[derive(Debug, Clone)]
pub struct AuditEntry {
    row: audit_entry::Model,
}

impl AuditEntry {
    pub(crate) fn new(row: audit_entry::Model) -> Self {
        Self { row }
    }

    fn sealed(&self) -> Option<EntryRef<'_>> {
        EntryRef::parse(&self.row.raw).ok()
    }
}

/// Something the action was done to.
#[derive(Debug, Clone, SimpleObject)]
pub struct AuditTarget {
    /// The noun, such as `file`.
    #[graphql(name = "type")]
    pub kind: String,
    /// Its id, such as `fil_…`.
    pub id: ID,
}

/// An entry of a tenant's log.
#[Object]
impl AuditEntry {
    /// `ent_…`
    pub(crate) async fn id(&self) -> ID {
        ID(EntryId(self.row.event_id.uuid()).to_string())
    }

    /// The epoch of the log that it belongs to; a recovery from a backup begins a new one.
    async fn epoch(&self) -> i32 {
        self.row.epoch
    }

    /// Its place in that epoch, from 0, without gaps.
    async fn seq(&self) -> BigInt {
        self.row.seq.into()
    }

    /// Its hash as it is stored, lower-case hex; the next entry holds it.
    async fn hash(&self) -> String {
        HEXLOWER.encode(&self.row.leaf)
    }

    /// The hash of the entry before it, lower-case hex; zeros in the first.
    async fn prev_hash(&self) -> Result<String, Failure> {
        let entry = self.sealed().ok_or_else(|| {
            let message = "the stored bytes are not an entry any more; verify the chain";
            Error::with_message(Code::AuditChainBroken, message)
        })?;
        Ok(entry.prev.to_hex())
    }

    /// What was done, such as `file.trash`; success, failure and denial share one name.
    async fn action(&self) -> String {
        let sealed = self.sealed().map(|entry| entry.action.to_owned());
        sealed.unwrap_or_else(|| self.row.action.clone())
    }

    /// How it ended.
    async fn outcome(&self) -> AuditOutcome {
        let sealed = self.sealed().map(|entry| entry.outcome);
        let outcome = sealed.or_else(|| Outcome::parse(&self.row.outcome));
        outcome.unwrap_or(Outcome::Unknown).into()
    }

    /// Who did it.
    async fn actor(&self) -> Principal {
        if let Some(entry) = self.sealed() {
            return Principal::of_entry(entry.actor);
        }
        let id = Uuid::parse_str(&self.row.actor_id).unwrap_or_default();
        Principal::of_row(&self.row.actor_type, BareId(id))
    }

    /// What it was done to.
    async fn targets(&self) -> Vec<AuditTarget> {
        let Some(entry) = self.sealed() else {
            return Vec::new();
        };
        let targets = entry.targets.map(|target| AuditTarget {
            kind: target.kind.to_owned(),
            id: ID(typed(target.kind, target.id)),
        });
        targets.collect()
    }

    /// When it happened, by the clock of the service.
    async fn occurred_at(&self) -> DateTime {
        let sealed = self.sealed().map(|entry| entry.at.as_micros());
        sealed
            .and_then(chrono::DateTime::from_timestamp_micros)
            .unwrap_or(self.row.occurred_at)
            .into()
    }

    /// When it got its place, by the clock of the database.
    async fn sequenced_at(&self) -> DateTime {
        self.row.sequenced_at.into()
    }

    /// The proof that it is in the log, to be verified offline (C2SP tlog-proof): its hashes and the newest signed
    /// checkpoint. Null when the stored hashes do not prove it. Counts as five objects.
    async fn proof(&self, ctx: &Context<'_>) -> Result<Option<String>, Failure> {
        let provable = Provable {
            epoch: self.row.epoch,
            seq: self.row.seq,
            leaf: ::audit::hash::leaf(&self.row.raw).0,
        };
        context::proofs(ctx)?.load_one(provable).await
    }

    /// The bytes that were hashed: canonical JSON. Personal fields are in it as digests only.
    async fn raw(&self) -> String {
        String::from_utf8_lossy(&self.row.raw).into_owned()
    }
}

/// The id of a target as the rest of the API writes it.
fn typed(kind: &str, uuid: &str) -> String {
    let prefix = match kind {
        "api_key" => entity::ApiKeyId::PREFIX,
        "audit_export" => entity::AuditExportId::PREFIX,
        "file" => FileId::PREFIX,
        "hold" => entity::HoldId::PREFIX,
        "invitation" => entity::InvitationId::PREFIX,
        "member" => entity::MemberId::PREFIX,
        "operator" => entity::OperatorId::PREFIX,
        "tenant" => entity::TenantId::PREFIX,
        "upload" => entity::UploadId::PREFIX,
        "user" => entity::UserId::PREFIX,
        "verification" => entity::VerificationId::PREFIX,
        _ => return uuid.to_owned(),
    };
    let file = Uuid::parse_str(uuid).map(|uuid| FileId(uuid).to_string());
    match file.as_deref().map(|text| text.split_once('_')) {
        Ok(Some((_, rest))) => format!("{prefix}_{rest}"),
        _ => uuid.to_owned(),
    }
}

connection!(
    AuditEntryConnection,
    AuditEntryEdge,
    AuditEntry,
    "entries of the audit log"
);

/// Which entries to list; everything that is given must hold.
#[derive(Debug, Clone, Default, InputObject)]
pub struct AuditFilter {
    /// By this member, key or operator: `mem_…`, `key_…` or `opr_…`.
    actor_id: Option<ID>,
    /// By this sort of principal.
    actor_type: Option<PrincipalType>,
    /// One of these actions, such as `file.trash`; at most 100.
    actions: Option<Vec<String>>,
    /// Whose action begins so, such as `file.`.
    action_prefix: Option<String>,
    /// That ended so.
    outcome: Option<AuditOutcome>,
    /// That touched this: any id of the API.
    target_id: Option<ID>,
    /// That touched something of this kind, such as `file`.
    target_type: Option<String>,
    /// That happened at this time or later.
    after: Option<DateTime>,
    /// That happened before this time.
    before: Option<DateTime>,
}

impl AuditFilter {
    pub(super) fn checked(self) -> Result<store::audit_entry::AuditFilter, Error> {
        Ok(store::audit_entry::AuditFilter {
            actor_id: uuid_of("filter.actorId", self.actor_id)?,
            actor_type: self.actor_type.map(Into::into),
            action_prefix: self.action_prefix,
            actions: self.actions.map(actions).transpose()?,
            outcome: self.outcome.map(Into::into),
            target_id: uuid_of("filter.targetId", self.target_id)?,
            target_type: self.target_type,
            after: self.after.map(|at| at.0),
            before: self.before.map(|at| at.0),
        })
    }
}

fn uuid_of(field: &'static str, id: Option<ID>) -> Result<Option<Uuid>, Error> {
    let parsed = id.map(|id| id.parse::<AnyId>()).transpose();
    let uuid = parsed.map(|id| id.map(AnyId::uuid));
    uuid.map_err(|_| Error::invalid(field, format!("{field} must be an id as this API gives it")))
}

fn actions(names: Vec<String>) -> Result<Vec<Action>, Error> {
    let names = input::list("filter.actions", names)?;
    let parsed: Result<Vec<Action>, _> = names.iter().map(|name| name.parse()).collect();
    parsed.map_err(|error| Error::invalid("filter.actions", error.to_string()))
}

/// A page of entries.
pub(super) async fn list(
    view: &View<'_>,
    filter: AuditFilter,
    page: &PageRequest,
) -> Result<AuditEntryConnection, Error> {
    let filter = filter.checked()?;
    let page = view.list_audit_entries(&filter, page).await?;
    Ok(AuditEntryConnection::new(page, |row| {
        (view.audit_entry_cursor(&filter, &row), AuditEntry::new(row))
    }))
}

/// One entry of the active tenant's log.
pub(super) async fn find(snapshot: &Snapshot, id: EntryId) -> Result<Option<AuditEntry>, Failure> {
    let view = snapshot.view(Action::AuditRead)?;
    Ok(view.find_audit_entry(id).await?.map(AuditEntry::new))
}
