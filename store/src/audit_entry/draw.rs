//! A sample of a log that an auditor can draw again.

use audit::sample::sample;
use entity::{audit_entry, audit_head};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};

use crate::{Noun, StoreError, View, ledger::number};

/// Most entries of a sample.
pub const SAMPLE_MOST: u32 = 100;
const SEED_MAX_BYTES: usize = 100;

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draw {
    /// What the sample follows from; 1 to 100 bytes.
    pub seed: String,
    /// How many entries, 1 to 100.
    pub count: i64,
    /// From the first so many entries of the log; from all of them if nothing is said.
    pub tree_size: Option<i64>,
}

/// A sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// From so many entries.
    pub tree_size: i64,
    /// Their numbers, in the order in which they were drawn.
    pub seqs: Vec<i64>,
    /// The entries in that order, without those that are not stored any more.
    pub entries: Vec<audit_entry::Model>,
}

impl View<'_> {
    /// Draws a sample as [`audit::sample`] says.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] naming `seed`, `size` or `treeSize`.
    pub async fn sample_audit_entries(&self, draw: &Draw) -> Result<Drawn, StoreError> {
        let head = self
            .find::<audit_head::Entity>()
            .order_by_desc(audit_head::Column::Epoch)
            .one(self.conn())
            .await?
            .ok_or(StoreError::NotFound(Noun::AuditEntry))?;
        let tree_size = draw.tree_size.unwrap_or(head.size);
        let count = check(draw, tree_size, head.size)?;
        let size = u64::try_from(tree_size).map_err(StoreError::internal)?;
        let seqs: Result<Vec<i64>, StoreError> = sample(&draw.seed, size, count)
            .into_iter()
            .map(number)
            .collect();
        let seqs = seqs?;
        let mut entries = self
            .find::<audit_entry::Entity>()
            .filter(audit_entry::Column::Epoch.eq(head.epoch))
            .filter(audit_entry::Column::Seq.is_in(seqs.iter().copied()))
            .all(self.conn())
            .await?;
        entries.sort_by_key(|entry| seqs.iter().position(|seq| *seq == entry.seq));
        Ok(Drawn {
            tree_size,
            seqs,
            entries,
        })
    }
}

fn check(draw: &Draw, tree_size: i64, size: i64) -> Result<usize, StoreError> {
    if draw.seed.is_empty() || draw.seed.len() > SEED_MAX_BYTES {
        let message = format!("seed must be 1 to {SEED_MAX_BYTES} bytes");
        return Err(StoreError::invalid("seed", message));
    }
    if !(1..=size).contains(&tree_size) {
        let message = format!("treeSize must be between 1 and {size}, the size of the log");
        return Err(StoreError::invalid("treeSize", message));
    }
    if !(1..=i64::from(SAMPLE_MOST)).contains(&draw.count) {
        let message = format!("size must be between 1 and {SAMPLE_MOST}");
        return Err(StoreError::invalid("size", message));
    }
    usize::try_from(draw.count).map_err(StoreError::internal)
}
