//! Actors without a credential, which only tests may make.

use entity::{ApiKeyId, MemberId, OperatorId, OperatorSessionId, TenantId};
use policy::{Grant, Role, Scopes};

use crate::{Actor, Operator, Principal, RequestContext};

/// A member of `tenant` in `role`. The membership need not exist.
#[must_use]
pub fn actor(tenant: TenantId, member: MemberId, role: Role) -> Actor {
    Actor {
        tenant,
        principal: Principal::User(member),
        grant: Grant::Member { role },
        request: RequestContext::internal(),
        email: Some("somebody@example.com".to_owned()),
        session: None,
    }
}

/// A key of `tenant`, made by somebody who has the role `creator` now. The key need not exist.
#[must_use]
pub fn key_actor(tenant: TenantId, key: ApiKeyId, scopes: Scopes, creator: Role) -> Actor {
    Actor {
        tenant,
        principal: Principal::ApiKey(key),
        grant: Grant::Key { scopes, creator },
        request: RequestContext::internal(),
        email: None,
        session: None,
    }
}

/// An operator. The account need not exist.
#[must_use]
pub fn operator(id: OperatorId) -> Operator {
    Operator {
        id,
        session: OperatorSessionId::generate(),
        email: "operator@example.com".to_owned(),
        request: RequestContext::internal(),
    }
}
