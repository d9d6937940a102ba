//! Receipts: checkpoints of a log that somebody was handed and brings back.

use audit::{
    checkpoint::{Checkpoint, Cosignature},
    note::{Note, VerifierKey},
};
use entity::TenantId;
use sea_orm::ConnectionTrait;

use super::{Keeper, Kept};
use crate::{StoreError, bootstrap::Deployment, conn::Conn, ledger::cosigner, log::log_origin};

/// The longest receipt, in bytes: room for the signatures of many cosigners.
pub(crate) const MAX_BYTE_LEN: usize = 8_192;

/// What a receipt says, if a key of this log has signed it, one that was replaced included.
pub(crate) async fn open(
    conn: &Conn,
    deployment: &Deployment,
    tenant: TenantId,
    note: &str,
) -> Result<Kept, StoreError> {
    if note.len() > MAX_BYTE_LEN {
        return Err(refused(format!("it is longer than {MAX_BYTE_LEN} bytes")));
    }
    let note = Note::parse(note.as_bytes()).map_err(|cause| refused(cause.to_string()))?;
    let claimed = Checkpoint::parse(note.text()).map_err(|cause| refused(cause.to_string()))?;
    let rows = conn.sql(
        "SELECT epoch, public FROM audit_key WHERE tenant_id = $1 ORDER BY epoch, key_no",
        [tenant.into()],
    );
    let (mut keys, mut epoch) = (Vec::new(), None);
    for row in conn.query_all_raw(rows).await? {
        let of: i32 = row.try_get("", "epoch")?;
        let public: Vec<u8> = row.try_get("", "public")?;
        if log_origin(deployment, tenant, of) == claimed.origin {
            epoch = Some(of);
            let public = public.as_slice().try_into().ok();
            let key = public.and_then(|public| VerifierKey::log(&claimed.origin, public).ok());
            keys.extend(key);
        }
    }
    let Some(epoch) = epoch else {
        return Err(refused("it is not of this log".to_owned()));
    };
    let cosigner = cosigner::find(conn).await?;
    let cosigner = cosigner.map(|row| cosigner::verifier(deployment, &row.public));
    keys.extend(cosigner.transpose()?);
    let opened = Checkpoint::open(&note, &keys).map_err(|cause| refused(cause.to_string()))?;
    Ok(Kept {
        epoch,
        tree: opened.checkpoint.tree,
        by: Keeper::Receipt,
        at_micros: opened.cosignatures.iter().filter_map(micros).max(),
    })
}

fn micros(cosignature: &Cosignature<'_>) -> Option<i64> {
    i64::try_from(cosignature.time).ok()?.checked_mul(1_000_000)
}

fn refused(cause: String) -> StoreError {
    StoreError::Invalid {
        field: "receipt",
        message: format!("the receipt is no checkpoint that this log has signed: {cause}"),
    }
}
