//! The operators' door: work on tenants from outside, and on the deployment itself.

use entity::{TenantId, operator_session};
use policy::{Action, Grant, allow};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::{
    Operator, Principal, Receipt, Store, StoreError, Tx,
    event::{OperatorSignedOut, class::Target},
    tx::{Scope, TenantCheck},
};

impl Store {
    /// Begins an operator's change. Its events go to `tenant`'s own log; [`TenantId::SYSTEM`] is the
    /// deployment's.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] before the database is touched.
    pub async fn begin_operator(
        &self,
        operator: &Operator,
        action: Action,
        tenant: TenantId,
    ) -> Result<Tx, StoreError> {
        if !allow(&Grant::Operator, action) {
            return Err(StoreError::Forbidden(action));
        }
        let conn = self.database().begin_write().await?;
        self.enter(
            conn,
            tenant,
            Principal::Operator(operator.id),
            operator.request.clone(),
            Some(operator.email.clone()),
            TenantCheck::None,
        )
        .await
    }

    /// Ends the operator's session.
    ///
    /// # Errors
    /// As the database says; then the session goes on.
    pub async fn sign_out_operator(&self, operator: &Operator) -> Result<Receipt, StoreError> {
        let tx = self
            .begin_operator(operator, Action::OperatorLogout, TenantId::SYSTEM)
            .await?;
        operator_session::Entity::delete_many()
            .filter(operator_session::Column::Id.eq(operator.session))
            .exec(tx.conn())
            .await?;
        let operator = Target(operator.id);
        tx.commit(OperatorSignedOut { operator }).await
    }

    /// Opens an unchanging view for an operator, across tenants.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] before the database is touched.
    pub async fn view_operator(
        &self,
        _operator: &Operator,
        action: Action,
    ) -> Result<OperatorView, StoreError> {
        if !allow(&Grant::Operator, action) {
            return Err(StoreError::Forbidden(action));
        }
        let conn = self.database().begin_read_of_every_tenant().await?;
        Ok(OperatorView {
            scope: Scope::of_every_tenant(conn, TenantId::SYSTEM, self.now()),
        })
    }
}

/// What an operator sees: every tenant's record, no tenant's files.
#[derive(Debug)]
pub struct OperatorView {
    pub(crate) scope: Scope,
}
