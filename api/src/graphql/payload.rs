//! What mutations return: the noun, the expected failures, and the event that was recorded.

/// Declares a mutation's payload, its user error and the closed list of its codes.
///
/// `of` turns a use case's result into the payload: an error whose code is in the list becomes a user
/// error, every other one a top-level failure.
///
/// ```text
/// payload! {
///     /// The file that was moved to the trash.
///     FileTrashPayload, FileTrashUserError, FileTrashErrorCode {
///         /// The file.
///         file: File,
///     } refuses { NotFound, InvalidState }
/// }
/// FileTrashPayload::of(result.map(|(row, event)| FileTrashPayload::done(File(row), event)))
/// ```
macro_rules! payload {
    (
        $(#[$doc:meta])*
        $payload:ident, $error:ident, $code:ident {
            $($(#[$field_doc:meta])* $field:ident: $kind:ty,)*
        } refuses { $($refusal:ident),+ $(,)? }
    ) => {
        $(#[$doc])*
        #[derive(Debug, async_graphql::SimpleObject)]
        pub struct $payload {
            $($(#[$field_doc])* pub $field: Option<$kind>,)*
            /// What was wrong with the request; empty when it was done.
            pub user_errors: Vec<$error>,
            /// The audit event of the change; null when nothing was done.
            pub audit_event: Option<crate::graphql::audit_event::AuditEvent>,
        }

        /// A failure that a client is expected to handle.
        #[derive(Debug, async_graphql::SimpleObject)]
        pub struct $error {
            /// A sentence for people.
            pub message: String,
            /// The argument it is about, from `input` downwards.
            pub path: Option<Vec<String>>,
            /// For programs.
            pub code: $code,
        }

        /// The expected failures.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, async_graphql::Enum)]
        pub enum $code {
            $(
                /// See docs/errors.md.
                $refusal,
            )+
        }

        impl $payload {
            pub(crate) fn done($($field: $kind,)* event: impl Into<Option<store::EventRef>>) -> Self {
                Self {
                    $($field: Some($field),)*
                    user_errors: Vec::new(),
                    audit_event: event.into().map(crate::graphql::audit_event::AuditEvent::from),
                }
            }

            pub(crate) fn of(
                result: Result<Self, crate::error::Error>,
            ) -> Result<Self, crate::error::Failure> {
                let error = match result {
                    Ok(payload) => return Ok(payload),
                    Err(error) => error,
                };
                let code = match error.code() {
                    $(crate::error::Code::$refusal => $code::$refusal,)+
                    _ => return Err(error.into()),
                };
                let path = error.field().map(|field| {
                    std::iter::once("input")
                        .chain(field.split('.'))
                        .map(str::to_owned)
                        .collect()
                });
                Ok(Self {
                    $($field: None,)*
                    user_errors: vec![$error { message: error.to_string(), path, code }],
                    audit_event: None,
                })
            }
        }
    };
}
pub(crate) use payload;
