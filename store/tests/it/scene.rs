//! What the tests of the log have in common.

use entity::{ApiKeyId, FileId, TenantId, UploadId};
use policy::{Action, Role};
use store::{
    Actor, EventRef, Store,
    event::{
        ApiKeyRevoked, FileUploadFailed, UploadCompleted,
        class::{Personal, Public, Target},
    },
    testing::{self, Database, Seed, Throwaway},
};

/// A database with a tenant.
pub(crate) struct Scene {
    pub(crate) db: Throwaway,
    pub(crate) seed: Seed,
}

impl Scene {
    pub(crate) async fn new(kind: Database) -> anyhow::Result<Self> {
        let db = testing::throwaway(kind).await?;
        let seed = testing::seed(&db.store).await?;
        Ok(Self { db, seed })
    }

    pub(crate) fn owner(&self) -> Actor {
        self.seed.actor(Role::Owner)
    }

    pub(crate) fn tenant_sql(&self) -> String {
        uuid_sql(self.seed.tenant)
    }

    /// The entries of the tenant, oldest first, as text.
    pub(crate) async fn raws(&self) -> anyhow::Result<Vec<String>> {
        let raw = match self.db.kind() {
            Database::Sqlite => "CAST(raw AS TEXT)",
            Database::Postgres => "convert_from(raw, 'UTF8')",
        };
        let sql = format!(
            "SELECT {raw} FROM audit_entry WHERE tenant_id = {} ORDER BY seq",
            self.tenant_sql()
        );
        Ok(self.db.look(&sql).await?.into_iter().flatten().collect())
    }

    pub(crate) async fn verdict(&self) -> anyhow::Result<store::verify::Verification> {
        Ok(self.db.store.verify_chain(self.seed.tenant, |_| {}).await?)
    }

    pub(crate) async fn count(&self, table: &str) -> anyhow::Result<usize> {
        let sql = format!(
            "SELECT CAST(COUNT(*) AS text) FROM {table} WHERE tenant_id = {}",
            self.tenant_sql()
        );
        let found = self.db.look(&sql).await?;
        let count = found.into_iter().flatten().next();
        Ok(count.unwrap_or_default().parse()?)
    }
}

pub(crate) fn uuid_sql(tenant: TenantId) -> String {
    format!("'{}'", tenant.uuid())
}

/// Commits an event whose `cause` says which it is.
pub(crate) async fn commit(store: &Store, actor: &Actor, cause: &str) -> anyhow::Result<EventRef> {
    let tx = store.begin(actor, Action::FileUpload).await?;
    let receipt = tx
        .commit(FileUploadFailed {
            file: Target(FileId::generate()),
            cause: Public(cause.to_owned()),
        })
        .await?;
    receipt
        .event()
        .ok_or_else(|| anyhow::anyhow!("a receipt without an event"))
}

/// Commits an event with two targets, and one with a personal field.
pub(crate) async fn commit_rich(store: &Store, actor: &Actor) -> anyhow::Result<()> {
    let tx = store.begin(actor, Action::UploadComplete).await?;
    tx.commit(UploadCompleted {
        file: Target(FileId::generate()),
        upload: Target(UploadId::generate()),
    })
    .await?;
    let tx = store.begin(actor, Action::ApiKeyRevoke).await?;
    tx.commit(ApiKeyRevoked {
        key: Target(ApiKeyId::generate()),
        reason: Personal(Some("lost".to_owned())),
    })
    .await?;
    Ok(())
}
