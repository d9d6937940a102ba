//! Who is acting. Each of these is proof of a checked credential; only [`crate::auth`] makes them.

use std::net::IpAddr;

use entity::{ApiKeyId, MemberId, OperatorId, OperatorSessionId, SessionId, TenantId, UserId};
use policy::{Action, Grant, allow};
use uuid::Uuid;

use crate::{idempotency::Claim, system::Duty};

/// What is known of the request an actor makes: goes into every audit entry, personal parts as
/// disclosures only.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// Made by the server for each request.
    pub id: Uuid,
    /// The caller's W3C trace id, or empty.
    pub trace: String,
    /// The client's address, as far as trusted proxies vouch for it.
    pub ip: Option<IpAddr>,
    /// What the client calls itself.
    pub user_agent: Option<String>,
    /// The name under which the client may send the request again; only [`Store::recall`] puts it here.
    ///
    /// [`Store::recall`]: crate::Store::recall
    pub claim: Option<Claim>,
}

impl RequestContext {
    /// A request of the server to itself.
    #[must_use]
    pub fn internal() -> Self {
        Self {
            id: Uuid::now_v7(),
            trace: String::new(),
            ip: None,
            user_agent: None,
            claim: None,
        }
    }
}

/// Who did something, as the records name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Principal {
    /// A person, by membership, so that nobody can be followed across tenants.
    User(MemberId),
    /// A person beside every tenant; only the system log says it this way.
    Person(UserId),
    /// An API key.
    ApiKey(ApiKeyId),
    /// An operator of the deployment.
    Operator(OperatorId),
    /// The server itself.
    System(Duty),
    /// Somebody not known yet, such as a person before the first membership.
    Anonymous,
}

impl Principal {
    /// The word used in rows: `user`, `api_key`, `operator`, `system`, `anonymous`.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::User(_) | Self::Person(_) => "user",
            Self::ApiKey(_) => "api_key",
            Self::Operator(_) => "operator",
            Self::System(_) => "system",
            Self::Anonymous => "anonymous",
        }
    }

    /// The uuid used in rows; nil where the principal has none.
    #[must_use]
    pub fn uuid(self) -> Uuid {
        match self {
            Self::User(id) => id.uuid(),
            Self::Person(id) => id.uuid(),
            Self::ApiKey(id) => id.uuid(),
            Self::Operator(id) => id.uuid(),
            Self::System(_) | Self::Anonymous => Uuid::nil(),
        }
    }
}

/// Proof of a checked credential inside one tenant.
#[derive(Debug, Clone)]
pub struct Actor {
    pub(crate) tenant: TenantId,
    pub(crate) principal: Principal,
    pub(crate) grant: Grant,
    pub(crate) request: RequestContext,
    /// For disclosure as `actor.email`; keys have none.
    pub(crate) email: Option<String>,
    /// What a person came with; keys have none.
    pub(crate) session: Option<SessionId>,
}

impl Actor {
    /// The tenant everything this actor does happens in.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Who it is.
    #[must_use]
    pub fn principal(&self) -> Principal {
        self.principal
    }

    /// What it may do.
    #[must_use]
    pub fn grant(&self) -> &Grant {
        &self.grant
    }

    /// The request it makes.
    #[must_use]
    pub fn request(&self) -> &RequestContext {
        &self.request
    }

    /// Whether it may do `action`. Asking records nothing; a door does.
    #[must_use]
    pub fn may(&self, action: Action) -> bool {
        allow(&self.grant, action)
    }
}

/// A signed-in person before or beside a tenant: own memberships, tenant selection, sign-out.
#[derive(Debug, Clone)]
pub struct Person {
    pub(crate) user: UserId,
    pub(crate) email: String,
    pub(crate) session: SessionId,
    pub(crate) selected: Option<TenantId>,
    pub(crate) request: RequestContext,
}

impl Person {
    /// The person's account.
    #[must_use]
    pub fn user(&self) -> UserId {
        self.user
    }

    /// The session the person came with.
    #[must_use]
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// The tenant selected in the session.
    #[must_use]
    pub fn selected(&self) -> Option<TenantId> {
        self.selected
    }

    /// The request the person makes.
    #[must_use]
    pub fn request(&self) -> &RequestContext {
        &self.request
    }
}

/// A signed-in operator.
#[derive(Debug, Clone)]
pub struct Operator {
    pub(crate) id: OperatorId,
    pub(crate) session: OperatorSessionId,
    pub(crate) email: String,
    pub(crate) request: RequestContext,
}

impl Operator {
    /// The operator's account.
    #[must_use]
    pub fn id(&self) -> OperatorId {
        self.id
    }

    /// The request the operator makes.
    #[must_use]
    pub fn request(&self) -> &RequestContext {
        &self.request
    }
}
