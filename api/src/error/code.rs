//! The table of codes.

use std::fmt::Write;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal, $status:literal, $retryable:literal, $sentence:literal;)+) => {
        /// The class of an error: the same word in GraphQL, in problem documents and in docs/errors.md.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[doc = $doc])+ $name,)+ }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The HTTP status outside GraphQL, and inside where the request is refused as a whole.
            #[must_use]
            pub fn status(self) -> u16 {
                match self { $(Self::$name => $status,)+ }
            }

            /// Whether the same request can succeed later without a change.
            #[must_use]
            pub fn is_retryable(self) -> bool {
                match self { $(Self::$name => $retryable,)+ }
            }

            /// The sentence used when there is nothing more to say.
            #[must_use]
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)+ }
            }

            /// When it happens.
            #[must_use]
            pub fn describe(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii(),)+ }
            }
        }
    };
}

codes! {
    /// No credential, or one that is unknown, revoked, expired or idle for too long.
    Unauthenticated = "UNAUTHENTICATED", 401, false, "a valid credential is needed";
    /// E-mail address and password do not belong together.
    InvalidCredentials = "INVALID_CREDENTIALS", 401, false, "e-mail address or password is wrong";
    /// The credential is good and does not carry the right.
    Forbidden = "FORBIDDEN", 403, false, "this credential may not do that";
    /// The tenant is suspended, not active yet, or gone.
    TenantSuspended = "TENANT_SUSPENDED", 403, false, "the tenant is not active; ask the operator of this service";
    /// The session has no active tenant.
    NoTenantSelected = "NO_TENANT_SELECTED", 403, false, "select a tenant first with sessionTenantSelect";
    /// A request with a cookie that another site could have made.
    Csrf = "CSRF", 403, false, "a request with a cookie must come from the same origin and carry the header graphql-require-preflight";
    /// The limit of a metric is reached.
    QuotaExceeded = "QUOTA_EXCEEDED", 403, false, "the quota is used up";
    /// No such thing in this tenant; a foreign id gives the same answer as a random one.
    NotFound = "NOT_FOUND", 404, false, "there is no such thing";
    /// An argument cannot be used.
    Invalid = "INVALID", 400, false, "an argument is not valid";
    /// The thing is not in a state from which this step exists.
    InvalidState = "INVALID_STATE", 409, false, "this cannot be done in the present state";
    /// The name, address or slug is taken.
    AlreadyExists = "ALREADY_EXISTS", 409, false, "this exists already";
    /// The tenant would be left without an owner.
    LastOwner = "LAST_OWNER", 409, false, "a tenant keeps at least one owner";
    /// The role is above the actor's own.
    RoleTooHigh = "ROLE_TOO_HIGH", 403, false, "nobody grants or removes above the own role";
    /// The thing was changed since the version that is expected was read.
    VersionMismatch = "VERSION_MISMATCH", 409, false, "it was changed meanwhile; read it again";
    /// It was good once and is not any more.
    Expired = "EXPIRED", 410, false, "this has expired";
    /// The file is larger than its type allows.
    FileTooLarge = "FILE_TOO_LARGE", 413, false, "the file is larger than its type allows";
    /// The content is not what is declared, or not accepted for this type.
    MediaTypeRefused = "MEDIA_TYPE_REFUSED", 415, false, "this content is not accepted here";
    /// The bytes do not have the declared checksum.
    ChecksumMismatch = "CHECKSUM_MISMATCH", 422, true, "the bytes received do not have the declared SHA-256";
    /// Fewer or more bytes came than were declared.
    LengthMismatch = "LENGTH_MISMATCH", 422, true, "the number of bytes received is not the declared one";
    /// The bytes of a direct upload are not in the store.
    UploadMissing = "UPLOAD_MISSING", 409, true, "the bytes have not arrived in the store yet";
    /// The file is not ready for download.
    FileNotReady = "FILE_NOT_READY", 409, true, "the file is not ready";
    /// The request is not well formed.
    BadRequest = "BAD_REQUEST", 400, false, "the request is not well formed";
    /// A token stands in the address.
    TokenInUrl = "TOKEN_IN_URL", 400, false, "credentials belong into the Authorization header, never into the address";
    /// The body is longer than allowed.
    BodyTooLarge = "BODY_TOO_LARGE", 413, false, "the body is too long";
    /// The method is not one of the address.
    MethodNotAllowed = "METHOD_NOT_ALLOWED", 405, false, "this address does not take that method";
    /// No representation that the client accepts.
    NotAcceptable = "NOT_ACCEPTABLE", 406, false, "the response would be application/graphql-response+json or application/json";
    /// The body is of a kind that is not taken here.
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE", 415, false, "the body must be application/json in UTF-8, without Content-Encoding";
    /// Several operations in one request.
    BatchingUnsupported = "BATCHING_UNSUPPORTED", 400, false, "one operation a request";
    /// The variables are nested too deep.
    VariablesTooDeep = "VARIABLES_TOO_DEEP", 400, false, "the variables are nested too deep";
    /// The document is too long or has too many parts.
    QueryTooLarge = "QUERY_TOO_LARGE", 400, false, "the document is too large";
    /// The document is nested too deep.
    QueryTooDeep = "QUERY_TOO_DEEP", 400, false, "the document is nested too deep";
    /// The document asks for more objects than one request may.
    QueryTooExpensive = "QUERY_TOO_EXPENSIVE", 400, false, "the document asks for too much at once";
    /// Too many aliases.
    QueryTooManyAliases = "QUERY_TOO_MANY_ALIASES", 400, false, "the document has too many aliases";
    /// Too many directives.
    QueryTooManyDirectives = "QUERY_TOO_MANY_DIRECTIVES", 400, false, "the document has too many directives";
    /// Too many root fields.
    QueryTooManyRootFields = "QUERY_TOO_MANY_ROOT_FIELDS", 400, false, "the document has too many root fields";
    /// A sensitive root field stands beside another.
    SensitiveFieldNotAlone = "SENSITIVE_FIELD_NOT_ALONE", 400, false, "this field must be the only one of its document";
    /// Introspection without the right to it.
    IntrospectionDisabled = "INTROSPECTION_DISABLED", 400, false, "introspection takes a credential here";
    /// The document does not parse.
    GraphqlParseFailed = "GRAPHQL_PARSE_FAILED", 400, false, "the document is not GraphQL";
    /// The document does not fit the schema.
    GraphqlValidationFailed = "GRAPHQL_VALIDATION_FAILED", 400, false, "the document does not fit the schema";
    /// `Idempotency-Key` is not well formed, or cannot be used for this request.
    IdempotencyKeyInvalid = "IDEMPOTENCY_KEY_INVALID", 400, false, "the Idempotency-Key cannot be used";
    /// A request with the same `Idempotency-Key` is being worked on.
    IdempotencyKeyInUse = "IDEMPOTENCY_KEY_IN_USE", 409, true, "a request with this Idempotency-Key is being worked on; send it again in a moment";
    /// Another request of the last 24 hours had the `Idempotency-Key`.
    IdempotencyKeyReused = "IDEMPOTENCY_KEY_REUSED", 422, false, "this Idempotency-Key belongs to another request; send this one with a key of its own";
    /// Too many requests.
    RateLimited = "RATE_LIMITED", 429, true, "too many requests; wait as long as Retry-After says";
    /// The chain is broken.
    AuditChainBroken = "AUDIT_CHAIN_BROKEN", 409, false, "the audit chain is broken";
    /// Verification could not be finished.
    AuditInconclusive = "AUDIT_INCONCLUSIVE", 503, true, "the audit chain could not be read to its end";
    /// The service has more to do than it can.
    Overloaded = "OVERLOADED", 503, true, "the service is busy; try again in a moment";
    /// The service is about to stop.
    Draining = "DRAINING", 503, true, "this replica is stopping; try again";
    /// Something the service needs is not there.
    Unavailable = "UNAVAILABLE", 503, true, "the service is temporarily unavailable; try again in a moment";
    /// The request took too long.
    Timeout = "TIMEOUT", 504, true, "the request took too long";
    /// The response would be too long.
    ResponseTooLarge = "RESPONSE_TOO_LARGE", 400, false, "the response would be too long; ask for less at once";
    /// Anything the client can do nothing about; the log knows more under the request id.
    Internal = "INTERNAL", 500, true, "an internal error occurred";
}

/// docs/errors.md, made from the table.
#[must_use]
pub fn errors_md() -> String {
    let mut text = String::from(
        "# Errors\n\nGenerated from the table of codes in the `api` crate; a test compares.\n\n\
         The same code stands in `extensions.code` of a GraphQL error, in the `code` of a user error and in the \
         `code` of a problem document (RFC 9457). The status is that of REST answers and of GraphQL requests \
         that are refused as a whole; an error of a single field leaves the status at 200.\n\n\
         | code | status | again later? | when |\n| --- | --- | --- | --- |\n",
    );
    for code in Code::ALL {
        let again = if code.is_retryable() { "yes" } else { "no" };
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "| `{}` | {} | {again} | {} |",
            code.as_str(),
            code.status(),
            code.describe()
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::guard;

    #[test]
    fn every_refusal_of_the_guard_is_in_the_table() {
        for code in guard::code::ALL {
            assert!(Code::ALL.iter().any(|own| own.as_str() == *code), "{code}");
        }
    }

    #[test]
    fn codes_are_distinct() {
        let distinct: std::collections::BTreeSet<_> =
            Code::ALL.iter().map(|c| c.as_str()).collect();
        assert_eq!(distinct.len(), Code::ALL.len());
    }
}
