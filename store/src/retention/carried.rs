//! What a prune of entries must say of those that go, because verification and retention need it later: the keys that
//! they introduced, and the policy that the genesis stated.

use audit::{
    entry::{Entry, Outcome, Time},
    genesis,
    retention::{Members, integer, text},
    value::Value,
};
use policy::Action;
use sea_orm::ConnectionTrait;

use crate::{
    StoreError,
    conn::Conn,
    event::class::IntoValue,
    ledger::{LogId, OF_KEYS, number},
    log::FIRST_KEY,
};

/// A key whose introduction was pruned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarriedKey {
    /// Its number.
    pub key_no: u64,
    /// As signed notes write it.
    pub vkey: String,
    /// The entry that introduced it.
    pub seq: u64,
    /// The time of that entry.
    pub at: Time,
    /// The entry that ended it, and its time, if that was pruned, too.
    pub retired: Option<(u64, Time)>,
}

/// How long a log is kept, as its genesis states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Days before which no disclosure goes.
    pub payload_days: u32,
    /// Days before which no entry goes.
    pub entry_days: u32,
}

/// What the newest prune of entries says of those that went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Carried {
    pub(crate) keys: Vec<CarriedKey>,
    pub(crate) policy: Option<Policy>,
}

impl Carried {
    pub(super) fn of(meta: &Members) -> Self {
        let keys = match meta.get("keys") {
            Some(Value::Array(keys)) => keys.iter().filter_map(CarriedKey::of).collect(),
            _ => Vec::new(),
        };
        Self {
            keys,
            policy: Policy::of(meta),
        }
    }

    /// What a prune up to `until` has to say: what an earlier one said, and what entries before `until` say.
    pub(super) async fn before(
        mut self,
        conn: &Conn,
        log: LogId,
        until: u64,
    ) -> Result<Self, StoreError> {
        let statement = conn.sql(
            &format!(
                "SELECT seq, raw FROM audit_entry WHERE tenant_id = $1 AND epoch = $2 AND seq = 0 \
                 UNION ALL SELECT seq, raw FROM audit_entry WHERE tenant_id = $1 AND epoch = $2 \
                 AND seq < $3 AND {OF_KEYS} ORDER BY seq"
            ),
            [log.tenant.into(), log.epoch.into(), number(until)?.into()],
        );
        for row in conn.query_all_raw(statement).await? {
            let raw: Vec<u8> = row.try_get_by_index(1)?;
            let entry = Entry::parse(&raw).map_err(StoreError::internal)?;
            self.add(&entry);
        }
        Ok(self)
    }

    fn add(&mut self, entry: &Entry) {
        let (seq, at, meta) = (entry.position.seq, entry.draft.at, &entry.draft.meta);
        if entry.draft.outcome != Outcome::Success {
            return;
        }
        let action = entry.draft.action.as_str();
        let key_no = if action == genesis::ACTION {
            self.policy = Policy::of(meta);
            Some(FIRST_KEY.unsigned_abs().into())
        } else {
            integer(meta, "key_no")
        };
        let Some(key_no) = key_no else {
            return;
        };
        if action == Action::AuditKeyRetire.name() {
            let key = self.keys.iter_mut().find(|key| key.key_no == key_no);
            if let Some(key) = key {
                key.retired.get_or_insert((seq, at));
            }
        } else if let Some(vkey) = text(meta, "vkey") {
            self.keys.push(CarriedKey {
                key_no,
                vkey,
                seq,
                at,
                retired: None,
            });
        }
    }
}

impl CarriedKey {
    fn of(value: &Value) -> Option<Self> {
        let Value::Object(members) = value else {
            return None;
        };
        let retired = match integer(members, "retired_seq") {
            Some(seq) => Some((seq, time(members, "retired_at")?)),
            None => None,
        };
        Some(Self {
            key_no: integer(members, "key_no")?,
            vkey: text(members, "vkey")?,
            seq: integer(members, "seq")?,
            at: time(members, "at")?,
            retired,
        })
    }
}

impl IntoValue for CarriedKey {
    fn into_value(self) -> Option<Value> {
        let mut members = vec![
            ("at", self.at.to_string().into_value()?),
            ("key_no", self.key_no.into_value()?),
            ("seq", self.seq.into_value()?),
            ("vkey", self.vkey.into_value()?),
        ];
        if let Some((seq, at)) = self.retired {
            members.push(("retired_at", at.to_string().into_value()?));
            members.push(("retired_seq", seq.into_value()?));
        }
        Some(Value::object(members))
    }
}

impl Policy {
    /// The policy in a `meta`; none is read that could be longer than a number of days is.
    pub(super) fn of(meta: &Members) -> Option<Self> {
        let Some(Value::Object(policy)) = meta.get("policy") else {
            return None;
        };
        let days = |key| u32::try_from(integer(policy, key)?).ok();
        Some(Self {
            payload_days: days("payload_days")?,
            entry_days: days("entry_days")?,
        })
    }
}

impl IntoValue for Policy {
    fn into_value(self) -> Option<Value> {
        Some(Value::object([
            ("entry_days", Value::from(self.entry_days)),
            ("payload_days", Value::from(self.payload_days)),
        ]))
    }
}

fn time(members: &Members, key: &str) -> Option<Time> {
    Time::parse(&text(members, key)?).ok()
}
