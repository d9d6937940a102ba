//! Input made to hurt: each gets its documented answer at once, the process lives, nothing is left.

mod documents;
mod requests;
mod traces;
mod uploads;

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tests::{Answer, App, Client};

/// How long any refusal may take.
const AT_ONCE: Duration = Duration::from_secs(1);

/// What an answer should be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected(u16, &'static str);

impl Expected {
    /// Whether the answer has that status and code.
    pub(crate) fn of(self, answer: &Answer) -> anyhow::Result<()> {
        let Self(status, code) = self;
        let text: String = answer.text().chars().take(400).collect();
        ensure!(
            answer.status == status && (code.is_empty() || answer.code() == code),
            "wants {status} {code}, got {} {text}",
            answer.status
        );
        Ok(())
    }
}

/// Waits for the answer, which must not take long.
pub(crate) async fn at_once<T>(
    what: &str,
    asking: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    let began = Instant::now();
    let answer = asking.await.with_context(|| what.to_owned())?;
    let took = began.elapsed();
    ensure!(took < AT_ONCE, "{what} took {took:?}");
    Ok(answer)
}

/// Asks a document and compares the answer.
pub(crate) async fn refused(
    client: &Client,
    what: &str,
    document: &str,
    variables: Value,
    expected: Expected,
) -> anyhow::Result<()> {
    let answer = at_once(what, client.graphql(document, variables)).await?;
    expected.of(&answer).with_context(|| what.to_owned())
}

/// The process has survived: it never ended, it is ready, it answers, and its log is whole.
pub(crate) async fn lives(app: &mut App) -> anyhow::Result<()> {
    ensure!(app.is_running()?, "it has ended: {}", app.log());
    ensure!(
        app.anonymous().get("/readyz").await?.status == 200,
        "it is not ready"
    );
    app.key()
        .data("{ viewer { tenant { id } } }", json!({}))
        .await?;
    let verified = app.key().get("/v1/audit/verify?full=true").await?;
    ensure!(
        verified.json()?["verdict"] == "INTACT",
        "{}",
        verified.text()
    );
    ensure!(!app.log().contains("panicked"), "{}", app.log());
    Ok(())
}
