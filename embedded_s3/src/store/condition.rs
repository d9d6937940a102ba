//! `If-…` headers (RFC 9110 §13), for reads, copies and writes.

use std::time::{Duration, UNIX_EPOCH};

use s3s::dto::{ETagCondition, Timestamp};
use s3s::{S3Result, s3_error};

use super::Object;

/// What must hold for a key to be written or deleted.
#[derive(Debug, Default)]
pub(crate) struct WriteCondition {
    pub(crate) if_match: Option<ETagCondition>,
    pub(crate) if_none_match: Option<ETagCondition>,
}

impl WriteCondition {
    /// Compares with what the key holds now; called while the key is locked.
    pub(crate) fn check(&self, current: Option<&Object>) -> S3Result<()> {
        if let Some(wanted) = &self.if_match {
            let current =
                current.ok_or_else(|| s3_error!(NoSuchKey, "The specified key does not exist."))?;
            require(matches(wanted, current))?;
        }
        match (&self.if_none_match, current) {
            (Some(unwanted), Some(current)) => require(!matches(unwanted, current)),
            _ => Ok(()),
        }
    }
}

/// What must hold for an object to be read.
#[derive(Debug, Default)]
pub(crate) struct ReadCondition {
    pub(crate) if_match: Option<ETagCondition>,
    pub(crate) if_none_match: Option<ETagCondition>,
    pub(crate) if_modified_since: Option<Timestamp>,
    pub(crate) if_unmodified_since: Option<Timestamp>,
}

/// Whether the client already has what it asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Freshness {
    Changed,
    Unchanged,
}

impl ReadCondition {
    /// Evaluates in the order of RFC 9110 §13.2.2: an `ETag` outranks a date.
    pub(crate) fn check(&self, object: &Object) -> S3Result<Freshness> {
        let modified_at = last_modified(object);
        match (&self.if_match, &self.if_unmodified_since) {
            (Some(wanted), _) => require(matches(wanted, object))?,
            (None, Some(moment)) => require(modified_at <= *moment)?,
            (None, None) => {}
        }
        let unchanged = match (&self.if_none_match, &self.if_modified_since) {
            (Some(known), _) => matches(known, object),
            (None, Some(moment)) => modified_at <= *moment,
            (None, None) => false,
        };
        Ok(if unchanged {
            Freshness::Unchanged
        } else {
            Freshness::Changed
        })
    }
}

fn matches(condition: &ETagCondition, object: &Object) -> bool {
    condition
        .as_etag()
        .is_none_or(|etag| etag.value() == object.record.etag)
}

fn require(holds: bool) -> S3Result<()> {
    let refusal = || {
        s3_error!(
            PreconditionFailed,
            "At least one of the preconditions you specified did not hold."
        )
    };
    if holds { Ok(()) } else { Err(refusal()) }
}

/// When the object was written, to the second, which is all an HTTP date carries.
pub(crate) fn last_modified(object: &Object) -> Timestamp {
    Timestamp::from(UNIX_EPOCH + Duration::from_secs(object.record.modified_at / 1000))
}
