//! The commands of the README and of the developer guide, run as they stand there.

use std::path::Path;

use anyhow::{Context as _, ensure};
use tests::{App, Stack};
use tokio::process::Command;

const README: &str = include_str!("../../README.md");

const GUIDE: &str = include_str!("../../docs/developer-guide.md");

/// The shell block of a document behind an HTML comment of that name.
fn block(document: &'static str, name: &str) -> anyhow::Result<&'static str> {
    document
        .split_once(&format!("<!-- {name} -->\n```sh\n"))
        .and_then(|(_, rest)| rest.split_once("```"))
        .map(|(block, _)| block)
        .with_context(|| format!("there is no block {name}"))
}

/// Runs a block with the address and credentials of this deployment in place of the printed ones.
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
        .env("OWNER_EMAIL", &app.first_run.owner_email)
        .env("OWNER_PASSWORD", &app.first_run.owner_password)
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
    let out = run(&app, block(README, "quickstart")?).await?;
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
    let tamper = block(README, "tamper")?.replace("data/strongroom.db", &database);
    let out = run(&app, &tamper).await?;
    assert!(out.contains("\"firstBadSeq\":1,"), "{out}");
    assert!(out.contains("CONTENT_ALTERED"), "{out}");
    let answer = app.key().get("/v1/audit/verify?full=true").await?;
    assert_eq!(answer.status, 409, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.code(), "AUDIT_CHAIN_BROKEN");
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guides_examples_do_what_they_say() -> anyhow::Result<()> {
    let app = App::start(Stack::Sqlite).await?;
    let ask = block(GUIDE, "ask")?;
    let people = run(&app, &format!("{ask}{}", block(GUIDE, "people")?)).await?;
    assert!(people.contains("\"role\":\"MEMBER\""), "{people}");
    assert!(
        people.contains("\"sessionTenantSelect\":{\"tenant\":{\"name\""),
        "{people}"
    );
    let direct = run(&app, &format!("{ask}{}", block(GUIDE, "direct")?)).await?;
    let last = direct.lines().last().unwrap_or_default();
    assert!(last.contains("\"state\":\"READY\""), "{direct}");
    assert!(
        last.contains(&tests::file::sha256_hex(b"hello\n")),
        "{direct}"
    );
    app.close().await
}

#[test]
fn the_guide_lists_the_default_catalogue() {
    let catalogue = policy::Catalogue::default();
    let mut in_catalogue: Vec<String> = catalogue
        .types()
        .map(|ty| format!("{} {} {}", ty.system, ty.name, ty.link_ttl_seconds / 60))
        .collect();
    let rows = GUIDE.lines().filter(|line| line.starts_with("| `"));
    let mut in_guide: Vec<String> = rows
        .flat_map(|row| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            let [_, system, types, _, lifetime, _] = cells.as_slice() else {
                return Vec::new();
            };
            let minutes = lifetime.trim_end_matches(" min");
            let types = types.split(' ');
            types
                .map(|ty| format!("{system} {ty} {minutes}").replace('`', ""))
                .collect()
        })
        .collect();
    in_catalogue.sort();
    in_guide.sort();
    assert_eq!(in_guide, in_catalogue);
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
