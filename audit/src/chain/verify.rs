//! The walk along a log, a window of three rows at a time.

use std::collections::VecDeque;

use super::facts::Fact;
use super::window::{Before, Last, Window};
use super::{ChunkReport, Damage, Finding, Head};
use crate::hash::Hash;

/// Joins chunks, in the order of their keys, into one verdict. Holds three rows, whatever the length of the log.
#[derive(Debug)]
pub struct Verifier {
    before: Before,
    pending: VecDeque<Fact>,
    retained: Option<Head>,
    report: Report,
}

/// What a walk found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Rows read.
    pub rows: u64,
    /// The damage with the lowest `seq`; `None` when the log is whole.
    pub first: Option<Finding>,
    /// How many rows and head columns gave evidence of damage. Damage in one place may show in several.
    pub findings: u64,
    /// The end of the log as the rows have it, from which a later walk can resume.
    pub end: Head,
}

impl Default for Verifier {
    fn default() -> Verifier {
        Verifier::new()
    }
}

impl Verifier {
    /// A walk from the first entry.
    pub fn new() -> Verifier {
        Verifier::from(Head::empty(), Last::Nothing)
    }

    /// A walk from behind a head that an earlier walk ended with, or that was retained outside.
    pub fn resume(head: Head) -> Verifier {
        Verifier::from(
            head,
            if head.size == 0 {
                Last::Nothing
            } else {
                Last::Trusted
            },
        )
    }

    /// A walk from behind entries of which only the hashes are left: `size` of them, the last one given.
    pub fn behind(size: u64, last_hash: Hash) -> Verifier {
        let head = Head {
            size,
            last_hash,
            ..Head::empty()
        };
        Verifier::from(
            head,
            if size == 0 {
                Last::Nothing
            } else {
                Last::Recorded
            },
        )
    }

    fn from(head: Head, last: Last) -> Verifier {
        let before = Before {
            expected: head.size,
            last,
            recomputed: head.last_hash,
            recorded: Some(head.last_hash),
            ts: head.last_ts,
        };
        let report = Report {
            rows: 0,
            first: None,
            findings: 0,
            end: head,
        };
        Verifier {
            before,
            pending: VecDeque::new(),
            retained: None,
            report,
        }
    }

    /// Compares the walk with a head known from before: a shorter log is then `RolledBack`, another entry at
    /// its end `Forked`. Only such a head shows a tail that was cut together with the stored head.
    #[must_use]
    pub fn with_retained(self, head: Head) -> Verifier {
        Verifier {
            retained: Some(head),
            ..self
        }
    }

    /// Adds the next chunk; a chunk left out is reported as missing entries.
    pub fn join(&mut self, chunk: ChunkReport) {
        for fact in chunk.facts {
            self.pending.push_back(fact);
            if self.pending.len() == 3 {
                self.step(None);
            }
        }
    }

    /// Ends the walk where a tree ends, which knows size and last hash but no time.
    pub fn finish_at(self, size: u64, last_hash: Hash) -> Report {
        let pending = self.pending.back().and_then(|row| row.entry.ok());
        let last_ts = pending.map_or(self.report.end.last_ts, |link| link.ts);
        self.finish(&Head {
            size,
            last_hash,
            last_ts,
        })
    }

    /// Ends the walk at the stored head.
    pub fn finish(mut self, head: &Head) -> Report {
        while !self.pending.is_empty() {
            self.step(Some(head));
        }
        for finding in [self.against(head), self.against_retained(head)]
            .into_iter()
            .flatten()
        {
            self.note(finding);
        }
        self.report
    }

    fn step(&mut self, head: Option<&Head>) {
        let Some(row) = self.pending.pop_front() else {
            return;
        };
        let window = Window {
            before: &self.before,
            row: &row,
            next: self.pending.front(),
            after: self.pending.get(1),
            head,
        };
        let found = window.finding().or_else(|| self.forked(&row));
        if let Some(finding) = found {
            self.note(finding);
        }
        self.advance(&row);
    }

    fn advance(&mut self, row: &Fact) {
        let ts = row.entry.map_or(self.before.ts, |link| link.ts);
        let expected = row.key.saturating_add(1);
        self.before = Before {
            expected,
            last: Last::Row,
            recomputed: row.recomputed,
            recorded: row.recorded,
            ts,
        };
        self.report.rows += 1;
        self.report.end = Head {
            size: expected,
            last_hash: row.recomputed,
            last_ts: ts,
        };
    }

    fn note(&mut self, finding: Finding) {
        self.report.findings += 1;
        if self
            .report
            .first
            .as_ref()
            .is_none_or(|first| finding.seq < first.seq)
        {
            self.report.first = Some(finding);
        }
    }

    fn forked(&self, row: &Fact) -> Option<Finding> {
        let retained = self
            .retained
            .filter(|head| head.size == row.key.saturating_add(1))?;
        differs(
            Damage::Forked,
            row.key,
            "the entry is not the one of the retained head",
            retained.last_hash,
            row.recomputed,
        )
    }

    fn against(&self, head: &Head) -> Option<Finding> {
        let end = self.report.end;
        let last = end.size.saturating_sub(1);
        if head.size > end.size {
            return Some(Finding::new(
                end.size,
                Damage::EntryMissing,
                format!("the head counts {} entries", head.size),
            ));
        }
        if head.size < end.size {
            let reason = format!("the head counts only {} entries", head.size);
            return Some(Finding::new(head.size, Damage::EntryInserted, reason));
        }
        let reason = "the last entry does not have the hash in the head";
        differs(
            Damage::ContentAltered,
            last,
            reason,
            head.last_hash,
            end.last_hash,
        )
        .or_else(|| {
            let reason = "the time in the head is not that of the last entry";
            (head.last_ts != end.last_ts)
                .then(|| Finding::new(last, Damage::ProjectionAltered, reason))
        })
    }

    fn against_retained(&self, head: &Head) -> Option<Finding> {
        let end = self.report.end;
        let retained = self
            .retained
            .filter(|retained| retained.size > end.size && head.size <= end.size)?;
        let reason = format!("the log once had {} entries", retained.size);
        Some(Finding::new(end.size, Damage::RolledBack, reason))
    }
}

fn differs(damage: Damage, seq: u64, reason: &str, recorded: Hash, found: Hash) -> Option<Finding> {
    (recorded != found)
        .then(|| Finding::new(seq, damage, reason).hashes(Some(recorded), Some(found)))
}
