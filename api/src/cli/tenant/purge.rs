//! `strongroom tenant purge`.

use std::{fs::OpenOptions, io::Write, path::PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use entity::TenantId;
use serde_json::json;
use store::{
    StoreError,
    purge::{Certificate, PurgePlan, PurgeRequest},
};

use super::bar;
use crate::{
    app::App,
    cli::output::{print, runtime, warn},
    config::Config,
    service::purge,
    start::{self, Started},
};

const STYLE: &str = "{bar:40} {human_pos} of {human_len} objects and rows, {eta} left";

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The tenant's short name, or its id `tnt_…`
    tenant: String,
    #[command(flatten)]
    step: Steps,
    /// Go on although nobody has exported what it has since it was deactivated
    #[arg(long)]
    without_export: bool,
    /// The matter it belongs to, for the certificate: letters, digits, spaces or ._:/#()-, and nobody's name
    #[arg(long, value_name = "CODE")]
    reference: Option<String>,
    /// Write the certificate into this new file, too
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
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
    /// Agree to the plan with this hash, and carry it out; to be repeated after a break
    #[arg(long, value_name = "PLAN-HASH")]
    plan: Option<String>,
}

pub(super) fn run(config: Config, arguments: &Arguments) -> anyhow::Result<()> {
    if let Some(out) = arguments.out.as_ref().filter(|out| out.exists()) {
        bail!("--out {}: it exists already", out.display());
    }
    runtime(&config)?.block_on(async {
        let started = start::beside(config).await?;
        let done = purge(&started, arguments).await;
        if let Some(embedded) = started.embedded_store {
            embedded.stop().await;
        }
        done
    })
}

async fn purge(started: &Started, arguments: &Arguments) -> anyhow::Result<()> {
    let app = &started.app;
    let tenant = find(app, &arguments.tenant).await?;
    let begun = app.store.find_purge(tenant).await?;
    if let Some(done) = begun.clone().and_then(Certificate::of) {
        return report(&done, arguments);
    }
    let Some(plan) = &arguments.step.plan else {
        let areas = purge::areas(app, tenant).await?;
        let plan = app.store.plan_purge(tenant, areas).await?;
        let begun = begun.map(|begun| begun.plan);
        return show(&plan, begun.as_deref(), arguments.json);
    };
    let request = PurgeRequest {
        plan: plan.clone(),
        without_export: arguments.without_export,
        reference: arguments.reference.clone(),
    };
    let areas = purge::areas(app, tenant).await?;
    let left: u64 = areas.iter().map(|area| area.objects).sum();
    app.store
        .begin_purge(tenant, areas.clone(), &request)
        .await?;
    let rows = app.store.plan_purge(tenant, areas).await?.rows();
    let bar = bar(left + rows, STYLE);
    let certificate = purge::run(app, tenant, |now| bar.set_position(now.objects + now.rows));
    let certificate = certificate.await;
    bar.finish_and_clear();
    report(&certificate?, arguments)
}

/// By name or id; one that was purged before by its id.
async fn find(app: &App, name: &str) -> anyhow::Result<TenantId> {
    match (app.store.tenant_named(name).await, name.parse()) {
        (Ok(tenant), _) => Ok(tenant.id),
        (Err(StoreError::NotFound(_)), Ok(id)) if app.store.find_purge(id).await?.is_some() => {
            Ok(id)
        }
        (Err(StoreError::NotFound(_)), _) => {
            bail!("there is no tenant {name}; one that was purged is found by its id, tnt_…")
        }
        (Err(error), _) => Err(error.into()),
    }
}

fn show(plan: &PurgePlan, begun: Option<&str>, as_json: bool) -> anyhow::Result<()> {
    let hash = begun.map_or_else(|| plan.hash(), str::to_owned);
    if as_json {
        let mut document = serde_json::to_value(plan)?;
        if let Some(members) = document.as_object_mut() {
            members.insert("plan".to_owned(), hash.into());
            members.insert("begun".to_owned(), begun.is_some().into());
            members.insert("rows".to_owned(), plan.rows().into());
            members.insert("objects".to_owned(), plan.objects().into());
            members.insert("byteLen".to_owned(), plan.byte_len().into());
        }
        return print(document);
    }
    print(format!("tenant       {} ({})", plan.tenant, plan.status))?;
    for table in &plan.tables {
        let reason = table.reason.map(|reason| format!("  ({reason})"));
        print(format!(
            "{:<8} {:>12} rows     {}{}",
            table.rule,
            table.rows,
            table.table,
            reason.unwrap_or_default()
        ))?;
    }
    for area in &plan.areas {
        print(format!(
            "delete   {:>12} objects  {} ({} bytes, {} uploads in parts)",
            area.objects, area.prefix, area.byte_len, area.multiparts
        ))?;
    }
    print(
        "caches   nothing: what processes remember of it was over an hour after its deactivation",
    )?;
    print(format!(
        "in all       {} rows, {} objects, {} bytes",
        plan.rows(),
        plan.objects(),
        plan.byte_len()
    ))?;
    if begun.is_some() {
        print("A purge has begun; this is what is left of it.")?;
        return print(format!("plan         {hash}"));
    }
    if plan.lacks_export {
        warn("NOBODY HAS EXPORTED what this tenant has since it was deactivated")?;
    }
    for obstacle in &plan.obstacles {
        print(format!("not yet      {obstacle}"))?;
    }
    print(format!("plan         {hash}"))
}

fn report(done: &Certificate, arguments: &Arguments) -> anyhow::Result<()> {
    if let Some(out) = &arguments.out {
        let write = || -> std::io::Result<()> {
            let mut file = OpenOptions::new().write(true).create_new(true).open(out)?;
            file.write_all(done.note.as_bytes())?;
            file.sync_all()
        };
        write().with_context(|| format!("--out {}", out.display()))?;
    }
    if arguments.json {
        return print(json!({
            "tenant": done.tenant.to_string(),
            "state": "done",
            "doneAt": done.done_at,
            "certificate": done.note,
        }));
    }
    print(format!("{} is gone.", done.tenant))?;
    print(&done.note)
}
