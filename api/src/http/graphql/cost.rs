//! What an operation costs its tenant: charged for what it may return, corrected to what it did return.

use actix_web::HttpRequest;
use async_graphql::Response;
use entity::TenantId;
use serde::Serialize;

use crate::{
    adapter::limiter::Decision,
    error::Error,
    graphql::guard::{Admitted, Meter},
    http::{limit, problem::Problem, state::Front},
    request::Caller,
};

/// `extensions.cost` of an answer, in points; an object is a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cost {
    /// What the operation may return at most; what it needs to be let in.
    pub(super) requested: u64,
    /// What it returned; the difference is given back.
    pub(super) actual: u64,
    /// The tenant's bucket; absent for whoever has none.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(super) bucket: Option<Bucket>,
}

/// Where the tenant stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Bucket {
    remaining: u32,
    limit: u32,
    /// Points that come back per second.
    restore_rate: u32,
}

/// An operation that was charged.
#[derive(Debug)]
pub(super) struct Bill {
    tenant: Option<(TenantId, Decision)>,
    requested: u64,
    meter: Meter,
}

impl Bill {
    /// Charges the tenant of `caller`, if there is one, before anything runs.
    ///
    /// # Errors
    /// [`crate::error::Code::RateLimited`] with the time after which it passes.
    pub(super) async fn charge(
        front: &Front,
        request: &HttpRequest,
        caller: &Caller,
        admitted: &Admitted,
    ) -> Result<Self, Problem> {
        let requested = admitted.approved.complexity;
        let mut tenant = None;
        if let Ok(actor) = caller.actor() {
            let points = i64::try_from(requested).map_err(Error::internal)?;
            let decision = front.limiter.cost(actor.tenant(), points).await;
            limit::hold_again(request, decision)?;
            tenant = Some((actor.tenant(), decision));
        }
        Ok(Self {
            tenant,
            requested,
            meter: Meter::of(&admitted.document),
        })
    }

    /// Gives back what was not used. What ran into a timeout has no answer, and pays in full.
    pub(super) async fn settle(self, front: &Front, response: &Response) -> Cost {
        let actual = self.meter.measure(&response.data).min(self.requested);
        let bucket = match self.tenant {
            Some((tenant, charged)) => {
                let unused = i64::try_from(self.requested - actual).unwrap_or(0);
                let decision = match unused {
                    0 => charged,
                    unused => front.limiter.cost(tenant, -unused).await,
                };
                Some(Bucket {
                    remaining: decision.remaining,
                    limit: decision.quota,
                    restore_rate: front.limiter.cost_per_second(),
                })
            }
            None => None,
        };
        Cost {
            requested: self.requested,
            actual,
            bucket,
        }
    }
}
