//! What a run leaves for the next one: the checkpoint up to which it found the log intact.
//!
//! It is sealed under the master key, so that nobody who only writes to the database can say that a part of the
//! log was read. The next run takes nothing but the checkpoint from it, and asks the log for the signature.

use entity::{TenantId, verification};
use sea_orm::{ConnectionTrait, QueryResult};

use crate::{
    Store, StoreError,
    keys::{Label, MasterKey},
    seal,
    tx::{TenantCheck, enter_tenant},
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
    context
        .map(|context| seal::seal(&key, &context, &[]))
        .transpose()
}

fn context(tenant: TenantId, epoch: i32, note: &str) -> Vec<u8> {
    format!("verification/{}/{epoch}/{note}", tenant.uuid()).into_bytes()
}

impl Store {
    /// The end of the newest run that found the log intact and whose seal opens.
    pub(super) async fn last_intact(&self, tenant: TenantId) -> Result<Option<Since>, StoreError> {
        let conn = self.database().begin_job_read().await?;
        enter_tenant(&conn, tenant, TenantCheck::None).await?;
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
        let opens = keys.any(|master| {
            seal::open(&master.derive(Label::VerificationSeal), &context, &sealed).is_some()
        });
        opens.then_some(Since { epoch, note })
    }
}
