//! The claim loop.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Result;
use chrono::TimeDelta;
use entity::job;
use policy::JobState;
use store::{
    StoreError,
    job::{JobKind, MAX_ATTEMPTS, Retry},
};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::ground::{Ground, on_both, some_event};

const LEASE: Duration = Duration::from_secs(60);

on_both!(
    eight_workers_get_each_of_two_hundred_jobs_once,
    a_worker_that_is_gone_loses_its_job_to_another,
    a_failed_attempt_is_tried_later_and_at_last_given_up,
    a_job_that_takes_its_worker_down_is_given_up,
    a_job_is_not_run_before_its_time,
    jobs_of_a_suspended_tenant_wait,
);

async fn eight_workers_get_each_of_two_hundred_jobs_once(g: &Ground) -> Result<()> {
    enqueue(g, 200).await?;
    let mut workers = JoinSet::new();
    for _ in 0..8 {
        let store = g.store().clone();
        workers.spawn(async move {
            let mut mine = Vec::new();
            loop {
                let jobs = match store.claim_jobs(JobKind::ALL, 5, LEASE).await {
                    Ok(jobs) if jobs.is_empty() => return Ok::<_, StoreError>(mine),
                    Err(StoreError::Overloaded) => continue,
                    jobs => jobs?,
                };
                for job in jobs {
                    while let Err(error) = store.finish_job(&job).await {
                        if !matches!(error, StoreError::Overloaded) {
                            return Err(error);
                        }
                    }
                    mine.push(job.id);
                }
            }
        });
    }
    let mut runs = BTreeMap::new();
    while let Some(worker) = workers.join_next().await {
        for job in worker?? {
            *runs.entry(job).or_insert(0) += 1;
        }
    }
    assert_eq!(runs.len(), 200);
    assert!(runs.values().all(|times| *times == 1));
    let done =
        g.db.look("SELECT CAST(id AS text) FROM job WHERE state = 'done' AND attempts = 1")
            .await;
    assert_eq!(done.map(|rows| rows.len()).unwrap_or_default(), 200);
    Ok(())
}

async fn a_worker_that_is_gone_loses_its_job_to_another(g: &Ground) -> Result<()> {
    enqueue(g, 1).await?;
    let first = claim_one(g).await?;
    assert!(claim(g).await?.is_empty());
    assert!(g.store().extend_lease(&first, LEASE * 2).await?);
    g.db.clock.advance(TimeDelta::seconds(119));
    assert!(claim(g).await?.is_empty(), "the lease was extended");
    g.db.clock.advance(TimeDelta::seconds(1));
    let second = claim_one(g).await?;
    assert_eq!((second.id, second.attempts), (first.id, 2));
    // The first worker comes back and has nothing to say any more.
    assert!(!g.store().extend_lease(&first, LEASE).await?);
    assert!(!g.store().finish_job(&first).await?);
    assert_eq!(g.store().retry_job(&first, "late").await?, Retry::Lost);
    assert!(g.store().finish_job(&second).await?);
    assert!(!g.store().finish_job(&second).await?);
    Ok(())
}

async fn a_failed_attempt_is_tried_later_and_at_last_given_up(g: &Ground) -> Result<()> {
    enqueue(g, 1).await?;
    let mut waits = Vec::new();
    loop {
        let job = claim_one(g).await?;
        match g.store().retry_job(&job, "the store is away").await? {
            Retry::At(at) => {
                assert!(claim(g).await?.is_empty(), "it has to wait");
                waits.push((at - g.store().now()).num_seconds());
                g.db.clock.set(at);
            }
            Retry::GivenUp => break,
            Retry::Lost => anyhow::bail!("nobody else has it"),
        }
    }
    assert_eq!(waits, [2, 4, 8, 16, 32, 64, 128, 256, 512]);
    g.db.clock.advance(TimeDelta::days(1));
    assert!(claim(g).await?.is_empty());
    let errors =
        g.db.look("SELECT last_error FROM job WHERE state = 'failed'")
            .await?;
    assert_eq!(errors, [Some("the store is away".to_owned())]);
    Ok(())
}

async fn a_job_that_takes_its_worker_down_is_given_up(g: &Ground) -> Result<()> {
    enqueue(g, 1).await?;
    for attempt in 1..=MAX_ATTEMPTS {
        assert_eq!(claim_one(g).await?.attempts, attempt);
        g.db.clock.advance(TimeDelta::minutes(2));
    }
    assert!(claim(g).await?.is_empty());
    let errors =
        g.db.look("SELECT last_error FROM job WHERE state = 'failed'")
            .await?;
    assert_eq!(errors, [Some("its worker never came back".to_owned())]);
    Ok(())
}

async fn a_job_is_not_run_before_its_time(g: &Ground) -> Result<()> {
    let tx = g.begin().await?;
    let id = tx
        .enqueue(JobKind::FileSettle, Uuid::now_v7(), g.in_an_hour())
        .await?;
    tx.commit(some_event()).await?;
    assert!(claim(g).await?.is_empty());
    g.db.clock.advance(TimeDelta::hours(1));
    let job = claim_one(g).await?;
    assert_eq!((job.id, job.state.0), (id, JobState::Running));
    assert!(g.store().claim_jobs(&[], 10, LEASE).await?.is_empty());
    Ok(())
}

async fn jobs_of_a_suspended_tenant_wait(g: &Ground) -> Result<()> {
    enqueue(g, 1).await?;
    g.db.tamper("UPDATE tenant SET status = 'suspended'")
        .await?;
    assert!(claim(g).await?.is_empty());
    g.db.tamper("UPDATE tenant SET status = 'active'").await?;
    assert_eq!(claim(g).await?.len(), 1);
    Ok(())
}

async fn enqueue(g: &Ground, count: usize) -> Result<()> {
    let tx = g.begin().await?;
    for _ in 0..count {
        tx.enqueue(JobKind::FileSettle, Uuid::now_v7(), tx.now())
            .await?;
    }
    tx.commit(some_event()).await?;
    Ok(())
}

async fn claim(g: &Ground) -> Result<Vec<job::Model>, StoreError> {
    g.store().claim_jobs(JobKind::ALL, 10, LEASE).await
}

async fn claim_one(g: &Ground) -> Result<job::Model> {
    let mut jobs = claim(g).await?;
    anyhow::ensure!(jobs.len() == 1, "{} jobs are due", jobs.len());
    Ok(jobs.remove(0))
}
