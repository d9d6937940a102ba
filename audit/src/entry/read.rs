//! The reader: one pass that checks canonical form, exact keys and every grammar, and borrows the fields.

use super::grammar::{is_action, is_actor_id, is_digest, is_kind, is_trace, is_uuid, is_uuid_v7};
use super::{ActorKind, MAX_TARGETS, Outcome, Time, VERSION};
use crate::canon::{CanonError, Scan};
use crate::disclosure::is_field;
use crate::hash::Hash;
use crate::trim::{Rule, Trim};

/// Why bytes are not an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Not canonical JSON of the profile.
    #[error("the entry is not canonical: {0}")]
    Canon(#[from] CanonError),
    /// A key is missing, or one stands there that an entry does not have.
    #[error("the key `{0}` is missing, or another stands in its place")]
    Key(&'static str),
    /// A value does not follow the grammar of its key.
    #[error("the value of `{0}` is malformed")]
    Value(&'static str),
}

/// An entry whose fields point into its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRef<'a> {
    /// The tenant's uuid.
    pub tenant: &'a str,
    /// Position in the log, from 0.
    pub seq: u64,
    /// Leaf hash of the entry before; zeros at 0.
    pub prev: Hash,
    /// The event's uuid.
    pub id: &'a str,
    /// When it happened, by the application's clock.
    pub at: Time,
    /// When it was sequenced.
    pub ts: Time,
    /// What was done.
    pub action: &'a str,
    /// How it ended.
    pub outcome: Outcome,
    /// Who did it.
    pub actor: ActorRef<'a>,
    /// What it was done to.
    pub targets: Targets<'a>,
    /// In which request.
    pub req: ReqRef<'a>,
    /// Digests of the disclosures, by field.
    pub sd: Digests<'a>,
    /// The canonical text of `meta`, an object.
    pub meta: &'a str,
    /// What was cut, if anything was.
    pub trim: Option<Trim>,
}

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActorRef<'a> {
    /// What sort of principal.
    pub kind: ActorKind,
    /// Its pseudonym.
    pub id: &'a str,
}

/// The request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReqRef<'a> {
    /// The server's uuid for it.
    pub id: &'a str,
    /// The caller's trace, or empty.
    pub trace: &'a str,
}

/// One target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TargetRef<'a> {
    /// The noun.
    pub kind: &'a str,
    /// Its uuid.
    pub id: &'a str,
}

/// The targets in their order; iterate by value, copies are cheap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Targets<'a> {
    text: &'a str,
    rest: &'a str,
}

impl<'a> Targets<'a> {
    /// The canonical JSON text of the array.
    pub fn as_text(&self) -> &'a str {
        self.text
    }
}

impl<'a> Iterator for Targets<'a> {
    type Item = TargetRef<'a>;

    // The text was checked when it was read, and its grammars have no quotes inside values.
    fn next(&mut self) -> Option<TargetRef<'a>> {
        let (_, rest) = self.rest.split_once("{\"id\":\"")?;
        let (id, rest) = rest.split_once("\",\"type\":\"")?;
        let (kind, rest) = rest.split_once("\"}")?;
        self.rest = rest;
        Some(TargetRef { kind, id })
    }
}

/// The pairs of `sd`, field and digest, in the order of the fields; iterate by value, copies are cheap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digests<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Digests<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<(&'a str, &'a str)> {
        let (_, rest) = self.rest.split_once('"')?;
        let (field, rest) = rest.split_once("\":\"")?;
        let (digest, rest) = rest.split_once('"')?;
        self.rest = rest;
        Some((field, digest))
    }
}

impl<'a> EntryRef<'a> {
    /// Reads an entry, and refuses bytes that are not one in canonical form.
    pub fn parse(raw: &'a [u8]) -> Result<EntryRef<'a>, EntryError> {
        read(raw, Form::Entry)
    }
}

/// Which of the two documents is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `v` is `audit/1`; all keys.
    Entry,
    /// `v` is `draft/1`; no `seq`, `prev`, `ts`, which are read as 0, zeros and the epoch.
    Draft,
}

/// The `v` of a draft.
pub(super) const DRAFT_VERSION: &str = "draft/1";

pub(super) fn read(raw: &[u8], form: Form) -> Result<EntryRef<'_>, EntryError> {
    let sealed = form == Form::Entry;
    let mut scan = Scan::new(raw)?;
    scan.enter("{")?;
    let action = field(&mut scan, "action", "\"action\":", is_action)?;
    let actor = actor(&mut scan)?;
    let at = time(&mut scan, "at", ",\"at\":")?;
    let id = field(&mut scan, "id", ",\"id\":", is_uuid_v7)?;
    let meta = meta(&mut scan)?;
    let outcome = outcome(&mut scan)?;
    let prev = if sealed { prev(&mut scan)? } else { Hash::ZERO };
    let req = req(&mut scan)?;
    let sd = digests(&mut scan)?;
    let seq = if sealed { seq(&mut scan)? } else { 0 };
    let targets = targets(&mut scan)?;
    let tenant = field(&mut scan, "tenant", ",\"tenant\":", is_uuid)?;
    let trim = trim(&mut scan)?;
    let ts = if sealed {
        time(&mut scan, "ts", ",\"ts\":")?
    } else {
        Time::EPOCH
    };
    let version = if sealed { VERSION } else { DRAFT_VERSION };
    field(&mut scan, "v", ",\"v\":", |v| v == version)?;
    scan.leave("}")?;
    scan.end()?;
    Ok(EntryRef {
        tenant,
        seq,
        prev,
        id,
        at,
        ts,
        action,
        outcome,
        actor,
        targets,
        req,
        sd,
        meta,
        trim,
    })
}

fn key(scan: &mut Scan<'_>, name: &'static str, literal: &str) -> Result<(), EntryError> {
    if scan.take(literal) {
        Ok(())
    } else {
        Err(EntryError::Key(name))
    }
}

/// A string that holds no escape and follows `grammar`.
fn field<'a>(
    scan: &mut Scan<'a>,
    name: &'static str,
    literal: &str,
    grammar: impl Fn(&str) -> bool,
) -> Result<&'a str, EntryError> {
    key(scan, name, literal)?;
    let text = scan.string()?.plain().ok_or(EntryError::Value(name))?;
    if grammar(text) {
        Ok(text)
    } else {
        Err(EntryError::Value(name))
    }
}

fn time(scan: &mut Scan<'_>, name: &'static str, literal: &str) -> Result<Time, EntryError> {
    let text = field(scan, name, literal, |_| true)?;
    Time::parse(text).map_err(|_| EntryError::Value(name))
}

fn outcome(scan: &mut Scan<'_>) -> Result<Outcome, EntryError> {
    let text = field(scan, "outcome", ",\"outcome\":", |_| true)?;
    Outcome::parse(text).ok_or(EntryError::Value("outcome"))
}

fn prev(scan: &mut Scan<'_>) -> Result<Hash, EntryError> {
    let text = field(scan, "prev", ",\"prev\":", |_| true)?;
    Hash::from_hex(text).ok_or(EntryError::Value("prev"))
}

fn seq(scan: &mut Scan<'_>) -> Result<u64, EntryError> {
    key(scan, "seq", ",\"seq\":")?;
    Ok(scan.integer()?)
}

fn actor<'a>(scan: &mut Scan<'a>) -> Result<ActorRef<'a>, EntryError> {
    key(scan, "actor", ",\"actor\":")?;
    scan.enter("{")?;
    let id = field(scan, "actor.id", "\"id\":", |_| true)?;
    let kind = field(scan, "actor.type", ",\"type\":", |_| true)?;
    scan.leave("}")?;
    let kind = ActorKind::parse(kind).ok_or(EntryError::Value("actor.type"))?;
    if is_actor_id(kind, id) {
        Ok(ActorRef { kind, id })
    } else {
        Err(EntryError::Value("actor.id"))
    }
}

fn req<'a>(scan: &mut Scan<'a>) -> Result<ReqRef<'a>, EntryError> {
    key(scan, "req", ",\"req\":")?;
    scan.enter("{")?;
    let id = field(scan, "req.id", "\"id\":", is_uuid)?;
    let trace = field(scan, "req.trace", ",\"trace\":", is_trace)?;
    scan.leave("}")?;
    Ok(ReqRef { id, trace })
}

fn meta<'a>(scan: &mut Scan<'a>) -> Result<&'a str, EntryError> {
    key(scan, "meta", ",\"meta\":")?;
    if scan.peek() != Some(b'{') {
        return Err(EntryError::Value("meta"));
    }
    let start = scan.at();
    scan.skip()?;
    Ok(scan.since(start))
}

fn digests<'a>(scan: &mut Scan<'a>) -> Result<Digests<'a>, EntryError> {
    key(scan, "sd", ",\"sd\":")?;
    let start = scan.at();
    scan.object(|scan, name| {
        let digest = scan.string()?.plain().unwrap_or_default();
        if is_field(name) && is_digest(digest) {
            Ok(())
        } else {
            Err(EntryError::Value("sd"))
        }
    })?;
    Ok(Digests {
        rest: scan.since(start),
    })
}

fn targets<'a>(scan: &mut Scan<'a>) -> Result<Targets<'a>, EntryError> {
    key(scan, "targets", ",\"targets\":")?;
    let (start, mut count) = (scan.at(), 0);
    scan.array(|scan| {
        count += 1;
        scan.enter("{")?;
        field(scan, "targets.id", "\"id\":", is_uuid)?;
        field(scan, "targets.type", ",\"type\":", is_kind)?;
        scan.leave("}").map_err(EntryError::from)
    })?;
    if count > MAX_TARGETS {
        return Err(EntryError::Value("targets"));
    }
    let text = scan.since(start);
    Ok(Targets { text, rest: text })
}

fn trim(scan: &mut Scan<'_>) -> Result<Option<Trim>, EntryError> {
    if !scan.take(",\"trim\":") {
        return Ok(None);
    }
    scan.enter("{")?;
    key(scan, "trim.bytes", "\"bytes\":")?;
    let bytes = scan.integer()?;
    key(scan, "trim.rules", ",\"rules\":")?;
    let mut rules: Vec<Rule> = Vec::new();
    scan.array(|scan| {
        let rule = scan.string()?.plain().and_then(Rule::parse);
        let rule = rule.filter(|rule| rules.last().is_none_or(|last| last < rule));
        rules.push(rule.ok_or(EntryError::Value("trim.rules"))?);
        Ok::<(), EntryError>(())
    })?;
    scan.leave("}")?;
    if rules.is_empty() {
        Err(EntryError::Value("trim.rules"))
    } else {
        Ok(Some(Trim { bytes, rules }))
    }
}
