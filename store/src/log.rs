//! The beginning of a log: its key, its head and its genesis, in the transaction that needs them.

use audit::{
    chain::Head,
    entry::{Actor, ActorKind, Req},
    genesis::{Genesis, Log, LogKey as SigningKey, Previous, origin, vkey},
};
use chrono::{DateTime, Utc};
use entity::{TenantId, audit_head, audit_key};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    StoreError,
    bootstrap::Deployment,
    conn::{Conn, insert},
    keys::{Label, MasterKey},
    ledger::{LogId, Tree, key::LiveKey},
    outbox, seal, sequence,
    system::Duty,
};

/// The epoch every log begins with.
pub(crate) const FIRST_EPOCH: i32 = 0;
/// The number every log's first key has.
pub(crate) const FIRST_KEY: i32 = 1;
/// Days before which no disclosure of a log goes that begins now.
pub(crate) const PAYLOAD_DAYS: u32 = 365;
const ENTRY_DAYS: u32 = 2_555;

/// Starts the log of `tenant`.
pub(crate) async fn begin(
    conn: &Conn,
    master: &MasterKey,
    deployment: &Deployment,
    tenant: TenantId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let epoch = FIRST_EPOCH;
    let log = LogId { tenant, epoch };
    begin_epoch(conn, master, deployment, log, None, now).await?;
    Ok(())
}

/// Starts an epoch of a log: a key of its own, and a genesis that names the epoch before it.
pub(crate) async fn begin_epoch(
    conn: &Conn,
    master: &MasterKey,
    deployment: &Deployment,
    log: LogId,
    previous: Option<Previous>,
    now: DateTime<Utc>,
) -> Result<audit_head::Model, StoreError> {
    let seed = new_seed()?;
    let key = SigningKey::from_seed(&seed);
    let public = key.public();
    insert_key(conn, master, log, FIRST_KEY, &seed, now).await?;
    let genesis = genesis(deployment, log, &public, previous, now)?;
    let draft = genesis.draft();
    let mut head = Head::empty();
    let at = outbox::time(now)?;
    let sealed = head.append(&draft, at).map_err(StoreError::internal)?;
    let entry = sequence::Appended {
        seq: 0,
        ts: now,
        sealed,
        draft,
        disclosures: Vec::new(),
    };
    sequence::insert_entries(conn, log.tenant, log.epoch, &[entry]).await?;
    let mut tree = Tree::empty(deployment, log, vec![LiveKey { key }]);
    tree.push(head.last_hash);
    tree.write(conn, now).await?;
    let head = audit_head::Model {
        tenant_id: log.tenant,
        epoch: log.epoch,
        size: 1,
        last_hash: head.last_hash.0.to_vec(),
        last_ts: now,
        min_seq: 0,
        state: "ok".to_owned(),
        frontier: Some(tree.frontier()),
        collected_size: 0,
        anchored_size: 0,
        known_epoch: None,
        known_size: None,
        known_root: None,
    };
    insert(conn, head.clone()).await?;
    Ok(head)
}

/// Keeps a key of a log, its seed sealed.
pub(crate) async fn insert_key(
    conn: &Conn,
    master: &MasterKey,
    log: LogId,
    key_no: i32,
    seed: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let context = seal_context(log.tenant, log.epoch, key_no);
    let key = audit_key::Model {
        tenant_id: log.tenant,
        epoch: log.epoch,
        key_no,
        master_no: master.number(),
        sealed: seal::seal(&master.derive(Label::AuditKeySeal), &context, seed)?,
        public: SigningKey::from_seed(seed).public().to_vec(),
        created_at: now,
        retired_at: None,
    };
    insert(conn, key).await?;
    Ok(())
}

/// 32 random bytes, wiped when dropped.
pub(crate) fn new_seed() -> Result<Zeroizing<[u8; 32]>, StoreError> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut_slice()).map_err(StoreError::internal)?;
    Ok(seed)
}

/// Ties a sealed seed to its row.
pub(crate) fn seal_context(tenant: TenantId, epoch: i32, key_no: i32) -> Vec<u8> {
    format!("audit_key/{}/{epoch}/{key_no}", tenant.uuid()).into_bytes()
}

/// The name of a log: fixed parts only, never derived from an address.
pub(crate) fn log_origin(deployment: &Deployment, tenant: TenantId, epoch: i32) -> String {
    let uuid = tenant.uuid().to_string();
    let log = if tenant == TenantId::SYSTEM {
        Log::System
    } else {
        Log::Tenant(&uuid)
    };
    origin(
        &deployment.audit_domain,
        &deployment.name,
        log,
        epoch.unsigned_abs(),
    )
}

fn genesis(
    deployment: &Deployment,
    log: LogId,
    public: &[u8; 32],
    previous: Option<Previous>,
    now: DateTime<Utc>,
) -> Result<Genesis, StoreError> {
    let origin = log_origin(deployment, log.tenant, log.epoch);
    Ok(Genesis {
        tenant: log.tenant.uuid().to_string(),
        id: Uuid::now_v7().to_string(),
        at: outbox::time(now)?,
        actor: Actor {
            kind: ActorKind::System,
            id: Duty::Sequencer.as_str().to_owned(),
        },
        req: Req {
            id: Uuid::now_v7().to_string(),
            trace: String::new(),
        },
        vkey: vkey(&origin, public),
        origin,
        deployment: deployment.name.clone(),
        payload_days: PAYLOAD_DAYS,
        entry_days: ENTRY_DAYS,
        previous,
    })
}
