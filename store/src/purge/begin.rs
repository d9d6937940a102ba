//! The agreement to a plan: an entry of the tenant's log, before anything goes.

use entity::{TenantId, audit_purge};

use super::{
    Area, PurgePlan,
    plan::{find, plan},
    refused,
};
use crate::{
    ConflictCode, Store, StoreError, Tx,
    conn::insert,
    event::{
        TenantPurgeBegun,
        class::{Public, Target},
    },
    system::Duty,
};

/// What is agreed to.
#[derive(Debug, Clone)]
pub struct PurgeRequest {
    /// The hash of the plan.
    pub plan: String,
    /// Go on without an export.
    pub without_export: bool,
    /// The matter it belongs to: a code that names nobody.
    pub reference: Option<String>,
}

impl Store {
    /// Agrees to a plan: the entry that says so is committed when this returns, and what it names may go. Agreed to
    /// twice, it happens once.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Conflict`] when something forbids it, which it names, or the plan is not
    /// the present one any more.
    pub async fn begin_purge(
        &self,
        tenant: TenantId,
        areas: Vec<Area>,
        request: &PurgeRequest,
    ) -> Result<audit_purge::Model, StoreError> {
        let reference = request.reference.as_deref();
        let reference = reference.map(|text| crate::retention::code("reference", text));
        let reference = reference.transpose()?;
        let tx = self.begin_duty(Duty::Purge, tenant).await?;
        tx.lock_tenant().await?;
        if let Some(begun) = find(tx.conn(), tenant).await? {
            return same(begun, &request.plan);
        }
        let plan = plan(tx.conn(), tenant, areas, tx.now()).await?;
        plan.check(request)?;
        let row = audit_purge::Model {
            tenant_id: tenant,
            plan: request.plan.clone(),
            document: plan.document(reference.as_deref())?,
            row_count: 0,
            begun_at: tx.now(),
            done_at: None,
            certificate: None,
        };
        tx.record_purge(row, &plan, reference).await
    }
}

impl PurgePlan {
    fn check(&self, request: &PurgeRequest) -> Result<(), StoreError> {
        let forgiven = usize::from(request.without_export && self.lacks_export);
        if self.obstacles.len() > forgiven {
            return Err(refused(self.obstacles.join("; ")));
        }
        if self.hash() != request.plan {
            return Err(StoreError::conflict(
                ConflictCode::Expired,
                "this is not the plan any more; make another one with --dry-run and agree to that",
            ));
        }
        Ok(())
    }

    fn document(&self, reference: Option<&str>) -> Result<String, StoreError> {
        let mut document = serde_json::to_value(self).map_err(StoreError::internal)?;
        if let Some(members) = document.as_object_mut() {
            members.remove("obstacles");
            members.insert("reference".to_owned(), reference.into());
        }
        serde_json::to_string(&document).map_err(StoreError::internal)
    }
}

impl Tx {
    async fn record_purge(
        self,
        row: audit_purge::Model,
        plan: &PurgePlan,
        reference: Option<String>,
    ) -> Result<audit_purge::Model, StoreError> {
        insert(self.conn(), row.clone()).await?;
        let event = TenantPurgeBegun {
            tenant: Target(row.tenant_id),
            phase: Public("begun"),
            plan: Public(row.plan.clone()),
            rows: Public(plan.rows()),
            objects: Public(plan.objects()),
            byte_len: Public(plan.byte_len()),
            exported: Public(!plan.lacks_export),
            reference: Public(reference),
        };
        self.commit(event).await?;
        Ok(row)
    }
}

/// A purge that goes on as it was agreed to.
fn same(begun: audit_purge::Model, plan: &str) -> Result<audit_purge::Model, StoreError> {
    if begun.plan == plan {
        return Ok(begun);
    }
    let message = format!("a purge has begun; go on with --plan {}", begun.plan);
    Err(refused(message))
}
