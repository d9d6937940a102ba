//! What can go wrong behind the wall. `Display` is a sentence a client may read; the cause stays private.

use policy::{Action, QuotaMetric, needs};
use sea_orm::{DbErr, RuntimeErr, SqlErr};

/// What was looked for. Its text is the noun of the public sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the noun it names")]
pub enum Noun {
    Tenant,
    User,
    Member,
    Invitation,
    ApiKey,
    File,
    Upload,
    Session,
    Operator,
    AuditEntry,
    AuditExport,
    Verification,
    Hold,
}

impl Noun {
    /// As it stands in a sentence.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::User => "user",
            Self::Member => "member",
            Self::Invitation => "invitation",
            Self::ApiKey => "API key",
            Self::File => "file",
            Self::Upload => "upload",
            Self::Session => "session",
            Self::Operator => "operator",
            Self::AuditEntry => "audit entry",
            Self::AuditExport => "export",
            Self::Verification => "verification",
            Self::Hold => "hold",
        }
    }
}

/// Why a well-formed request does not fit what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConflictCode {
    /// The thing is not in a state from which this step exists.
    InvalidState,
    /// Somebody has that name, address or slug already.
    AlreadyExists,
    /// The tenant would be left without an owner.
    LastOwner,
    /// Nobody grants or removes above the own role.
    RoleTooHigh,
    /// It was good once and is not any more.
    Expired,
    /// It was changed since it was read.
    VersionMismatch,
}

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing with that id in this tenant. A foreign id gives the same as a random one.
    #[error("there is no such {}", .0.as_str())]
    NotFound(Noun),
    /// The actor is known and may not do this.
    #[error("this takes {}", needs(*.0))]
    Forbidden(Action),
    /// The credential was good when the request came, and was revoked or has expired since.
    #[error("the credential is not valid any more")]
    CredentialEnded,
    /// The tenant is suspended, or not active yet, or no more.
    #[error("the tenant is not active; ask the operator of this service")]
    TenantSuspended,
    /// An argument cannot be used.
    #[error("{message}")]
    Invalid {
        /// Which argument.
        field: &'static str,
        /// What is wrong with it and what would be right.
        message: String,
    },
    /// The request does not fit the present state.
    #[error("{message}")]
    Conflict {
        /// The class, for programs.
        code: ConflictCode,
        /// The sentence, for people.
        message: String,
    },
    /// The limit of a metric would be exceeded.
    #[error("{metric} is over its limit of {limit}: {available} left, {requested} asked for")]
    QuotaExceeded {
        /// Which metric.
        metric: QuotaMetric,
        /// The limit.
        limit: i64,
        /// What is left.
        available: i64,
        /// What was asked for.
        requested: i64,
    },
    /// A request with the same name is being worked on, or has just been answered.
    #[error("a request with this Idempotency-Key is being worked on; send it again in a moment")]
    IdempotencyKeyInUse,
    /// Another request had that name.
    #[error(
        "this Idempotency-Key belongs to another request of the last 24 hours; \
         send this one with a key of its own"
    )]
    IdempotencyKeyReused,
    /// No connection was free in time; trying again is right.
    #[error("the service is busy; try again in a moment")]
    Overloaded,
    /// The database cannot be reached.
    #[error("the service is temporarily unavailable; try again in a moment")]
    Unavailable(#[source] DbErr),
    /// Anything the client can do nothing about.
    #[error("an internal error occurred")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// An argument that cannot be used.
    pub fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid {
            field,
            message: message.into(),
        }
    }

    /// A request that does not fit the present state.
    pub fn conflict(code: ConflictCode, message: impl Into<String>) -> Self {
        Self::Conflict {
            code,
            message: message.into(),
        }
    }

    /// Something broken inside.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match &error {
            DbErr::ConnectionAcquire(_) => Self::Overloaded,
            DbErr::Conn(_) => Self::Unavailable(error),
            DbErr::Exec(RuntimeErr::SqlxError(cause))
            | DbErr::Query(RuntimeErr::SqlxError(cause)) => {
                let text = cause.to_string();
                if text.contains("database is locked") || text.contains("statement timeout") {
                    Self::Overloaded
                } else if text.contains("connection") && !text.contains("constraint") {
                    Self::Unavailable(error)
                } else {
                    Self::Internal(error.into())
                }
            }
            _ => Self::Internal(error.into()),
        }
    }
}

/// Whether the error is a unique constraint that refused the row.
pub(crate) fn is_duplicate(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}
