//! The cosigner: what the system log says of its key, and what is stored of it.

use audit::{
    chain::Damage,
    entry::Entry,
    note::{CosignerKey, VerifierKey},
    value::Value,
};
use entity::TenantId;
use policy::Action;
use sea_orm::ConnectionTrait;

use super::{
    cells::{Cells, time},
    page::finding,
    tree::Vague,
};
use crate::{
    Store, StoreError,
    bootstrap::Deployment,
    conn::Conn,
    keys::Label,
    ledger::{OF_KEYS, cosigner},
    seal,
};

/// The keys whose times are believed, and whether they are stored as they were introduced.
pub(super) struct Cosigners {
    pub(super) keys: Vec<VerifierKey>,
    damage: Option<&'static str>,
}

struct Introduced {
    key_no: i64,
    key: VerifierKey,
    at_micros: i64,
}

struct Row {
    key_no: i64,
    master_no: i64,
    sealed: Vec<u8>,
    public: Vec<u8>,
    created_at_micros: i64,
}

impl Cosigners {
    pub(super) async fn read(
        store: &Store,
        conn: &Conn,
        deployment: &Deployment,
    ) -> Result<Self, StoreError> {
        let (introduced, rows) = (introduced(conn).await?, rows(conn).await?);
        // A key that opens is this deployment's own, whatever became of the entry that introduced it.
        let opened = rows.iter().filter(|row| row.seed_damage(store).is_none());
        let opened = opened.filter_map(|row| cosigner::verifier(deployment, &row.public).ok());
        let name = cosigner::name(deployment);
        let known = introduced.iter().map(|known| known.key.clone());
        Ok(Self {
            keys: known
                .filter(|key| key.name() == name)
                .chain(opened)
                .collect(),
            damage: damage(store, &introduced, &rows),
        })
    }

    /// What is wrong with the stored key; damage of the log itself explains it.
    pub(super) fn strays(&self, size: u64) -> Option<Vague> {
        self.damage.map(|reason| Vague {
            upto: size,
            finding: finding(0, Damage::ProjectionAltered, reason),
        })
    }
}

fn damage(store: &Store, introduced: &[Introduced], rows: &[Row]) -> Option<&'static str> {
    if introduced.len() != rows.len() {
        return Some("the cosigner's keys are not those that the system log introduced");
    }
    introduced.iter().zip(rows).find_map(|(known, row)| {
        if row.key_no != known.key_no || row.public != known.key.public() {
            Some("the cosigner's key is not the one that the system log introduced")
        } else if row.created_at_micros != known.at_micros {
            Some("the time of the cosigner's key is not that of the entry that introduced it")
        } else {
            row.seed_damage(store)
        }
    })
}

impl Row {
    fn seed_damage(&self, store: &Store) -> Option<&'static str> {
        let number = i32::try_from(self.master_no).ok();
        let Some(master) = number.and_then(|number| store.masters().numbered(number)) else {
            return Some(
                "the number of the master key beside the cosigner's is not the one in force",
            );
        };
        let sealing = master.derive(Label::AuditKeySeal);
        let context = cosigner::seal_context(i32::try_from(self.key_no).unwrap_or(0));
        let seed = seal::open(&sealing, &context, &self.sealed);
        let seed = seed
            .as_ref()
            .and_then(|seed| seed.as_slice().try_into().ok());
        let public = seed.map(|seed| CosignerKey::from_seed(seed).public());
        let is_good = public.is_some_and(|public| public.as_slice() == self.public);
        (!is_good).then_some("the sealed seed is not that of the cosigner's key")
    }
}

async fn rows(conn: &Conn) -> Result<Vec<Row>, StoreError> {
    let created_at = time(conn, "created_at");
    let statement = conn.sql(
        &format!(
            "SELECT CAST(key_no AS bigint), CAST(master_no AS bigint), sealed, public, {created_at} \
             FROM audit_cosigner ORDER BY key_no LIMIT 1000"
        ),
        [],
    );
    let rows = conn.query_all_raw(statement).await?;
    let rows = rows.iter().map(|row| {
        let cells = Cells::new(conn, row);
        Ok(Row {
            key_no: cells.int(0)?,
            master_no: cells.int(1)?,
            sealed: cells.bytes(2)?,
            public: cells.bytes(3)?,
            created_at_micros: cells.micros(4)?,
        })
    });
    rows.collect()
}

async fn introduced(conn: &Conn) -> Result<Vec<Introduced>, StoreError> {
    let statement = conn.sql(
        &format!(
            "SELECT raw FROM audit_entry WHERE tenant_id = $1 AND {OF_KEYS} \
             ORDER BY epoch, seq LIMIT 10000"
        ),
        [TenantId::SYSTEM.into()],
    );
    let rows = conn.query_all_raw(statement).await?;
    let mut introduced = Vec::new();
    for row in &rows {
        let raw = Cells::new(conn, row).bytes(0)?;
        introduced.extend(Entry::parse(&raw).ok().as_ref().and_then(of_entry));
    }
    Ok(introduced)
}

fn of_entry(entry: &Entry) -> Option<Introduced> {
    let meta = &entry.draft.meta;
    let (Some(Value::Integer(key_no)), Some(Value::String(vkey))) =
        (meta.get("key_no"), meta.get("vkey"))
    else {
        return None;
    };
    let is_cosigner = entry.draft.action == Action::AuditCosignerCreate.name();
    let introduced = Introduced {
        key_no: i64::try_from(*key_no).ok()?,
        key: VerifierKey::parse(vkey).ok()?,
        at_micros: entry.draft.at.as_micros(),
    };
    is_cosigner.then_some(introduced)
}
