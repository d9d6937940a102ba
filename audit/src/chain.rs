//! The chain: how a log grows, and how stored rows are checked.

mod damage;
mod facts;
mod verify;
mod window;

pub(crate) use facts::verify_rows;

pub use damage::{Damage, Finding};
pub use facts::{
    ChunkReport, DisclosureRow, LogIdentity, Projection, Stored, verify_chunk, verify_chunk_with,
};
pub use verify::{Report, Verifier};

use crate::entry::{Draft, DraftError, Position, Sealed, Time, seal};
use crate::genesis;
use crate::hash::Hash;
use crate::value::MAX_INTEGER;

/// The end of a log: everything the next entry needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Number of entries.
    pub size: u64,
    /// Leaf hash of the last entry; [`Hash::ZERO`] when there is none.
    pub last_hash: Hash,
    /// `ts` of the last entry; the epoch when there is none.
    pub last_ts: Time,
}

impl Head {
    /// The head of a log without entries.
    pub fn empty() -> Head {
        Head {
            size: 0,
            last_hash: Hash::ZERO,
            last_ts: Time::EPOCH,
        }
    }

    /// Seals `draft` as the next entry and moves on; `ts` is `now`, or the last `ts` when the clock went back.
    ///
    /// On an error the head stays as it was. Entry 0 must be a genesis, and no other entry may be.
    pub fn append(&mut self, draft: &Draft, now: Time) -> Result<Sealed, DraftError> {
        if (self.size == 0) != (draft.action == genesis::ACTION) {
            return Err(DraftError::Genesis);
        }
        if self.size > MAX_INTEGER {
            return Err(DraftError::Full);
        }
        let ts = now.max(self.last_ts);
        let sealed = seal(
            draft,
            Position {
                seq: self.size,
                prev: self.last_hash,
                ts,
            },
        )?;
        *self = Head {
            size: self.size + 1,
            last_hash: sealed.leaf,
            last_ts: ts,
        };
        Ok(sealed)
    }
}

#[cfg(test)]
mod tests;
