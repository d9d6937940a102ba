//! Looking exports up.

use entity::{AuditExportId, audit_export};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::{
    Noun, StoreError, Tx, View,
    page::{Cursors, Page, PageRequest},
    tx::Scope,
};

const QUERY: &str = "audit_exports";

impl View<'_> {
    /// The tenant's exports, newest first.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a cursor of another list.
    pub async fn list_audit_exports(
        &self,
        page: &PageRequest,
    ) -> Result<Page<audit_export::Model>, StoreError> {
        let mut select = self.find::<audit_export::Entity>();
        if let Some(cursor) = page.after() {
            let position = Cursors::new(self.store(), self.tenant(), QUERY).decode(cursor)?;
            let last = Uuid::parse_str(&position).map_err(StoreError::internal)?;
            select = select.filter(audit_export::Column::Id.lt(AuditExportId(last)));
        }
        let rows = select
            .order_by_desc(audit_export::Column::Id)
            .limit(page.probe())
            .all(self.conn())
            .await?;
        Ok(page.cut(rows))
    }

    /// The cursor of an export in that list.
    #[must_use]
    pub fn audit_export_cursor(&self, id: AuditExportId) -> String {
        Cursors::new(self.store(), self.tenant(), QUERY).encode(&id.uuid().to_string())
    }

    /// The export with that id.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn get_audit_export(
        &self,
        id: AuditExportId,
    ) -> Result<audit_export::Model, StoreError> {
        get(self, id).await
    }
}

impl Tx {
    /// The export with that id.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn get_audit_export(
        &self,
        id: AuditExportId,
    ) -> Result<audit_export::Model, StoreError> {
        get(self, id).await
    }
}

async fn get(scope: &Scope, id: AuditExportId) -> Result<audit_export::Model, StoreError> {
    scope
        .find::<audit_export::Entity>()
        .filter(audit_export::Column::Id.eq(id))
        .one(scope.conn())
        .await?
        .ok_or(StoreError::NotFound(Noun::AuditExport))
}
