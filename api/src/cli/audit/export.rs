//! `strongroom audit export`: the log of a tenant, or of the service, into a file or a directory.

use std::{
    fs::{File, OpenOptions},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use audit::bundle::Packer;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use store::{
    Store,
    export::{ExportError, Exported, Extent, Format, Progress},
};

use super::{Log, directory::Directory};
use crate::{
    cli::output::{print, runtime},
    config::Config,
    start,
};

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    log: Log,
    /// Where it goes: a new file, or for a bundle a new directory too (a name without `.tar.zst`)
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// `bundle`, `ocsf` or `csv`
    #[arg(long, default_value = "bundle")]
    format: Format,
    /// The epoch of the log; without it the newest
    #[arg(long, value_name = "NUMBER")]
    epoch: Option<i32>,
    /// The first entry; of a bundle a multiple of 256
    #[arg(long, value_name = "SEQ", default_value_t = 0)]
    from: u64,
    /// The entry behind the last one, of a bundle a multiple of 256; without it up to the newest
    #[arg(long, value_name = "SEQ")]
    to: Option<u64>,
    /// Take personal values along
    #[arg(long)]
    disclosures: bool,
    /// Say what was written as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(config: Config, arguments: &Arguments) -> anyhow::Result<()> {
    let extent = Extent {
        tenant: arguments.log.tenant(),
        epoch: arguments.epoch,
        first: arguments.from,
        end: arguments.to,
        disclosures: arguments.disclosures,
    };
    let format = arguments.format;
    let place = Place::open(&arguments.out, format)
        .with_context(|| format!("--out {}", arguments.out.display()))?;
    let exported = runtime(&config)?.block_on(async {
        let store = start::store(&config).await?;
        store.deployment().await?;
        let id = store.record_export_begun(format, extent).await?;
        let written = place.fill(&store, extent, format).await;
        let cause = written.as_ref().map_err(|error| match error {
            // What the machine says of its files is nothing for a tenant's log.
            ExportError::Io(_) | ExportError::Store(_) => "it could not be written".to_owned(),
            error => error.to_string(),
        });
        let outcome = cause
            .as_ref()
            .map(|exported| *exported)
            .map_err(String::as_str);
        store
            .record_export_ended(extent.tenant, id, format, outcome)
            .await?;
        anyhow::Ok(written?)
    })?;
    tell(&exported, arguments)
}

fn tell(exported: &Exported, arguments: &Arguments) -> anyhow::Result<()> {
    let verdict = exported.verdict.map(|verdict| verdict.as_str());
    if arguments.json {
        return print(json!({
            "out": arguments.out,
            "format": arguments.format.as_str(),
            "epoch": exported.epoch,
            "first": exported.first,
            "end": exported.end,
            "size": exported.size,
            "checkpoint": exported.checkpoint,
            "verdict": verdict,
        }));
    }
    let Exported {
        first, end, size, ..
    } = exported;
    let found = verdict.map_or(String::new(), |verdict| format!(" The log was {verdict}."));
    print(format!(
        "{} of {size} entries, from {first} on, are in {}.{found}",
        end - first,
        arguments.out.display()
    ))
}

/// Where an export goes.
enum Place {
    Directory(Directory),
    File(File),
}

impl Place {
    /// Opens it before anything is read. What is there already is not written over.
    fn open(path: &Path, format: Format) -> anyhow::Result<Self> {
        let is_archive = path.to_string_lossy().ends_with(Format::Bundle.extension());
        if format == Format::Bundle && !is_archive {
            return Ok(Self::Directory(Directory::make(path)?));
        }
        if path.is_dir() {
            bail!("this format is one file; name a file");
        }
        let file = OpenOptions::new().write(true).create_new(true).open(path)?;
        Ok(Self::File(file))
    }

    async fn fill(
        self,
        store: &Store,
        extent: Extent,
        format: Format,
    ) -> Result<Exported, ExportError> {
        let bar = bar();
        let progress = |now: Progress| {
            bar.set_length(now.total);
            bar.set_position(now.done);
        };
        let exported = match self {
            Self::Directory(directory) => {
                let (_, exported) = store.export_bundle(extent, directory, progress).await?;
                exported
            }
            Self::File(file) if format == Format::Bundle => {
                let packer = Packer::new([tempfile::tempfile()?, tempfile::tempfile()?])?;
                let (packer, exported) = store.export_bundle(extent, packer, progress).await?;
                packer.write_to(file)?.sync_all()?;
                exported
            }
            Self::File(file) => {
                let (file, exported) = store.export_lines(extent, format, file, progress).await?;
                file.sync_all()?;
                exported
            }
        };
        bar.finish_and_clear();
        Ok(exported)
    }
}

/// Drawn on a terminal only, and then on standard error.
fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    let style = "{bar:40} {human_pos} of {human_len} entries, {eta} left";
    match ProgressStyle::with_template(style) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
