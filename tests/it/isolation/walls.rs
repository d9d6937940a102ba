//! The same questions with one wall taken away, and with both.

use std::collections::BTreeSet;

use anyhow::ensure;
use tests::{App, Neighbour, Stack, wait};

use super::{
    cases::{CASES, Kind},
    indistinguishable,
    rows::Rows,
};

/// The binary's finders forget the tenant's condition, in every table; known to builds for tests only.
const WITHOUT_CONDITIONS: &[(&str, &str)] = &[("TEST_WITHOUT_TENANT_FILTER", "*")];

/// Arguments by which a neighbour's thing is found as soon as both walls are down. The rest is found by statements
/// that name the tenant themselves, and checked table by table in `store`.
const FOUND_BY_FINDERS: &[&str] = &[
    "ApiKeyRevokeInput.id",
    "AuditFilter.actorId",
    "FileFilter.objectId",
    "FilePurgeInput.fileId",
    "FileRestoreInput.fileId",
    "FileSignedUrlCreateInput.fileId",
    "FileTrashInput.fileId",
    "FileUploadCompleteInput.uploadId",
    "GET /v1/files (id)",
    "Query.node(id)",
    "Query.nodes(ids)",
];

/// The arguments whose answer tells the neighbour's from nobody's.
async fn told_apart(app: &App, neighbour: &Neighbour) -> anyhow::Result<BTreeSet<&'static str>> {
    let owner = app.owner().await?;
    let mut told = BTreeSet::new();
    for case in CASES.iter().filter(|case| case.kind == Kind::Leads) {
        for (real, random) in (case.pairs)(neighbour) {
            if indistinguishable(&owner, case, &real, &random)
                .await
                .is_err()
            {
                told.insert(case.path);
            }
        }
    }
    Ok(told)
}

#[tokio::test(flavor = "multi_thread")]
async fn either_wall_holds_alone_and_without_both_the_neighbour_is_seen() -> anyhow::Result<()> {
    let app = App::start_with(Stack::Postgres, WITHOUT_CONDITIONS).await?;
    let neighbour = Neighbour::move_in(&app).await?;
    let rows = Rows::of(&app, &neighbour.tenant)?;
    wait::until("the neighbour's log is written", 30, || rows.are_settled()).await?;
    let before = rows.fingerprint().await?;
    let told = told_apart(&app, &neighbour).await?;
    ensure!(
        told.is_empty(),
        "row-level security alone does not hide: {told:?}"
    );
    ensure!(
        before == rows.fingerprint().await?,
        "the neighbour's rows changed"
    );
    for table in rows.closed_tables().await? {
        let open = format!("ALTER TABLE \"{table}\" DISABLE ROW LEVEL SECURITY");
        app.database.tamper(&open).await?;
    }
    let told = told_apart(&app, &neighbour).await?;
    for path in FOUND_BY_FINDERS {
        ensure!(
            told.contains(path),
            "{path} hides the neighbour without any wall, so this proves nothing; was the binary built without the \
             feature `testing` of `store`? `make test` builds it"
        );
    }
    app.close().await
}
