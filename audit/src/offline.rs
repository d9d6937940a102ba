//! Verification of a bundle by somebody who has nothing else: no server, no database, no account.
//!
//! One pass reads every file; memory does not grow with the log, except for the list of files, for a few bytes
//! about each documented gap, and for what entries permit. Entries are checked in parallel: form, chain, leaf
//! hashes, tiles, root, disclosures. Then the keys decide what the root is worth.
//!
//! Limits. A signature says who, never when: an older export is as genuine as it was. Only a receipt or an anchor
//! from outside tells that the log went back or was rewritten with its own key; see [`crate::report::Assurance`].

mod authority;
mod claims;
mod disclosed;
mod evidence;
mod fault;
mod front;
mod gaps;
mod gather;
mod held;
mod judge;
mod lines;
mod read;
mod terms;
mod tree;
mod trust;
mod unit;

use crate::bundle::Source;
use crate::checkpoint::Checkpoint;
use crate::note::{Note, VerifierKey};
use crate::report::Report;

pub use crate::retention::{PRUNE, REDACT};
pub use authority::{KEY, RETIRED};

/// What the auditor brings along.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Keys of the log and of cosigners. Without any, no signature is checked, and the assurance stays `A0`.
    pub keys: Vec<VerifierKey>,
    /// A checkpoint kept from before.
    pub receipt: Option<Note>,
    /// The newest checkpoint that was anchored outside.
    pub anchor: Option<Note>,
}

/// Verifies a bundle. `progress` is told how many entries of how many were read.
///
/// Never fails: what cannot be read makes the verdict `Inconclusive`, what is not a faithful bundle `Broken`.
pub fn verify<S: Source>(
    source: &S,
    trust: &Trust,
    progress: &mut (dyn FnMut(u64, u64) + Send),
) -> Report {
    let held = [&trust.receipt, &trust.anchor];
    let sizes: Vec<u64> = held
        .into_iter()
        .flatten()
        .filter_map(|note| Checkpoint::parse(note.text()).ok())
        .map(|checkpoint| checkpoint.tree.size)
        .collect();
    let evidence = gather::gather(source, &sizes, progress);
    judge::judge(evidence, trust)
}
