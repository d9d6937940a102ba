mod arbitrary;
mod body;
mod bombs;
mod execution;
mod introspection;
mod lexing;
mod limits;

use std::time::{Duration, Instant};

use async_graphql::Variables;
use serde_json::{Value, json};

use super::{Approved, Facts, Limits, Refusal, admit};

/// Judges a document with the default limits, variables given as JSON.
fn judge_with(document: &str, variables: Value) -> Result<Approved, Refusal> {
    admit(
        document,
        None,
        &Variables::from_json(variables),
        &Limits::default(),
        &Facts::default(),
        true,
    )
    .map(|admitted| admitted.approved)
}

fn judge(document: &str) -> Result<Approved, Refusal> {
    judge_with(document, json!({}))
}

fn refused(document: &str) -> Refusal {
    let refusal = judge(document).expect_err("the document should be refused");
    assert!((400..500).contains(&refusal.status));
    assert!(refusal.message.chars().count() <= 300);
    refusal
}

fn refused_as(document: &str) -> &'static str {
    refused(document).code
}

/// Runs `work` on a thread with the stack a server thread has.
fn on_a_small_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .stack_size(2 * 1024 * 1024)
            .spawn_scoped(scope, work)
            .unwrap()
            .join()
            .unwrap()
    })
}

/// Generous for an unoptimised build on a busy machine; the bench holds the real bound.
fn quickly<T>(work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    let took = start.elapsed();
    assert!(took < Duration::from_millis(250), "took {took:?}");
    result
}
