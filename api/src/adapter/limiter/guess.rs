//! Passwords on their way to being compared.
//!
//! Comparing takes a while, and only afterwards is it known whether the password was wrong. Whoever
//! sends many at once would have all of them compared before the first is counted; so those under way
//! count as wrong until they are known not to be. Where Redis counts, each is charged before it is compared, and given
//! back when it was right.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use governor::clock::Clock;

use super::Decision;
use super::rule::{Rule, Terms};
use super::shared::{Charge, Shared};

/// Wrong credentials by address, and those that may turn out to be.
#[derive(Debug)]
pub(super) struct Guesses<C: Clock> {
    wrong: Rule<IpAddr, C>,
    /// Addresses with nothing under way take no memory.
    under_way: Mutex<HashMap<IpAddr, u32>>,
}

/// The right to have one credential compared. Dropped without a verdict it counts as a wrong one: who
/// goes away before the answer has used the core all the same.
#[derive(Debug)]
#[must_use = "dropping it counts a wrong credential"]
pub struct Guess<'a, C: Clock + Clone> {
    guesses: &'a Guesses<C>,
    address: IpAddr,
    was_wrong: bool,
    /// What Redis has charged.
    refund: Option<(Shared, Charge)>,
}

impl<C: Clock + Clone> Guesses<C> {
    pub(super) fn new(terms: Terms, max_keys: usize, clock: &C) -> Self {
        Self {
            wrong: Rule::new(terms, max_keys, clock),
            under_way: Mutex::default(),
        }
    }

    /// Lets one more under way, while fewer are than may still be wrong.
    pub(super) fn begin(&self, address: IpAddr) -> Result<Guess<'_, C>, Decision> {
        let mut under_way = self.open();
        let decision = self.wrong.peek(&address);
        let count = under_way.get(&address).copied().unwrap_or_default();
        if !decision.allowed {
            return Err(decision);
        }
        if count >= decision.remaining {
            return Err(busy(decision));
        }
        under_way.insert(address, count + 1);
        Ok(self.guess(address))
    }

    /// Lets one more under way that somebody else has judged.
    pub(super) fn enter(&self, address: IpAddr) -> Guess<'_, C> {
        *self.open().entry(address).or_default() += 1;
        self.guess(address)
    }

    fn guess(&self, address: IpAddr) -> Guess<'_, C> {
        Guess {
            guesses: self,
            address,
            was_wrong: true,
            refund: None,
        }
    }

    /// Counts one that was compared on the spot.
    pub(super) fn take(&self, address: IpAddr) -> Decision {
        self.wrong.take(&address)
    }

    pub(super) fn sweep(&self) {
        self.wrong.sweep();
    }

    /// Counted before it is given back, or another could slip in between.
    fn end(&self, address: IpAddr, was_wrong: bool) {
        let mut under_way = self.open();
        if was_wrong {
            self.wrong.take(&address);
        }
        if let Some(count) = under_way.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                under_way.remove(&address);
            }
        }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<IpAddr, u32>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Clock + Clone> Guess<'_, C> {
    pub(super) fn refunded_by(mut self, shared: &Shared, refund: Charge) -> Self {
        self.refund = Some((shared.clone(), refund));
        self
    }

    /// What it turned out to be.
    pub async fn end(mut self, was_wrong: bool) {
        self.was_wrong = was_wrong;
        if let Some((shared, refund)) = self.refund.take().filter(|_| !was_wrong) {
            // A refund that is lost counts one wrong credential that was right; time gives it back.
            shared.take(&[refund]).await;
        }
    }
}

impl<C: Clock + Clone> Drop for Guess<'_, C> {
    fn drop(&mut self) {
        self.guesses.end(self.address, self.was_wrong);
    }
}

/// A password is compared within the second, or the process has too much to do anyway.
const fn busy(decision: Decision) -> Decision {
    Decision {
        allowed: false,
        remaining: 0,
        reset_seconds: 1,
        retry_after_seconds: 1,
        ..decision
    }
}
