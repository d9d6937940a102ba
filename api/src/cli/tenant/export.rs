//! `strongroom tenant export`: everything a tenant has, to be handed over.

use std::{io::Write, path::PathBuf};

use anyhow::{Context, bail, ensure};
use audit::bundle::Packer;
use clap::Args;
use entity::{file, tenant};
use futures_util::TryStreamExt;
use indicatif::ProgressBar;
use serde_json::json;
use store::{
    StoreError,
    export::{Extent, Format},
    file::object_key,
    tenant::export::{ExportedTenant, Row, tables},
};

use super::{
    bar,
    sink::{Entry, Sink, Whole},
};
use crate::{
    app::App,
    cli::output::{print, runtime},
    config::Config,
    start,
};

const STYLE: &str = "{bar:40} {bytes} of {total_bytes}, {eta} left";
/// What stands in the `format` of every export this version writes.
const FORMAT: &str = "tenant-export/1";

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The tenant's short name, or its id `tnt_…`
    tenant: String,
    /// Where it goes: a new directory, or a new file whose name ends with `.tar.zst`
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// Take its audit log along, as an evidence bundle with personal values
    #[arg(long)]
    audit: bool,
    /// Say what was written as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(config: Config, arguments: &Arguments) -> anyhow::Result<()> {
    // Before anything is read: a place that cannot be written is no reason to wait.
    let sink = Sink::create(&arguments.out);
    let sink = sink.with_context(|| format!("--out {}", arguments.out.display()))?;
    runtime(&config)?.block_on(async {
        let started = start::beside(config).await?;
        let done = export(&started.app, sink, arguments).await;
        if let Some(embedded) = started.embedded_store {
            embedded.stop().await;
        }
        done
    })
}

async fn export(app: &App, mut sink: Sink, arguments: &Arguments) -> anyhow::Result<()> {
    let named = app.store.tenant_named(&arguments.tenant).await;
    let tenant = match named {
        Err(StoreError::NotFound(_)) => bail!("there is no tenant {}", arguments.tenant),
        named => named?,
    };
    let at = rows(app, &tenant, &mut sink).await?;
    let bar = bar(app.store.bytes_to_export(tenant.id).await?, STYLE);
    let (objects, byte_len) = objects(app, &tenant, &mut sink, &bar).await?;
    bar.finish_and_clear();
    if arguments.audit {
        log(app, &tenant, &mut sink).await?;
    }
    let about = json!({
        "format": FORMAT, "tenant": tenant.id.to_string(), "slug": tenant.slug, "at": at,
        "objects": objects, "byteLen": byte_len, "audit": arguments.audit,
    });
    let mut entry = sink.begin("export.json")?;
    writeln!(entry, "{about:#}")?;
    sink.end(entry)?;
    let whole = sink.finish()?;
    let exported = ExportedTenant {
        objects,
        byte_len,
        manifest: whole.list.clone(),
        at,
    };
    app.store.record_tenant_export(tenant.id, &exported).await?;
    tell(&whole, &exported, arguments)
}

fn tell(whole: &Whole, exported: &ExportedTenant, arguments: &Arguments) -> anyhow::Result<()> {
    let ExportedTenant {
        objects, byte_len, ..
    } = exported;
    if arguments.json {
        return print(json!({
            "out": arguments.out, "files": whole.files, "objects": objects, "byteLen": byte_len,
            "manifest": whole.list, "at": exported.at,
        }));
    }
    print(format!(
        "{} files, {objects} of them objects with {byte_len} bytes, are in {}.",
        whole.files,
        arguments.out.display()
    ))
}

/// A file for each table, all of one moment.
async fn rows(
    app: &App,
    tenant: &tenant::Model,
    sink: &mut Sink,
) -> anyhow::Result<chrono::DateTime<chrono::Utc>> {
    let mut entries: Vec<(&str, Entry)> = Vec::new();
    for table in tables() {
        entries.push((table, sink.begin(&format!("{table}.ndjson"))?));
    }
    let take = |row: Row| -> Result<(), Broken> {
        let entry = entries.iter_mut().find(|(table, _)| *table == row.table);
        let (_, entry) = entry.ok_or(Broken::Table)?;
        writeln!(entry, "{}", row.json)?;
        Ok(())
    };
    let at = app.store.export_tenant(tenant.id, take).await?;
    for (_, entry) in entries {
        sink.end(entry)?;
    }
    Ok(at)
}

/// Why a row could not be written.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the export cannot be written: {0}")]
    Io(#[from] std::io::Error),
    #[error("a row of a table that has no file")]
    Table,
}

async fn objects(
    app: &App,
    tenant: &tenant::Model,
    sink: &mut Sink,
    bar: &ProgressBar,
) -> anyhow::Result<(u64, u64)> {
    let (mut count, mut byte_len, mut after) = (0, 0, None);
    loop {
        let page = app.store.files_to_export(tenant.id, after).await?;
        let Some(last) = page.last() else {
            return Ok((count, byte_len));
        };
        after = Some(last.id);
        for file in &page {
            byte_len += object(app, file, sink, bar)
                .await
                .with_context(|| format!("file {}", file.id))?;
            count += 1;
        }
    }
}

/// Writes the bytes of a file, if they are those of its record.
async fn object(
    app: &App,
    file: &file::Model,
    sink: &mut Sink,
    bar: &ProgressBar,
) -> anyhow::Result<u64> {
    let key = object_key(file);
    let (_, path) = key.split_once('/').context("a key without a tenant")?;
    let mut entry = sink.begin(&format!("objects/{path}"))?;
    let mut body = app.blob.get_stream(&key, None).await?;
    while let Some(chunk) = body.try_next().await? {
        entry.write_all(&chunk)?;
        bar.inc(chunk.len() as u64);
    }
    let byte_len = entry.byte_len();
    let sha256 = sink.end(entry)?;
    let is_same = file.sha256.as_deref().is_none_or(|own| own == sha256);
    ensure!(
        is_same && i64::try_from(byte_len) == Ok(file.byte_len),
        "the bytes in the store are not those of its record"
    );
    Ok(byte_len)
}

/// The log as an evidence bundle. It is an export of the log, so the log says so.
async fn log(app: &App, tenant: &tenant::Model, sink: &mut Sink) -> anyhow::Result<()> {
    let extent = Extent {
        epoch: None,
        tenant: tenant.id,
        first: 0,
        end: None,
        disclosures: true,
    };
    let format = Format::Bundle;
    let id = app.store.record_export_begun(format, extent).await?;
    let packer = Packer::new([tempfile::tempfile()?, tempfile::tempfile()?])?;
    let written = app.store.export_bundle(extent, packer, |_| {}).await;
    let cause = written.as_ref().map(|(_, exported)| exported);
    let cause = cause.map_err(|_| "it could not be written");
    app.store
        .record_export_ended(tenant.id, id, format, cause)
        .await?;
    let (packer, _) = written?;
    let entry = packer.write_to(sink.begin("audit.tar.zst")?)?;
    sink.end(entry)?;
    Ok(())
}
