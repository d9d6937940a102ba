//! Logs to export, and to spoil.

use std::collections::{BTreeMap, BTreeSet};

use audit::bundle::{Contents, Files, Row, Sink, Writer};
use audit::chain::Head;
use audit::checkpoint::Checkpoint;
use audit::disclosure::disclose;
use audit::entry::{Actor, ActorKind, Draft, Outcome, Req, Target, Time};
use audit::genesis::{Genesis, Log as Which, LogKey, origin, vkey};
use audit::hash::{Hash, leaf};
use audit::merkle::{Frontier, TreeHead};
use audit::note::{CosignerKey, Note, VerifierKey};
use audit::offline::{KEY, PRUNE, REDACT, Trust, verify};
use audit::report::{Disclosures, Report};
use audit::value::Value;

pub(crate) const TENANT: &str = "0190a000-0000-7000-8000-00000000000a";
pub(crate) const START: i64 = 1_750_000_000_000_000;
const TIMESTAMPER: &str = "audit.strongroom.local/0a1b2c3d/time";

/// One stored entry.
#[derive(Clone)]
pub(crate) struct Stored {
    pub(crate) raw: Vec<u8>,
    pub(crate) leaf: Hash,
    /// Texts by field.
    pub(crate) disclosures: BTreeMap<String, String>,
    /// Whether the bytes were pruned.
    pub(crate) is_gone: bool,
}

/// A log as a database would hold it.
#[derive(Clone)]
pub(crate) struct Log {
    pub(crate) entries: Vec<Stored>,
    pub(crate) head: Head,
    /// The number of the signing key; each number is a seed.
    pub(crate) key: u8,
    /// Signs with the key before, too.
    pub(crate) overlap: bool,
    pub(crate) anchors: Vec<(String, Note)>,
}

pub(crate) fn name() -> String {
    origin("strongroom.local", "0a1b2c3d", Which::Tenant(TENANT), 0)
}

pub(crate) fn log_key(number: u8) -> LogKey {
    LogKey::from_seed(&[number; 32])
}

pub(crate) fn known(number: u8) -> VerifierKey {
    VerifierKey::log(&name(), &log_key(number).public()).unwrap()
}

pub(crate) fn cosigner() -> VerifierKey {
    VerifierKey::cosigner(TIMESTAMPER, &CosignerKey::from_seed(&[99; 32]).public()).unwrap()
}

pub(crate) fn trust(keys: &[VerifierKey]) -> Trust {
    Trust {
        keys: keys.to_vec(),
        ..Trust::default()
    }
}

pub(crate) fn judge(files: &Files, trust: &Trust) -> Report {
    verify(files, trust, &mut |_, _| {})
}

impl Log {
    /// A log with its genesis.
    pub(crate) fn new() -> Log {
        Log::signed_by(1)
    }

    /// A log whose genesis names another key.
    pub(crate) fn signed_by(key: u8) -> Log {
        let mut log = Log {
            entries: Vec::new(),
            head: Head::empty(),
            key,
            overlap: false,
            anchors: Vec::new(),
        };
        let draft = Genesis {
            tenant: TENANT.to_owned(),
            id: id(0),
            at: Time::from_micros(START).unwrap(),
            actor: system(),
            req: req(),
            origin: name(),
            vkey: vkey(&name(), &log_key(key).public()),
            deployment: "0a1b2c3d".to_owned(),
            payload_days: 365,
            entry_days: 2557,
            previous: None,
        };
        log.seal(draft.draft(), BTreeMap::new());
        log
    }

    /// A log of `len` entries, of which every third discloses something and every fifth more.
    pub(crate) fn of(len: u64) -> Log {
        let mut log = Log::new();
        log.grow(len);
        log
    }

    pub(crate) fn grow(&mut self, len: u64) {
        while self.size() < len {
            let seq = self.size();
            match seq % 15 {
                0 => self.event("file.trash", &["actor.email", "actor.ip", "target.0.name"]),
                5 | 10 => self.event("file.upload", &["actor.ip", "actor.ua", "changes"]),
                3 | 6 | 9 | 12 => self.event("file.read", &["actor.email"]),
                _ => self.event("usage.read", &[]),
            }
        }
    }

    pub(crate) fn size(&self) -> u64 {
        self.entries.len() as u64
    }

    pub(crate) fn event(&mut self, action: &str, fields: &[&str]) {
        let number = self.size();
        let mut salt = [7; 16];
        salt[..8].copy_from_slice(&number.to_be_bytes());
        let made = (0..).zip(fields).map(|(index, field)| {
            salt[8] = index;
            let value = serde_json::json!({ "of": number, "field": field });
            disclose(salt, field, &value).unwrap()
        });
        let made: Vec<_> = made.collect();
        let mut draft = draft(number, action);
        draft.sd = made
            .iter()
            .map(|one| (one.field.clone(), one.digest.clone()))
            .collect();
        self.seal(
            draft,
            made.into_iter().map(|one| (one.field, one.text)).collect(),
        );
    }

    /// Documents a redaction, then takes the disclosures.
    pub(crate) fn redact(&mut self, entries: &[(u64, &[&str])]) {
        let entry = |(seq, fields): &(u64, &[&str])| {
            let fields = Value::array(fields.iter().map(|field| Value::string(*field)));
            Value::object([("fields", fields), ("seq", Value::Integer(*seq))])
        };
        let approver = Value::object(
            [("id", TENANT), ("type", "user")].map(|(key, text)| (key, Value::string(text))),
        );
        self.system(
            REDACT,
            [
                ("approver", approver),
                ("basis", Value::string("erasure_request")),
                ("entries", Value::array(entries.iter().map(entry))),
                ("request", Value::string("REQ-1")),
            ],
        );
        for (seq, fields) in entries {
            let stored = &mut self.entries[usize::try_from(*seq).unwrap()];
            fields
                .iter()
                .for_each(|field| drop(stored.disclosures.remove(*field).unwrap()));
        }
    }

    /// Documents a prune, then takes the disclosures or the entries before `until`.
    pub(crate) fn prune(&mut self, kind: &str, until: u64, held: &[u64]) {
        self.document_prune(kind, until, held);
        self.take(kind, until, held);
    }

    pub(crate) fn document_prune(&mut self, kind: &str, until: u64, held: &[u64]) {
        self.system(
            PRUNE,
            [
                ("before", Value::string("2025-06-01T00:00:00.000000Z")),
                (
                    "held",
                    Value::array(held.iter().map(|seq| Value::Integer(*seq))),
                ),
                ("kind", Value::string(kind)),
                ("plan", Value::string("0".repeat(64))),
                ("until", Value::Integer(until)),
            ],
        );
    }

    /// What a prune does, documented or not.
    pub(crate) fn take(&mut self, kind: &str, until: u64, held: &[u64]) {
        let held: BTreeSet<u64> = held.iter().copied().collect();
        for (seq, stored) in (0..until).zip(&mut self.entries) {
            if !held.contains(&seq) {
                stored.disclosures.clear();
                stored.is_gone |= kind == "entries";
            }
        }
    }

    /// A new key takes over; the checkpoint of that moment has both signatures and is kept.
    pub(crate) fn rotate(&mut self) {
        let next = self.key + 1;
        self.system(
            KEY,
            [
                ("key_no", Value::Integer(next.into())),
                ("retires", Value::Integer(self.key.into())),
                ("vkey", Value::string(known(next).to_string())),
            ],
        );
        self.key = next;
        self.overlap = true;
        self.anchor(&format!("key-{next}"));
        self.overlap = false;
    }

    pub(crate) fn anchor(&mut self, name: &str) {
        let note = self.checkpoint();
        self.anchors.push((name.to_owned(), note));
    }

    pub(crate) fn tree(&self) -> TreeHead {
        let mut frontier = Frontier::empty();
        self.entries
            .iter()
            .for_each(|stored| frontier.push(stored.leaf));
        TreeHead {
            size: frontier.size(),
            root: frontier.root(),
        }
    }

    /// The signed head.
    pub(crate) fn checkpoint(&self) -> Note {
        let checkpoint = Checkpoint {
            origin: name(),
            tree: self.tree(),
        };
        let mut note = Note::new(checkpoint.to_string()).unwrap();
        self.sign(&mut note);
        note.cosign(
            TIMESTAMPER,
            &CosignerKey::from_seed(&[99; 32]),
            1_750_000_000 + self.size(),
        )
        .unwrap();
        note
    }

    pub(crate) fn sign(&self, note: &mut Note) {
        note.sign(&name(), &log_key(self.key)).unwrap();
        if self.overlap {
            note.sign(&name(), &log_key(self.key - 1)).unwrap();
        }
    }

    /// Everything there is.
    pub(crate) fn contents(&self) -> Contents {
        let gone = self
            .entries
            .iter()
            .take_while(|stored| stored.is_gone)
            .count();
        Contents {
            checkpoint: self.checkpoint(),
            vkeys: vec![known(self.key), cosigner()],
            anchors: self.anchors.clone(),
            first: gone as u64,
            end: self.size(),
            whole: true,
            disclosures: Disclosures::All,
        }
    }

    pub(crate) fn export(&self) -> Files {
        self.export_as(self.contents())
    }

    pub(crate) fn export_as(&self, contents: Contents) -> Files {
        self.write(Files::default(), contents)
    }

    /// Only the range has bytes, and every tile of `extra`.
    pub(crate) fn export_range(&self, range: std::ops::Range<u64>, extra: &[u64]) -> Files {
        let mut cut = self.clone();
        for (seq, stored) in (0..).zip(&mut cut.entries) {
            stored.is_gone |= !range.contains(&seq) && !extra.contains(&(seq / 256));
        }
        let contents = Contents {
            first: range.start,
            end: range.end,
            whole: false,
            ..cut.contents()
        };
        cut.export_as(contents)
    }

    pub(crate) fn write<K: Sink>(&self, sink: K, contents: Contents) -> K {
        let mut writer = Writer::new(sink, contents).unwrap();
        for stored in &self.entries {
            let texts: Vec<&str> = stored.disclosures.values().map(String::as_str).collect();
            let raw = (!stored.is_gone).then_some(stored.raw.as_slice());
            writer
                .push(&Row {
                    leaf: stored.leaf,
                    raw,
                    disclosures: &texts,
                })
                .unwrap();
        }
        let report = Report::inconclusive("not verified before it was exported");
        writer
            .finish(&report, |note| {
                self.sign(note);
                Ok(())
            })
            .unwrap()
    }

    /// Links and hashes every entry from `from` again, as somebody with the format and no key would.
    pub(crate) fn forge(&mut self, from: usize) {
        for index in from..self.entries.len() {
            let prev = index
                .checked_sub(1)
                .map_or(Hash::ZERO, |before| self.entries[before].leaf);
            let text = String::from_utf8(self.entries[index].raw.clone()).unwrap();
            let at = text.find("\"prev\":\"").unwrap() + 8;
            let text = format!("{}{prev}{}", &text[..at], &text[at + 64..]);
            let at = text.find("\"seq\":").unwrap() + 6;
            let len = text[at..].find(',').unwrap();
            let text = format!("{}{index}{}", &text[..at], &text[at + len..]);
            self.entries[index].raw = text.into_bytes();
            self.rehash(index);
        }
    }

    pub(crate) fn rehash(&mut self, index: usize) {
        self.entries[index].leaf = leaf(&self.entries[index].raw);
    }

    /// Turns a success into a failure.
    pub(crate) fn edit(&mut self, index: usize) {
        let text = String::from_utf8(self.entries[index].raw.clone()).unwrap();
        let edited = text.replacen("\"success\"", "\"failure\"", 1);
        assert_ne!(edited, text);
        self.entries[index].raw = edited.into_bytes();
    }

    pub(crate) fn system<const N: usize>(&mut self, action: &str, meta: [(&str, Value); N]) {
        let mut draft = draft(self.size(), action);
        draft.actor = system();
        draft.targets.clear();
        draft.meta = meta
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect();
        self.seal(draft, BTreeMap::new());
    }

    fn seal(&mut self, draft: Draft, disclosures: BTreeMap<String, String>) {
        let sealed = self.head.append(&draft, draft.at).unwrap();
        self.entries.push(Stored {
            raw: sealed.raw,
            leaf: sealed.leaf,
            disclosures,
            is_gone: false,
        });
    }
}

fn id(number: u64) -> String {
    format!("0190a000-0000-7000-8000-{number:012x}")
}

fn system() -> Actor {
    Actor {
        kind: ActorKind::System,
        id: "sequencer".to_owned(),
    }
}

fn req() -> Req {
    Req {
        id: TENANT.to_owned(),
        trace: String::new(),
    }
}

fn draft(number: u64, action: &str) -> Draft {
    Draft {
        tenant: TENANT.to_owned(),
        id: id(number),
        at: Time::from_micros(START + i64::try_from(number).unwrap() * 1_000_000).unwrap(),
        action: action.to_owned(),
        outcome: Outcome::Success,
        actor: Actor {
            kind: ActorKind::User,
            id: TENANT.to_owned(),
        },
        targets: vec![Target {
            kind: "file".to_owned(),
            id: id(number),
        }],
        req: req(),
        sd: BTreeMap::new(),
        meta: BTreeMap::from([("byte_len".to_owned(), Value::Integer(number * 1000))]),
        trim: None,
    }
}
