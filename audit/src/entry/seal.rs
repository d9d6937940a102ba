//! The writer: the canonical bytes of an entry or a draft.

use super::read::DRAFT_VERSION;
use super::{Draft, DraftError, EntryRef, Time, VERSION};
use crate::canon::{push_integer, push_string, push_value};
use crate::hash::{Hash, leaf};

/// Where an entry stands in its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// From 0, without gaps.
    pub seq: u64,
    /// Leaf hash of the entry before; [`Hash::ZERO`] for 0.
    pub prev: Hash,
    /// When it is sequenced, by the sequencer's clock; never before the `ts` of the entry before.
    pub ts: Time,
}

/// A finished entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The bytes to store; they are never written again from parts.
    pub raw: Vec<u8>,
    /// Their leaf hash.
    pub leaf: Hash,
}

/// Writes the entry that `draft` becomes at `position`.
///
/// Refuses a draft whose entry could not be read back. Does not know the log: [`crate::chain::Head::append`]
/// chooses the position.
pub fn seal(draft: &Draft, position: Position) -> Result<Sealed, DraftError> {
    let raw = entry_bytes(draft, &position);
    EntryRef::parse(&raw)?;
    Ok(Sealed {
        leaf: leaf(&raw),
        raw,
    })
}

pub(super) fn entry_bytes(draft: &Draft, position: &Position) -> Vec<u8> {
    document(draft, Some(position))
}

pub(super) fn draft_bytes(draft: &Draft) -> Vec<u8> {
    document(draft, None)
}

fn document(draft: &Draft, position: Option<&Position>) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    text(&mut out, "{\"action\":", &draft.action);
    text(&mut out, ",\"actor\":{\"id\":", &draft.actor.id);
    text(&mut out, ",\"type\":", draft.actor.kind.as_str());
    text(&mut out, "},\"at\":", &draft.at.to_string());
    text(&mut out, ",\"id\":", &draft.id);
    meta(&mut out, draft);
    text(&mut out, ",\"outcome\":", draft.outcome.as_str());
    if let Some(position) = position {
        text(&mut out, ",\"prev\":", &position.prev.to_hex());
    }
    text(&mut out, ",\"req\":{\"id\":", &draft.req.id);
    text(&mut out, ",\"trace\":", &draft.req.trace);
    digests(&mut out, draft);
    if let Some(position) = position {
        number(&mut out, ",\"seq\":", position.seq);
    }
    targets(&mut out, draft);
    text(&mut out, ",\"tenant\":", &draft.tenant);
    trim(&mut out, draft);
    if let Some(position) = position {
        text(&mut out, ",\"ts\":", &position.ts.to_string());
    }
    text(
        &mut out,
        ",\"v\":",
        if position.is_some() {
            VERSION
        } else {
            DRAFT_VERSION
        },
    );
    out.push(b'}');
    out
}

fn text(out: &mut Vec<u8>, key: &str, value: &str) {
    out.extend_from_slice(key.as_bytes());
    push_string(out, value);
}

fn number(out: &mut Vec<u8>, key: &str, value: u64) {
    out.extend_from_slice(key.as_bytes());
    push_integer(out, value);
}

fn meta(out: &mut Vec<u8>, draft: &Draft) {
    out.extend_from_slice(b",\"meta\":{");
    for (index, (key, value)) in draft.meta.iter().enumerate() {
        separate(out, index);
        push_string(out, key);
        out.push(b':');
        push_value(out, value);
    }
    out.push(b'}');
}

fn digests(out: &mut Vec<u8>, draft: &Draft) {
    out.extend_from_slice(b"},\"sd\":{");
    for (index, (field, digest)) in draft.sd.iter().enumerate() {
        separate(out, index);
        push_string(out, field);
        out.push(b':');
        push_string(out, digest);
    }
    out.push(b'}');
}

fn targets(out: &mut Vec<u8>, draft: &Draft) {
    out.extend_from_slice(b",\"targets\":[");
    for (index, target) in draft.targets.iter().enumerate() {
        separate(out, index);
        text(out, "{\"id\":", &target.id);
        text(out, ",\"type\":", &target.kind);
        out.push(b'}');
    }
    out.push(b']');
}

fn trim(out: &mut Vec<u8>, draft: &Draft) {
    let Some(trim) = &draft.trim else { return };
    number(out, ",\"trim\":{\"bytes\":", trim.bytes);
    out.extend_from_slice(b",\"rules\":[");
    for (index, rule) in trim.rules.iter().enumerate() {
        separate(out, index);
        push_string(out, rule.as_str());
    }
    out.extend_from_slice(b"]}");
}

fn separate(out: &mut Vec<u8>, index: usize) {
    if index > 0 {
        out.push(b',');
    }
}
