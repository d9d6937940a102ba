//! What the binary says when it cannot start: one sentence, a remedy, an exit code.

use std::collections::BTreeMap;

use anyhow::ensure;
use tests::{
    App, Stack,
    process::{Environment, free_port, run},
};

fn environment(pairs: &[(&str, &str)]) -> Environment {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// The one sentence a command ends with.
async fn refusal(arguments: &[&str], environment: &Environment) -> anyhow::Result<String> {
    let (done, out, error) = run(arguments, environment).await?;
    ensure!(!done, "{arguments:?} succeeded: {out}");
    Ok(error)
}

#[tokio::test]
async fn the_version_is_printed() -> anyhow::Result<()> {
    let (done, out, _) = run(&["--version"], &BTreeMap::new()).await?;
    assert!(done && out.starts_with("strongroom "), "{out}");
    Ok(())
}

#[tokio::test]
async fn every_problem_of_the_configuration_is_named_at_once() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let data = dir.path().display().to_string();
    let wrong = environment(&[
        ("STRONGROOM_DATA_DIR", &data),
        ("STRONGROOM_LISTEN", "nowhere"),
        ("STRONGROOM_LISTTEN", "127.0.0.1:1"),
        ("REPLICAS", "-3"),
        ("S3_BUCKET", "only-this"),
    ]);
    for command in ["check-config", "serve"] {
        let error = refusal(&[command], &wrong).await?;
        for named in [
            "STRONGROOM_LISTEN",
            "STRONGROOM_LISTTEN",
            "REPLICAS",
            "S3_ENDPOINT",
        ] {
            assert!(
                error.contains(named),
                "{command} does not name {named}: {error}"
            );
        }
    }
    Ok(())
}

#[tokio::test]
async fn an_unreachable_database_is_one_sentence() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let url = format!("postgres://somebody:hidden@127.0.0.1:{}/none", free_port()?);
    let unreachable = environment(&[
        ("STRONGROOM_DATA_DIR", &dir.path().display().to_string()),
        ("DATABASE_URL", &url),
        (
            "STRONGROOM_MASTER_KEY",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        ),
    ]);
    let error = refusal(&["serve"], &unreachable).await?;
    assert!(error.contains("database"), "{error}");
    assert!(!error.contains("hidden"), "{error}");
    assert!(error.trim().lines().count() <= 2, "{error}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_master_key_is_refused_and_the_original_named() -> anyhow::Result<()> {
    let mut app = App::start(Stack::Sqlite).await?;
    app.terminate().await?;
    let mut wrong = app.environment().clone();
    wrong.insert(
        "STRONGROOM_MASTER_KEY".to_owned(),
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned(),
    );
    let error = refusal(&["serve"], &wrong).await?;
    assert!(error.contains("STRONGROOM_MASTER_KEY"), "{error}");
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_newer_version_is_refused() -> anyhow::Result<()> {
    let mut app = App::start(Stack::Sqlite).await?;
    app.terminate().await?;
    app.database
        .tamper("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_future', 1)")
        .await?;
    let error = refusal(&["serve"], app.environment()).await?;
    assert!(error.contains("newer"), "{error}");
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_bucket_is_one_sentence() -> anyhow::Result<()> {
    let app = App::start(Stack::Sqlite).await?;
    let mut outside = app.environment().clone();
    let endpoint = format!("http://127.0.0.1:{}", free_port()?);
    for (name, value) in [
        ("S3_ENDPOINT", endpoint.as_str()),
        ("S3_BUCKET", "bucket"),
        ("S3_ACCESS_KEY", "somebody"),
        ("S3_SECRET_KEY", "hidden-secret"),
    ] {
        outside.insert(name.to_owned(), value.to_owned());
    }
    outside.insert(
        "STRONGROOM_LISTEN".to_owned(),
        format!("127.0.0.1:{}", free_port()?),
    );
    let error = refusal(&["serve"], &outside).await?;
    assert!(error.contains("S3_ENDPOINT"), "{error}");
    assert!(!error.contains("hidden-secret"), "{error}");
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_named() -> anyhow::Result<()> {
    let app = App::start(Stack::Sqlite).await?;
    let dir = tempfile::tempdir()?;
    let mut second = app.environment().clone();
    second.remove("DATABASE_URL");
    second.remove("STRONGROOM_MASTER_KEY");
    second.insert(
        "STRONGROOM_DATA_DIR".to_owned(),
        dir.path().display().to_string(),
    );
    second.insert(
        "STRONGROOM_EMBEDDED_S3_LISTEN".to_owned(),
        format!("127.0.0.1:{}", free_port()?),
    );
    let taken = app.url().trim_start_matches("http://").to_owned();
    second.insert("STRONGROOM_LISTEN".to_owned(), taken);
    let error = refusal(&["serve"], &second).await?;
    assert!(error.contains("STRONGROOM_LISTEN"), "{error}");
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_of_the_embedded_store_in_use_is_named() -> anyhow::Result<()> {
    let taken = std::net::TcpListener::bind("127.0.0.1:0")?;
    let dir = tempfile::tempdir()?;
    let second = environment(&[
        ("STRONGROOM_DATA_DIR", &dir.path().display().to_string()),
        (
            "STRONGROOM_EMBEDDED_S3_LISTEN",
            &taken.local_addr()?.to_string(),
        ),
    ]);
    let error = refusal(&["serve"], &second).await?;
    assert!(error.contains("STRONGROOM_EMBEDDED_S3_LISTEN: "), "{error}");
    assert!(error.contains("in use"), "{error}");
    Ok(())
}

#[tokio::test]
async fn an_operator_before_the_first_start_is_refused_with_the_remedy() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let data = dir.path().join("data");
    let fresh = environment(&[("STRONGROOM_DATA_DIR", &data.display().to_string())]);
    let arguments = ["operator", "create", "--email", "first@example.com"];
    let error = refusal(&arguments, &fresh).await?;
    assert!(error.contains("no database at"), "{error}");
    assert!(error.contains("`strongroom serve`"), "{error}");
    assert!(!data.exists(), "nothing is made on the way");
    let (done, out, error) = run(&["migrate"], &fresh).await?;
    assert!(done, "{out}{error}");
    let error = refusal(&arguments, &fresh).await?;
    assert!(error.contains("`strongroom bootstrap`"), "{error}");
    Ok(())
}

#[tokio::test]
async fn the_embedded_parts_are_warned_of_in_production() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let production = environment(&[
        ("STRONGROOM_ENV", "production"),
        ("STRONGROOM_PUBLIC_URL", "https://files.example.com"),
        ("STRONGROOM_DATA_DIR", &dir.path().display().to_string()),
    ]);
    let (done, out, error) = run(&["check-config"], &production).await?;
    assert!(done, "{error}");
    assert!(!out.contains("warning"), "{out}");
    let warnings: Vec<&str> = error.lines().collect();
    assert_eq!(warnings.len(), 2, "{error}");
    for (warning, variable) in warnings.iter().zip(["DATABASE_URL", "S3_"]) {
        assert!(warning.starts_with("strongroom: warning: "), "{warning}");
        assert!(warning.contains(variable), "{warning}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_bootstrap_changes_nothing() -> anyhow::Result<()> {
    let app = App::start(Stack::Sqlite).await?;
    let (done, out, error) = run(&["bootstrap"], app.environment()).await?;
    assert!(done && out.contains("already"), "{out}{error}");
    app.key()
        .put_text("still.txt", "the first key works")
        .await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_made_on_the_command_line_can_sign_in() -> anyhow::Result<()> {
    let app = App::start(Stack::Sqlite).await?;
    let arguments = ["operator", "create", "--email", "second@example.com"];
    let (done, out, error) = run(&arguments, app.environment()).await?;
    assert!(done, "{error}");
    let password = out.split_whitespace().last().unwrap_or_default();
    app.anonymous()
        .operator_login("second@example.com", password)
        .await?;
    let again = refusal(&arguments, app.environment()).await?;
    assert!(again.contains("exists"), "{again}");
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prune_is_planned_before_it_is_agreed_to() -> anyhow::Result<()> {
    let app = App::start(Stack::Sqlite).await?;
    let tenant = app.first_run.tenant_id.clone();
    let prune = ["audit", "prune", "--tenant", &tenant];
    let dry = [&prune[..], &["--dry-run", "--days", "400", "--json"]].concat();
    let (done, out, error) = run(&dry, app.environment()).await?;
    ensure!(done, "{out}{error}");
    let plan: serde_json::Value = serde_json::from_str(&out)?;
    let found = (&plan["kind"], &plan["days"], &plan["disclosures"]);
    assert_eq!(found, (&"payload".into(), &400.into(), &0.into()), "{plan}");
    let hash = plan["plan"].as_str().unwrap_or_default();
    let nothing = [&prune[..], &["--days", "400", "--execute", hash]].concat();
    let error = refusal(&nothing, app.environment()).await?;
    assert!(error.contains("nothing to prune"), "{error}");
    let stale = [&prune[..], &["--execute", hash]].concat();
    let error = refusal(&stale, app.environment()).await?;
    assert!(error.contains("make another"), "{error}");
    let early = [&prune[..], &["--dry-run", "--days", "30"]].concat();
    let error = refusal(&early, app.environment()).await?;
    assert!(error.contains("365"), "{error}");
    app.close().await
}
