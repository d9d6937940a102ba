//! The numbers.

use std::num::NonZeroU32;
use std::time::Duration;

use super::rule::Terms;
use crate::config::RateLimits;

/// Rates and sizes of all limits; 0 counts as 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests of one address per second.
    pub shield_per_second: u32,
    /// Requests of one address at once.
    pub shield_burst: u32,
    /// Wrong credentials of one address per minute.
    pub failed_credentials_per_minute: u32,
    /// Requests without credential of one address per hour.
    pub anonymous_per_hour: u32,
    /// Requests of one principal per second, at least; a tier with a higher hourly rate gets that.
    pub burst_per_second: u32,
    /// Requests of one principal at once, at least; grows with the rate.
    pub burst: u32,
    /// Requests of one principal per hour.
    pub requests_per_hour: TierRates,
    /// Points of one tenant's GraphQL operations per second.
    pub cost_per_second: u32,
    /// Points of one tenant at once.
    pub cost_bucket: u32,
    /// Requests of one tenant at the same time.
    pub concurrent_per_tenant: u32,
    /// Addresses or principals remembered per limit.
    pub max_keys: usize,
}

/// Requests per hour by tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TierRates {
    /// Of [`policy::Tier::Free`].
    pub free: u32,
    /// Of [`policy::Tier::Basic`].
    pub basic: u32,
    /// Of [`policy::Tier::Professional`].
    pub professional: u32,
    /// Of [`policy::Tier::Enterprise`].
    pub enterprise: u32,
}

const MAX_KEYS: usize = 200_000;
const CONCURRENT_PER_TENANT: u32 = 20;
/// What the guard lets through.
const DEAREST_OPERATION: u32 = 1_000;
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

impl Limits {
    /// The limits of a configuration; 20 concurrent requests per tenant and 200 000 keys per limit.
    #[must_use]
    pub fn new(rates: &RateLimits, tiers: &policy::Tiers) -> Self {
        Self {
            shield_per_second: rates.shield_per_second,
            shield_burst: rates.shield_burst,
            failed_credentials_per_minute: rates.failed_credentials_per_minute,
            anonymous_per_hour: rates.anonymous_per_hour,
            burst_per_second: rates.request_burst_per_second,
            burst: rates.request_burst,
            requests_per_hour: TierRates {
                free: saturating(tiers.free.requests_per_hour),
                basic: saturating(tiers.basic.requests_per_hour),
                professional: saturating(tiers.professional.requests_per_hour),
                enterprise: saturating(tiers.enterprise.requests_per_hour),
            },
            cost_per_second: rates.cost_per_second,
            cost_bucket: rates.cost_bucket,
            concurrent_per_tenant: CONCURRENT_PER_TENANT,
            max_keys: MAX_KEYS,
        }
    }

    pub(super) fn shield(&self) -> Terms {
        Terms {
            name: "shield",
            burst: at_least_one(self.shield_burst),
            rate: at_least_one(self.shield_per_second),
            period: SECOND,
        }
    }

    pub(super) fn failed_credentials(&self) -> Terms {
        per("credentials", self.failed_credentials_per_minute, MINUTE)
    }

    pub(super) fn anonymous(&self) -> Terms {
        per("anonymous", self.anonymous_per_hour, HOUR)
    }

    pub(super) fn cost(&self) -> Terms {
        Terms {
            name: "cost",
            burst: at_least_one(self.cost_bucket),
            rate: at_least_one(self.cost_per_second),
            period: SECOND,
        }
    }

    /// The share of one process. Every operation fits into it, or it would be refused forever.
    pub(super) fn own_cost(&self, processes: u32) -> Terms {
        let terms = self.cost().divided(processes);
        Terms {
            burst: terms.burst.max(at_least_one(DEAREST_OPERATION)),
            ..terms
        }
    }

    pub(super) fn hour(&self, per_hour: u32) -> Terms {
        per("hour", per_hour, HOUR)
    }

    /// The short burst. A tier of 200 000 requests an hour could never use them at 10 a second, so the rate follows
    /// the tier, and the burst keeps its ratio to the rate.
    pub(super) fn burst(&self, per_hour: u32) -> Terms {
        let configured = self.burst_per_second.max(1);
        let rate = configured.max(per_hour.div_ceil(3_600));
        let burst = u64::from(self.burst) * u64::from(rate) / u64::from(configured);
        Terms {
            name: "req",
            burst: at_least_one(saturating(burst)),
            rate: at_least_one(rate),
            period: SECOND,
        }
    }
}

fn per(name: &'static str, number: u32, period: Duration) -> Terms {
    Terms {
        name,
        burst: at_least_one(number),
        rate: at_least_one(number),
        period,
    }
}

fn at_least_one(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}

fn saturating(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
