//! One limit on many keys.

use std::fmt;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::{StateInformationMiddleware, StateSnapshot};
use governor::{NotUntil, Quota, RateLimiter};

use super::Decision;
use super::memory::{Glimpse, Memory, Record};

/// `burst` at once, refilled at `rate` per `period`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) name: &'static str,
    pub(super) burst: NonZeroU32,
    pub(super) rate: NonZeroU32,
    pub(super) period: Duration,
}

impl Terms {
    /// The share of one of `processes` that count each for itself. The rates add up exactly, the bursts to a little
    /// more: everybody has at least one.
    pub(super) fn divided(self, processes: u32) -> Self {
        let burst = self.burst.get().div_ceil(processes.max(1));
        Self {
            burst: NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN),
            period: self.period * processes.max(1),
            ..self
        }
    }

    /// How long an empty allowance takes to be whole again.
    fn window(&self) -> Duration {
        self.period * self.burst.get() / self.rate.get()
    }

    fn quota(&self) -> Quota {
        // A period of zero would need four billion requests a nanosecond; the fallback is never taken.
        Quota::with_period(self.period / self.rate.get())
            .unwrap_or_else(|| Quota::per_second(self.rate))
            .allow_burst(self.burst)
    }
}

type Bucket<K, S, C> = RateLimiter<K, S, C, StateInformationMiddleware>;

/// One limit; the same memory is used for taking from an allowance and for looking at it.
pub(super) struct Rule<K: Hash + Eq + Clone, C: Clock> {
    terms: Terms,
    clock: C,
    taking: Bucket<K, Record<K>, C>,
    looking: Bucket<K, Glimpse<K>, C>,
}

impl<K: Hash + Eq + Clone, C: Clock + Clone> Rule<K, C> {
    pub(super) fn new(terms: Terms, max_keys: usize, clock: &C) -> Self {
        let memory = Arc::new(Memory::new(max_keys));
        let record = Record(Arc::clone(&memory));
        // Each bucket counts time from its own making: made second, looking is the stricter one, by nanoseconds.
        let taking = RateLimiter::new(terms.quota(), record, clock.clone());
        let looking = RateLimiter::new(terms.quota(), Glimpse(memory), clock.clone());
        Self {
            terms,
            clock: clock.clone(),
            taking,
            looking,
        }
    }

    /// Takes one from the allowance of `key`, if there is one left.
    pub(super) fn take(&self, key: &K) -> Decision {
        match self.taking.check_key(key) {
            Ok(state) => self.allowed(state.remaining_burst_capacity()),
            Err(until) => self.refused(&until),
        }
    }

    /// What [`Rule::take`] would find; takes nothing.
    pub(super) fn peek(&self, key: &K) -> Decision {
        match self.looking.check_key(key) {
            Ok(state) => self.allowed(before(&state)),
            Err(until) => self.refused(&until),
        }
    }

    /// Forgets the keys whose allowance is whole.
    pub(super) fn sweep(&self) {
        self.taking.retain_recent();
        self.taking.shrink_to_fit();
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.taking.len()
    }

    fn allowed(&self, remaining: u32) -> Decision {
        let missing = self.terms.burst.get().saturating_sub(remaining);
        let refilled_in = self.terms.period * missing / self.terms.rate.get();
        Decision {
            allowed: true,
            remaining,
            reset_seconds: seconds_up(refilled_in),
            ..self.spent(0)
        }
    }

    fn refused(&self, until: &NotUntil<C::Instant>) -> Decision {
        let wait = until.wait_time_from(self.clock.now());
        self.spent(seconds_up(wait).max(1))
    }

    fn spent(&self, retry_after_seconds: u64) -> Decision {
        let window_seconds = seconds_up(self.terms.window());
        Decision {
            allowed: false,
            policy: self.terms.name,
            quota: self.terms.burst.get(),
            window_seconds,
            remaining: 0,
            reset_seconds: retry_after_seconds,
            retry_after_seconds,
        }
    }
}

impl<K: Hash + Eq + Clone, C: Clock> fmt::Debug for Rule<K, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule")
            .field("terms", &self.terms)
            .finish_non_exhaustive()
    }
}

/// What was left before the request that was only tried.
fn before(state: &StateSnapshot) -> u32 {
    state.remaining_burst_capacity().saturating_add(1)
}

/// Whole seconds, never too few.
fn seconds_up(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
