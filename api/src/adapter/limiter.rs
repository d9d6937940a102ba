//! How often anybody may ask, decided in this process.
//!
//! Every limit is a leaky bucket: it fills at its rate and holds its burst. Memory is bounded: under a flood of keys
//! the idlest are forgotten first, which lets them start afresh.

mod decision;
mod guess;
mod in_flight;
mod limits;
mod memory;
mod rule;

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

use self::guess::Guesses;
use self::in_flight::Floor;
use self::rule::Rule;
use crate::http::client_addr::rate_key;

/// All limits of one process. Clocks other than the default are for tests.
#[derive(Debug)]
pub struct Limiter<C: Clock = DefaultClock> {
    shield: Rule<IpAddr, C>,
    credentials: Guesses<C>,
    anonymous: Rule<IpAddr, C>,
    free: Requests<C>,
    basic: Requests<C>,
    professional: Requests<C>,
    enterprise: Requests<C>,
    floor: Floor,
}

/// The two limits on one principal of a tier.
#[derive(Debug)]
struct Requests<C: Clock> {
    burst: Rule<Uuid, C>,
    hour: Rule<Uuid, C>,
}

impl Limiter {
    /// Limits that nobody has used yet.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self::with_clock(limits, &DefaultClock::default())
    }
}

impl<C: Clock + Clone> Limiter<C> {
    /// Limits by another clock.
    pub fn with_clock(limits: &Limits, clock: &C) -> Self {
        let keys = limits.max_keys;
        let requests = |per_hour| Requests {
            burst: Rule::new(limits.burst(per_hour), keys, clock),
            hour: Rule::new(limits.hour(per_hour), keys, clock),
        };
        let tiers = &limits.requests_per_hour;
        Self {
            shield: Rule::new(limits.shield(), keys, clock),
            credentials: Guesses::new(limits.failed_credentials(), keys, clock),
            anonymous: Rule::new(limits.anonymous(), keys, clock),
            free: requests(tiers.free),
            basic: requests(tiers.basic),
            professional: requests(tiers.professional),
            enterprise: requests(tiers.enterprise),
            floor: Floor::new(limits.concurrent_per_tenant),
        }
    }

    /// Counts a request of `address`, whatever it is, before anything else is looked at.
    pub fn shield(&self, address: IpAddr) -> Decision {
        counted(self.shield.take(&rate_key(address)))
    }

    /// Lets `address` have a credential compared, which takes time; counts it if it turns out to be wrong. However
    /// many come at once, no more get through than may be wrong.
    pub fn guess(&self, address: IpAddr) -> Result<Guess<'_, C>, Decision> {
        self.credentials.begin(rate_key(address)).map_err(counted)
    }

    /// Counts a credential of `address` that was wrong, and says whether there may be more.
    pub fn wrong_credential(&self, address: IpAddr) -> Decision {
        counted(self.credentials.take(rate_key(address)))
    }

    /// Counts a request of `address` without credential.
    pub fn anonymous(&self, address: IpAddr) -> Decision {
        counted(self.anonymous.take(&rate_key(address)))
    }

    /// Counts a request of a key or session, against its short burst and against its tier's hour, or against neither.
    pub fn request(&self, principal: Uuid, tier: Tier) -> Decision {
        let Requests { burst, hour } = self.requests(tier);
        let seen = burst.peek(&principal).stricter(hour.peek(&principal));
        if !seen.allowed {
            return counted(seen);
        }
        counted(burst.take(&principal).stricter(hour.take(&principal)))
    }

    /// Lets a request of `tenant` in until the value is dropped, or says why not.
    pub fn enter(&self, tenant: TenantId) -> Result<InFlight, Decision> {
        self.floor.enter(tenant).map_err(counted)
    }

    /// Forgets everybody whose allowance is whole again. For a task that runs every minute or so.
    pub fn sweep(&self) {
        self.shield.sweep();
        self.credentials.sweep();
        self.anonymous.sweep();
        for &tier in Tier::ALL {
            let Requests { burst, hour } = self.requests(tier);
            burst.sweep();
            hour.sweep();
        }
    }

    const fn requests(&self, tier: Tier) -> &Requests<C> {
        match tier {
            Tier::Free => &self.free,
            Tier::Basic => &self.basic,
            Tier::Professional => &self.professional,
            Tier::Enterprise => &self.enterprise,
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
