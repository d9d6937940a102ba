//! Closes what was left half-way, every `STRONGROOM_SWEEP_INTERVAL`.

use std::{future::Future, sync::Arc};

use chrono::TimeDelta;
use store::system::Reason;

use super::{
    purge,
    supervise::{Next, Running, every},
    sweep::{self, MOST},
};
use crate::{app::App, error::Error};

/// Lists of the store cost more than rows, and what they find is a day old anyway.
const SELDOM: u32 = 10;
/// Names forgotten in one statement: there may be one for every change of a day.
const FORGOTTEN: u64 = 1_000;
/// Every process has polled a revocation long before; the clocks of processes may differ by minutes.
const TOLD: TimeDelta = TimeDelta::minutes(10);

pub(super) fn start(app: &Arc<App>, running: &mut Running) {
    let mut sweep = Sweeps { app, running };
    sweep.often("sweep_leases", |app| async move { leases(&app).await });
    sweep.seldom("sweep_idempotency_keys", |app| async move {
        idempotency_keys(&app).await
    });
    sweep.often("sweep_uploads", |app| async move {
        sweep::sweep_uploads(&app).await
    });
    sweep.often("sweep_stranded", |app| async move {
        sweep::sweep_stranded(&app).await
    });
    sweep.often("sweep_stranded_exports", |app| async move {
        sweep::sweep_stranded_exports(&app).await
    });
    sweep.often("sweep_expired_exports", |app| async move {
        sweep::sweep_expired_exports(&app).await
    });
    sweep.often("sweep_trash", |app| async move {
        purge::sweep_trash(&app).await
    });
    sweep.often("sweep_deletions", |app| async move {
        purge::sweep_deletions(&app).await
    });
    sweep.often(
        "sweep_revocations",
        |app| async move { revocations(&app).await },
    );
    sweep.seldom("sweep_staging", |app| async move {
        sweep::sweep_staging(&app).await
    });
    sweep.seldom("sweep_exports", |app| async move {
        sweep::sweep_exports(&app).await
    });
    sweep.seldom("sweep_multiparts", |app| async move {
        sweep::sweep_multiparts(&app).await
    });
}

struct Sweeps<'a> {
    app: &'a Arc<App>,
    running: &'a mut Running,
}

impl Sweeps<'_> {
    fn often<F>(&mut self, name: &'static str, sweep: impl Fn(Arc<App>) -> F + Send + 'static)
    where
        F: Future<Output = Result<usize, Error>> + Send + 'static,
    {
        self.each(name, 1, sweep);
    }

    fn seldom<F>(&mut self, name: &'static str, sweep: impl Fn(Arc<App>) -> F + Send + 'static)
    where
        F: Future<Output = Result<usize, Error>> + Send + 'static,
    {
        self.each(name, SELDOM, sweep);
    }

    fn each<F>(
        &mut self,
        name: &'static str,
        times: u32,
        sweep: impl Fn(Arc<App>) -> F + Send + 'static,
    ) where
        F: Future<Output = Result<usize, Error>> + Send + 'static,
    {
        let app = Arc::clone(self.app);
        let interval = app.config.background.sweep_interval.saturating_mul(times);
        let pass = move || {
            let swept = sweep(Arc::clone(&app));
            async move {
                // A whole batch was closed, so there may be more.
                let is_full = u64::try_from(swept.await?).is_ok_and(|closed| closed >= MOST);
                Ok(if is_full { Next::AtOnce } else { Next::Later })
            }
        };
        self.running.repeat(name, pass, every(interval));
    }
}

async fn leases(app: &App) -> Result<usize, Error> {
    let tx = app.store.begin_system(Reason::LeaseSweep).await?;
    let ended = tx.sweep_leases(tx.now(), MOST).await?;
    tx.commit_without_event().await?;
    Ok(usize::try_from(ended).unwrap_or(usize::MAX))
}

async fn idempotency_keys(app: &App) -> Result<usize, Error> {
    let tx = app
        .store
        .begin_system(Reason::IdempotencyBookkeeping)
        .await?;
    let forgotten = tx.sweep_claims(tx.now(), FORGOTTEN).await?;
    tx.commit_without_event().await?;
    Ok(usize::try_from(forgotten).unwrap_or(usize::MAX))
}

async fn revocations(app: &App) -> Result<usize, Error> {
    let tx = app.store.begin_system(Reason::RevocationPrune).await?;
    let removed = tx.prune_revocations(tx.now() - TOLD).await?;
    tx.commit_without_event().await?;
    Ok(usize::try_from(removed).unwrap_or(usize::MAX))
}
