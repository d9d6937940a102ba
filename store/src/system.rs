//! The door for work the server does by itself.
//!
//! Two lists, both closed. A [`Duty`] changes something a tenant would want to know of: it commits
//! with an event like everybody else. A [`Reason`] is the whole list of what may commit without one.

use std::ops::Deref;

use entity::TenantId;

use crate::{
    Principal, RequestContext, Store, StoreError, Tx,
    conn::Conn,
    tx::{Scope, TenantCheck},
};

/// Work of the server that is recorded; its name is the actor's id in the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Duty {
    /// Setting up the deployment.
    Bootstrap,
    /// Reading an uploaded object and settling its file.
    FileSettle,
    /// Closing uploads that nobody completed.
    UploadSweep,
    /// Emptying the trash after its retention.
    TrashSweep,
    /// Deleting the bytes of purged files.
    FileDelete,
    /// Appending to chains.
    Sequencer,
    /// Verifying chains.
    Verifier,
    /// Replacing signing keys of logs.
    KeyRotation,
    /// Stating when a log had which head.
    Cosigner,
    /// Entering the heads of tenants' logs into the system log, and keeping that outside.
    Anchor,
    /// Making exports of logs and removing them.
    Exporter,
    /// Pruning what is older than a log's policy.
    Retention,
    /// Beginning the next epoch of a log in quarantine.
    Recovery,
    /// Taking away tenants whose retention is over.
    Purge,
    /// Writing down everything a tenant has, to be handed over.
    TenantExport,
}

impl Duty {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bootstrap => "bootstrap",
            Self::FileSettle => "file_settle",
            Self::UploadSweep => "upload_sweep",
            Self::TrashSweep => "trash_sweep",
            Self::FileDelete => "file_delete",
            Self::Sequencer => "sequencer",
            Self::Verifier => "verifier",
            Self::KeyRotation => "key_rotation",
            Self::Cosigner => "cosigner",
            Self::Anchor => "anchor",
            Self::Exporter => "exporter",
            Self::Retention => "retention",
            Self::Recovery => "recovery",
            Self::Purge => "purge",
            Self::TenantExport => "tenant_export",
        }
    }

    /// Work for a tenant that waits while the tenant is suspended; the rest only tidies up.
    fn check(self) -> TenantCheck {
        match self {
            Self::FileSettle => TenantCheck::Active,
            _ => TenantCheck::None,
        }
    }
}

/// The whole list of work that may commit without an event, because it changes nothing a tenant
/// could be told: no file, no right, no number a limit is judged by beyond what is already recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Ending reservations whose lease is over.
    LeaseSweep,
    /// Writing counted API calls.
    CounterFlush,
    /// Writing when keys were last used.
    LastUsedFlush,
    /// Claiming and finishing jobs.
    JobBookkeeping,
    /// Writing when a session was last seen, ending old ones.
    SessionTouch,
    /// Moving events from the outbox into chains.
    Sequencing,
    /// Remembering an upload's id in the store.
    UploadBookkeeping,
    /// Writing how far a verification is.
    VerificationProgress,
    /// Adding the time to signed checkpoints.
    Cosigning,
    /// Remembering what of the logs is kept outside.
    Anchoring,
    /// Keeping the checkpoint that is handed out, and how far an export is.
    Exporting,
    /// Deleting what an entry of the log has said would go.
    Removal,
    /// Deleting what the entry of a tenant's purge has said would go.
    TenantPurge,
    /// Keeping a checkpoint that was handed out.
    CheckpointPinning,
    /// Keeping the names of requests that stream, and forgetting those of answered ones after a day.
    IdempotencyBookkeeping,
    /// Removing what every process has been told.
    RevocationPrune,
}

/// A transaction that may commit without an event. Its statements name the tenant; unless it was begun within one, it
/// sees all of them.
#[derive(Debug)]
#[must_use = "dropping it rolls it back"]
pub struct SystemTx {
    scope: Scope,
    reason: Reason,
}

impl Deref for SystemTx {
    type Target = Scope;

    fn deref(&self) -> &Scope {
        &self.scope
    }
}

impl SystemTx {
    pub(crate) fn conn(&self) -> &Conn {
        self.scope.conn()
    }

    /// Why it may.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// Commits what the [`Reason`] covers.
    ///
    /// # Errors
    /// As the database says; then nothing was changed.
    pub async fn commit_without_event(self) -> Result<(), StoreError> {
        self.scope.into_conn().commit().await
    }
}

impl Store {
    /// Begins work that commits without an event, on the connections of background work.
    ///
    /// # Errors
    /// [`StoreError::Overloaded`] or [`StoreError::Unavailable`].
    pub async fn begin_system(&self, reason: Reason) -> Result<SystemTx, StoreError> {
        let conn = self.database().begin_job().await?;
        Ok(SystemTx {
            scope: Scope::of_every_tenant(conn, TenantId::SYSTEM, self.now()),
            reason,
        })
    }

    /// As [`Self::begin_system`], for one tenant: on Postgres it sees that tenant's rows only. For what a request
    /// leaves to the connections of background work.
    ///
    /// # Errors
    /// As [`Self::begin_system`].
    pub async fn begin_system_within(
        &self,
        reason: Reason,
        tenant: TenantId,
    ) -> Result<SystemTx, StoreError> {
        let conn = self.database().begin_job().await?.into_conn();
        let scope = Scope::enter(conn, tenant, TenantCheck::None, self.now()).await?;
        Ok(SystemTx { scope, reason })
    }

    /// Begins recorded work of the server for one tenant.
    ///
    /// # Errors
    /// [`StoreError::TenantSuspended`] for work that waits while the tenant is suspended.
    pub async fn begin_duty(&self, duty: Duty, tenant: TenantId) -> Result<Tx, StoreError> {
        let conn = self.database().begin_job().await?;
        self.enter(
            conn.into_conn(),
            tenant,
            Principal::System(duty),
            RequestContext::internal(),
            None,
            duty.check(),
        )
        .await
    }

    /// Begins recorded work of the server that touches rows of several tenants; the events go to the log of `log`.
    pub(crate) async fn begin_duty_of_every_tenant(
        &self,
        duty: Duty,
        log: TenantId,
    ) -> Result<Tx, StoreError> {
        let conn = self.database().begin_job().await?;
        Ok(self.stay_wide(conn, log, Principal::System(duty)))
    }
}
