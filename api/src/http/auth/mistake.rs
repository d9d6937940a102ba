//! Credentials that cannot be good, told apart by their form alone: nothing is said here of whether a
//! token exists.

use store::auth::{
    AuthError,
    token::{self, Kind},
};

use super::{Carrier, Door};

/// What is wrong with the form of a credential. `Display` names the remedy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Mistake {
    /// Another scheme, two headers, odd characters.
    #[error(
        "the credential is not well formed; send one header `Authorization: Bearer <token>`, or one session cookie"
    )]
    NoToken,
    /// A prefix that is none of ours.
    #[error(
        "the token is of no kind known here; API keys begin with sr_live_, sessions with srs_, operators' sessions with sro_"
    )]
    UnknownKind,
    /// A key that lost or changed a character.
    #[error(
        "the API key is not complete, or a character of it is wrong: its checksum does not fit"
    )]
    BrokenKey,
    /// A key where a browser would send it by itself.
    #[error("an API key belongs into the header `Authorization: Bearer <key>`, not into a cookie")]
    KeyInCookie,
    /// The token of an operator at the tenants' API.
    #[error("this is the session of an operator (sro_), which is good at /operator/graphql only")]
    OperatorAtTenants,
    /// A tenant's credential at the operators' API.
    #[error(
        "this is the credential of a tenant; here only the session of an operator (sro_) is good, which operatorLogin gives"
    )]
    TenantAtOperators,
    /// The token of an invitation anywhere.
    #[error(
        "this is the token of an invitation (sri_), which is good as input of invitationAccept only"
    )]
    Invitation,
}

/// Why a request with a credential goes no further.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Its form is wrong.
    #[error(transparent)]
    Mistake(#[from] Mistake),
    /// Its form is right.
    #[error(transparent)]
    Auth(#[from] AuthError),
}

/// The kind of a token whose form is right for this door.
///
/// # Errors
/// The first thing that is wrong with it.
pub(super) fn kind_at(door: Door, token: &str, carrier: Carrier) -> Result<Kind, Mistake> {
    let kind = token::kind(token).ok_or(Mistake::UnknownKind)?;
    match (door, kind) {
        (_, Kind::Invitation) => Err(Mistake::Invitation),
        (Door::Tenant, Kind::OperatorSession) => Err(Mistake::OperatorAtTenants),
        (Door::Operator, Kind::ApiKey | Kind::Session) => Err(Mistake::TenantAtOperators),
        (Door::Tenant, Kind::ApiKey) if carrier == Carrier::Cookie => Err(Mistake::KeyInCookie),
        (Door::Tenant, Kind::ApiKey) if token::key_id(token).is_none() => Err(Mistake::BrokenKey),
        (_, kind) => Ok(kind),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Door::Tenant, "srs_x", Ok(Kind::Session))]
    #[case(Door::Operator, "sro_x", Ok(Kind::OperatorSession))]
    #[case(Door::Tenant, "sro_x", Err(Mistake::OperatorAtTenants))]
    #[case(Door::Operator, "srs_x", Err(Mistake::TenantAtOperators))]
    #[case(Door::Operator, "sr_live_x", Err(Mistake::TenantAtOperators))]
    #[case(Door::Tenant, "sri_x", Err(Mistake::Invitation))]
    #[case(Door::Operator, "sri_x", Err(Mistake::Invitation))]
    #[case(Door::Tenant, "sr_live_x", Err(Mistake::BrokenKey))]
    #[case(Door::Tenant, "ghp_x", Err(Mistake::UnknownKind))]
    fn a_token_is_told_apart_by_its_prefix(
        #[case] door: Door,
        #[case] token: &str,
        #[case] expected: Result<Kind, Mistake>,
    ) {
        assert_eq!(kind_at(door, token, Carrier::Header), expected);
    }

    #[test]
    fn a_key_in_a_cookie_is_told_where_it_belongs() {
        let told = kind_at(Door::Tenant, "sr_live_x", Carrier::Cookie);
        assert_eq!(told, Err(Mistake::KeyInCookie));
    }
}
