//! Where a log ends, and for those whose log it is, what can be asked of it as a whole.

mod registers;
pub mod survey;

use async_graphql::{MergedObject, Object};
use store::audit_entry::ChainInfo;

use self::{registers::Registers, survey::Survey};
use super::scalar::BigInt;

/// A tenant's log.
#[derive(Debug, Clone, MergedObject)]
pub struct AuditChain(ChainEnd, Survey, Registers);

impl AuditChain {
    pub(crate) fn new(chain: ChainInfo) -> Self {
        Self(ChainEnd::new(chain), Survey, Registers)
    }
}

/// Where a log ends.
#[derive(Debug, Clone)]
pub struct ChainEnd {
    chain: ChainInfo,
}

impl ChainEnd {
    pub(crate) fn new(chain: ChainInfo) -> Self {
        Self { chain }
    }
}

/// Where a log ends.
#[Object(name = "SystemChain")]
impl ChainEnd {
    /// How many entries it has.
    async fn size(&self) -> BigInt {
        self.chain.size.into()
    }

    /// The hash of the last entry, lower-case hex.
    async fn head_hash(&self) -> &str {
        &self.chain.head_hash
    }

    /// The newest signed checkpoint (C2SP tlog-checkpoint): keep it, it is a receipt that a later log must be
    /// consistent with. Null in a log that is older than checkpoints, until its next entry.
    async fn checkpoint(&self) -> Option<&str> {
        Some(self.chain.checkpoint.as_str()).filter(|note| !note.is_empty())
    }

    /// The log's name and Ed25519 key, as signed notes write it.
    async fn public_key(&self) -> &str {
        &self.chain.public_key
    }

    /// The key that adds times to checkpoints (C2SP tlog-cosignature), as signed notes write it; null before
    /// the first time.
    async fn cosigner_key(&self) -> Option<&str> {
        self.chain.cosigner_key.as_deref()
    }

    /// How many events are committed and not yet in the log.
    async fn pending(&self) -> i32 {
        i32::try_from(self.chain.pending).unwrap_or(i32::MAX)
    }

    /// The epoch; a recovery from a backup begins a new one.
    async fn epoch(&self) -> i32 {
        self.chain.epoch
    }
}
