//! What can go wrong with the store, without a word of what it said.

use std::error::Error;
use std::fmt;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::RequestId;

/// A failed operation. `Display` may be shown to anybody; [`Error::source`] is for the log.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// No such object or multipart upload.
    #[error("The object does not exist.")]
    NotFound(#[source] Fault),
    /// The object is not the one that was asked for.
    #[error("The object has changed in the meantime.")]
    PreconditionFailed(#[source] Fault),
    /// The range begins behind the end of the object.
    #[error("The range lies outside the object.")]
    RangeNotSatisfiable(#[source] Fault),
    /// The body has more parts than a multipart upload may have.
    #[error("The object is too large for the object store.")]
    TooLarge,
    /// The credentials are wrong or not sufficient.
    #[error("The object store refused the server's credentials.")]
    Denied(#[source] Fault),
    /// The store has no room left.
    #[error("The object store is full.")]
    Full(#[source] Fault),
    /// The store does not answer, is overloaded or fails; a later try may succeed.
    #[error("The object store is not available.")]
    Unavailable(#[source] Fault),
    /// Anything else.
    #[error("The object store could not do this.")]
    Other(#[source] Fault),
}

impl BlobError {
    /// A word for metrics and logs.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "not_found",
            Self::PreconditionFailed(_) => "precondition_failed",
            Self::RangeNotSatisfiable(_) => "range_not_satisfiable",
            Self::TooLarge => "too_large",
            Self::Denied(_) => "denied",
            Self::Full(_) => "full",
            Self::Unavailable(_) => "unavailable",
            Self::Other(_) => "other",
        }
    }

    /// Whether the same call may succeed later without anybody's doing.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// Whether the store did its work and this is its answer, rather than a failure of the store.
    pub(super) const fn is_answer(&self) -> bool {
        matches!(
            self,
            Self::NotFound(_)
                | Self::PreconditionFailed(_)
                | Self::RangeNotSatisfiable(_)
                | Self::TooLarge
        )
    }

    /// The store's own word for what went wrong, if it said one.
    pub(super) fn code(&self) -> Option<&str> {
        match self {
            Self::TooLarge => None,
            Self::NotFound(fault)
            | Self::PreconditionFailed(fault)
            | Self::RangeNotSatisfiable(fault)
            | Self::Denied(fault)
            | Self::Full(fault)
            | Self::Unavailable(fault)
            | Self::Other(fault) => fault.code.as_deref(),
        }
    }

    /// Sorts what the SDK reports.
    pub(super) fn new<E>(operation: &'static str, error: SdkError<E>) -> Self
    where
        E: Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let fault = Fault {
            operation,
            status: error.raw_response().map(|answer| answer.status().as_u16()),
            code: error.code().map(str::to_owned),
            request_id: error
                .meta()
                .request_id()
                .map(str::to_owned)
                .filter(|id| !id.is_empty()),
            reached: !matches!(
                error,
                SdkError::DispatchFailure(_) | SdkError::TimeoutError(_)
            ),
            source: Some(Box::new(error)),
        };
        fault.sorted()
    }
}

/// One failed call to the store, for the log: operation, status, code, request id. Never keys or URLs.
#[derive(Debug)]
pub struct Fault {
    operation: &'static str,
    status: Option<u16>,
    code: Option<String>,
    request_id: Option<String>,
    reached: bool,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Fault {
    pub(super) fn new(
        operation: &'static str,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self {
            operation,
            status: None,
            code: None,
            request_id: None,
            reached: true,
            source: Some(source.into()),
        }
    }

    fn sorted(self) -> BlobError {
        if !self.reached {
            return BlobError::Unavailable(self);
        }
        match self.code.as_deref() {
            Some("NoSuchKey" | "NotFound" | "NoSuchUpload") => BlobError::NotFound(self),
            // A whole bucket gone is a fault of the set-up, not an answer about one object.
            Some("NoSuchBucket") => BlobError::Other(self),
            Some("PreconditionFailed" | "ConditionalRequestConflict") => {
                BlobError::PreconditionFailed(self)
            }
            Some("QuotaExceeded" | "ServiceQuotaExceeded" | "XMinioStorageFull") => {
                BlobError::Full(self)
            }
            // Sent with status 501, which would read as one that may pass.
            Some("NotImplemented") => BlobError::Other(self),
            Some("SlowDown" | "RequestTimeout" | "InternalError" | "ServiceUnavailable") => {
                BlobError::Unavailable(self)
            }
            _ => self.sorted_by_status(),
        }
    }

    fn sorted_by_status(self) -> BlobError {
        match self.status {
            Some(404) => BlobError::NotFound(self),
            Some(412) => BlobError::PreconditionFailed(self),
            Some(416) => BlobError::RangeNotSatisfiable(self),
            Some(401 | 403) => BlobError::Denied(self),
            Some(507) => BlobError::Full(self),
            Some(408 | 429 | 500..) => BlobError::Unavailable(self),
            _ => BlobError::Other(self),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} failed", self.operation)?;
        if let Some(status) = self.status {
            write!(f, ", status {status}")?;
        }
        if let Some(code) = &self.code {
            write!(f, ", code {code}")?;
        }
        if let Some(id) = &self.request_id {
            write!(f, ", request id {id}")?;
        }
        Ok(())
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn Error + 'static))
    }
}
