//! The README's commands, run as they stand there.

use std::path::Path;

use anyhow::{Context as _, ensure};
use tests::{App, Stack};
use tokio::process::Command;

const README: &str = include_str!("../../README.md");

/// The shell block behind an HTML comment of that name.
fn block(name: &str) -> anyhow::Result<&'static str> {
    README
        .split_once(&format!("<!-- {name} -->\n```sh\n"))
        .and_then(|(_, rest)| rest.split_once("```"))
        .map(|(block, _)| block)
        .with_context(|| format!("README.md has no block {name}"))
}

/// Runs a block with the address and key of this deployment in place of the printed ones.
async fn run(app: &App, block: &str) -> anyhow::Result<String> {
    let script: String = block
        .lines()
        .filter(|line| !line.starts_with("export "))
        .map(|line| format!("{line}\n"))
        .collect();
    let output = Command::new("bash")
        .args(["-eu", "-o", "pipefail", "-c", &script])
        .env("URL", app.url())
        .env("KEY", &app.first_run.api_key)
        .current_dir(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")))
        .output()
        .await?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{text}{errors}");
    Ok(text)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_quickstart_does_what_it_says() -> anyhow::Result<()> {
    let app = App::start(Stack::Sqlite).await?;
    let out = run(&app, block("quickstart")?).await?;
    let readme = tests::file::sha256_hex(README.as_bytes());
    assert!(out.contains("\"state\":\"READY\""), "{out}");
    assert_eq!(
        out.matches(&readme).count(),
        3,
        "uploaded, queried, downloaded: {out}"
    );
    assert!(out.contains("\"verdict\":\"INTACT\""), "{out}");
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_changed_with_sqlite3_breaks_the_chain_where_it_was_changed() -> anyhow::Result<()> {
    let app = App::start(Stack::Sqlite).await?;
    let database = app
        .environment()
        .get("DATABASE_URL")
        .and_then(|url| url.strip_prefix("sqlite://"))
        .context("no database")?
        .to_owned();
    let tamper = block("tamper")?.replace("data/strongroom.db", &database);
    let out = run(&app, &tamper).await?;
    assert!(out.contains("\"firstBadSeq\":1,"), "{out}");
    assert!(out.contains("CONTENT_ALTERED"), "{out}");
    let answer = app.key().get("/v1/audit/verify?full=true").await?;
    assert_eq!(answer.status, 409, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.code(), "AUDIT_CHAIN_BROKEN");
    app.close().await
}

#[test]
fn every_make_target_that_is_mentioned_exists() {
    let makefile = include_str!("../../Makefile");
    for document in [README, include_str!("../../CONTRIBUTING.md")] {
        for word in document.split("make ").skip(1) {
            let target: String = word
                .chars()
                .take_while(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-')
                .collect();
            let is_command = document.contains(&format!("`make {target}"))
                || document.contains(&format!("\nmake {target}"));
            if is_command {
                assert!(makefile.contains(&format!("\n{target}:")), "make {target}");
            }
        }
    }
}
