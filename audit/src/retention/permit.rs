//! What one entry permits to be missing, and how it is written.

use super::field::FieldSet;
use super::members::{Members, array, integer, of_entry, text};
use crate::entry::{EntryRef, Outcome};
use crate::tile::WIDTH;
use crate::value::Value;

/// The action of an entry that takes disclosures of named entries.
pub const REDACT: &str = "audit.redact";
/// The action of an entry that takes disclosures, or the bytes of entries, up to a number.
pub const PRUNE: &str = "audit.prune";

/// What one entry permits to be missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permit {
    /// These fields of these entries.
    Redact(Vec<(u64, FieldSet)>),
    /// Everything up to a number.
    Prune(Prune),
}

/// A prune: everything before `until` may be gone, except what is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prune {
    /// What goes.
    pub kind: PruneKind,
    /// The first entry that stays.
    pub until: u64,
    /// Entries before that which stay, ascending.
    pub held: Vec<u64>,
}

/// What a prune takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PruneKind {
    /// Disclosures.
    Payload,
    /// The bytes of entries.
    Entries,
}

impl PruneKind {
    /// Both.
    pub const ALL: [PruneKind; 2] = [PruneKind::Payload, PruneKind::Entries];

    /// The word in entries.
    pub fn as_str(self) -> &'static str {
        match self {
            PruneKind::Payload => "payload",
            PruneKind::Entries => "entries",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<PruneKind> {
        PruneKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

impl Permit {
    /// What `entry` permits. An entry that failed or was denied permits nothing, nor does one that does not follow
    /// the form, or reaches beyond itself.
    pub fn of(entry: &EntryRef<'_>) -> Option<Permit> {
        if entry.outcome != Outcome::Success {
            return None;
        }
        match entry.action {
            REDACT => redact(&of_entry(entry)?, entry.seq),
            PRUNE => prune(&of_entry(entry)?, entry.seq),
            _ => None,
        }
    }
}

/// The member `entries` of a redaction, as [`Permit::of`] reads it.
pub fn redact_meta(entries: &[(u64, FieldSet)]) -> Value {
    Value::array(entries.iter().map(|(seq, fields)| {
        Value::object([
            ("fields", Value::array(fields.names().map(Value::String))),
            ("seq", Value::Integer(*seq)),
        ])
    }))
}

fn redact(meta: &Members, seq: u64) -> Option<Permit> {
    let entry = |entry: &Value| {
        let Value::Object(members) = entry else {
            return None;
        };
        let at = integer(members, "seq").filter(|at| *at < seq)?;
        let fields = array(members, "fields")?.iter();
        Some((at, fields.map(field).collect::<Option<FieldSet>>()?))
    };
    let entries = array(meta, "entries")?.iter();
    Some(Permit::Redact(entries.map(entry).collect::<Option<_>>()?))
}

fn field(name: &Value) -> Option<FieldSet> {
    match name {
        Value::String(name) => FieldSet::of(name),
        _ => None,
    }
}

fn prune(meta: &Members, seq: u64) -> Option<Permit> {
    let kind = PruneKind::parse(&text(meta, "kind")?)?;
    // Entries go by whole tiles.
    let fits = |until: &u64| kind == PruneKind::Payload || until.is_multiple_of(u64::from(WIDTH));
    Some(Permit::Prune(Prune {
        kind,
        until: integer(meta, "until").filter(|until| *until <= seq && fits(until))?,
        held: held(meta)?,
    }))
}

fn held(meta: &Members) -> Option<Vec<u64>> {
    let seq = |seq: &Value| match seq {
        Value::Integer(seq) => Some(*seq),
        _ => None,
    };
    let held = array(meta, "held")?.iter().map(seq);
    let mut held = held.collect::<Option<Vec<u64>>>()?;
    held.sort_unstable();
    Some(held)
}
