//! What a database must be before it is served.

use rstest::rstest;
use store::{
    bootstrap::DeploymentError,
    keys::MasterKey,
    schema::{self, SchemaError},
    testing::Database,
    verify::Verdict,
};

use crate::scene::Scene;

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn another_master_key_is_noticed(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    let other = scene.db.store_with(MasterKey::new(1, [1; 32])).await?;
    let refused = other.deployment().await;
    assert!(matches!(
        refused,
        Err(DeploymentError::WrongMasterKey { stored: 1 })
    ));
    // A key that cannot open the seeds says nothing about the log.
    let found = other.verify_chain(scene.seed.tenant, |_| {}).await?;
    assert_eq!(found.verdict, Verdict::Inconclusive);
    assert!(found.reason().is_some_and(|r| r.contains("MASTER_KEY")));
    Ok(scene.db.close().await?)
}

#[rstest]
#[case::sqlite(Database::Sqlite)]
#[case::postgres(Database::Postgres)]
#[tokio::test]
async fn a_newer_schema_is_refused(#[case] kind: Database) -> anyhow::Result<()> {
    let scene = Scene::new(kind).await?;
    schema::check(&scene.db.options).await?;
    let newer = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_later', 0)";
    scene.db.tamper(newer).await?;
    let refused = schema::check(&scene.db.options).await;
    assert!(matches!(refused, Err(SchemaError::Newer { name }) if name == "m9999_later"));
    let refused = schema::migrate(&scene.db.owner_options, None).await;
    assert!(matches!(refused, Err(SchemaError::Newer { .. })));
    Ok(scene.db.close().await?)
}

#[tokio::test]
async fn the_applications_role_cannot_change_what_was_logged() -> anyhow::Result<()> {
    let mut scene = Scene::new(Database::Postgres).await?;
    scene.db.owner_options = scene.db.options.clone();
    for table in [
        "audit_entry",
        "audit_target",
        "audit_disclosure",
        "audit_key",
    ] {
        let mut statements = vec![
            format!("UPDATE {table} SET epoch = 1"),
            format!("TRUNCATE {table}"),
        ];
        // Retention deletes of the log itself; verification finds what no entry announced.
        if table == "audit_key" {
            statements.push(format!("DELETE FROM {table}"));
        }
        for sql in statements {
            let refused = scene.db.tamper(&sql).await;
            let reason = refused.err().map(|error| error.to_string());
            assert!(
                reason.is_some_and(|reason| reason.contains("permission denied")),
                "{sql}"
            );
        }
    }
    Ok(scene.db.close().await?)
}
