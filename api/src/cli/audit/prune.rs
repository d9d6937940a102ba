//! `strongroom audit prune`: what would go, and the agreement to it.

use std::io::{IsTerminal, Write};

use audit::retention::{Plan, PruneKind};
use clap::Args;
use entity::TenantId;
use serde_json::json;
use store::{
    Store,
    retention::{PruneBegun, PruneRequest, Step},
};

use crate::{
    cli::output::{print, runtime},
    config::Config,
    start,
};

#[derive(Debug, Args)]
pub(in crate::cli) struct Prune {
    /// The tenant whose log it is, `tnt_…`
    #[arg(long, value_name = "ID")]
    tenant: TenantId,
    /// What is at least so old; the policy of the log is the least, and the default
    #[arg(long, value_name = "N")]
    days: Option<u32>,
    /// The entries themselves, up to a tile, instead of their personal values
    #[arg(long)]
    entries: bool,
    #[command(flatten)]
    step: Steps,
    /// Answer as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Steps {
    /// Print what would go, and the hash of that plan
    #[arg(long)]
    dry_run: bool,
    /// Agree to the plan with this hash, made on the same day with the same options
    #[arg(long, value_name = "PLAN-HASH")]
    execute: Option<String>,
}

pub(super) fn run(config: &Config, prune: &Prune) -> anyhow::Result<()> {
    runtime(config)?.block_on(async {
        let store = start::store(config).await?;
        store.deployment().await?;
        let request = PruneRequest {
            kind: match prune.entries {
                true => PruneKind::Entries,
                false => PruneKind::Payload,
            },
            days: prune.days,
        };
        let Some(hash) = &prune.step.execute else {
            let plan = store.plan_prune(prune.tenant, request).await?;
            return show(&plan, prune.json);
        };
        let begun = store
            .execute_prune_by_duty(prune.tenant, request, hash)
            .await?;
        let ended = remove(&store, prune.tenant, &begun, config.audit.is_anchored()).await?;
        report(&begun, ended, prune.json)
    })
}

fn show(plan: &Plan, as_json: bool) -> anyhow::Result<()> {
    let hash = plan.hash().to_hex();
    if as_json {
        return print(json!({
            "plan": hash, "origin": plan.origin, "kind": plan.kind.as_str(), "days": plan.days,
            "before": plan.before.to_string(), "first": plan.first, "until": plan.reach.until,
            "held": plan.reach.held, "entries": plan.entries, "disclosures": plan.disclosures,
        }));
    }
    print(format!("log          {}", plan.origin))?;
    print(format!(
        "what         {}, sequenced before {}",
        plan.kind.as_str(),
        plan.before
    ))?;
    print(format!(
        "range        {} to {}",
        plan.first, plan.reach.until
    ))?;
    print(format!(
        "held         {} entries in it stay",
        plan.reach.held.len()
    ))?;
    print(format!("entries      {}", plan.entries))?;
    print(format!("disclosures  {}", plan.disclosures))?;
    match plan.is_empty() {
        true => print(
            "Nothing is to be pruned: it is not old enough, or a hold keeps it. Of entries, a hold keeps all behind it, too.",
        ),
        false => print(format!("plan         {hash}")),
    }
}

/// How far the deletion came.
#[derive(Debug, Clone, Copy)]
struct Ended {
    removed: u64,
    done: bool,
}

async fn remove(
    store: &Store,
    tenant: TenantId,
    begun: &PruneBegun,
    anchored: bool,
) -> anyhow::Result<Ended> {
    let Some(removal) = store.find_removal(tenant, begun.seq).await? else {
        return Ok(Ended {
            removed: 0,
            done: true,
        });
    };
    let mut ended = Ended {
        removed: removal.removed.unsigned_abs(),
        done: removal.done_at.is_some(),
    };
    let shows = std::io::stderr().is_terminal();
    while !ended.done {
        match store.remove_batch(&removal, anchored).await? {
            Step::More(count) => ended.removed += count,
            Step::Waiting => break,
            Step::Done => ended.done = true,
        }
        if shows {
            write!(std::io::stderr(), "\r{} deleted", ended.removed)?;
        }
    }
    if shows {
        writeln!(std::io::stderr())?;
    }
    Ok(ended)
}

fn report(begun: &PruneBegun, ended: Ended, as_json: bool) -> anyhow::Result<()> {
    let state = if ended.done { "done" } else { "pending" };
    if as_json {
        return print(json!({ "seq": begun.seq, "state": state, "removed": ended.removed }));
    }
    print(format!(
        "Entry {} of the log says what goes; {} deleted.",
        begun.seq, ended.removed
    ))?;
    match ended.done {
        true => Ok(()),
        false => print("The rest goes when the entry is kept outside; the worker does it."),
    }
}
