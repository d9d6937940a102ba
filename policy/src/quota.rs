//! The arithmetic of exact quotas: hold first, settle later, never over the limit.
//!
//! The database does the same sums in one conditional statement each, because only there they are safe among
//! many writers; this is the reference those statements are tested against, and what explains a balance to
//! a person. Nothing here panics or wraps: sums saturate at the largest number.

/// Where one quota of one tenant stands. Unit: that of the metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Balance {
    /// How much there may be.
    pub limit: u64,
    /// How much is used for good.
    pub used: u64,
    /// How much is held by reservations that are not settled.
    pub held: u64,
}

/// More was asked for than is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{requested} were asked for, {available} of {limit} are left")]
pub struct Shortfall {
    /// How much was asked for.
    pub requested: u64,
    /// How much was left.
    pub available: u64,
    /// The limit it was left of.
    pub limit: u64,
}

impl Balance {
    /// What can still be reserved; zero when a lowered limit is already exceeded.
    pub const fn available(&self) -> u64 {
        self.limit
            .saturating_sub(self.used.saturating_add(self.held))
    }

    /// The balance after holding `n` more, or why that is too much.
    pub const fn try_reserve(self, n: u64) -> Result<Self, Shortfall> {
        if n > self.available() {
            return Err(self.shortfall(n));
        }
        Ok(Self {
            held: self.held.saturating_add(n),
            ..self
        })
    }

    /// The balance after a hold of `held` turned into a use of `measured`.
    ///
    /// Measured up to what was held always fits, even when the limit was lowered meanwhile: it was granted.
    /// What exceeds the hold must be available like any other request.
    pub const fn commit(self, held: u64, measured: u64) -> Result<Self, Shortfall> {
        let excess = measured.saturating_sub(held);
        if excess > self.available() {
            return Err(self.shortfall(excess));
        }
        Ok(Self {
            used: self.used.saturating_add(measured),
            ..self.release(held)
        })
    }

    /// The balance after giving back a hold of `held`.
    #[must_use]
    pub const fn release(self, held: u64) -> Self {
        Self {
            held: self.held.saturating_sub(held),
            ..self
        }
    }

    /// The balance of a level after `n` of what was used is gone, such as the bytes of a purged file.
    #[must_use]
    pub const fn free(self, n: u64) -> Self {
        Self {
            used: self.used.saturating_sub(n),
            ..self
        }
    }

    const fn shortfall(&self, requested: u64) -> Shortfall {
        Shortfall {
            requested,
            available: self.available(),
            limit: self.limit,
        }
    }
}

/// A share of the limit at which somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Threshold {
    /// 80 % are used.
    Near,
    /// Everything is used.
    Full,
}

impl Threshold {
    /// Every threshold, lowest first.
    pub const ALL: &'static [Self] = &[Self::Near, Self::Full];

    /// The share in percent of the limit.
    pub const fn percent(self) -> u64 {
        match self {
            Self::Near => 80,
            Self::Full => 100,
        }
    }

    /// Whether `used` of `limit` is at or above this share. A limit of zero is always reached.
    pub const fn is_reached(self, used: u64, limit: u64) -> bool {
        used as u128 * 100 >= limit as u128 * self.percent() as u128
    }

    /// The thresholds that use passed on its way from `before` to `after`; none when it fell.
    pub fn crossed(limit: u64, before: u64, after: u64) -> Vec<Self> {
        let newly = |t: &Self| !t.is_reached(before, limit) && t.is_reached(after, limit);
        Self::ALL.iter().copied().filter(newly).collect()
    }
}
