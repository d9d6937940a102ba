//! What each tier includes.

use serde::{Deserialize, Serialize};

use crate::QuotaMetric;
use crate::text::text_enum;

text_enum! {
    /// The plan a tenant is on; gives the default of every quota.
    pub enum Tier: "tier" {
        /// The smallest plan.
        Free = "free",
        /// The first paid plan.
        Basic = "basic",
        /// The plan of the demo tenant.
        Professional = "professional",
        /// The largest plan.
        Enterprise = "enterprise",
    }
}

/// What one tier includes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TierLimits {
    /// Authenticated calls of API keys per period.
    pub api_calls: u64,
    /// AI tokens per period.
    pub ai_tokens: u64,
    /// Bytes kept at any time, the trash included.
    pub storage_bytes: u64,
    /// Members at any time.
    pub users: u64,
    /// Requests per hour and principal.
    pub requests_per_hour: u64,
}

impl TierLimits {
    /// The limit on `metric`.
    pub const fn limit(&self, metric: QuotaMetric) -> u64 {
        match metric {
            QuotaMetric::ApiCalls => self.api_calls,
            QuotaMetric::AiTokens => self.ai_tokens,
            QuotaMetric::StorageBytes => self.storage_bytes,
            QuotaMetric::Users => self.users,
        }
    }

    fn overridden(self, by: TierOverride) -> Self {
        Self {
            api_calls: by.api_calls.unwrap_or(self.api_calls),
            ai_tokens: by.ai_tokens.unwrap_or(self.ai_tokens),
            storage_bytes: by.storage_bytes.unwrap_or(self.storage_bytes),
            users: by.users.unwrap_or(self.users),
            requests_per_hour: by.requests_per_hour.unwrap_or(self.requests_per_hour),
        }
    }
}

/// The limits of all tiers. A configuration file may name any part; the rest keeps its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "TiersOverride")]
pub struct Tiers {
    /// Limits of [`Tier::Free`].
    pub free: TierLimits,
    /// Limits of [`Tier::Basic`].
    pub basic: TierLimits,
    /// Limits of [`Tier::Professional`].
    pub professional: TierLimits,
    /// Limits of [`Tier::Enterprise`].
    pub enterprise: TierLimits,
}

/// A text that is not a table of tier limits; says where and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("tier limits: {0}")]
pub struct TierProblem(String);

impl Tiers {
    /// Reads limits such as `[free]` / `users = 5` from TOML; what it does not name keeps its default.
    pub fn from_toml(text: &str) -> Result<Self, TierProblem> {
        toml::from_str(text).map_err(|error| TierProblem(error.to_string().trim_end().to_owned()))
    }

    /// The limits of `tier`.
    pub const fn limits(&self, tier: Tier) -> TierLimits {
        match tier {
            Tier::Free => self.free,
            Tier::Basic => self.basic,
            Tier::Professional => self.professional,
            Tier::Enterprise => self.enterprise,
        }
    }
}

const GIB: u64 = 1 << 30;

impl Default for Tiers {
    fn default() -> Self {
        Self {
            free: TierLimits {
                api_calls: 10_000,
                ai_tokens: 50_000,
                storage_bytes: GIB,
                users: 3,
                requests_per_hour: 1_000,
            },
            basic: TierLimits {
                api_calls: 100_000,
                ai_tokens: 500_000,
                storage_bytes: 25 * GIB,
                users: 10,
                requests_per_hour: 5_000,
            },
            professional: TierLimits {
                api_calls: 1_000_000,
                ai_tokens: 5_000_000,
                storage_bytes: 250 * GIB,
                users: 100,
                requests_per_hour: 20_000,
            },
            enterprise: TierLimits {
                api_calls: 100_000_000,
                ai_tokens: 100_000_000,
                storage_bytes: 10_240 * GIB,
                users: 10_000,
                requests_per_hour: 200_000,
            },
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct TiersOverride {
    free: TierOverride,
    basic: TierOverride,
    professional: TierOverride,
    enterprise: TierOverride,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct TierOverride {
    api_calls: Option<u64>,
    ai_tokens: Option<u64>,
    storage_bytes: Option<u64>,
    users: Option<u64>,
    requests_per_hour: Option<u64>,
}

impl From<TiersOverride> for Tiers {
    fn from(by: TiersOverride) -> Self {
        let default = Self::default();
        Self {
            free: default.free.overridden(by.free),
            basic: default.basic.overridden(by.basic),
            professional: default.professional.overridden(by.professional),
            enterprise: default.enterprise.overridden(by.enterprise),
        }
    }
}
