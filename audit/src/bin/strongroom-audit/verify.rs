//! `verify`.

use audit::bundle::Source;
use audit::offline::{self, Trust};
use audit::report::{Harm, Report, Verdict};
use indicatif::{ProgressBar, ProgressStyle};

use crate::args::Verify;
use crate::directory::Directory;
use crate::{Outcome, input};

pub(crate) fn run(args: &Verify) -> anyhow::Result<Outcome> {
    let note = |path: &Option<std::path::PathBuf>| {
        let read = path.as_deref().map(input::checkpoint).transpose()?;
        anyhow::Ok(read.map(|(note, _)| note))
    };
    let trust = Trust {
        keys: input::keys(&args.keys)?,
        receipt: note(&args.receipt)?,
        anchor: note(&args.anchor)?,
    };
    let report = match args.bundle.is_dir() {
        true => verify(&Directory::new(&args.bundle), &trust, args.quiet),
        false => verify(&input::archive(&args.bundle), &trust, args.quiet),
    };
    if args.json {
        input::say(&format!("{:#}", report.to_json()))?;
    } else if !args.quiet {
        input::say(page(&report).trim_end())?;
    }
    Ok(match report.verdict {
        Verdict::Intact | Verdict::IntactWithDocumentedGaps => Outcome::Intact,
        Verdict::Broken => Outcome::Broken,
        Verdict::Inconclusive => Outcome::Inconclusive,
    })
}

fn verify<S: Source>(source: &S, trust: &Trust, quiet: bool) -> Report {
    // Drawn on a terminal only, and then on standard error.
    let bar = if quiet {
        ProgressBar::hidden()
    } else {
        ProgressBar::new(0)
    };
    if let Ok(style) =
        ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} entries, {eta} left")
    {
        bar.set_style(style);
    }
    let report = offline::verify(source, trust, &mut |done, size| {
        bar.set_length(size);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    report
}

/// The report to read.
fn page(report: &Report) -> String {
    let mut page = format!("{report}\n");
    let mut row = |name: &str, text: String| {
        if !text.is_empty() {
            page.push_str(&format!("  {name:<13} {text}\n"));
        }
    };
    row("log", report.origin.clone());
    row(
        "root",
        report.root.map(|root| root.to_hex()).unwrap_or_default(),
    );
    row("entries", entries(report));
    row("disclosures", report.disclosures.as_str().to_owned());
    row(
        "gaps",
        format!("{} pruned, {} redacted", report.pruned, report.redacted),
    );
    row("signed by", report.signed_by.clone().unwrap_or_default());
    row(
        "cosigned at",
        report
            .cosigned_at
            .map(|at| at.to_string())
            .unwrap_or_default(),
    );
    row("reason", report.reason().unwrap_or_default().to_owned());
    if let Some(harm) = &report.harm {
        damage(harm)
            .into_iter()
            .for_each(|(name, text)| row(name, text));
    }
    if report.is_intact() {
        page.push_str("Keep the bundle's checkpoint: as --receipt it shows later whether the log went back.\n");
    }
    page
}

fn entries(report: &Report) -> String {
    let part = if report.whole {
        "all there are"
    } else {
        "a chosen range"
    };
    match report.end.checked_sub(report.first) {
        None | Some(0) => format!("none of {}", report.size),
        Some(_) => format!(
            "{} to {} of {}, {part}",
            report.first,
            report.end - 1,
            report.size
        ),
    }
}

fn damage(harm: &Harm) -> [(&'static str, String); 8] {
    let text = |text: Option<String>| text.unwrap_or_default();
    [
        ("damage", harm.damage.as_str().to_owned()),
        (
            "first bad",
            text(harm.seq.map(|seq| format!("entry {seq}"))),
        ),
        ("file", text(harm.file.clone())),
        ("recorded", text(harm.recorded.map(|hash| hash.to_hex()))),
        ("found", text(harm.recomputed.map(|hash| hash.to_hex()))),
        (
            "last good",
            text(harm.last_good.map(|point| point.to_string())),
        ),
        (
            "first bad cp",
            text(harm.first_bad.map(|point| point.to_string())),
        ),
        ("affected", format!("{} entries or files", harm.affected)),
    ]
}
