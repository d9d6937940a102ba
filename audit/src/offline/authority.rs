//! What entries of the log permit: gaps, and new keys.

use std::collections::BTreeMap;

use crate::canon;
use crate::entry::{EntryRef, Outcome};
use crate::genesis::{self, Previous};
use crate::value::Value;

use super::field::FieldSet;

/// The action of an entry that takes disclosures of named entries.
pub const REDACT: &str = "audit.redact";
/// The action of an entry that takes disclosures, or the bytes of entries, up to a number.
pub const PRUNE: &str = "audit.prune";
/// The action of an entry that introduces a key.
pub const KEY: &str = "audit.key";

/// What one entry permits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Authority {
    Redact(Vec<(u64, FieldSet)>),
    Prune(Prune),
    Key(String),
    /// The genesis: the log's first key and the name it was given.
    Origin {
        origin: String,
        vkey: String,
        /// The epoch before, in a log that was recovered.
        previous: Option<Previous>,
    },
}

/// A prune: everything before `until` may be gone, except what is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Prune {
    pub(super) kind: PruneKind,
    pub(super) until: u64,
    /// Ascending.
    pub(super) held: Vec<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PruneKind {
    /// Disclosures.
    Payload,
    /// The bytes of entries.
    Entries,
}

impl Authority {
    /// What `entry` permits. An entry that failed or was denied permits nothing, nor does one that does not follow
    /// the form, or reaches beyond itself.
    pub(super) fn of(entry: &EntryRef<'_>) -> Option<Authority> {
        // Nearly every entry ends here.
        if !entry.action.starts_with("audit.") || entry.outcome != Outcome::Success {
            return None;
        }
        let meta = || match canon::parse(entry.meta.as_bytes()) {
            Ok(Value::Object(members)) => Some(members),
            _ => None,
        };
        match entry.action {
            REDACT => redact(&meta()?, entry.seq),
            PRUNE => prune(&meta()?, entry.seq),
            KEY => Some(Authority::Key(text(&meta()?, "vkey")?)),
            genesis::ACTION => origin(&meta()?),
            _ => None,
        }
    }
}

type Members = BTreeMap<String, Value>;

fn redact(meta: &Members, seq: u64) -> Option<Authority> {
    let Some(Value::Array(entries)) = meta.get("entries") else {
        return None;
    };
    let entry = |entry: &Value| {
        let Value::Object(members) = entry else {
            return None;
        };
        let at = integer(members, "seq").filter(|at| *at < seq)?;
        let Some(Value::Array(fields)) = members.get("fields") else {
            return None;
        };
        Some((at, fields.iter().map(field).collect::<Option<FieldSet>>()?))
    };
    Some(Authority::Redact(
        entries.iter().map(entry).collect::<Option<_>>()?,
    ))
}

fn field(name: &Value) -> Option<FieldSet> {
    match name {
        Value::String(name) => FieldSet::of(name),
        _ => None,
    }
}

fn prune(meta: &Members, seq: u64) -> Option<Authority> {
    let kind = match text(meta, "kind")?.as_str() {
        "payload" => PruneKind::Payload,
        "entries" => PruneKind::Entries,
        _ => return None,
    };
    Some(Authority::Prune(Prune {
        kind,
        until: integer(meta, "until").filter(|until| *until <= seq)?,
        held: held(meta)?,
    }))
}

fn held(meta: &Members) -> Option<Vec<u64>> {
    let Some(Value::Array(held)) = meta.get("held") else {
        return None;
    };
    let mut held = held
        .iter()
        .map(|seq| match seq {
            Value::Integer(seq) => Some(*seq),
            _ => None,
        })
        .collect::<Option<Vec<u64>>>()?;
    held.sort_unstable();
    Some(held)
}

fn origin(meta: &Members) -> Option<Authority> {
    Some(Authority::Origin {
        origin: text(meta, "origin")?,
        vkey: text(meta, "vkey")?,
        previous: Previous::of_meta(meta).and_then(Result::ok),
    })
}

fn text(meta: &Members, key: &str) -> Option<String> {
    match meta.get(key)? {
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

fn integer(meta: &Members, key: &str) -> Option<u64> {
    match meta.get(key)? {
        Value::Integer(number) => Some(*number),
        _ => None,
    }
}
