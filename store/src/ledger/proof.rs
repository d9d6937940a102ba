//! Proofs that entries are in their log: for each, its hashes and the newest signed checkpoint, in one text.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use audit::{
    checkpoint::Checkpoint,
    hash::Hash,
    merkle::{TreeHead, verify_inclusion},
    note::Note,
    proof::TlogProof,
    tile::{inclusion_proof, inclusion_tiles},
};
use entity::audit_checkpoint;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};

use super::{LogId, tile};
use crate::{StoreError, View};

/// An entry to be proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Provable {
    /// In which epoch.
    pub epoch: i32,
    /// Its number.
    pub seq: i64,
    /// The hash of its bytes.
    pub leaf: [u8; 32],
}

impl View<'_> {
    /// The proofs of these entries of the tenant's log, as C2SP tlog-proof has them. An entry that no checkpoint
    /// covers, or that the stored hashes do not prove, is left out. A few statements for each epoch, whatever the
    /// number of entries.
    ///
    /// # Errors
    /// As the database says.
    pub async fn audit_proofs(
        &self,
        entries: &[Provable],
    ) -> Result<HashMap<Provable, String>, StoreError> {
        let mut of_epoch: BTreeMap<i32, Vec<Provable>> = BTreeMap::new();
        for entry in entries {
            of_epoch.entry(entry.epoch).or_default().push(*entry);
        }
        let mut proofs = HashMap::new();
        for (epoch, entries) in of_epoch {
            if let Some((note, tree)) = self.newest_checkpoint(epoch).await? {
                proofs.extend(self.proofs_to(epoch, &entries, &note, tree).await?);
            }
        }
        Ok(proofs)
    }

    async fn newest_checkpoint(&self, epoch: i32) -> Result<Option<(Note, TreeHead)>, StoreError> {
        let newest = self
            .find::<audit_checkpoint::Entity>()
            .filter(audit_checkpoint::Column::Epoch.eq(epoch))
            .order_by_desc(audit_checkpoint::Column::Size)
            .one(self.conn())
            .await?;
        // Whether the log has signed it is for whoever verifies the proof.
        let note = newest.and_then(|row| Note::parse(row.note.as_bytes()).ok());
        let tree = |note: &Note| Some(Checkpoint::parse(note.text()).ok()?.tree);
        Ok(note.and_then(|note| tree(&note).map(|tree| (note, tree))))
    }

    async fn proofs_to(
        &self,
        epoch: i32,
        entries: &[Provable],
        note: &Note,
        tree: TreeHead,
    ) -> Result<Vec<(Provable, String)>, StoreError> {
        let log = LogId {
            tenant: self.tenant(),
            epoch,
        };
        let covered: Vec<(Provable, u64)> = entries
            .iter()
            .filter_map(|entry| Some((*entry, u64::try_from(entry.seq).ok()?)))
            .filter(|(_, seq)| *seq < tree.size)
            .collect();
        let way = |(_, seq): &(Provable, u64)| inclusion_tiles(*seq, tree.size).unwrap_or_default();
        let wanted: BTreeSet<_> = covered.iter().flat_map(way).collect();
        let tiles = tile::fetch(self.conn(), log, &wanted).await?;
        let prove = |(entry, index): (Provable, u64)| {
            let hashes = inclusion_proof(index, tree.size, &tiles).ok()?;
            verify_inclusion(Hash(entry.leaf), index, tree, &hashes).ok()?;
            let proof = TlogProof {
                extra: Vec::new(),
                index,
                hashes,
                checkpoint: note.clone(),
            };
            Some((entry, proof.to_string()))
        };
        Ok(covered.into_iter().filter_map(prove).collect())
    }
}
