//! A line for each entry: for programs that collect events, and for spreadsheets.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use audit::{disclosure::check, entry::EntryRef, hash::Hash};
use serde_json::Value;
use zstd::stream::write::Encoder;

use super::{
    ExportError, Exported, Extent, Format, Progress, blocking, csv, ocsf,
    page::{self, Stored},
    plan::Plan,
};
use crate::{Store, StoreError, ledger::number};

/// Entries in a page.
const PAGE: u64 = 512;
/// As fast as the database reads, and a tenth of the length.
const COMPRESSION: i32 = 3;

/// An entry, read.
pub(super) struct Line<'a> {
    pub(super) entry: EntryRef<'a>,
    pub(super) raw: &'a str,
    pub(super) leaf: Hash,
    /// Disclosed values by field; `None` when the export goes without.
    pub(super) disclosed: Option<BTreeMap<&'a str, Value>>,
}

impl Store {
    /// Writes a line for each entry into `out`, and gives that back.
    ///
    /// # Errors
    /// See [`ExportError`]; [`ExportError::Range`] too for a bundle, which is not made of lines.
    pub async fn export_lines<W>(
        &self,
        extent: Extent,
        format: Format,
        out: W,
        progress: impl Fn(Progress),
    ) -> Result<(W, Exported), ExportError>
    where
        W: Write + Send + 'static,
    {
        let plan = Plan::read(self, extent).await?;
        let disclosures = plan.disclosures;
        let origin = plan.origin.clone();
        let begin = move || Out::begin(format, out, origin, disclosures);
        let mut out = blocking(begin).await?;
        let mut at = plan.first;
        while at < plan.end {
            let upto = plan.end.min(at + PAGE);
            let entries = page::entries(&plan, at..upto).await?;
            out = blocking(move || out.write(at, &entries)).await?;
            at = upto;
            let [done, total] = [at, plan.end].map(|end| end - plan.first);
            progress(Progress { done, total });
        }
        let out = blocking(move || Ok(out.finish()?)).await?;
        Ok((out, plan.close().exported(None)))
    }
}

/// Where lines go.
enum Out<W: Write> {
    Ocsf {
        to: Encoder<'static, W>,
        origin: String,
        disclosures: bool,
    },
    Csv {
        to: W,
        disclosures: bool,
    },
}

impl<W: Write> Out<W> {
    fn begin(
        format: Format,
        mut out: W,
        origin: String,
        disclosures: bool,
    ) -> Result<Self, ExportError> {
        match format {
            Format::Ocsf => {
                let mut to = Encoder::new(out, COMPRESSION)?;
                to.include_checksum(true)?;
                Ok(Self::Ocsf {
                    to,
                    origin,
                    disclosures,
                })
            }
            Format::Csv => {
                out.write_all(csv::header(disclosures).as_bytes())?;
                Ok(Self::Csv {
                    to: out,
                    disclosures,
                })
            }
            Format::Bundle => {
                let cause = "a bundle is not made of lines";
                Err(StoreError::internal(cause).into())
            }
        }
    }

    fn write(mut self, first: u64, entries: &[Stored]) -> Result<Self, ExportError> {
        for (seq, stored) in (first..).zip(entries) {
            match &mut self {
                Self::Ocsf {
                    to,
                    origin,
                    disclosures,
                } => {
                    let event = ocsf::event(&read(seq, stored, *disclosures)?, origin);
                    serde_json::to_writer(&mut *to, &event).map_err(io::Error::from)?;
                    to.write_all(b"\n")?;
                }
                Self::Csv { to, disclosures } => {
                    let row = csv::row(&read(seq, stored, *disclosures)?);
                    to.write_all(row.as_bytes())?;
                }
            }
        }
        Ok(self)
    }

    fn finish(self) -> io::Result<W> {
        match self {
            Self::Ocsf { to, .. } => to.finish(),
            Self::Csv { mut to, .. } => to.flush().map(|()| to),
        }
    }
}

/// Reads an entry and believes it only in its place, and its disclosures only by their digests.
fn read(seq: u64, stored: &Stored, disclosures: bool) -> Result<Line<'_>, ExportError> {
    let raw = stored.raw.as_deref().unwrap_or_default();
    let entry = EntryRef::parse(raw).map_err(|_| ExportError::NotAnEntry(seq))?;
    let raw = std::str::from_utf8(raw).map_err(|_| ExportError::NotAnEntry(seq))?;
    if entry.seq != seq || number(seq).is_err() {
        return Err(ExportError::NotAnEntry(seq));
    }
    let disclosed = disclosures.then(|| disclosed(seq, &entry, stored));
    Ok(Line {
        raw,
        leaf: stored.leaf,
        disclosed: disclosed.transpose()?,
        entry,
    })
}

fn disclosed<'a>(
    seq: u64,
    entry: &EntryRef<'_>,
    stored: &'a Stored,
) -> Result<BTreeMap<&'a str, Value>, ExportError> {
    let value = |(field, text): &'a (String, String)| {
        let mut digests = entry.sd;
        let (_, digest) = digests.find(|(name, _)| name == field)?;
        let disclosed = check(text, field, digest).ok()?;
        Some((field.as_str(), disclosed.value))
    };
    let values: Option<_> = stored.disclosures.iter().map(value).collect();
    values.ok_or(ExportError::DisclosureAltered(seq))
}
