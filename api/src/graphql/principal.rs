//! Who did something, as the records name it.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{Context, Enum, ID, Object, dataloader::Loader};
use audit::entry::{ActorKind, ActorRef};
use entity::{ApiKeyId, BareId, MemberId, OperatorId};
use policy::Action;
use uuid::Uuid;

use super::context;
use crate::{
    error::{Error, Failure},
    request::Request,
};

/// What sort of principal it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "audit::entry::ActorKind")]
pub enum PrincipalType {
    /// A person; the id is that of the membership.
    User,
    /// An API key.
    ApiKey,
    /// An operator of the service.
    Operator,
    /// The service itself; the id names the duty.
    System,
    /// Nobody known.
    Anonymous,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    kind: PrincipalType,
    id: String,
    /// For the look-up of the name, where there can be one.
    named: Option<BareId>,
}

impl Principal {
    /// From the pair a row keeps: one of `user`, `api_key`, `operator`, `system`, `anonymous`, and a uuid.
    #[must_use]
    pub fn of_row(kind: &str, id: BareId) -> Self {
        let id = id.uuid();
        match ActorKind::parse(kind) {
            Some(ActorKind::User) => store::Principal::User(MemberId(id)).into(),
            Some(ActorKind::ApiKey) => store::Principal::ApiKey(ApiKeyId(id)).into(),
            Some(ActorKind::Operator) => store::Principal::Operator(OperatorId(id)).into(),
            Some(ActorKind::System) => Self::unnamed(PrincipalType::System, "system"),
            Some(ActorKind::Anonymous) | None => store::Principal::Anonymous.into(),
        }
    }

    /// From the actor of an entry.
    #[must_use]
    pub fn of_entry(actor: ActorRef<'_>) -> Self {
        match (actor.kind, Uuid::parse_str(actor.id)) {
            (ActorKind::System, _) => Self::unnamed(PrincipalType::System, actor.id),
            (kind, Ok(id)) => Self::of_row(kind.as_str(), BareId(id)),
            (_, Err(_)) => store::Principal::Anonymous.into(),
        }
    }

    fn unnamed(kind: PrincipalType, id: &str) -> Self {
        Self {
            kind,
            id: id.to_owned(),
            named: None,
        }
    }
}

impl From<store::Principal> for Principal {
    fn from(principal: store::Principal) -> Self {
        use store::Principal as P;
        let (kind, id) = match principal {
            P::User(id) => (PrincipalType::User, id.to_string()),
            P::Person(id) => (PrincipalType::User, id.to_string()),
            P::ApiKey(id) => (PrincipalType::ApiKey, id.to_string()),
            P::Operator(id) => (PrincipalType::Operator, id.to_string()),
            P::System(duty) => (PrincipalType::System, duty.as_str().to_owned()),
            P::Anonymous => (PrincipalType::Anonymous, principal.kind().to_owned()),
        };
        let has_name = matches!(principal, P::User(_) | P::ApiKey(_));
        let named = has_name.then(|| BareId(principal.uuid()));
        Self { kind, id, named }
    }
}

/// Who did something.
#[Object]
impl Principal {
    /// What sort of principal it is.
    #[graphql(name = "type")]
    async fn kind(&self) -> PrincipalType {
        self.kind
    }

    /// `mem_…` of a person, `key_…` of a key, `opr_…` of an operator, the name of the service's duty,
    /// or `anonymous`.
    async fn id(&self) -> ID {
        ID(self.id.clone())
    }

    /// What a person or key of this tenant is called; null for everybody else.
    async fn name(&self, ctx: &Context<'_>) -> Result<Option<String>, Failure> {
        let Some(named) = self.named else {
            return Ok(None);
        };
        context::names(ctx)?.load_one(named).await
    }
}

/// Names within the request's own view of its tenant.
#[derive(Debug)]
pub(crate) struct NameLoader {
    request: Arc<Request>,
}

impl NameLoader {
    pub(crate) fn new(request: Arc<Request>) -> Self {
        Self { request }
    }

    async fn names(&self, ids: &[BareId]) -> Result<HashMap<BareId, String>, Error> {
        let snapshot = self.request.snapshot().await?;
        let view = snapshot.view(Action::TenantRead)?;
        Ok(view.file_principals(ids).await?)
    }
}

impl Loader<BareId> for NameLoader {
    type Value = String;
    type Error = Failure;

    async fn load(&self, ids: &[BareId]) -> Result<HashMap<BareId, String>, Failure> {
        Ok(self.names(ids).await?)
    }
}
