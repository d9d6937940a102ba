//! A tenant to try things on, and short words for what most tests do.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use entity::{FileId, TenantId, file};
use policy::{Action, ObjectId, QuotaMetric, Role};
use store::{
    Actor, Store, StoreError, Tx,
    event::{
        FileTrashed,
        class::{Personal, Target},
    },
    quota::QuotaRow,
    system::Duty,
    testing::{Database, Seed, Throwaway, actor, another_tenant, seed, throwaway},
    upload::{NewFile, NewUpload, Opened, Settled},
};

/// A database with one tenant.
pub(crate) struct Ground {
    pub(crate) db: Throwaway,
    pub(crate) seed: Seed,
}

/// Runs the same body on both databases.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() -> anyhow::Result<()> {
                crate::ground::run(store::testing::Database::Sqlite, async |g| super::$name(g).await).await
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() -> anyhow::Result<()> {
                crate::ground::run(store::testing::Database::Postgres, async |g| super::$name(g).await).await
            }
        }
    )+};
}
pub(crate) use on_both;

pub(crate) async fn run(
    kind: Database,
    body: impl AsyncFnOnce(&Ground) -> Result<()>,
) -> Result<()> {
    let db = throwaway(kind).await?;
    let seed = seed(&db.store).await?;
    let ground = Ground { db, seed };
    body(&ground).await?;
    ground.db.close().await?;
    Ok(())
}

/// Something to commit with.
pub(crate) fn some_event() -> FileTrashed {
    FileTrashed {
        file: Target(FileId::generate()),
        reason: Personal(None),
    }
}

impl Ground {
    pub(crate) fn store(&self) -> &Store {
        &self.db.store
    }

    pub(crate) fn tenant(&self) -> TenantId {
        self.seed.tenant
    }

    pub(crate) fn owner(&self) -> Actor {
        self.seed.actor(Role::Owner)
    }

    /// The owner of another tenant.
    pub(crate) async fn foreigner(&self) -> Result<Actor> {
        let (tenant, owner) = another_tenant(self.store(), &self.seed).await?;
        Ok(actor(tenant, owner, Role::Owner))
    }

    pub(crate) fn in_an_hour(&self) -> DateTime<Utc> {
        self.store().now() + TimeDelta::hours(1)
    }

    pub(crate) async fn begin(&self) -> Result<Tx, StoreError> {
        self.store()
            .begin(&self.owner(), Action::UploadCreate)
            .await
    }

    pub(crate) async fn duty(&self, duty: Duty) -> Result<Tx, StoreError> {
        self.store().begin_duty(duty, self.tenant()).await
    }

    pub(crate) async fn quota(&self, metric: QuotaMetric) -> Result<QuotaRow> {
        self.quota_of(&self.owner(), metric).await
    }

    pub(crate) async fn quota_of(&self, actor: &Actor, metric: QuotaMetric) -> Result<QuotaRow> {
        let snapshot = self.store().snapshot(actor).await?;
        let rows = snapshot.view(Action::QuotaRead)?.quotas().await?;
        rows.into_iter()
            .find(|row| row.metric == metric)
            .ok_or_else(|| anyhow::anyhow!("no row of {metric}"))
    }

    pub(crate) async fn storage(&self) -> Result<QuotaRow> {
        self.quota(QuotaMetric::StorageBytes).await
    }

    /// Sets the tenant's limit of storage by hand.
    pub(crate) async fn limit_storage(&self, tenant: TenantId, limit: i64) -> Result<()> {
        let tenant = tenant.uuid();
        self.db
            .tamper(&format!(
                "INSERT INTO usage_counter (tenant_id, metric, period_start, limit_value) \
                 VALUES ('{tenant}', 'STORAGE_BYTES', '1970-01-01T00:00:00+00:00', {limit}) \
                 ON CONFLICT (tenant_id, metric, period_start) \
                 DO UPDATE SET limit_value = {limit}"
            ))
            .await?;
        Ok(())
    }

    /// What the tenant's reservations hold, by adding them up.
    pub(crate) async fn sum_held(&self, tenant: TenantId) -> Result<i64> {
        let cells = self
            .db
            .look(&format!(
                "SELECT CAST(COALESCE(SUM(amount), 0) AS text) FROM reservation \
                 WHERE tenant_id = '{}' AND metric = 'STORAGE_BYTES' AND state = 'held'",
                tenant.uuid()
            ))
            .await?;
        let cell = cells.into_iter().next().flatten();
        Ok(cell.unwrap_or_default().parse()?)
    }

    /// Fails unless the ledger's `reserved` is the sum of the reservations.
    pub(crate) async fn check_sums(&self) -> Result<()> {
        let held = self.storage().await?.held;
        let sum = self.sum_held(self.tenant()).await?;
        anyhow::ensure!(held == sum, "the ledger holds {held}, reservations {sum}");
        Ok(())
    }

    pub(crate) async fn open(&self, streamed: bool, byte_len: i64) -> Result<Opened, StoreError> {
        let tx = self.begin().await?;
        let opened = tx
            .open_upload(self.new_upload(new_file("a.txt", byte_len), streamed))
            .await?;
        tx.commit(some_event()).await?;
        Ok(opened)
    }

    pub(crate) fn new_upload(&self, file: NewFile, streamed: bool) -> NewUpload {
        NewUpload {
            reserve_bytes: file.byte_len,
            file,
            streamed,
            declared_sha256: None,
            expires_at: self.in_an_hour(),
            multipart_id: None,
        }
    }

    /// A ready file.
    pub(crate) async fn ready(&self, file: NewFile) -> Result<file::Model, StoreError> {
        let tx = self.begin().await?;
        let settled = settled(file.byte_len);
        let opened = tx.open_upload(self.new_upload(file, true)).await?;
        let file = tx.settle_streamed(opened.upload.id, &settled).await?;
        tx.commit(some_event()).await?;
        Ok(file)
    }
}

pub(crate) fn new_file(filename: &str, byte_len: i64) -> NewFile {
    NewFile {
        system: "workspace".to_owned(),
        object_type: "doc".to_owned(),
        object_id: object_id("d-1"),
        filename: filename.to_owned(),
        display_name: filename.to_owned(),
        media_type: "text/plain".to_owned(),
        byte_len,
        replaces: None,
    }
}

pub(crate) fn object_id(text: &str) -> ObjectId {
    text.parse().unwrap()
}

pub(crate) fn settled(byte_len: i64) -> Settled {
    Settled {
        byte_len,
        sha256: [7; 32],
        media_type: "text/plain".to_owned(),
    }
}

/// What kind of refusal it was.
pub(crate) fn refusal<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    match result.unwrap_err() {
        StoreError::Conflict { code, .. } => format!("{code:?}"),
        StoreError::NotFound(noun) => format!("no {}", noun.as_str()),
        StoreError::QuotaExceeded {
            limit,
            available,
            requested,
            ..
        } => format!("{requested} of {available} of {limit}"),
        other => format!("{other:?}"),
    }
}
