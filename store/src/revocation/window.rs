//! Which rows a poll has to look at.
//!
//! Numbers are given when a row is written and seen when it is committed, in another order. Whoever asks for numbers
//! above the last one misses a row that was written first and committed later:
//!
//! ```text
//! A: INSERT (number 1) ────────────────────────── COMMIT
//! B:        INSERT (number 2) ── COMMIT
//! poll:                                 2                  above 2: nothing
//! ```
//!
//! So a poll begins behind what was the highest number thirty seconds ago: longer than any transaction that revokes
//! may take. No clock but this process's own is asked.

use std::{
    collections::{BTreeSet, VecDeque},
    time::{Duration, Instant},
};

/// How far back a poll looks.
const OVERLAP: Duration = Duration::from_secs(30);

/// What the polls of one process have seen.
#[derive(Debug, Default)]
pub struct Window {
    seen: BTreeSet<i64>,
    /// When a poll ended, and the highest number then; oldest first. The first one is where the next poll begins.
    polls: VecDeque<(Instant, i64)>,
}

impl Window {
    /// Numbers above this one are asked for. At first all: a row of before the start may be committed after it.
    pub(super) fn begin(&self) -> i64 {
        match self.polls.front() {
            Some((at, highest)) if at.elapsed() >= OVERLAP => *highest,
            _ => 0,
        }
    }

    pub(super) fn is_new(&mut self, id: i64) -> bool {
        self.seen.insert(id)
    }

    /// Ends a poll that saw `highest`, if anything.
    pub(super) fn close(&mut self, highest: Option<i64>) {
        self.close_at(Instant::now(), highest);
    }

    fn close_at(&mut self, now: Instant, highest: Option<i64>) {
        let last = self.polls.back().map_or(0, |(_, highest)| *highest);
        self.polls.push_back((now, highest.unwrap_or(0).max(last)));
        // The newest of those that are old enough stays in front.
        while self
            .polls
            .get(1)
            .is_some_and(|(at, _)| now.duration_since(*at) >= OVERLAP)
        {
            self.polls.pop_front();
        }
        if let Some((at, begin)) = self.polls.front()
            && now.duration_since(*at) >= OVERLAP
        {
            self.seen = self.seen.split_off(&(begin + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_poll_begins_behind_what_was_highest_half_a_minute_ago() {
        let mut window = Window::default();
        let start = Instant::now()
            .checked_sub(Duration::from_secs(100))
            .unwrap_or_else(Instant::now);
        for second in 0..60_u32 {
            let id = i64::from(second) + 1;
            assert!(window.is_new(id));
            window.close_at(start + Duration::from_secs(second.into()), Some(id));
        }
        // At second 59 the poll of second 29 is thirty seconds old; its highest number was 30.
        assert_eq!(window.begin(), 30);
        assert_eq!(window.seen.len(), 30);
        assert!(!window.is_new(31));
    }

    #[test]
    fn a_process_that_has_just_started_asks_for_everything() {
        let mut window = Window::default();
        assert!(window.is_new(9));
        window.close(Some(9));
        window.close(None);
        assert_eq!(window.begin(), 0);
        assert!(!window.is_new(9));
        assert!(window.is_new(8));
    }
}
