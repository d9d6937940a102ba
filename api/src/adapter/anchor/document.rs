//! What is kept: one JSON object, the same in a file and in a bucket.

use std::collections::BTreeMap;

use audit::{checkpoint::Checkpoint, hash::Hash, note::Note};
use chrono::SecondsFormat;
use entity::TenantId;
use serde::{Deserialize, Serialize};
use store::ledger::{Anchor, HeadMark};
use uuid::Uuid;

/// An anchor as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Document {
    /// When the checkpoint was signed.
    at: String,
    /// The system log's checkpoint.
    note: String,
    /// The heads it covers that earlier anchors do not, the system log's own last.
    logs: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    tenant: Uuid,
    epoch: i32,
    size: u64,
    root: String,
}

impl Document {
    pub(super) fn of(anchor: &Anchor) -> Self {
        let line = |mark: &HeadMark| Line {
            tenant: mark.tenant.uuid(),
            epoch: mark.epoch,
            size: mark.size,
            root: mark.root.to_hex(),
        };
        Self {
            at: anchor
                .signed_at
                .to_rfc3339_opts(SecondsFormat::Micros, true),
            note: anchor.note.clone(),
            logs: anchor.logs.iter().map(line).collect(),
        }
    }

    /// The heads; those of lines that cannot be one are left out.
    pub(super) fn marks(&self) -> impl Iterator<Item = HeadMark> {
        self.logs.iter().filter_map(|line| {
            Some(HeadMark {
                tenant: TenantId(line.tenant),
                epoch: line.epoch,
                size: line.size,
                root: Hash::from_hex(&line.root)?,
            })
        })
    }

    /// Whether it speaks of that deployment: another one may have left its file behind.
    pub(super) fn is_of(&self, deployment: &str) -> bool {
        let name = |origin: &str| origin.split('/').nth(1) == Some(deployment);
        self.checkpoint().is_some_and(|found| name(&found.origin))
    }

    /// What the signed note says, its signatures not looked at: it is compared with one that is ours.
    pub(super) fn checkpoint(&self) -> Option<Checkpoint> {
        let note = Note::parse(self.note.as_bytes()).ok()?;
        Checkpoint::parse(note.text()).ok()
    }
}

/// The largest mark of each log and epoch.
#[derive(Debug, Clone, Default)]
pub(super) struct Newest(BTreeMap<(TenantId, i32), HeadMark>);

impl Newest {
    pub(super) fn add(&mut self, mark: HeadMark) {
        let known = self.0.entry((mark.tenant, mark.epoch)).or_insert(mark);
        if known.size < mark.size {
            *known = mark;
        }
    }

    /// The newest mark of the system log.
    pub(super) fn of_system(&self) -> Option<HeadMark> {
        let marks = self
            .0
            .values()
            .filter(|mark| mark.tenant == TenantId::SYSTEM);
        marks.max_by_key(|mark| mark.epoch).copied()
    }

    /// All marks.
    pub(super) fn iter(&self) -> impl Iterator<Item = HeadMark> {
        self.0.values().copied()
    }

    /// The marks of one log.
    pub(super) fn of(&self, tenant: TenantId) -> impl Iterator<Item = HeadMark> {
        let every_epoch = (tenant, i32::MIN)..=(tenant, i32::MAX);
        self.0.range(every_epoch).map(|(_, mark)| *mark)
    }

    pub(super) fn into_vec(self) -> Vec<HeadMark> {
        self.0.into_values().collect()
    }
}
