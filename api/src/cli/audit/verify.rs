//! `strongroom audit verify`.

use std::{
    io::{IsTerminal, Write},
    process::ExitCode,
    sync::Mutex,
    time::{Duration, Instant},
};

use clap::Args;
use entity::{TenantId, verification};
use store::{Store, verification::StartedBy};

use crate::{
    adapter::anchor::Anchors,
    cli::output::{print, runtime},
    config::Config,
    service::audit::Document,
    start,
    worker::anchor,
};

const BROKEN: u8 = 2;
const INCONCLUSIVE: u8 = 3;
/// How often the bar is drawn.
const DRAWN_EVERY: Duration = Duration::from_millis(100);
const BAR: u64 = 30;

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The tenant whose log it is, `tnt_…`; without this and `--system` every log
    #[arg(long, value_name = "ID", conflicts_with = "system")]
    tenant: Option<TenantId>,
    /// The log of the service itself
    #[arg(long)]
    system: bool,
    /// Read every entry of every epoch, not only those since the last verification
    #[arg(long)]
    full: bool,
    /// Print each run as a line of JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(config: &Config, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    runtime(config)?.block_on(verify(config, arguments))
}

async fn verify(config: &Config, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let store = start::store(config).await?;
    store.deployment().await?;
    let anchors = Anchors::in_file(config);
    anchor::load_marks(&store, &anchors).await?;
    let wanted = match (arguments.tenant, arguments.system) {
        (Some(tenant), _) => Some(tenant),
        (None, true) => Some(TenantId::SYSTEM),
        (None, false) => None,
    };
    let (mut broken, mut inconclusive) = (false, false);
    for log in store.logs(wanted).await? {
        let run = one(&store, &anchors, log.tenant, log.entries, arguments.full).await?;
        match run.verdict.as_deref() {
            Some("INTACT" | "INTACT_WITH_DOCUMENTED_GAPS") => {}
            Some("BROKEN") => broken = true,
            _ => inconclusive = true,
        }
        if arguments.json {
            print(serde_json::to_string(&Document::of(&run))?)?;
        } else {
            print(sentence(&run))?;
        }
    }
    Ok(match (broken, inconclusive) {
        (true, _) => BROKEN.into(),
        (false, true) => INCONCLUSIVE.into(),
        (false, false) => ExitCode::SUCCESS,
    })
}

/// Verifies one log; a run that is going on already is given back as it is, without a verdict.
async fn one(
    store: &Store,
    anchors: &Anchors,
    tenant: TenantId,
    entries: u64,
    full: bool,
) -> anyhow::Result<verification::Model> {
    let by = StartedBy::Command;
    let begun = store.begin_verification_by_duty(tenant, full, by).await?;
    if begun.event.is_none() {
        return Ok(begun.run);
    }
    let bar = Bar::new(entries);
    let kept = anchors.known_of(tenant);
    let ended = store
        .run_verification(&begun.run, kept, |read| bar.draw(read))
        .await;
    bar.clear();
    Ok(ended?)
}

fn sentence(run: &verification::Model) -> String {
    let log = if run.tenant_id == TenantId::SYSTEM {
        "system log".to_owned()
    } else {
        run.tenant_id.to_string()
    };
    let Some(verdict) = &run.verdict else {
        return format!("{log}: a verification is running already");
    };
    let assurance = run.assurance.as_deref().unwrap_or_default();
    let read = format!("{} entries, {} read", run.size, run.entries_read);
    let mut text = format!(
        "{log}: {verdict} ({assurance}; epoch {}, {read})",
        run.epoch
    );
    if let (Some(damage), Some(seq)) = (&run.damage, run.first_bad_seq) {
        text.push_str(&format!(": {damage} at {seq}"));
    }
    if let Some(reason) = &run.reason {
        text.push_str(&format!(": {reason}"));
    }
    text
}

/// A line that is drawn over and over, where somebody looks at it.
struct Bar {
    entries: u64,
    drawn: Option<Mutex<Instant>>,
}

impl Bar {
    fn new(entries: u64) -> Self {
        let seen = std::io::stderr().is_terminal();
        Self {
            entries,
            drawn: seen.then(|| Mutex::new(Instant::now())),
        }
    }

    fn draw(&self, read: u64) {
        let Some(drawn) = &self.drawn else { return };
        let Ok(mut drawn) = drawn.lock() else { return };
        if drawn.elapsed() < DRAWN_EVERY {
            return;
        }
        *drawn = Instant::now();
        show(&line(read, self.entries));
    }

    fn clear(&self) {
        if self.drawn.is_some() {
            show("");
        }
    }
}

/// Whoever closed standard error does not want to see it.
fn show(text: &str) {
    let mut err = std::io::stderr().lock();
    let _ = write!(err, "\r\x1b[K{text}");
    let _ = err.flush();
}

fn line(read: u64, entries: u64) -> String {
    let most = entries.max(read).max(1);
    let full = usize::try_from(BAR * read / most).unwrap_or_default();
    let rest = usize::try_from(BAR)
        .unwrap_or_default()
        .saturating_sub(full);
    let (full, rest) = ("#".repeat(full), " ".repeat(rest));
    format!("[{full}{rest}] {read} of {most} entries")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_ends_where_the_log_does() {
        assert!(line(0, 0).starts_with("[                              ] 0 of 1"));
        assert!(line(50, 100).starts_with("[###############               ] 50 of 100"));
        assert!(line(120, 100).starts_with("[##############################] 120 of 120"));
    }
}
