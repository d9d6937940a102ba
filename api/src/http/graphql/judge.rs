//! What is decided before anything runs.

use store::idempotency::Claim;

use crate::{
    error::{Code, Error},
    graphql::guard::{self, Admitted, Approved, Body, Facts, Limits, Refusal},
    http::{auth::Door, idempotency, problem::Problem},
    request::{Caller, no_credential},
};

/// Root fields a person may ask while the selected tenant is not active.
const BESIDE_THE_TENANT: [&str; 4] = ["viewer", "sessionTenantSelect", "logout", "__typename"];

/// Passes the document through the guard. Introspection takes a credential in production.
pub(super) fn admit(
    body: &Body,
    limits: &Limits,
    door: Door,
    caller: &Caller,
    production: bool,
) -> Result<Admitted, Refusal> {
    let facts = Facts {
        public: match door {
            Door::Tenant => &["login", "invitationAccept", "__typename"],
            Door::Operator => &["operatorLogin", "__typename"],
        },
        ..Facts::default()
    };
    let introspection = !production || !matches!(caller, Caller::Anonymous);
    guard::admit(
        &body.query,
        body.operation_name.as_deref(),
        &body.variables,
        limits,
        &facts,
        introspection,
    )
}

/// Refuses what this caller may not even begin.
///
/// # Errors
/// [`Code::Unauthenticated`] and [`Code::TenantSuspended`].
pub(super) fn hold(approved: &Approved, caller: &Caller, production: bool) -> Result<(), Error> {
    match caller {
        // Development tools ask for the schema before anybody has signed in.
        Caller::Anonymous if !production && approved.introspects_only() => Ok(()),
        Caller::Anonymous if approved.needs_credential() => Err(no_credential()),
        Caller::Person(signed_in) if signed_in.actor.is_some() && !signed_in.tenant_active => {
            let all_beside = approved
                .root_fields
                .iter()
                .all(|field| BESIDE_THE_TENANT.contains(&field.as_str()));
            if all_beside {
                Ok(())
            } else {
                Err(Error::new(Code::TenantSuspended))
            }
        }
        _ => Ok(()),
    }
}

/// The name of a mutation: of the document as it is, the chosen operation and the variables.
///
/// # Errors
/// [`Code::IdempotencyKeyInvalid`] for a document of several changes: the first could be done and the second
/// not, and one name cannot say so.
pub(super) fn claim(
    key: String,
    door: Door,
    approved: &Approved,
    body: &Body,
) -> Result<Claim, Error> {
    let fields = approved.root_fields.iter();
    if fields.filter(|field| *field != "__typename").count() > 1 {
        let message = "a request with an Idempotency-Key has one field that changes something; \
                       send each change by itself";
        return Err(idempotency::invalid(message));
    }
    let door = match door {
        Door::Tenant => "tenant",
        Door::Operator => "operator",
    };
    let variables = serde_json::to_vec(&body.variables).map_err(Error::internal)?;
    let operation = body.operation_name.as_deref().unwrap_or_default();
    let asked = [door, &body.query, operation].map(str::as_bytes);
    let asked = [asked.as_slice(), &[variables.as_slice()]].concat();
    Ok(Claim::new(key, &asked))
}

/// A refusal of the guard as an answer.
pub(super) fn problem(refusal: &Refusal) -> Problem {
    Problem::from(Error::with_message(code(refusal), refusal.message.clone()))
        .with_status(refusal.status)
}

/// The guard knows its codes by name; every name of it is in our table.
pub(super) fn code(refusal: &Refusal) -> Code {
    Code::ALL
        .iter()
        .copied()
        .find(|code| code.as_str() == refusal.code)
        .unwrap_or(Code::BadRequest)
}
