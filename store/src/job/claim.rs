//! Claiming, finishing, trying again.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use entity::job;
use sea_orm::{ConnectionTrait, FromQueryResult, Value};

use super::JobKind;
use crate::{Store, StoreError, conn::Conn, system::Reason};

/// How often a job is tried before it is left for a person to look at.
pub const MAX_ATTEMPTS: i32 = 10;
const FIRST_BACKOFF: TimeDelta = TimeDelta::seconds(2);
const LONGEST_BACKOFF: TimeDelta = TimeDelta::minutes(10);
const ERROR_MAX_CHARS: usize = 1_000;

/// What becomes of a job whose attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It will be tried again.
    At(DateTime<Utc>),
    /// It is out of attempts; what it was for must be given up.
    GivenUp,
    /// Another worker has it meanwhile; it is not this one's to judge.
    Lost,
}

impl Store {
    /// Takes up to `limit` jobs that are due, or whose worker let its lease run out, for `lease`.
    /// No two workers get the same one. Jobs of tenants that are not active wait.
    ///
    /// # Errors
    /// As the database says; then nothing was claimed.
    pub async fn claim_jobs(
        &self,
        kinds: &[JobKind],
        limit: u64,
        lease: Duration,
    ) -> Result<Vec<job::Model>, StoreError> {
        if kinds.is_empty() {
            return Ok(Vec::new());
        }
        let tx = self.begin_system(Reason::JobBookkeeping).await?;
        let now = tx.now();
        give_up_lost(tx.conn(), now).await?;
        let jobs = claim(tx.conn(), kinds, limit, now, after(now, lease)?).await?;
        tx.commit_without_event().await?;
        Ok(jobs)
    }

    /// Marks a claimed job as done; false when another worker has it meanwhile.
    ///
    /// # Errors
    /// As the database says.
    pub async fn finish_job(&self, job: &job::Model) -> Result<bool, StoreError> {
        self.on_claimed(
            job,
            "state = 'done', lease_until = NULL, last_error = NULL",
            [],
        )
        .await
    }

    /// Keeps a claimed job for another `lease` from now; false when another worker has it meanwhile.
    ///
    /// # Errors
    /// As the database says.
    pub async fn extend_lease(
        &self,
        job: &job::Model,
        lease: Duration,
    ) -> Result<bool, StoreError> {
        let until = after(self.now(), lease)?;
        self.on_claimed(job, "lease_until = $4", [until.into()])
            .await
    }

    /// Puts a claimed job back after a failed attempt, later each time; after [`MAX_ATTEMPTS`] it
    /// stays failed. `error` is for operators.
    ///
    /// # Errors
    /// As the database says.
    pub async fn retry_job(&self, job: &job::Model, error: &str) -> Result<Retry, StoreError> {
        let error: String = error.chars().take(ERROR_MAX_CHARS).collect();
        let (outcome, set, run_at) = if job.attempts >= MAX_ATTEMPTS {
            (Retry::GivenUp, "'failed'", job.run_at)
        } else {
            let run_at = self.now() + backoff(job.attempts);
            (Retry::At(run_at), "'queued'", run_at)
        };
        let set = format!("state = {set}, lease_until = NULL, run_at = $4, last_error = $5");
        let own = self
            .on_claimed(job, &set, [run_at.into(), error.into()])
            .await?;
        Ok(if own { outcome } else { Retry::Lost })
    }

    /// Changes a running job, if it is still in the attempt it was claimed for.
    async fn on_claimed(
        &self,
        job: &job::Model,
        set: &str,
        more: impl IntoIterator<Item = Value>,
    ) -> Result<bool, StoreError> {
        let tx = self.begin_system(Reason::JobBookkeeping).await?;
        let sql = format!(
            "UPDATE job SET {set} WHERE tenant_id = $1 AND id = $2 \
             AND attempts = $3 AND state = 'running'"
        );
        let mut values: Vec<Value> = vec![job.tenant_id.into(), job.id.into(), job.attempts.into()];
        values.extend(more);
        let changed = tx.conn().execute_raw(tx.conn().sql(&sql, values)).await?;
        tx.commit_without_event().await?;
        Ok(changed.rows_affected() == 1)
    }
}

/// A job that took its worker down every time is not given to another one.
async fn give_up_lost(conn: &Conn, now: DateTime<Utc>) -> Result<(), StoreError> {
    let statement = conn.sql(
        "UPDATE job SET state = 'failed', lease_until = NULL, \
         last_error = COALESCE(last_error, 'its worker never came back') \
         WHERE state = 'running' AND lease_until <= $1 AND attempts >= $2",
        [now.into(), MAX_ATTEMPTS.into()],
    );
    conn.execute_raw(statement).await?;
    Ok(())
}

async fn claim(
    conn: &Conn,
    kinds: &[JobKind],
    limit: u64,
    now: DateTime<Utc>,
    lease_until: DateTime<Utc>,
) -> Result<Vec<job::Model>, StoreError> {
    let mut values: Vec<Value> = vec![now.into(), lease_until.into()];
    values.extend(kinds.iter().map(|kind| Value::from(kind.as_str())));
    let marks: Vec<String> = (3..=values.len()).map(|n| format!("${n}")).collect();
    let lock = if conn.is_postgres() {
        "FOR UPDATE OF j SKIP LOCKED"
    } else {
        ""
    };
    let sql = format!(
        "WITH due (due_tenant, due_id) AS MATERIALIZED ( \
           SELECT j.tenant_id, j.id FROM job j WHERE j.kind IN ({}) \
           AND ((j.state = 'queued' AND j.run_at <= $1) \
             OR (j.state = 'running' AND j.lease_until <= $1)) \
           AND NOT EXISTS (SELECT 1 FROM tenant t \
             WHERE t.id = j.tenant_id AND t.status <> 'active') \
           ORDER BY j.run_at LIMIT {limit} {lock}) \
         UPDATE job SET state = 'running', attempts = attempts + 1, lease_until = $2 FROM due \
         WHERE tenant_id = due_tenant AND id = due_id RETURNING *",
        marks.join(", ")
    );
    let statement = conn.sql(&sql, values);
    Ok(job::Model::find_by_statement(statement).all(conn).await?)
}

fn after(now: DateTime<Utc>, lease: Duration) -> Result<DateTime<Utc>, StoreError> {
    Ok(now + TimeDelta::from_std(lease).map_err(StoreError::internal)?)
}

/// Doubles from two seconds to ten minutes.
fn backoff(attempts: i32) -> TimeDelta {
    let doublings = attempts.saturating_sub(1).clamp(0, 20);
    (FIRST_BACKOFF * 2_i32.pow(doublings.unsigned_abs())).min(LONGEST_BACKOFF)
}
