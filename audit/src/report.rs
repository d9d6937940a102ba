//! What a verification says: a verdict, how much it is worth, and where the damage is.

mod html;
mod json;

use std::fmt;

use crate::chain::Damage;
use crate::entry::Time;
use crate::genesis::Previous;
use crate::hash::Hash;

/// The outcome. Never without an [`Assurance`]: "intact" alone would claim more than was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Everything that was sealed is there as it was sealed.
    Intact,
    /// The same, except for what the log itself says was redacted or pruned.
    IntactWithDocumentedGaps,
    /// Something differs from what was sealed, or is gone without an entry that says so.
    Broken,
    /// Nothing can be said: the input could not be read, or no trusted key has signed it.
    Inconclusive,
}

/// What the verdict rests on, from weak to strong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Assurance {
    /// The chain and the tree agree with themselves; who holds all of the data can make such a log.
    A0,
    /// Signed by a trusted key; an older log with a genuine signature looks the same.
    A1,
    /// The log begins with the tree of a receipt that the auditor kept.
    A2,
    /// The log is the one of the newest anchor outside.
    A3,
}

/// Which disclosures a bundle carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Disclosures {
    /// All that are stored for the entries of the range.
    All,
    /// None: whoever exported may not see them.
    None,
}

/// A signed state of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// Number of entries.
    pub size: u64,
    /// When: the time of a trusted cosignature, else the `ts` of the last entry; unknown without either.
    pub at: Option<Time>,
}

/// The damage that comes first in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Harm {
    /// What happened.
    pub damage: Damage,
    /// The first bad entry; `None` when the damage is in no entry.
    pub seq: Option<u64>,
    /// A sentence for the auditor.
    pub reason: String,
    /// The file that shows it, if it is a file.
    pub file: Option<String>,
    /// The hash on record.
    pub recorded: Option<Hash>,
    /// The hash of what was found.
    pub recomputed: Option<Hash>,
    /// The largest signed state that ends before the damage.
    pub last_good: Option<Point>,
    /// The smallest signed state that covers it. With `last_good` this is the window of time.
    pub first_bad: Option<Point>,
    /// How many entries and files gave evidence of damage; for missing entries, how many.
    pub affected: u64,
}

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The outcome.
    pub verdict: Verdict,
    /// What it rests on.
    pub assurance: Assurance,
    /// The receipt or anchor that `A2` or `A3` speaks of.
    pub compared: Option<Point>,
    /// The log's name; empty when it could not be read.
    pub origin: String,
    /// Number of entries of the log.
    pub size: u64,
    /// The root of its tree.
    pub root: Option<Hash>,
    /// The first entry whose bytes were checked.
    pub first: u64,
    /// The first entry behind those whose bytes were checked.
    pub end: u64,
    /// Whether the entries are all that the log still has, not a part of them that somebody chose.
    pub whole: bool,
    /// Whether disclosures were there to be checked.
    pub disclosures: Disclosures,
    /// Entries whose bytes or disclosures a documented prune took.
    pub pruned: u64,
    /// Entries of which a documented redaction took a disclosure.
    pub redacted: u64,
    /// What the log's genesis says of the epoch before it; `None` in a log that was never recovered, and when the
    /// genesis is not among the entries.
    pub previous: Option<Previous>,
    /// The verifier key that signed the newest checkpoint.
    pub signed_by: Option<String>,
    /// The latest time at which a trusted cosigner saw the newest checkpoint.
    pub cosigned_at: Option<Time>,
    /// What is broken; present exactly when the verdict is `Broken`.
    pub harm: Option<Harm>,
    /// Why nothing can be said; present exactly when the verdict is `Inconclusive`.
    pub obstacle: Option<String>,
}

impl Verdict {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Intact => "INTACT",
            Verdict::IntactWithDocumentedGaps => "INTACT_WITH_DOCUMENTED_GAPS",
            Verdict::Broken => "BROKEN",
            Verdict::Inconclusive => "INCONCLUSIVE",
        }
    }
}

impl Assurance {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Assurance::A0 => "A0",
            Assurance::A1 => "A1",
            Assurance::A2 => "A2",
            Assurance::A3 => "A3",
        }
    }
}

impl Disclosures {
    /// The word in manifests and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Disclosures::All => "all",
            Disclosures::None => "none",
        }
    }
}

impl Report {
    /// A report that says nothing yet, about a log of which nothing is known.
    pub fn inconclusive(obstacle: impl Into<String>) -> Report {
        Report {
            verdict: Verdict::Inconclusive,
            assurance: Assurance::A0,
            compared: None,
            origin: String::new(),
            size: 0,
            root: None,
            first: 0,
            end: 0,
            whole: false,
            disclosures: Disclosures::None,
            pruned: 0,
            redacted: 0,
            previous: None,
            signed_by: None,
            cosigned_at: None,
            harm: None,
            obstacle: Some(obstacle.into()),
        }
    }

    /// Whether the log is whole, documented gaps included.
    pub fn is_intact(&self) -> bool {
        matches!(
            self.verdict,
            Verdict::Intact | Verdict::IntactWithDocumentedGaps
        )
    }

    /// What the assurance means here, as a clause.
    pub fn assurance_text(&self) -> String {
        let compared = self
            .compared
            .map_or(String::new(), |point| point.to_string());
        match self.assurance {
            Assurance::A0 => "chain and tree only, no signature checked".to_owned(),
            Assurance::A1 => "signed by a trusted key".to_owned(),
            Assurance::A2 => format!("consistent with your receipt of {compared}"),
            Assurance::A3 => format!("equals the newest external anchor, of {compared}"),
        }
    }
}

/// Verdict and assurance on one line, such as `INTACT (A1: signed by a trusted key)`.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.verdict.as_str())?;
        if self.verdict == Verdict::IntactWithDocumentedGaps {
            write!(f, " ({} pruned, {} redacted)", self.pruned, self.redacted)?;
        }
        write!(
            f,
            " ({}: {})",
            self.assurance.as_str(),
            self.assurance_text()
        )
    }
}

/// The time and the size.
impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) => write!(f, "{at} ({} entries)", self.size),
            None => write!(f, "{} entries", self.size),
        }
    }
}

#[cfg(test)]
mod tests;
