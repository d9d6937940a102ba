//! Holds, redactions and prunes, and what verification says while they happen.

mod evidence;
mod holds;
mod outbox;
mod prunes;
mod redactions;
mod tiles;

use audit::{
    chain::Damage,
    entry::EntryRef,
    retention::{Permit, Plan, PruneKind},
};
use chrono::TimeDelta;
use store::{
    ConflictCode, Store, StoreError,
    retention::{NewHold, NewRedaction, PruneRequest, RedactedEntry, Step},
    testing::Database,
    verify::Verdict,
};

use crate::scene::{Scene, commit_rich};

pub(crate) const PAYLOAD: PruneRequest = PruneRequest {
    kind: PruneKind::Payload,
    days: None,
};
pub(crate) const ENTRIES: PruneRequest = PruneRequest {
    kind: PruneKind::Entries,
    days: None,
};

impl Scene {
    /// A tenant with some entries; 4 is one with a personal field.
    async fn with_entries(kind: Database) -> anyhow::Result<Self> {
        let scene = Self::new(kind).await?;
        commit_rich(&scene.db.store, &scene.owner()).await?;
        commit_rich(&scene.db.store, &scene.owner()).await?;
        scene.db.sequence_all().await?;
        Ok(scene)
    }

    fn redaction(&self, entries: &[(u64, &[&str])]) -> NewRedaction {
        let entry = |(seq, fields): &(u64, &[&str])| RedactedEntry {
            seq: *seq,
            fields: fields.iter().map(ToString::to_string).collect(),
        };
        NewRedaction {
            epoch: None,
            entries: entries.iter().map(entry).collect(),
            basis: "GDPR Art. 17".to_owned(),
            request: "DSR-2026/17".to_owned(),
            approver: self.seed.owner,
            reason: Some("asked by letter".to_owned()),
        }
    }

    async fn hold(&self, range: Option<std::ops::Range<u64>>) -> anyhow::Result<entity::HoldId> {
        let new = NewHold {
            range,
            basis: "court order".to_owned(),
            reference: "AZ 1/26".to_owned(),
            reason: Some("a dispute with somebody".to_owned()),
        };
        let placed = self.db.store.set_hold(&self.owner(), new).await?;
        Ok(placed.hold.id)
    }

    async fn lift(&self, hold: entity::HoldId) -> Result<(), StoreError> {
        let (store, owner) = (&self.db.store, self.owner());
        store.clear_hold(&owner, hold, "AZ 1/26", None).await?;
        Ok(())
    }

    async fn plan(&self, request: PruneRequest) -> Result<Plan, StoreError> {
        self.db.store.plan_prune(self.seed.tenant, request).await
    }

    /// Agrees to what a prune would take now; says which entry records it.
    async fn prune(&self, request: PruneRequest) -> anyhow::Result<u64> {
        let hash = self.plan(request).await?.hash().to_hex();
        Ok(self.agree(request, &hash).await?)
    }

    async fn agree(&self, request: PruneRequest, hash: &str) -> Result<u64, StoreError> {
        let store = &self.db.store;
        let begun = store.execute_prune(&self.owner(), request, hash).await?;
        Ok(begun.seq)
    }

    /// Deletes what was announced, as the worker does, as far as it goes.
    async fn drain(&self) -> anyhow::Result<u64> {
        drain(&self.db.store).await
    }

    async fn expect(&self, verdict: Verdict, pruned: u64, redacted: u64) -> anyhow::Result<()> {
        self.db.sequence_all().await?;
        let found = self.verdict().await?;
        let gaps = (found.gaps.pruned, found.gaps.redacted);
        assert_eq!(
            (found.verdict, gaps),
            (verdict, (pruned, redacted)),
            "{found:?}"
        );
        Ok(())
    }

    async fn expect_damage(&self, seq: u64, damage: Damage) -> anyhow::Result<()> {
        let found = self.verdict().await?;
        assert_eq!(found.verdict, Verdict::Broken);
        let first = found
            .first_bad
            .as_ref()
            .map(|first| (first.seq, first.damage));
        assert_eq!(first, Some((seq, damage)), "{found:?}");
        Ok(())
    }

    /// What the newest entry of that action permits, by the arithmetic of verifiers.
    async fn permit(&self, action: &str) -> anyhow::Result<Option<Permit>> {
        let raws = self.raws().await?;
        let entries = raws.iter().rev().map(|raw| EntryRef::parse(raw.as_bytes()));
        for entry in entries {
            let entry = entry?;
            if entry.action == action {
                return Ok(Permit::of(&entry));
            }
        }
        Ok(None)
    }

    async fn grow_log(&self, count: u64) -> anyhow::Result<()> {
        let principal = self.owner().principal();
        let store = &self.db.store;
        store
            .fill_outbox(self.seed.tenant, principal, count)
            .await?;
        self.db.sequence_all().await?;
        Ok(())
    }

    fn years_pass(&self, years: i64) {
        self.db.clock.advance(TimeDelta::days(366 * years));
    }
}

async fn drain(store: &Store) -> anyhow::Result<u64> {
    let mut removed = 0;
    for removal in store.open_removals(None, 100).await? {
        while let Step::More(count) = store.remove_batch(&removal, false).await? {
            removed += count;
        }
    }
    Ok(removed)
}

fn is_conflict<T>(result: &Result<T, StoreError>, expected: ConflictCode) -> bool {
    matches!(result, Err(StoreError::Conflict { code, .. }) if *code == expected)
}

fn is_invalid<T>(result: &Result<T, StoreError>, expected: &str) -> bool {
    matches!(result, Err(StoreError::Invalid { field, .. }) if *field == expected)
}
