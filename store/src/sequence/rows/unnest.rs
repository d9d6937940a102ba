//! A batch as one statement of Postgres: a column is an array, and the text is the same for every size.
//!
//! One statement also because each that is larger than a TLS record costs a wait: the driver leaves
//! Nagle's algorithm on, so the last piece stays back until the server acknowledges the ones before,
//! which takes it up to 40 ms.

use entity::TenantId;
use sea_orm::{ConnectionTrait, Value, sea_query::ArrayType};
use uuid::Uuid;

use super::{Appended, datetime, event_id};
use crate::{StoreError, conn::Conn};

/// What was stored is hashed by the database and compared, before anything is committed.
const INSERT: &str = "WITH entry AS (\
     INSERT INTO audit_entry (tenant_id, epoch, seq, event_id, leaf, raw, action, outcome, \
     actor_type, actor_id, occurred_at, sequenced_at) \
     SELECT $1, $2, u.* FROM UNNEST($3::bigint[], $4::uuid[], $5::bytea[], $6::bytea[], \
     $7::text[], $8::text[], $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[]) AS u \
     RETURNING leaf = sha256('\\x00'::bytea || raw) AS same), \
   target AS (\
     INSERT INTO audit_target (tenant_id, epoch, seq, position, target_type, target_id) \
     SELECT $1, $2, u.* FROM UNNEST($13::bigint[], $14::int[], $15::text[], $16::uuid[]) AS u), \
   disclosure AS (\
     INSERT INTO audit_disclosure (tenant_id, epoch, seq, field, disclosure) \
     SELECT $1, $2, u.* FROM UNNEST($17::bigint[], $18::text[], $19::text[]) AS u) \
   SELECT COUNT(*) FILTER (WHERE same) AS same FROM entry";

pub(super) async fn insert(
    conn: &Conn,
    tenant: TenantId,
    epoch: i32,
    batch: &[Appended],
) -> Result<(), StoreError> {
    let mut values = vec![tenant.into(), epoch.into()];
    values.extend(entries(batch)?);
    values.extend(targets(batch)?);
    values.extend(disclosures(batch)?);
    let row = conn
        .query_one_raw(conn.sql(INSERT, values))
        .await?
        .ok_or_else(|| StoreError::internal("a count gave no row"))?;
    let same: i64 = row.try_get("", "same")?;
    if usize::try_from(same).is_ok_and(|same| same == batch.len()) {
        Ok(())
    } else {
        Err(StoreError::internal(
            "the database stored other bytes than it was given",
        ))
    }
}

fn entries(batch: &[Appended]) -> Result<[Value; 10], StoreError> {
    let column = |kind: ArrayType, value: &dyn Fn(&Appended) -> Result<Value, StoreError>| {
        let values: Result<Vec<Value>, StoreError> = batch.iter().map(value).collect();
        Ok::<_, StoreError>(array(kind, values?))
    };
    Ok([
        column(ArrayType::BigInt, &|e| Ok(e.seq()?.into()))?,
        column(ArrayType::Uuid, &|e| Ok(event_id(&e.draft)?.into()))?,
        column(ArrayType::Bytes, &|e| Ok(e.sealed.leaf.0.to_vec().into()))?,
        column(ArrayType::Bytes, &|e| Ok(e.sealed.raw.clone().into()))?,
        column(ArrayType::String, &|e| Ok(e.draft.action.clone().into()))?,
        column(ArrayType::String, &|e| Ok(e.draft.outcome.as_str().into()))?,
        column(ArrayType::String, &|e| {
            Ok(e.draft.actor.kind.as_str().into())
        })?,
        column(ArrayType::String, &|e| Ok(e.draft.actor.id.clone().into()))?,
        column(ArrayType::ChronoDateTimeUtc, &|e| {
            Ok(datetime(e.draft.at)?.into())
        })?,
        column(ArrayType::ChronoDateTimeUtc, &|e| Ok(e.ts.into()))?,
    ])
}

fn targets(batch: &[Appended]) -> Result<[Value; 4], StoreError> {
    let (mut seqs, mut positions, mut kinds, mut ids) = (vec![], vec![], vec![], vec![]);
    for entry in batch {
        for (target, position) in entry.draft.targets.iter().zip(0_i32..) {
            seqs.push(entry.seq()?.into());
            positions.push(position.into());
            kinds.push(target.kind.clone().into());
            let id = Uuid::parse_str(&target.id).map_err(StoreError::internal)?;
            ids.push(id.into());
        }
    }
    Ok([
        array(ArrayType::BigInt, seqs),
        array(ArrayType::Int, positions),
        array(ArrayType::String, kinds),
        array(ArrayType::Uuid, ids),
    ])
}

fn disclosures(batch: &[Appended]) -> Result<[Value; 3], StoreError> {
    let (mut seqs, mut fields, mut texts) = (vec![], vec![], vec![]);
    for entry in batch {
        for (field, text) in &entry.disclosures {
            seqs.push(entry.seq()?.into());
            fields.push(field.clone().into());
            texts.push(text.clone().into());
        }
    }
    Ok([
        array(ArrayType::BigInt, seqs),
        array(ArrayType::String, fields),
        array(ArrayType::String, texts),
    ])
}

fn array(kind: ArrayType, values: Vec<Value>) -> Value {
    Value::Array(kind, Some(Box::new(values)))
}
