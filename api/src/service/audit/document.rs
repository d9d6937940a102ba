//! A run of verification as JSON, for scripts.

use chrono::{DateTime, SecondsFormat, Utc};
use entity::verification;
use serde::Serialize;

/// A run of verification as JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document<'a> {
    id: String,
    full: bool,
    state: &'a str,
    verdict: Option<&'a str>,
    assurance: Option<&'a str>,
    epoch: i32,
    size: i64,
    pruned: i64,
    redacted: i64,
    begin_size: i64,
    entries_read: i64,
    first_bad_seq: Option<i64>,
    /// The same word under the name the interface promises, and under the one GraphQL has.
    class: Option<&'a str>,
    damage: Option<&'a str>,
    reason: Option<&'a str>,
    recorded_hash: Option<&'a str>,
    recomputed_hash: Option<&'a str>,
    last_good_checkpoint: Option<Point>,
    first_bad_checkpoint: Option<Point>,
    affected_count: i64,
    receipt: Option<Point>,
    anchor: Option<Point>,
    /// The receipt of this run.
    checkpoint: Option<&'a str>,
}

/// A head of the log.
#[derive(Debug, Serialize)]
struct Point {
    at: Option<String>,
    size: i64,
}

impl Point {
    fn of(size: Option<i64>, at: Option<DateTime<Utc>>) -> Option<Self> {
        let at = at.map(|at| at.to_rfc3339_opts(SecondsFormat::Micros, true));
        size.map(|size| Self { at, size })
    }
}

impl<'a> Document<'a> {
    /// Of that run, ended or not.
    #[must_use]
    pub fn of(run: &'a verification::Model) -> Self {
        Self {
            id: run.id.to_string(),
            full: run.full,
            state: &run.state,
            verdict: run.verdict.as_deref(),
            assurance: run.assurance.as_deref(),
            epoch: run.epoch,
            size: run.size,
            pruned: run.pruned,
            redacted: run.redacted,
            begin_size: run.begin_size,
            entries_read: run.entries_read,
            first_bad_seq: run.first_bad_seq,
            class: run.damage.as_deref(),
            damage: run.damage.as_deref(),
            reason: run.reason.as_deref(),
            recorded_hash: run.recorded_hash.as_deref(),
            recomputed_hash: run.recomputed_hash.as_deref(),
            last_good_checkpoint: Point::of(run.last_good_size, run.last_good_at),
            first_bad_checkpoint: Point::of(run.first_bad_size, run.first_bad_at),
            affected_count: run.affected_count,
            receipt: Point::of(run.receipt_size, run.receipt_at),
            anchor: Point::of(run.anchor_size, run.anchor_at),
            checkpoint: run.checkpoint.as_deref(),
        }
    }
}
