//! What the application writes to the outbox, and the entry read back.

use std::collections::BTreeMap;

use super::read::{Form, read};
use super::seal::{draft_bytes, entry_bytes};
use super::{Actor, EntryError, EntryRef, Outcome, Position, Req, Target, Time, Trim};
use crate::canon::{CanonError, Scan};
use crate::hash::Hash;
use crate::value::{MAX_INTEGER, Value};

/// An event before it has a place in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The tenant's uuid; [`super::SYSTEM_TENANT`] for the system log.
    pub tenant: String,
    /// A uuid v7 made by the application; the same id is the same event.
    pub id: String,
    /// When it happened, by the application's clock.
    pub at: Time,
    /// What was done: `[a-z_]+(\.[a-z_]+)+`.
    pub action: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Who did it.
    pub actor: Actor,
    /// What it was done to; at most 20.
    pub targets: Vec<Target>,
    /// In which request.
    pub req: Req,
    /// Digests of personal fields, by field; see [`crate::disclosure`].
    pub sd: BTreeMap<String, String>,
    /// Facts that are not personal.
    pub meta: BTreeMap<String, Value>,
    /// What was cut from the disclosures, if anything was.
    pub trim: Option<Trim>,
}

/// Why a draft cannot become an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// The entry would be longer than the format allows.
    #[error("the finished entry would have {byte_len} bytes, more than 16384")]
    TooLarge {
        /// Its length at the longest possible position.
        byte_len: usize,
    },
    /// A field does not follow its grammar, or `meta` leaves the profile.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// Entry 0 is the genesis, and no other entry is.
    #[error("`audit.genesis` is the first entry of a log and no other")]
    Genesis,
    /// The log holds 2^53 entries.
    #[error("the log is full")]
    Full,
}

impl Draft {
    /// The draft as canonical bytes for the outbox: the keys of an entry without `seq`, `prev`, `ts`, and
    /// `v` = `draft/1`.
    pub fn to_bytes(&self) -> Vec<u8> {
        draft_bytes(self)
    }

    /// Reads what [`Draft::to_bytes`] wrote; refuses a malformed draft.
    pub fn from_bytes(bytes: &[u8]) -> Result<Draft, DraftError> {
        Ok(owned(&read(bytes, Form::Draft)?)?)
    }

    /// Whether the draft becomes an entry wherever in a log it lands.
    pub fn validate(&self) -> Result<(), DraftError> {
        let raw = entry_bytes(
            self,
            &Position {
                seq: MAX_INTEGER,
                prev: Hash::ZERO,
                ts: Time::MAX,
            },
        );
        match EntryRef::parse(&raw) {
            Err(EntryError::Canon(CanonError::TooLong)) => Err(DraftError::TooLarge {
                byte_len: raw.len(),
            }),
            parsed => Ok(parsed.map(drop)?),
        }
    }
}

/// An entry read back from its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands: `seq`, `prev`, `ts`.
    pub position: Position,
    /// Everything else.
    pub draft: Draft,
}

impl Entry {
    /// Reads an entry; refuses bytes that are not one in canonical form.
    pub fn parse(raw: &[u8]) -> Result<Entry, EntryError> {
        let entry = EntryRef::parse(raw)?;
        let position = Position {
            seq: entry.seq,
            prev: entry.prev,
            ts: entry.ts,
        };
        Ok(Entry {
            position,
            draft: owned(&entry)?,
        })
    }
}

fn owned(entry: &EntryRef<'_>) -> Result<Draft, EntryError> {
    Ok(Draft {
        tenant: entry.tenant.to_owned(),
        id: entry.id.to_owned(),
        at: entry.at,
        action: entry.action.to_owned(),
        outcome: entry.outcome,
        actor: Actor {
            kind: entry.actor.kind,
            id: entry.actor.id.to_owned(),
        },
        targets: entry
            .targets
            .map(|target| Target {
                kind: target.kind.to_owned(),
                id: target.id.to_owned(),
            })
            .collect(),
        req: Req {
            id: entry.req.id.to_owned(),
            trace: entry.req.trace.to_owned(),
        },
        sd: entry
            .sd
            .map(|(field, digest)| (field.to_owned(), digest.to_owned()))
            .collect(),
        meta: Scan::new(entry.meta.as_bytes())?.members()?,
        trim: entry.trim.clone(),
    })
}
