//! Deletes what entries of logs have announced, and announces what has become older than a log's policy.

use std::{sync::Arc, time::Duration};

use entity::TenantId;
use store::{
    ConflictCode, StoreError,
    retention::{Removal, Step},
};

use super::supervise::{Next, Running, every};
use crate::{app::App, error::Error};

/// How often announced deletions are looked for.
const POLL: Duration = Duration::from_secs(5);
const HOUR: Duration = Duration::from_secs(3_600);
/// Deletions, or logs, in one look.
const MOST: u64 = 100;
/// Batches of one deletion before the others have their turn.
const TURN: usize = 20;

pub(super) fn start(app: &Arc<App>, running: &mut Running) {
    let removing = Arc::clone(app);
    let pass = move || {
        let app = Arc::clone(&removing);
        async move {
            Ok(if remove(&app).await? > 0 {
                Next::AtOnce
            } else {
                Next::Later
            })
        }
    };
    running.repeat("remove_from_logs", pass, every(POLL));
    if !app.config.audit.prune {
        return;
    }
    let pruning = Arc::clone(app);
    let pass = move || {
        let app = Arc::clone(&pruning);
        async move {
            prune(&app).await?;
            Ok(Next::Later)
        }
    };
    running.repeat("prune_logs", pass, every(HOUR));
}

/// Deletes batches of what was announced. Says how many disclosures and entries are gone.
///
/// # Errors
/// As the database says; what was deleted stays so, and the rest is for a later pass.
pub async fn remove(app: &App) -> Result<u64, Error> {
    let mut gone = 0;
    let mut after = None;
    loop {
        let open = app.store.open_removals(after.as_ref(), MOST).await?;
        for removal in &open {
            gone += match turn(app, removal).await {
                Ok(gone) => gone,
                Err(error) => left(error, removal.tenant_id)?,
            };
        }
        after = open.into_iter().next_back();
        if after.is_none() {
            break;
        }
    }
    metrics::counter!("strongroom_audit_removed_total").increment(gone);
    Ok(gone)
}

async fn turn(app: &App, removal: &Removal) -> Result<u64, StoreError> {
    let anchored = app.config.audit.is_anchored();
    let mut gone = 0;
    for _ in 0..TURN {
        match app.store.remove_batch(removal, anchored).await? {
            Step::More(count) => gone += count,
            Step::Waiting | Step::Done => break,
        }
    }
    Ok(gone)
}

/// Announces the deletion of disclosures that are older than the policy of their log. Says how many logs it was.
///
/// # Errors
/// As the database says.
pub async fn prune(app: &App) -> Result<u64, Error> {
    let (mut pruned, mut after) = (0, None);
    loop {
        let logs = app.store.logs_with_old_disclosures(after, MOST).await?;
        let Some(last) = logs.last().copied() else {
            return Ok(pruned);
        };
        after = Some(last);
        for tenant in logs {
            pruned += match app.store.prune_by_policy(tenant).await {
                Ok(begun) => u64::from(begun.is_some()),
                Err(error) => left(error, tenant)?,
            };
        }
    }
}

/// A log that nothing can be deleted from is left as it is, and no other log waits for it.
fn left(error: StoreError, tenant: TenantId) -> Result<u64, Error> {
    match &error {
        StoreError::Conflict {
            code: ConflictCode::InvalidState | ConflictCode::Expired,
            message,
        } => {
            tracing::warn!(error.message = %message, tenant.id = %tenant, "nothing is deleted from a log");
            Ok(0)
        }
        StoreError::Overloaded | StoreError::Unavailable(_) => Err(error.into()),
        _ => {
            tracing::error!(error = ?error, tenant.id = %tenant, "nothing is deleted from a log");
            Ok(0)
        }
    }
}
