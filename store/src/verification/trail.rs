//! What a run leaves for the next one: the checkpoint up to which it found the log intact, and what it found missing
//! as entries say.
//!
//! It is sealed under the master key, so that nobody who only writes to the database can say that a part of the
//! log was read. The next run takes nothing else from it, and asks the log for the checkpoint's signature.

use audit::retention::GapCount;
use entity::{TenantId, verification};
use sea_orm::{ConnectionTrait, QueryResult};

use crate::{
    Store, StoreError,
    keys::{Label, MasterKey},
    seal,
    tx::TenantCheck,
    verify::{Since, Verdict, Verification},
};

/// Earlier runs that are looked at: those behind them are older than any schedule.
const RUNS: usize = 20;

/// The seal of a run that found the log intact; `None` for another.
pub(super) fn seal(
    master: &MasterKey,
    run: &verification::Model,
    found: &Verification,
) -> Result<Option<Vec<u8>>, StoreError> {
    let note = match found.verdict {
        Verdict::Intact | Verdict::IntactWithDocumentedGaps => found.checkpoint.as_deref(),
        Verdict::Broken | Verdict::Inconclusive => None,
    };
    let context = note.map(|note| context(run.tenant_id, found.epoch, note));
    let key = master.derive(Label::VerificationSeal);
    let missing = Missing {
        gaps: found.gaps,
        documented: found.verdict == Verdict::IntactWithDocumentedGaps,
    };
    context
        .map(|context| seal::seal(&key, &context, &missing.to_bytes()))
        .transpose()
}

/// What a run found missing.
struct Missing {
    gaps: GapCount,
    documented: bool,
}

impl Missing {
    fn to_bytes(&self) -> Vec<u8> {
        let numbers = [self.gaps.pruned, self.gaps.redacted, self.documented.into()];
        numbers.iter().flat_map(|n| n.to_be_bytes()).collect()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (numbers, []) = bytes.as_chunks::<8>() else {
            return None;
        };
        let [pruned, redacted, documented] = numbers else {
            return None;
        };
        Some(Self {
            gaps: GapCount {
                pruned: u64::from_be_bytes(*pruned),
                redacted: u64::from_be_bytes(*redacted),
            },
            documented: u64::from_be_bytes(*documented) != 0,
        })
    }
}

fn context(tenant: TenantId, epoch: i32, note: &str) -> Vec<u8> {
    format!("verification/{}/{epoch}/{note}", tenant.uuid()).into_bytes()
}

impl Store {
    /// The end of the newest run that found the log intact and whose seal opens.
    pub(super) async fn last_intact(&self, tenant: TenantId) -> Result<Option<Since>, StoreError> {
        let conn = self.database().begin_job_read().await?;
        let conn = conn.enter(tenant, TenantCheck::None).await?;
        let sql = format!(
            "SELECT epoch, checkpoint, seal FROM verification WHERE tenant_id = $1 \
             AND state = 'DONE' AND checkpoint IS NOT NULL AND seal IS NOT NULL \
             ORDER BY started_at DESC LIMIT {RUNS}"
        );
        let rows = conn.query_all_raw(conn.sql(&sql, [tenant.into()])).await?;
        Ok(rows.iter().find_map(|row| self.sealed(tenant, row)))
    }

    fn sealed(&self, tenant: TenantId, row: &QueryResult) -> Option<Since> {
        let epoch: i32 = row.try_get("", "epoch").ok()?;
        let note: String = row.try_get("", "checkpoint").ok()?;
        let sealed: Vec<u8> = row.try_get("", "seal").ok()?;
        let masters = self.masters();
        let mut keys = std::iter::once(masters.current()).chain(masters.previous());
        let context = context(tenant, epoch, &note);
        let opened = keys.find_map(|master| {
            seal::open(&master.derive(Label::VerificationSeal), &context, &sealed)
        });
        let Missing { gaps, documented } = Missing::from_bytes(&opened?)?;
        Some(Since {
            epoch,
            note,
            gaps,
            documented,
        })
    }
}
