//! When the keys of a log sign, as its entries say.

use super::evidence::{Evidence, Introduced};
use crate::note::{Algorithm, VerifierKey};

/// The keys that entries introduce, each with the sizes of the checkpoints that it signs. Of a key whose entries are
/// not there nothing is known.
#[derive(Debug, Default)]
pub(super) struct Terms(Vec<Term>);

#[derive(Debug)]
struct Term {
    key: VerifierKey,
    /// The entry that introduces it.
    from: u64,
    /// The entry that ends it.
    until: Option<u64>,
}

impl Term {
    fn covers(&self, size: u64) -> bool {
        self.from < size && self.until.is_none_or(|until| size <= until)
    }
}

impl Terms {
    pub(super) fn of(evidence: &Evidence) -> Terms {
        let Some(front) = &evidence.front else {
            return Terms::default();
        };
        let term = |introduced: &Introduced| {
            let key = VerifierKey::parse(&introduced.vkey).ok()?;
            let of_log =
                key.name() == front.checkpoint.origin && key.algorithm() == Algorithm::Ed25519;
            let ends =
                |(seq, key_no): &&(u64, u64)| *key_no == introduced.key_no && *seq > introduced.seq;
            let until = evidence.retired.iter().find(ends).map(|(seq, _)| *seq);
            of_log.then_some(Term {
                key,
                from: introduced.seq,
                until,
            })
        };
        Terms(evidence.keys.iter().filter_map(term).collect())
    }

    /// One of the signers that was in force when the log had that size, as far as is known. What a key signed for
    /// another size counts for nothing: a seed that was stolen is of no use once the key is replaced.
    pub(super) fn in_force<'k>(
        &self,
        signers: impl IntoIterator<Item = &'k VerifierKey>,
        size: u64,
    ) -> Option<&'k VerifierKey> {
        signers.into_iter().find(|key| self.admit(key, size))
    }

    fn admit(&self, key: &VerifierKey, size: u64) -> bool {
        let mut own = self.0.iter().filter(|term| term.key == *key).peekable();
        own.peek().is_none() || own.any(|term| term.covers(size))
    }
}
