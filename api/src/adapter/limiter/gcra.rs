//! The arithmetic of a leaky bucket, in whole microseconds; `gcra.lua` beside it does the same inside Redis, and a test
//! compares them.
//!
//! A bucket is one number: how long until it is whole again, its debt. A unit costs an interval, time pays the debt,
//! and there may be as much debt as the bucket holds.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use governor::clock::{Clock, Reference};

use super::{Decision, rule::Terms};

/// A limit in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bucket {
    /// What one unit costs. Rounded up, so that no more gets through than is said.
    pub(super) interval: i64,
    /// The debt of an empty bucket.
    pub(super) capacity: i64,
}

/// What became of one bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Level {
    /// Microseconds until it is whole.
    pub(super) debt: i64,
    /// Microseconds until there would have been enough; 0 if there was.
    pub(super) wait: i64,
}

impl Bucket {
    pub(super) fn of(terms: &Terms) -> Self {
        let period = i64::try_from(terms.period.as_micros()).unwrap_or(i64::MAX);
        let rate = i64::from(terms.rate.get());
        let interval = (period / rate + i64::from(period % rate > 0)).max(1);
        Self {
            interval,
            capacity: interval.saturating_mul(terms.burst.get().into()),
        }
    }

    /// What `units` cost; negative units are given back.
    pub(super) fn charge(&self, units: i64) -> i64 {
        self.interval.saturating_mul(units)
    }

    /// Takes `charge` from a bucket with this debt, or says how long until it could.
    pub(super) fn take(&self, debt: i64, charge: i64) -> Level {
        let debt = debt.clamp(0, self.capacity);
        let wait = match charge {
            ..=0 => 0,
            _ => (debt + charge - self.capacity).max(0),
        };
        let debt = match wait {
            0 => (debt + charge).max(0),
            _ => debt,
        };
        Level { debt, wait }
    }

    /// What a client is told of a limit that was asked.
    pub(super) fn tell(&self, terms: &Terms, level: Level) -> Decision {
        let left = (self.capacity - level.debt).max(0) / self.interval;
        let is_allowed = level.wait == 0;
        let reset_seconds = seconds_up(if is_allowed { level.debt } else { level.wait });
        Decision {
            allowed: is_allowed,
            policy: terms.name,
            quota: terms.burst.get(),
            window_seconds: seconds_up(self.capacity),
            remaining: u32::try_from(left).unwrap_or(u32::MAX),
            reset_seconds,
            retry_after_seconds: if is_allowed { 0 } else { reset_seconds },
        }
    }
}

/// Whole seconds, never too few.
fn seconds_up(micros: i64) -> u64 {
    u64::try_from(micros).unwrap_or(0).div_ceil(1_000_000)
}

/// Buckets of this process, for units of which several are taken and some given back.
#[derive(Debug)]
pub(super) struct Buckets<K, C: Clock> {
    terms: Terms,
    bucket: Bucket,
    clock: C,
    start: C::Instant,
    /// When each is whole again, in microseconds since the start; whole ones take no memory after a sweep.
    whole_at: Mutex<HashMap<K, i64>>,
}

impl<K: Hash + Eq, C: Clock + Clone> Buckets<K, C> {
    pub(super) fn new(terms: Terms, clock: &C) -> Self {
        Self {
            terms,
            bucket: Bucket::of(&terms),
            clock: clock.clone(),
            start: clock.now(),
            whole_at: Mutex::default(),
        }
    }

    /// Takes `units` from the bucket of `key`, or nothing; gives negative ones back.
    pub(super) fn take(&self, key: K, units: i64) -> Decision {
        let mut whole_at = self.open();
        let now = self.now();
        let known = whole_at.get(&key).copied().unwrap_or(now);
        let level = self.bucket.take(known - now, self.bucket.charge(units));
        whole_at.insert(key, now + level.debt);
        self.bucket.tell(&self.terms, level)
    }

    pub(super) fn sweep(&self) {
        let now = self.now();
        let mut whole_at = self.open();
        whole_at.retain(|_, whole_at| *whole_at > now);
        whole_at.shrink_to_fit();
    }

    fn now(&self) -> i64 {
        let since: Duration = self.clock.now().duration_since(self.start).into();
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    }

    fn open(&self) -> MutexGuard<'_, HashMap<K, i64>> {
        self.whole_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
