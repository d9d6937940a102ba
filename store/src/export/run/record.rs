//! Exports by whoever holds the machine: entries like any other, and no rows.

use entity::{AuditExportId, TenantId, audit_head};

use super::{
    NewExport, begun,
    step::{ended, failed},
};
use crate::{
    Event, Noun, Store, StoreError,
    export::{Exported, Extent, Format},
    system::Duty,
};

impl Store {
    /// Records that whoever holds the machine begins an export; it has no row. Gives it an id.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a tenant without a log, or as the database says.
    pub async fn record_export_begun(
        &self,
        format: Format,
        extent: Extent,
    ) -> Result<AuditExportId, StoreError> {
        let id = AuditExportId::generate();
        let new = NewExport {
            format,
            epoch: extent.epoch,
            first: extent.first,
            end: extent.end,
            disclosures: extent.disclosures,
        };
        let tx = self.begin_duty(Duty::Exporter, extent.tenant).await?;
        if tx.count::<audit_head::Entity>().await? == 0 {
            return Err(StoreError::NotFound(Noun::Tenant));
        }
        tx.commit(begun(id, new)).await?;
        Ok(id)
    }

    /// Records what came of an export that has no row.
    ///
    /// # Errors
    /// As the database says.
    pub async fn record_export_ended(
        &self,
        tenant: TenantId,
        id: AuditExportId,
        format: Format,
        outcome: Result<&Exported, &str>,
    ) -> Result<(), StoreError> {
        let tx = self.begin_duty(Duty::Exporter, tenant).await?;
        let event = match outcome {
            Ok(exported) => Event::from(ended(id, format, None, exported)),
            Err(cause) => failed(id, cause),
        };
        tx.commit(event).await?;
        Ok(())
    }
}
