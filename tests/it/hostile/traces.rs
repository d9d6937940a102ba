//! What an upload that failed must not leave behind.

use std::collections::BTreeSet;

use tests::{App, wait};

/// Everything an upload makes, counted past the server.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Traces {
    files: Vec<Option<String>>,
    uploads: Vec<Option<String>>,
    reservations: Vec<Option<String>>,
    storage: Vec<Option<String>>,
    objects: BTreeSet<String>,
    multiparts: BTreeSet<String>,
}

impl Traces {
    /// What there is now. A rejected file's row stays, as the record of the refusal.
    pub(super) async fn now(app: &App) -> anyhow::Result<Self> {
        let look = |sql: &'static str| app.database.look(sql);
        Ok(Self {
            files: look("SELECT CAST(id AS text) FROM file WHERE state <> 'rejected' ORDER BY 1")
                .await?,
            uploads: look("SELECT CAST(id AS text) FROM upload WHERE state = 'open' ORDER BY 1")
                .await?,
            reservations: look(
                "SELECT CAST(id AS text) FROM reservation WHERE state = 'held' ORDER BY 1",
            )
            .await?,
            storage: look(
                "SELECT CAST(used AS text) || ' ' || CAST(reserved AS text) FROM usage_counter \
                 WHERE metric = 'STORAGE_BYTES' ORDER BY 1",
            )
            .await?,
            objects: app.objects()?.keys().await?,
            multiparts: app.objects()?.multiparts().await?,
        })
    }

    /// Waits until there is again what there was.
    pub(super) async fn restored(&self, app: &App, what: &str) -> anyhow::Result<()> {
        let nothing = format!("nothing is left of {what}");
        let waited = wait::until(&nothing, 30, || async {
            Ok(Self::now(app).await? == *self)
        });
        let Err(error) = waited.await else {
            return Ok(());
        };
        let now = Self::now(app).await?;
        Err(error.context(format!("before {self:#?}\nnow {now:#?}")))
    }
}
