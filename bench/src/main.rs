//! Measurements, each beside a reference from the same run, as one table.
//!
//! `bench` runs every part; `bench dashboard upload` runs those. A part that cannot run says why in
//! its row. `BENCH_FULL=1` verifies a million entries instead of a hundred thousand.

mod dashboard;
mod deployment;
mod guard;
mod key;
mod limiter;
mod link;
mod machine;
mod pgbench;
mod process;
mod revocation;
mod sequencer;
mod start;
mod table;
mod timing;
mod upload;
mod verification;
mod wall;
mod write;

use std::{future::Future, pin::Pin};

use table::{Row, Table};

type Measured = anyhow::Result<Vec<Row>>;
type Part = fn() -> Pin<Box<dyn Future<Output = Measured> + Send>>;

const PARTS: &[(&str, Part)] = &[
    ("machine", || Box::pin(machine::measure())),
    ("dashboard", || Box::pin(dashboard::measure())),
    ("key", || Box::pin(key::measure())),
    ("guard", || Box::pin(async { Ok(guard::measure()) })),
    ("limiter", || Box::pin(limiter::measure())),
    ("revocation", || Box::pin(revocation::measure())),
    ("write", || Box::pin(write::measure())),
    ("wall", || Box::pin(wall::measure())),
    ("sequencer", || Box::pin(sequencer::measure())),
    ("verification", || Box::pin(verification::measure())),
    ("upload", || Box::pin(upload::measure())),
    ("link", || Box::pin(link::measure())),
    ("start", || Box::pin(start::measure())),
];

#[tokio::main]
async fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let mut table = Table::default();
    for (name, part) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|want| want == name) {
            progress(name);
            table.extend(run(name, *part).await);
        }
    }
    print(&table);
}

#[expect(
    clippy::disallowed_methods,
    reason = "awaited at once: a part that panics must not end the others"
)]
async fn run(name: &str, part: Part) -> Vec<Row> {
    match tokio::spawn(part()).await {
        Ok(Ok(rows)) => rows,
        Ok(Err(error)) => vec![Row::not_measured(name, &format!("{error:#}"))],
        Err(panic) => vec![Row::not_measured(name, &panic.to_string())],
    }
}

#[expect(clippy::print_stderr, reason = "a long run says where it is")]
fn progress(name: &str) {
    eprintln!("bench: {name}");
}

#[expect(clippy::print_stdout, reason = "the table is what the program is for")]
fn print(table: &Table) {
    println!("{table}");
}
