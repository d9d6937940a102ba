//! Waiting for a condition, never for a time.

use std::{future::Future, time::Duration};

use anyhow::{Context as _, bail};

/// Asks until the answer is yes; fails after `seconds` with `what` was waited for.
///
/// # Errors
/// When the time is over, or when asking fails.
pub async fn until<F, Fut>(what: &str, seconds: u64, mut ask: F) -> anyhow::Result<()>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = anyhow::Result<bool>>,
{
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    let asked = tokio::time::timeout(Duration::from_secs(seconds), async {
        loop {
            tick.tick().await;
            if ask()
                .await
                .with_context(|| format!("waiting until {what}"))?
            {
                return anyhow::Ok(());
            }
        }
    })
    .await;
    match asked {
        Ok(outcome) => outcome,
        Err(_) => bail!("not after {seconds} s: {what}"),
    }
}

/// Asks until there is an answer.
///
/// # Errors
/// When the time is over, or when asking fails.
pub async fn until_some<T, F, Fut>(what: &str, seconds: u64, mut ask: F) -> anyhow::Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = anyhow::Result<Option<T>>>,
{
    let mut found = None;
    let slot = &mut found;
    let mut tick = tokio::time::interval(Duration::from_millis(20));
    let asked = tokio::time::timeout(Duration::from_secs(seconds), async {
        loop {
            tick.tick().await;
            if let Some(answer) = ask()
                .await
                .with_context(|| format!("waiting until {what}"))?
            {
                *slot = Some(answer);
                return anyhow::Ok(());
            }
        }
    })
    .await;
    match asked {
        Ok(outcome) => outcome?,
        Err(_) => bail!("not after {seconds} s: {what}"),
    }
    found.context("asked, and nothing was found")
}
