//! What the guard answers: an approval with its price, or a refusal.

use async_graphql::Pos;
use async_graphql::parser::types::OperationType;

/// Codes of refusals, as they appear in `extensions.code`.
pub mod code {
    /// Document (413) or number of tokens (400) over the limit.
    pub const QUERY_TOO_LARGE: &str = "QUERY_TOO_LARGE";
    /// Brackets, fields or fragments inside one another over the limit.
    pub const QUERY_TOO_DEEP: &str = "QUERY_TOO_DEEP";
    /// Selections or objects over the limit.
    pub const QUERY_TOO_EXPENSIVE: &str = "QUERY_TOO_EXPENSIVE";
    /// Aliases over the limit.
    pub const QUERY_TOO_MANY_ALIASES: &str = "QUERY_TOO_MANY_ALIASES";
    /// Directives over the limit.
    pub const QUERY_TOO_MANY_DIRECTIVES: &str = "QUERY_TOO_MANY_DIRECTIVES";
    /// Root fields over the limit.
    pub const QUERY_TOO_MANY_ROOT_FIELDS: &str = "QUERY_TOO_MANY_ROOT_FIELDS";
    /// A field that must stand alone has company.
    pub const SENSITIVE_FIELD_NOT_ALONE: &str = "SENSITIVE_FIELD_NOT_ALONE";
    /// `__schema` or `__type` where they are off.
    pub const INTROSPECTION_DISABLED: &str = "INTROSPECTION_DISABLED";
    /// Not a GraphQL document.
    pub const GRAPHQL_PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
    /// A document that no schema could run.
    pub const GRAPHQL_VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";
    /// The body is not the JSON object it should be.
    pub const BAD_REQUEST: &str = "BAD_REQUEST";
    /// The body is longer than allowed (413).
    pub const BODY_TOO_LARGE: &str = "BODY_TOO_LARGE";
    /// An array of requests.
    pub const BATCHING_UNSUPPORTED: &str = "BATCHING_UNSUPPORTED";
    /// JSON brackets inside one another over the limit.
    pub const VARIABLES_TOO_DEEP: &str = "VARIABLES_TOO_DEEP";

    /// Every code of this module, so that documentation can be held complete.
    pub const ALL: &[&str] = &[
        QUERY_TOO_LARGE,
        QUERY_TOO_DEEP,
        QUERY_TOO_EXPENSIVE,
        QUERY_TOO_MANY_ALIASES,
        QUERY_TOO_MANY_DIRECTIVES,
        QUERY_TOO_MANY_ROOT_FIELDS,
        SENSITIVE_FIELD_NOT_ALONE,
        INTROSPECTION_DISABLED,
        GRAPHQL_PARSE_FAILED,
        GRAPHQL_VALIDATION_FAILED,
        BAD_REQUEST,
        BODY_TOO_LARGE,
        BATCHING_UNSUPPORTED,
        VARIABLES_TOO_DEEP,
    ];
}

/// Why a request is not run. The message never repeats what the client sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// HTTP status, always 4xx.
    pub status: u16,
    /// One of [`code::ALL`].
    pub code: &'static str,
    /// At most 300 characters.
    pub message: String,
    /// Where in the document, if that is known; lines and columns from 1.
    pub position: Option<Pos>,
}

impl Refusal {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status: 400,
            code,
            message: message.into(),
            position: None,
        }
    }

    pub(super) fn too_large(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status: 413,
            ..Self::new(code, message)
        }
    }

    pub(super) fn at(self, position: Option<Pos>) -> Self {
        Self { position, ..self }
    }

    /// Whether GraphQL over HTTP answers 200 to this when the client accepts `application/json`.
    ///
    /// True for parse and validation failures only; limits are 4xx for everybody.
    #[must_use]
    pub fn is_request_error(&self) -> bool {
        matches!(
            self.code,
            code::GRAPHQL_PARSE_FAILED | code::GRAPHQL_VALIDATION_FAILED
        )
    }
}

/// What an admitted document asks for and costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approved {
    /// Kind of the operation that will run.
    pub operation_type: OperationType,
    /// Names (not aliases) of its root fields, fragments expanded, one entry per execution.
    pub root_fields: Vec<String>,
    /// Objects it may return; what the cost limiter charges.
    pub complexity: u64,
    /// Fields inside one another, introspection apart.
    pub depth: u64,
    /// Selections after fragment expansion, all operations of the document.
    pub selections: u64,
    /// Whether its root field is one that must stand alone.
    pub sensitive: bool,
    pub(super) needs_credential: bool,
}

impl Approved {
    /// Whether any root field is one that nobody may ask without a credential.
    #[must_use]
    pub fn needs_credential(&self) -> bool {
        self.needs_credential
    }

    /// Whether the operation asks about the schema.
    #[must_use]
    pub fn introspects(&self) -> bool {
        self.root_fields.iter().any(|name| is_introspection(name))
    }

    /// Whether the operation asks about nothing but the schema, as development tools do first.
    #[must_use]
    pub fn introspects_only(&self) -> bool {
        self.introspects()
            && self
                .root_fields
                .iter()
                .all(|name| is_introspection(name) || name == "__typename")
    }
}

/// Whether a root field answers from the schema alone.
pub(super) fn is_introspection(field: &str) -> bool {
    matches!(field, "__schema" | "__type")
}
