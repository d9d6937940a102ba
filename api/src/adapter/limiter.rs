//! How often anybody may ask.
//!
//! Every limit is a leaky bucket: it fills at its rate and holds its burst. Limits on addresses without credential, on
//! principals and on the cost of a tenant's operations are counted in Redis over all processes; where there is none, or
//! it does not answer in time, each process counts its share of them. The shield and requests at the same time are
//! each process's own.
//!
//! What Redis allows is counted in the process as well, so that nobody gets a second allowance when Redis goes away.
//! When it comes back empty everybody does: then twice the limit may pass, once.
//!
//! Memory is bounded: under a flood of keys the idlest are forgotten first, which lets them start afresh.

mod decision;
mod gcra;
mod guess;
mod in_flight;
mod limits;
mod memory;
mod rule;
mod shared;

#[cfg(test)]
mod tests;

use std::net::IpAddr;

use entity::id::TenantId;
use governor::clock::{Clock, DefaultClock};
use policy::Tier;
use uuid::Uuid;

pub use self::decision::Decision;
pub use self::guess::Guess;
pub use self::in_flight::InFlight;
pub use self::limits::{Limits, TierRates};

use self::gcra::Buckets;
use self::guess::Guesses;
use self::in_flight::Floor;
use self::rule::Rule;
use self::shared::Shared;
use super::redis::Redis;
use crate::http::client_addr::rate_key;

/// All limits of one process. Clocks other than the default are for tests.
#[derive(Debug)]
pub struct Limiter<C: Clock = DefaultClock> {
    limits: Limits,
    shared: Option<Shared>,
    shield: Rule<IpAddr, C>,
    credentials: Guesses<C>,
    anonymous: Rule<IpAddr, C>,
    free: Requests<C>,
    basic: Requests<C>,
    professional: Requests<C>,
    enterprise: Requests<C>,
    cost: Buckets<TenantId, C>,
    floor: Floor,
}

/// The two limits on one principal of a tier.
#[derive(Debug)]
struct Requests<C: Clock> {
    burst: Rule<Uuid, C>,
    hour: Rule<Uuid, C>,
}

impl<C: Clock + Clone> Requests<C> {
    /// Counts one against both, or against neither.
    fn take(&self, principal: &Uuid) -> Decision {
        let Self { burst, hour } = self;
        let seen = burst.peek(principal).stricter(hour.peek(principal));
        if !seen.allowed {
            return seen;
        }
        burst.take(principal).stricter(hour.take(principal))
    }
}

impl Limiter {
    /// Limits that nobody has used yet, for one of `processes`.
    #[must_use]
    pub fn new(limits: &Limits, processes: u32, redis: Option<Redis>) -> Self {
        Self {
            shared: redis.map(Shared::new),
            ..Self::with_clock(limits, processes, &DefaultClock::default())
        }
    }
}

impl<C: Clock + Clone> Limiter<C> {
    /// Limits by another clock, without Redis.
    pub fn with_clock(limits: &Limits, processes: u32, clock: &C) -> Self {
        let keys = limits.max_keys;
        let requests = |per_hour| Requests {
            burst: Rule::new(limits.burst(per_hour).divided(processes), keys, clock),
            hour: Rule::new(limits.hour(per_hour).divided(processes), keys, clock),
        };
        let tiers = &limits.requests_per_hour;
        let credentials = limits.failed_credentials().divided(processes);
        let anonymous = limits.anonymous().divided(processes);
        Self {
            limits: *limits,
            shared: None,
            shield: Rule::new(limits.shield(), keys, clock),
            credentials: Guesses::new(credentials, keys, clock),
            anonymous: Rule::new(anonymous, keys, clock),
            free: requests(tiers.free),
            basic: requests(tiers.basic),
            professional: requests(tiers.professional),
            enterprise: requests(tiers.enterprise),
            cost: Buckets::new(limits.own_cost(processes), clock),
            floor: Floor::new(limits.concurrent_per_tenant),
        }
    }

    /// Counts a request of `address`, whatever it is, before anything else is looked at.
    pub fn shield(&self, address: IpAddr) -> Decision {
        counted(self.shield.take(&rate_key(address)))
    }

    /// Lets `address` have a credential compared, which takes time; counts it if it turns out to be wrong. However
    /// many come at once, no more get through than may be wrong.
    ///
    /// # Errors
    /// The refusal, when too many were wrong or may turn out to be.
    pub async fn guess(&self, address: IpAddr) -> Result<Guess<'_, C>, Decision> {
        let key = rate_key(address);
        let Some(shared) = &self.shared else {
            return self.credentials.begin(key).map_err(counted);
        };
        let terms = self.limits.failed_credentials();
        match shared.take(&[shared.charge(terms, key, 1)]).await {
            Some(decision) if decision.allowed => {
                let refund = shared.charge(terms, key, -1);
                Ok(self.credentials.enter(key).refunded_by(shared, refund))
            }
            Some(decision) => Err(counted(decision)),
            None => self.credentials.begin(key).map_err(counted),
        }
    }

    /// Counts a credential of `address` that was wrong, and says whether there may be more.
    pub async fn wrong_credential(&self, address: IpAddr) -> Decision {
        let key = rate_key(address);
        let own = self.credentials.take(key);
        let terms = self.limits.failed_credentials();
        counted(self.everywhere(&[(terms, &key)]).await.unwrap_or(own))
    }

    /// Counts a request of `address` without credential.
    pub async fn anonymous(&self, address: IpAddr) -> Decision {
        let key = rate_key(address);
        let own = self.anonymous.take(&key);
        let terms = self.limits.anonymous();
        counted(self.everywhere(&[(terms, &key)]).await.unwrap_or(own))
    }

    /// Counts a request of a key or session, against its short burst and against its tier's hour, or against neither.
    pub async fn request(&self, principal: Uuid, tier: Tier) -> Decision {
        let own = self.requests(tier).take(&principal);
        let per_hour = self.per_hour(tier);
        let (burst, hour) = (self.limits.burst(per_hour), self.limits.hour(per_hour));
        let everywhere = self
            .everywhere(&[(burst, &principal), (hour, &principal)])
            .await;
        counted(everywhere.unwrap_or(own))
    }

    /// Charges an operation of `tenant` the points that it may cost, or none; negative points are given back.
    pub async fn cost(&self, tenant: TenantId, points: i64) -> Decision {
        let own = self.cost.take(tenant, points);
        let decision = match &self.shared {
            Some(shared) => {
                let charge = shared.charge(self.limits.cost(), tenant, points);
                shared.take(&[charge]).await.unwrap_or(own)
            }
            None => own,
        };
        counted(decision)
    }

    /// How fast a tenant's points come back, per second.
    #[must_use]
    pub fn cost_per_second(&self) -> u32 {
        self.limits.cost_per_second
    }

    /// Lets a request of `tenant` in until the value is dropped, or says why not.
    ///
    /// # Errors
    /// The refusal, when as many run as may.
    pub fn enter(&self, tenant: TenantId) -> Result<InFlight, Decision> {
        self.floor.enter(tenant).map_err(counted)
    }

    /// Forgets everybody whose allowance is whole again. For a task that runs every minute or so.
    pub fn sweep(&self) {
        self.shield.sweep();
        self.credentials.sweep();
        self.anonymous.sweep();
        self.cost.sweep();
        for &tier in Tier::ALL {
            let Requests { burst, hour } = self.requests(tier);
            burst.sweep();
            hour.sweep();
        }
    }

    /// One of each, over all processes; `None` where each counts for itself.
    async fn everywhere(
        &self,
        limits: &[(rule::Terms, &(dyn std::fmt::Display + Sync))],
    ) -> Option<Decision> {
        let shared = self.shared.as_ref()?;
        let charges = limits.iter();
        let charges: Vec<_> = charges
            .map(|(terms, whose)| shared.charge(*terms, whose, 1))
            .collect();
        shared.take(&charges).await
    }

    const fn requests(&self, tier: Tier) -> &Requests<C> {
        match tier {
            Tier::Free => &self.free,
            Tier::Basic => &self.basic,
            Tier::Professional => &self.professional,
            Tier::Enterprise => &self.enterprise,
        }
    }

    const fn per_hour(&self, tier: Tier) -> u32 {
        let rates = &self.limits.requests_per_hour;
        match tier {
            Tier::Free => rates.free,
            Tier::Basic => rates.basic,
            Tier::Professional => rates.professional,
            Tier::Enterprise => rates.enterprise,
        }
    }
}

fn counted(decision: Decision) -> Decision {
    if !decision.allowed {
        metrics::counter!("strongroom_rate_limited_total", "policy" => decision.policy)
            .increment(1);
    }
    decision
}
