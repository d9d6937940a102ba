//! Events that wait: what a burst of changes leaves in the outbox, without the changes.

use entity::{FileId, TenantId};

use super::TestingError;
use crate::{
    Principal, RequestContext, Store,
    event::{
        FileTrashed,
        class::{Personal, Target},
    },
    outbox::{self, Author},
    system::Reason,
};

/// Rows of one statement.
const ROWS: u64 = 250;
/// Rows of one transaction.
const COMMIT: u64 = 10_000;

impl Store {
    /// Puts `count` valid drafts of `principal` into the outbox, and leaves them there on both
    /// databases.
    ///
    /// # Errors
    /// As the database says.
    pub async fn fill_outbox(
        &self,
        tenant: TenantId,
        principal: Principal,
        count: u64,
    ) -> Result<(), TestingError> {
        let request = RequestContext::internal();
        let mut left = count;
        while left > 0 {
            let tx = self.begin_system(Reason::Sequencing).await?;
            let mut of_commit = left.min(COMMIT);
            left -= of_commit;
            while of_commit > 0 {
                let rows = of_commit.min(ROWS);
                of_commit -= rows;
                let author = Author {
                    tenant,
                    principal,
                    request: &request,
                    email: Some("somebody@example.com"),
                    at: self.now(),
                };
                let drafts: Result<Vec<_>, _> = (0..rows)
                    .map(|_| outbox::prepare(event().into(), &author))
                    .collect();
                outbox::insert(tx.conn(), &drafts?).await?;
            }
            tx.commit_without_event().await?;
        }
        Ok(())
    }
}

fn event() -> FileTrashed {
    FileTrashed {
        file: Target(FileId::generate()),
        reason: Personal(Some("no longer needed".to_owned())),
    }
}
