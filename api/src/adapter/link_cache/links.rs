//! The links of one file.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Link, LinkKey};

/// The most links of one file; a client that asks for ever other lifetimes pushes out its own.
const MAX_LINKS: usize = 16;

#[derive(Debug)]
pub(super) struct Links(Vec<Kept>);

#[derive(Debug, Clone)]
struct Kept {
    disposition: String,
    ttl: Duration,
    link: Link,
}

impl Kept {
    fn is_for(&self, key: &LinkKey) -> bool {
        self.ttl == key.ttl && self.disposition == key.disposition
    }

    fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        let half = TimeDelta::from_std(self.ttl / 2).unwrap_or(TimeDelta::MAX);
        self.link.expires_at - now > half
    }
}

impl Links {
    pub(super) fn find(&self, key: &LinkKey, now: DateTime<Utc>) -> Option<Link> {
        let kept = self.0.iter().find(|kept| kept.is_for(key));
        kept.filter(|kept| kept.is_fresh(now))
            .map(|kept| kept.link.clone())
    }

    /// What is known and still fresh, and the new link.
    pub(super) fn with(
        known: Option<&Self>,
        key: &LinkKey,
        link: Link,
        now: DateTime<Utc>,
    ) -> Self {
        let known = known.map(|known| known.0.as_slice()).unwrap_or_default();
        let others = known
            .iter()
            .filter(|kept| kept.is_fresh(now) && !kept.is_for(key));
        let mut links: Vec<Kept> = others.cloned().collect();
        let surplus = (links.len() + 1).saturating_sub(MAX_LINKS);
        links.drain(..surplus);
        links.push(Kept {
            disposition: key.disposition.clone(),
            ttl: key.ttl,
            link,
        });
        Self(links)
    }

    /// Bytes in memory, roughly.
    pub(super) fn weight(&self) -> u32 {
        let bytes: usize = self
            .0
            .iter()
            .map(|kept| 128 + kept.disposition.len() + kept.link.url.len())
            .sum();
        u32::try_from(bytes).unwrap_or(u32::MAX)
    }
}
