//! Background work: rows that commit with the change that asks for them, claimed under a lease.
//!
//! A job may run twice (its worker may lose its lease and not know), so whatever it does must be
//! harmless then. Each claim counts an attempt, and the number of the attempt is what tells an old
//! worker from the one that took over.

mod claim;

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use entity::{BareId, JobId, job};
use policy::JobState;
use uuid::Uuid;

use crate::{StoreError, Tx, conn::insert};

pub use claim::{MAX_ATTEMPTS, Retry};

/// What there is to do. The whole list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobKind {
    /// Read an uploaded object and settle its file; the subject is the file.
    FileSettle,
    /// Make an export of the tenant's log; the subject is the export.
    AuditExport,
}

impl JobKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[Self::FileSettle, Self::AuditExport];

    /// As it stands in the row.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FileSettle => "file.settle",
            Self::AuditExport => "audit.export",
        }
    }
}

impl fmt::Display for JobKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no kind of job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a known kind of job")]
pub struct UnknownJobKind;

impl FromStr for JobKind {
    type Err = UnknownJobKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.as_str() == text)
            .ok_or(UnknownJobKind)
    }
}

impl Tx {
    /// Enqueues work for this tenant, not before `run_at`.
    ///
    /// # Errors
    /// As the database says.
    pub async fn enqueue(
        &self,
        kind: JobKind,
        subject: Uuid,
        run_at: DateTime<Utc>,
    ) -> Result<JobId, StoreError> {
        let id = JobId::generate();
        let row = job::Model {
            tenant_id: self.tenant(),
            id,
            kind: kind.as_str().to_owned(),
            subject_id: BareId(subject),
            state: JobState::Queued.into(),
            run_at,
            attempts: 0,
            lease_until: None,
            last_error: None,
            created_at: self.now(),
        };
        insert(self.conn(), row).await?;
        Ok(id)
    }
}
