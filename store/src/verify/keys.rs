//! The keys of a log: what its entries say of them, and what is stored.

mod row;

use std::ops::RangeInclusive;

use audit::{
    chain::{Damage, Finding},
    entry::{Entry, Outcome, Time},
    note::VerifierKey,
    value::Value,
};
use policy::Action;
use sea_orm::ConnectionTrait;

use super::{cells::Cells, epoch::Epochs, page::finding, tree::Vague};
use crate::{
    Store, StoreError,
    conn::Conn,
    ledger::{LogId, OF_KEYS},
    log::FIRST_KEY,
    retention::CarriedKey,
};
use row::KeyRow;

/// What a log says of its keys, beside what is stored of them.
pub(super) struct KeyRegister {
    log: LogId,
    terms: Vec<Term>,
    rows: Vec<KeyRow>,
}

/// A key as the entries have it.
struct Term {
    key_no: i64,
    key: VerifierKey,
    /// The entry that introduced it.
    introduced: Place,
    /// The entry that says that it is gone.
    retired: Option<Place>,
}

#[derive(Clone, Copy)]
struct Place {
    seq: u64,
    at_micros: i64,
}

impl Term {
    fn carried(carried: &CarriedKey, origin: &str) -> Option<Self> {
        let key = VerifierKey::parse(&carried.vkey).ok()?;
        let place = |(seq, at): (u64, Time)| Place {
            seq,
            at_micros: at.as_micros(),
        };
        (key.name() == origin).then(|| Self {
            key_no: i64::try_from(carried.key_no).unwrap_or(i64::MAX),
            key,
            introduced: place((carried.seq, carried.at)),
            retired: carried.retired.map(place),
        })
    }
}

impl KeyRegister {
    /// Of the rows those of `log`; if it is the newest of `epochs`, those of no epoch as well. `carried` are keys
    /// whose introductions were pruned.
    pub(super) async fn read(
        conn: &Conn,
        log: LogId,
        epochs: &Epochs,
        origin: &str,
        carried: impl Iterator<Item = &CarriedKey>,
    ) -> Result<Self, StoreError> {
        let mut terms: Vec<Term> = carried
            .filter_map(|key| Term::carried(key, origin))
            .collect();
        for entry in entries(conn, log).await? {
            add(&mut terms, origin, &entry);
        }
        let mut rows = row::read(conn, log).await?;
        rows.retain(|row| {
            let is_stray = !i32::try_from(row.epoch).is_ok_and(|epoch| epochs.contains(epoch));
            row.epoch == i64::from(log.epoch) || (is_stray && log.epoch == epochs.newest())
        });
        Ok(Self { log, terms, rows })
    }

    /// Each key, and the sizes of the checkpoints that it signs.
    pub(super) fn terms(&self) -> impl Iterator<Item = (VerifierKey, RangeInclusive<u64>)> {
        self.terms.iter().map(|term| {
            let last = term.retired.map_or(u64::MAX, |retired| retired.seq);
            (term.key.clone(), term.introduced.seq + 1..=last)
        })
    }

    /// The sizes of the checkpoints by which a key has introduced the next one.
    pub(super) fn handovers(&self) -> impl Iterator<Item = u64> {
        let introduced = self.terms.iter().skip(1);
        introduced.map(|term| term.introduced.seq + 1)
    }

    /// Rows that differ from what the entries say, each at the entry that introduced the key.
    pub(super) fn findings(&self, store: &Store) -> Vec<Finding> {
        let mut findings = Vec::new();
        if self.terms.is_empty() && self.rows.is_empty() {
            findings.push(finding(
                0,
                Damage::ProjectionAltered,
                "the log's key is gone",
            ));
        }
        for term in &self.terms {
            let row = self.rows.iter().find(|row| row.is(self.log, term));
            let reason = match row {
                None => Some("the log's key is gone"),
                Some(row) => row.damage(store, self.log, term),
            };
            findings.extend(reason.map(|reason| Finding {
                seq: term.introduced.seq,
                ..finding(0, Damage::ProjectionAltered, reason)
            }));
        }
        findings
    }

    /// Rows of keys that no entry speaks of; where those entries are damaged, that explains it.
    pub(super) fn strays(&self, size: u64) -> Option<Vague> {
        let known = |row: &KeyRow| self.terms.iter().any(|term| row.is(self.log, term));
        let reason = "there is a key that no entry introduced";
        (!self.rows.iter().all(known)).then(|| Vague {
            upto: size,
            finding: finding(0, Damage::ProjectionAltered, reason),
        })
    }
}

/// The entries that introduce and retire keys, in their order. Bytes that are no entry, and columns that
/// hide one, are the walk's to report.
async fn entries(conn: &Conn, log: LogId) -> Result<Vec<Entry>, StoreError> {
    let statement = conn.sql(
        &format!(
            "SELECT seq, raw FROM audit_entry WHERE tenant_id = $1 AND epoch = $2 AND seq = 0 \
             UNION ALL SELECT seq, raw FROM audit_entry WHERE tenant_id = $1 AND epoch = $2 \
             AND {OF_KEYS} ORDER BY seq LIMIT 10000"
        ),
        [log.tenant.into(), log.epoch.into()],
    );
    let rows = conn.query_all_raw(statement).await?;
    let mut entries = Vec::with_capacity(rows.len());
    for row in &rows {
        entries.extend(Entry::parse(&Cells::new(conn, row).bytes(1)?).ok());
    }
    Ok(entries)
}

fn add(terms: &mut Vec<Term>, origin: &str, entry: &Entry) {
    let place = Place {
        seq: entry.position.seq,
        at_micros: entry.draft.at.as_micros(),
    };
    let action = entry.draft.action.as_str();
    if entry.draft.outcome != Outcome::Success {
        return;
    }
    if action == Action::AuditGenesis.name() {
        terms.extend(introduced(entry, origin, i64::from(FIRST_KEY), place));
    } else if action == Action::AuditKeyRotate.name() {
        let key_no = number(entry);
        terms.extend(key_no.and_then(|key_no| introduced(entry, origin, key_no, place)));
    } else if action == Action::AuditKeyRetire.name() {
        let key_no = number(entry);
        let term = terms.iter_mut().find(|term| Some(term.key_no) == key_no);
        if let Some(term) = term {
            term.retired.get_or_insert(place);
        }
    }
}

fn introduced(entry: &Entry, origin: &str, key_no: i64, introduced: Place) -> Option<Term> {
    let Some(Value::String(text)) = entry.draft.meta.get("vkey") else {
        return None;
    };
    let key = VerifierKey::parse(text).ok()?;
    (key.name() == origin).then_some(Term {
        key_no,
        key,
        introduced,
        retired: None,
    })
}

fn number(entry: &Entry) -> Option<i64> {
    match entry.draft.meta.get("key_no") {
        Some(Value::Integer(number)) => i64::try_from(*number).ok(),
        _ => None,
    }
}

impl KeyRow {
    fn is(&self, log: LogId, term: &Term) -> bool {
        self.epoch == i64::from(log.epoch) && self.key_no == term.key_no
    }

    fn damage(&self, store: &Store, log: LogId, term: &Term) -> Option<&'static str> {
        let retired = term.retired.map(|retired| retired.at_micros);
        if self.public != term.key.public() {
            Some("the log's public key is not the one in the entry that introduced it")
        } else if self.created_at_micros != term.introduced.at_micros {
            Some("the time of the log's key is not that of the entry that introduced it")
        } else if self.retired_at_micros != retired {
            Some("when the log's key was replaced is not what the entries say")
        } else if retired.is_some() {
            self.remains()
        } else {
            self.seed_damage(store, log)
        }
    }
}
