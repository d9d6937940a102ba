//! The judgement of one row by its neighbours: the row before and the two rows after.

use super::facts::{Fact, Link};
use super::{Damage, Finding, Head};
use crate::entry::Time;
use crate::hash::Hash;

/// What is known of the log up to a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before {
    /// The key the next row should have.
    pub(super) expected: u64,
    /// Key and hashes of the last row; of the head from which verification resumed; or of no row at all.
    pub(super) last: Last,
    pub(super) recomputed: Hash,
    pub(super) recorded: Option<Hash>,
    pub(super) ts: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Last {
    /// The log starts here.
    Nothing,
    /// A head that the caller trusts.
    Trusted,
    /// A hash that stands for an entry that is not there.
    Recorded,
    /// A row that was read.
    Row,
}

/// A row and its neighbourhood.
pub(super) struct Window<'a> {
    pub(super) before: &'a Before,
    pub(super) row: &'a Fact,
    pub(super) next: Option<&'a Fact>,
    pub(super) after: Option<&'a Fact>,
    /// The stored head, known at the end only.
    pub(super) head: Option<&'a Head>,
}

impl Window<'_> {
    /// The lowest damage this row gives evidence of: at the gap before it, at itself, or at the row after it.
    pub(super) fn finding(&self) -> Option<Finding> {
        self.place().or_else(|| match self.row.entry {
            Err(error) => Some(self.altered(format!("the bytes are not an entry: {error}"))),
            Ok(link) => self
                .inserted()
                .or_else(|| self.displaced(&link))
                .or_else(|| self.content(&link))
                .or_else(|| self.start(&link))
                .or_else(|| self.row.side.as_deref().cloned())
                .or_else(|| self.successor()),
        })
    }

    /// The keys themselves.
    fn place(&self) -> Option<Finding> {
        let (key, expected) = (self.row.key, self.before.expected);
        if key > expected {
            let reason = format!("no row until {key}");
            Some(Finding::new(expected, Damage::EntryMissing, reason))
        } else if key < expected && key + 1 == expected {
            Some(Finding::new(
                key,
                Damage::EntryInserted,
                "a second row has this number",
            ))
        } else if key < expected {
            Some(Finding::new(
                key,
                Damage::Reordered,
                "the row comes after rows with higher numbers",
            ))
        } else {
            None
        }
    }

    /// The row after follows the row before and claims this row's number: this row was pushed in between.
    fn inserted(&self) -> Option<Finding> {
        let next = self.next?;
        let link = next.entry.ok()?;
        let pushed = link.seq == self.row.key
            && link.prev == self.before.recomputed
            && next.recomputed != self.row.recomputed
            && self.is_confirmed(next);
        pushed.then(|| {
            self.here(
                Damage::EntryInserted,
                "the row after it holds the entry of this number",
            )
        })
    }

    /// The entry claims another number and does not follow the row before: it comes from elsewhere.
    fn displaced(&self, link: &Link) -> Option<Finding> {
        if self.fits(link) || (link.seq == self.row.key && link.is_own) {
            return None;
        }
        if !link.is_own {
            return Some(self.here(Damage::EntryInserted, "the entry belongs to another log"));
        }
        let reason = format!("the row holds entry {}", link.seq);
        let next = self.next.and_then(|next| next.entry.ok());
        let shifted = link.seq > self.row.key && next.is_none_or(|next| next.seq == link.seq + 1);
        let damage = match () {
            () if link.seq < self.row.key => Damage::EntryInserted,
            () if shifted => Damage::EntryMissing,
            () => Damage::Reordered,
        };
        Some(self.here(damage, reason))
    }

    /// The row against its own hash, number, log and place in time.
    fn content(&self, link: &Link) -> Option<Finding> {
        let reason = if self.row.recorded != Some(self.row.recomputed) {
            self.which_was_altered()
        } else if !link.is_own {
            "the entry names another tenant"
        } else if link.seq != self.row.key {
            "the entry names another number"
        } else if link.is_genesis != (link.seq == 0) {
            "the first entry of a log, and no other, is its genesis"
        } else if link.ts < self.before.ts {
            "the entry was sequenced before the entry before it"
        } else {
            return None;
        };
        Some(self.altered(reason))
    }

    fn which_was_altered(&self) -> &'static str {
        let successor = self
            .next
            .and_then(|next| next.entry.ok())
            .map(|link| link.prev);
        match successor.or(self.head.map(|head| head.last_hash)) {
            Some(hash) if hash == self.row.recomputed => {
                "the stored hash was altered; the bytes are those sealed"
            }
            Some(hash) if Some(hash) == self.row.recorded => {
                "the bytes were altered; the stored hash is the one sealed"
            }
            _ => "the bytes do not have the stored hash",
        }
    }

    /// The first row against what comes before every row.
    fn start(&self, link: &Link) -> Option<Finding> {
        if self.fits(link) {
            return None;
        }
        let finding = match self.before.last {
            Last::Row => return None,
            Last::Nothing => self.here(
                Damage::LinkBroken,
                "the first entry does not start from zeros",
            ),
            Last::Recorded => self.here(
                Damage::LinkBroken,
                "the entry does not follow the hash recorded before it",
            ),
            Last::Trusted => self.here(
                Damage::Forked,
                "the entry does not follow the retained head",
            ),
        };
        Some(finding.hashes(Some(link.prev), Some(self.before.recomputed)))
    }

    /// The link from the row after. It is read only from a row that is sound in itself; of the two, the one that
    /// its own successor contradicts, or does not confirm, was changed.
    fn successor(&self) -> Option<Finding> {
        let next = self.next.filter(|next| {
            next.key == self.row.key + 1 && next.recorded == Some(next.recomputed)
        })?;
        let link = next
            .entry
            .ok()
            .filter(|link| link.seq == next.key && link.is_own)?;
        if link.prev == self.row.recomputed {
            return None;
        }
        let finding = if self.is_confirmed(next) {
            let reason =
                "the entry was rewritten together with its hash; the next entry names another hash";
            Finding::new(self.row.key, Damage::ContentAltered, reason)
        } else {
            Finding::new(
                next.key,
                Damage::LinkBroken,
                "the entry does not follow the entry before it",
            )
        };
        Some(finding.hashes(Some(link.prev), Some(self.row.recomputed)))
    }

    /// Whether what follows `next`, the row after it or the head, names its hash.
    fn is_confirmed(&self, next: &Fact) -> bool {
        let hash = match self.after {
            Some(after) => after.entry.ok().map(|link| link.prev),
            None => self.head.map(|head| head.last_hash),
        };
        hash == Some(next.recomputed)
    }

    fn fits(&self, link: &Link) -> bool {
        link.prev == self.before.recomputed || Some(link.prev) == self.before.recorded
    }

    fn altered(&self, reason: impl Into<String>) -> Finding {
        self.here(Damage::ContentAltered, reason)
    }

    fn here(&self, damage: Damage, reason: impl Into<String>) -> Finding {
        Finding::new(self.row.key, damage, reason)
            .hashes(self.row.recorded, Some(self.row.recomputed))
    }
}
