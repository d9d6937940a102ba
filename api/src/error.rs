//! Every error a client can meet: one table of codes, and the one place that logs what lies behind.

mod code;

use std::fmt;

pub use code::{Code, errors_md};
use store::{ConflictCode, StoreError};

/// What went wrong in a use case. `Display` is the sentence for the client; `source` stays here.
#[derive(Debug)]
pub struct Error {
    code: Code,
    message: String,
    /// The argument it is about, as the client wrote it: `first`, `filter.slugPrefix`.
    field: Option<String>,
    retry_after_seconds: Option<u64>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// With the code's own sentence.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self::with_message(code, code.sentence())
    }

    /// With a sentence that says more than the code's own.
    pub fn with_message(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            field: None,
            retry_after_seconds: None,
            source: None,
        }
    }

    /// An argument that cannot be used.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::with_message(Code::Invalid, message).on(field)
    }

    /// Something broken inside; the cause is logged and not shown.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::new(Code::Internal).because(cause)
    }

    /// About this argument.
    #[must_use]
    pub fn on(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// With a private cause.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(cause.into());
        self
    }

    /// Worth trying again after this long.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// The class.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// The argument it is about.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        let code = match &error {
            StoreError::NotFound(_) => Code::NotFound,
            StoreError::Forbidden(_) => Code::Forbidden,
            StoreError::CredentialEnded => Code::Unauthenticated,
            StoreError::TenantSuspended => Code::TenantSuspended,
            StoreError::Invalid { field, .. } => return Self::invalid(*field, message),
            StoreError::Conflict { code, .. } => match code {
                ConflictCode::InvalidState => Code::InvalidState,
                ConflictCode::AlreadyExists => Code::AlreadyExists,
                ConflictCode::LastOwner => Code::LastOwner,
                ConflictCode::RoleTooHigh => Code::RoleTooHigh,
                ConflictCode::Expired => Code::Expired,
                ConflictCode::VersionMismatch => Code::VersionMismatch,
            },
            StoreError::QuotaExceeded { .. } => Code::QuotaExceeded,
            StoreError::IdempotencyKeyInUse => {
                return Self::new(Code::IdempotencyKeyInUse).retry_after(1);
            }
            StoreError::IdempotencyKeyReused => Code::IdempotencyKeyReused,
            StoreError::Overloaded => return Self::new(Code::Overloaded).retry_after(1),
            StoreError::Unavailable(_) => {
                return Self::new(Code::Unavailable).because(error).retry_after(5);
            }
            StoreError::Internal(_) => return Self::internal(error),
        };
        Self::with_message(code, message)
    }
}

/// What a client may know.
///
/// Not `Display` on purpose: async-graphql turns every `Display` error into a client's message, so a
/// resolver that uses `?` on anything but an [`Error`] of this crate must not compile.
///
/// ```
/// fn resolver() -> Result<(), api::error::Failure> {
///     Err(api::error::Error::new(api::error::Code::NotFound))?
/// }
/// ```
/// ```compile_fail
/// fn resolver() -> Result<(), api::error::Failure> {
///     Err(std::io::Error::other("the path of a file of ours"))?
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The class.
    pub code: Code,
    /// The sentence.
    pub message: String,
    /// The argument it is about.
    pub field: Option<String>,
    /// Worth trying again after this many seconds.
    pub retry_after_seconds: Option<u64>,
}

impl From<Error> for Failure {
    /// The one place that logs the private chain.
    fn from(error: Error) -> Self {
        if let Some(source) = &error.source {
            let chain = chain(source.as_ref());
            if error.code == Code::Internal {
                tracing::error!(error.code = error.code.as_str(), error.chain = %chain, "request failed");
            } else {
                tracing::warn!(error.code = error.code.as_str(), error.chain = %chain, "request refused");
            }
        }
        Self {
            code: error.code,
            message: error.message,
            field: error.field,
            retry_after_seconds: error.retry_after_seconds,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Error::from(error).into()
    }
}

impl From<Failure> for async_graphql::Error {
    fn from(failure: Failure) -> Self {
        use async_graphql::ErrorExtensions;
        let code = failure.code.as_str();
        async_graphql::Error::new(failure.message).extend_with(|_, extensions| {
            extensions.set("code", code);
            if let Some(seconds) = failure.retry_after_seconds {
                extensions.set("retryAfter", seconds);
            }
        })
    }
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
