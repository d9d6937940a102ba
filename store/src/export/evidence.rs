//! What makes an export evidence: keys to sign with and to check with, older checkpoints, and the entries
//! that say how the log is to be read.

use std::collections::BTreeSet;

use audit::{
    bundle::{Contents, MAX_ANCHOR_LEN},
    note::{Note, NoteError, VerifierKey},
    offline::{KEY, PRUNE, REDACT, RETIRED},
    report::Disclosures,
};
use entity::{audit_checkpoint, audit_key};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, Value};

use super::{ExportError, plan::Plan};
use crate::{
    Store, StoreError,
    bootstrap::Deployment,
    ledger::{
        cosigner,
        key::{self, LiveKey},
        number,
        tile::WIDTH,
    },
};

/// Older checkpoints beside those of new keys; they tell between which times damage was done.
const ANCHORS: u64 = 256;

/// What a bundle carries beside its entries.
pub(super) struct Evidence {
    keys: Vec<LiveKey>,
    /// The current ones first, the cosigner's last.
    vkeys: Vec<VerifierKey>,
    anchors: Vec<(String, Note)>,
    /// Tiles of entries outside of the range that come along.
    pub(super) extra: BTreeSet<u64>,
}

impl Evidence {
    pub(super) async fn read(
        store: &Store,
        deployment: &Deployment,
        plan: &Plan,
    ) -> Result<Self, ExportError> {
        let size = number(plan.tree.size)?;
        let live = key::live(store, plan.conn(), plan.log, size).await?;
        let (keys, _) = live.map_err(ExportError::NoKey)?;
        let special = special(plan).await?;
        let handovers = special.iter().filter(|(_, action)| action == KEY);
        let handovers = handovers.map(|(seq, _)| seq + 1).collect();
        let in_range = plan.first..plan.end;
        let tiles = special.iter().map(|(seq, _)| seq / WIDTH);
        Ok(Self {
            keys,
            vkeys: vkeys(deployment, plan).await?,
            anchors: anchors(plan, handovers).await?,
            extra: tiles
                .filter(|tile| !in_range.contains(&(tile * WIDTH)))
                .collect(),
        })
    }

    /// What the writer of the bundle is told.
    pub(super) fn contents(&self, plan: &Plan) -> Contents {
        Contents {
            checkpoint: plan.checkpoint.clone(),
            vkeys: self.vkeys.clone(),
            anchors: self.anchors.clone(),
            first: plan.first,
            end: plan.end,
            whole: plan.whole,
            disclosures: if plan.disclosures {
                Disclosures::All
            } else {
                Disclosures::None
            },
        }
    }

    /// Signs with every key in force.
    pub(super) fn sign(&self, origin: &str, note: &mut Note) -> Result<(), NoteError> {
        let mut keys = self.keys.iter();
        keys.try_for_each(|live| note.sign(origin, &live.key))
    }

    /// The log's newest key, as notes write it.
    pub(super) fn newest_key(&self) -> Option<String> {
        self.vkeys.first().map(ToString::to_string)
    }
}

/// The entries that bring or end keys, or permit gaps, as far as they are still stored.
async fn special(plan: &Plan) -> Result<Vec<(u64, String)>, ExportError> {
    let conn = plan.conn();
    let values: [Value; 7] = [
        plan.log.tenant.into(),
        plan.log.epoch.into(),
        number(plan.tree.size)?.into(),
        KEY.into(),
        PRUNE.into(),
        REDACT.into(),
        RETIRED.into(),
    ];
    let statement = conn.sql(
        "SELECT seq, action FROM audit_entry WHERE tenant_id = $1 AND epoch = $2 AND seq < $3 \
         AND action IN ($4, $5, $6, $7) ORDER BY seq",
        values,
    );
    let rows = conn
        .query_all_raw(statement)
        .await
        .map_err(StoreError::from)?;
    let special = rows.iter().map(|row| {
        let seq: i64 = row.try_get("", "seq")?;
        let action: String = row.try_get("", "action")?;
        Ok((seq.unsigned_abs(), action))
    });
    let special: Result<Vec<_>, StoreError> = special.collect();
    Ok(special?)
}

async fn vkeys(deployment: &Deployment, plan: &Plan) -> Result<Vec<VerifierKey>, ExportError> {
    let rows = plan
        .scope()
        .find::<audit_key::Entity>()
        .filter(audit_key::Column::Epoch.eq(plan.log.epoch))
        .order_by_desc(audit_key::Column::KeyNo)
        .all(plan.conn())
        .await
        .map_err(StoreError::from)?;
    let mut vkeys = Vec::with_capacity(rows.len() + 1);
    for row in rows {
        let public = row.public.as_slice().try_into();
        let public = public.map_err(|_| ExportError::Malformed)?;
        let vkey = VerifierKey::log(&plan.origin, public);
        vkeys.push(vkey.map_err(|_| ExportError::Malformed)?);
    }
    if let Some(row) = cosigner::find(plan.conn()).await? {
        vkeys.push(cosigner::verifier(deployment, &row.public)?);
    }
    Ok(vkeys)
}

/// Older checkpoints: each that brought a key, and some of the others, spread over the log.
async fn anchors(
    plan: &Plan,
    handovers: BTreeSet<u64>,
) -> Result<Vec<(String, Note)>, ExportError> {
    let mut sizes = handovers;
    sizes.extend(spread(plan).await?);
    sizes.remove(&plan.tree.size);
    let mut anchors = Vec::with_capacity(sizes.len());
    for size in sizes {
        let found = plan
            .scope()
            .find::<audit_checkpoint::Entity>()
            .filter(audit_checkpoint::Column::Epoch.eq(plan.log.epoch))
            .filter(audit_checkpoint::Column::Size.eq(number(size)?))
            .one(plan.conn())
            .await
            .map_err(StoreError::from)?;
        // One that is spoilt is left out: the report names it, and a damaged log is still to be exported.
        let note = found
            .filter(|row| row.note.len() as u64 <= MAX_ANCHOR_LEN)
            .and_then(|row| Note::parse(row.note.as_bytes()).ok());
        if let Some(note) = note {
            anchors.push((format!("size-{size:012}"), note));
        }
    }
    Ok(anchors)
}

/// The largest size of a checkpoint in each of so many parts of the log.
async fn spread(plan: &Plan) -> Result<BTreeSet<u64>, ExportError> {
    let conn = plan.conn();
    let size = plan.tree.size;
    let part = number(size / ANCHORS + 1)?;
    let statement = conn.sql(
        "SELECT MAX(size) AS largest FROM audit_checkpoint WHERE tenant_id = $1 AND epoch = $2 \
         AND size <= $3 GROUP BY size / $4",
        [
            plan.log.tenant.into(),
            plan.log.epoch.into(),
            number(size)?.into(),
            part.into(),
        ],
    );
    let rows = conn
        .query_all_raw(statement)
        .await
        .map_err(StoreError::from)?;
    let sizes = rows.iter().map(|row| {
        let size: i64 = row.try_get("", "largest")?;
        Ok(size.unsigned_abs())
    });
    let sizes: Result<BTreeSet<u64>, StoreError> = sizes.collect();
    Ok(sizes?)
}
