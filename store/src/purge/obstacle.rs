//! What forbids a purge, in sentences.

use chrono::{DateTime, SecondsFormat, Utc};
use entity::{TenantId, audit_head, tenant};
use policy::TenantStatus;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::{StoreError, conn::Conn, ledger::LogId, retention::History};

/// An export from before the end may lack what came after it.
pub(super) fn lacks_export(tenant: &tenant::Model) -> bool {
    match (tenant.exported_at, tenant.deactivated_at) {
        (Some(exported), Some(deactivated)) => exported < deactivated,
        (Some(_), None) => false,
        (None, _) => true,
    }
}

/// What the tenant's record says against it.
pub(super) fn of_the_record(tenant: &tenant::Model, now: DateTime<Utc>) -> Vec<String> {
    let mut obstacles = Vec::new();
    if tenant.status.0 != TenantStatus::Deactivated {
        let status = tenant.status.0;
        obstacles.push(format!(
            "the tenant is {status}; only one that is deactivated is purged"
        ));
    }
    if let Some(after) = tenant.purge_after.filter(|after| *after > now) {
        let after = after.to_rfc3339_opts(SecondsFormat::Secs, true);
        obstacles.push(format!("it is kept until {after}"));
    }
    obstacles
}

/// What its log says against it: damage, and holds.
#[expect(
    clippy::disallowed_methods,
    reason = "the heads of the one tenant that is named"
)]
pub(super) async fn of_the_log(conn: &Conn, tenant: TenantId) -> Result<Vec<String>, StoreError> {
    let heads = audit_head::Entity::find()
        .filter(audit_head::Column::TenantId.eq(tenant))
        .all(conn)
        .await?;
    let mut obstacles = Vec::new();
    if let Some(head) = heads.iter().find(|head| head.state == "quarantined") {
        let epoch = head.epoch;
        obstacles.push(format!(
            "its log is in quarantine (epoch {epoch}): see `strongroom audit recover`"
        ));
    }
    for head in &heads {
        let log = LogId {
            tenant,
            epoch: head.epoch,
        };
        let history = History::read(conn, log).await?;
        let held = history.holds.all().iter().filter(|hold| hold.is_active());
        obstacles.extend(held.map(|hold| {
            let seq = hold.seq;
            format!("a legal hold is in force on its log, set by entry {seq}: it must be lifted")
        }));
    }
    Ok(obstacles)
}
