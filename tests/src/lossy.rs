//! A client whose answers get lost: each change is asked for under a name, its answer thrown away, and asked for
//! once more.

use anyhow::ensure;
use data_encoding::HEXLOWER;
use reqwest::RequestBuilder;
use serde_json::Value;

use crate::Answer;

/// Changes of the own session: they take no name, and doing them twice is harmless.
const NAMELESS: [&str; 3] = ["logout", "operatorLogout", "sessionTenantSelect"];
/// What shows a secret shows it once: whoever loses that asks for another.
const SHOWN_ONCE: [&str; 2] = ["invitation { token }", "secret"];

/// Whether the document is a change that may be asked for twice without a loss.
pub(crate) fn is_repeatable(document: &str) -> bool {
    let without = NAMELESS.iter().chain(&SHOWN_ONCE);
    document.starts_with("mutation") && !without.into_iter().any(|word| document.contains(word))
}

/// A name of its own.
///
/// # Errors
/// When the system has no randomness.
pub fn fresh_key() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(HEXLOWER.encode(&bytes))
}

/// Asks, throws the answer away, and asks again. What was done the first time must not be done again.
pub(crate) async fn ask_twice(request: impl Fn() -> RequestBuilder) -> anyhow::Result<Answer> {
    let key = format!("\"{}\"", fresh_key()?);
    let ask = async || Answer::of(request().header("idempotency-key", &key).send().await?).await;
    let lost = ask().await?;
    let second = ask().await?;
    let replayed = second.header("idempotency-replayed") == "true";
    ensure!(
        replayed == has_done_something(&lost),
        "replayed: {replayed}; {} {} after {} {}",
        second.status,
        second.text(),
        lost.status,
        lost.text()
    );
    Ok(second)
}

/// A refusal is judged anew, and so is what changed nothing.
fn has_done_something(answer: &Answer) -> bool {
    let Ok(body) = answer.json() else {
        return false;
    };
    if let Some(data) = body.get("data") {
        let payloads = data.as_object().into_iter().flat_map(|data| data.values());
        return body.get("errors").is_none()
            && payloads.into_iter().all(|payload| {
                let errors = payload
                    .get("userErrors")
                    .and_then(|errors| errors.as_array());
                errors.is_none_or(Vec::is_empty) && payload.get("auditEvent") != Some(&Value::Null)
            });
    }
    answer.status.is_success()
}
