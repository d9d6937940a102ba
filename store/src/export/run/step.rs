//! The steps of an export, each taken by one worker only.

use audit::entry::Outcome;
use data_encoding::HEXLOWER;
use entity::{AuditExportId, audit_export, job};
use sea_orm::{ConnectionTrait, FromQueryResult, Value};

use super::Made;
use crate::{
    Event, Store, StoreError,
    event::{
        ExportEnded, ExportExpired, ExportFailed,
        class::{Public, Target},
    },
    export::{Exported, Format, Progress, object_key},
    ledger::number,
    system::{Duty, Reason},
};

impl Store {
    /// Takes an export up in the attempt of its job; `None` when it has ended already, or is a later
    /// attempt's.
    ///
    /// # Errors
    /// As the database says.
    pub async fn run_audit_export(
        &self,
        job: &job::Model,
    ) -> Result<Option<audit_export::Model>, StoreError> {
        let tx = self
            .begin_system_within(Reason::Exporting, job.tenant_id)
            .await?;
        let statement = tx.conn().sql(
            "UPDATE audit_export SET state = 'RUNNING', attempt = $3, done_count = 0, \
             expires_at = NULL \
             WHERE tenant_id = $1 AND id = $2 AND attempt < $3 \
             AND state IN ('PENDING', 'RUNNING') RETURNING *",
            [
                job.tenant_id.into(),
                job.subject_id.into(),
                job.attempts.into(),
            ],
        );
        let row = audit_export::Model::find_by_statement(statement)
            .one(tx.conn())
            .await?;
        tx.commit_without_event().await?;
        Ok(row)
    }

    /// Writes how far an export is.
    ///
    /// # Errors
    /// As the database says.
    pub async fn note_audit_export(
        &self,
        export: &audit_export::Model,
        progress: Progress,
    ) -> Result<(), StoreError> {
        let tx = self
            .begin_system_within(Reason::Exporting, export.tenant_id)
            .await?;
        let values: [Value; 5] = [
            export.tenant_id.into(),
            export.id.into(),
            export.attempt.into(),
            number(progress.done)?.into(),
            number(progress.total)?.into(),
        ];
        let statement = tx.conn().sql(
            "UPDATE audit_export SET done_count = $4, total_count = $5 \
             WHERE tenant_id = $1 AND id = $2 AND attempt = $3 AND state = 'RUNNING'",
            values,
        );
        tx.conn().execute_raw(statement).await?;
        tx.commit_without_event().await
    }

    /// The file of an export is in its place. False when it is not this attempt's to end; then the file is
    /// nobody's.
    ///
    /// # Errors
    /// As the database says; then it is open whether it was written.
    pub async fn finish_audit_export(
        &self,
        export: &audit_export::Model,
        made: &Made,
    ) -> Result<bool, StoreError> {
        let tx = self.begin_duty(Duty::Exporter, export.tenant_id).await?;
        let exported = &made.exported;
        let count = number(exported.end - exported.first)?;
        let values: [Value; 14] = [
            export.tenant_id.into(),
            export.id.into(),
            export.attempt.into(),
            number(exported.first)?.into(),
            number(exported.end)?.into(),
            count.into(),
            number(made.byte_len)?.into(),
            made.sha256.to_vec().into(),
            object_key(export.tenant_id, export.id, export.attempt).into(),
            exported.checkpoint.clone().into(),
            exported.verdict.map(|verdict| verdict.as_str()).into(),
            tx.now().into(),
            made.expires_at.into(),
            exported.epoch.into(),
        ];
        let statement = tx.conn().sql(
            "UPDATE audit_export SET state = 'DONE', first_seq = $4, end_seq = $5, \
             done_count = $6, total_count = $6, byte_len = $7, sha256 = $8, object_key = $9, \
             checkpoint = $10, verdict = $11, finished_at = $12, epoch = $14, \
             expires_at = COALESCE(expires_at, $13) \
             WHERE tenant_id = $1 AND id = $2 AND attempt = $3 AND state = 'RUNNING'",
            values,
        );
        if tx.conn().execute_raw(statement).await?.rows_affected() != 1 {
            return Ok(false);
        }
        let format = export.format.parse().map_err(StoreError::internal)?;
        tx.commit(ended(export.id, format, Some(made), exported))
            .await?;
        Ok(true)
    }

    /// Gives an export up; `reason` is a sentence for the client. What its attempts left in the object store is
    /// due at once. Gives the row; `None` when it has ended meanwhile.
    ///
    /// # Errors
    /// As the database says.
    pub async fn fail_audit_export(
        &self,
        export: &audit_export::Model,
        reason: &str,
    ) -> Result<Option<audit_export::Model>, StoreError> {
        let tx = self.begin_duty(Duty::Exporter, export.tenant_id).await?;
        let statement = tx.conn().sql(
            "UPDATE audit_export SET state = 'FAILED', reason = $4, finished_at = $5, expires_at = $5 \
             WHERE tenant_id = $1 AND id = $2 AND attempt = $3 \
             AND state IN ('PENDING', 'RUNNING') RETURNING *",
            [
                export.tenant_id.into(),
                export.id.into(),
                export.attempt.into(),
                reason.into(),
                tx.now().into(),
            ],
        );
        let row = audit_export::Model::find_by_statement(statement)
            .one(tx.conn())
            .await?;
        if row.is_some() {
            tx.commit(failed(export.id, reason)).await?;
        }
        Ok(row)
    }

    /// Says that the files of an export were removed, its time being over. False when somebody said so before.
    ///
    /// # Errors
    /// As the database says.
    pub async fn expire_audit_export(
        &self,
        export: &audit_export::Model,
    ) -> Result<bool, StoreError> {
        if export.state == "FAILED" {
            return self.forget_files(export).await;
        }
        let tx = self.begin_duty(Duty::Exporter, export.tenant_id).await?;
        let statement = tx.conn().sql(
            "UPDATE audit_export SET state = 'EXPIRED', object_key = NULL \
             WHERE tenant_id = $1 AND id = $2 AND state = 'DONE'",
            [export.tenant_id.into(), export.id.into()],
        );
        if tx.conn().execute_raw(statement).await?.rows_affected() != 1 {
            return Ok(false);
        }
        tx.commit(ExportExpired {
            export: Target(export.id),
            phase: Public("expired"),
        })
        .await?;
        Ok(true)
    }
}

impl Store {
    /// Nobody was ever given the files of an export that failed, so their end is no event.
    async fn forget_files(&self, export: &audit_export::Model) -> Result<bool, StoreError> {
        let tx = self
            .begin_system_within(Reason::Exporting, export.tenant_id)
            .await?;
        let statement = tx.conn().sql(
            "UPDATE audit_export SET expires_at = NULL \
             WHERE tenant_id = $1 AND id = $2 AND state = 'FAILED' AND expires_at IS NOT NULL",
            [export.tenant_id.into(), export.id.into()],
        );
        let forgotten = tx.conn().execute_raw(statement).await?.rows_affected() == 1;
        tx.commit_without_event().await?;
        Ok(forgotten)
    }
}

/// The event of an export that was made, into a file or elsewhere.
pub(super) fn ended(
    id: AuditExportId,
    format: Format,
    file: Option<&Made>,
    exported: &Exported,
) -> ExportEnded {
    ExportEnded {
        export: Target(id),
        phase: Public("done"),
        format: Public(format.as_str()),
        epoch: Public(u64::from(exported.epoch.unsigned_abs())),
        first: Public(exported.first),
        end: Public(exported.end),
        size: Public(exported.size),
        byte_len: Public(file.map(|made| made.byte_len)),
        sha256: Public(file.map(|made| HEXLOWER.encode(&made.sha256))),
        verdict: Public(exported.verdict.map(|verdict| verdict.as_str())),
    }
}

/// The event of an export that was given up.
pub(super) fn failed(id: AuditExportId, cause: &str) -> Event {
    Event::from(ExportFailed {
        export: Target(id),
        phase: Public("failed"),
        cause: Public(cause.to_owned()),
    })
    .with_outcome(Outcome::Failure)
}
