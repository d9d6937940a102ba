//! Exports of a log: what is stored, as files that prove themselves or as lines for other programs.
//!
//! Everything is read in one snapshot, a page at a time, and handed to whoever knows where it goes: a bundle
//! to a [`audit::bundle::Sink`], lines to a writer. Memory does not grow with the log. The rows that say who
//! asked for which export, and what became of it, are in [`run`].
//!
//! What is exported is exported as it is stored, right or wrong: it is evidence either way. Only what is not
//! there at all, and by no documented prune, ends an export.

mod bundle;
mod csv;
mod evidence;
mod lines;
mod list;
mod ocsf;
mod page;
mod plan;
mod report;
pub mod run;

use std::{fmt, io, str::FromStr};

use audit::bundle::WriteError;
use entity::{AuditExportId, TenantId};

use crate::{StoreError, verify::Verdict};

/// What a log is exported as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// An evidence bundle, `.tar.zst`.
    Bundle,
    /// Events of the Open Cybersecurity Schema Framework, a JSON object a line, compressed by Zstandard.
    Ocsf,
    /// A table for spreadsheets, RFC 4180.
    Csv,
}

impl Format {
    /// Every format.
    pub const ALL: &'static [Self] = &[Self::Bundle, Self::Ocsf, Self::Csv];

    /// The word in rows and events.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bundle => "BUNDLE",
            Self::Ocsf => "OCSF",
            Self::Csv => "CSV",
        }
    }

    /// How the name of a file of this format ends.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Bundle => "tar.zst",
            Self::Ocsf => "ocsf.ndjson.zst",
            Self::Csv => "csv",
        }
    }

    /// The media type of such a file.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Bundle | Self::Ocsf => "application/zstd",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a format is bundle, ocsf or csv")]
pub struct UnknownFormat;

impl FromStr for Format {
    type Err = UnknownFormat;

    /// Reads the word in any case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.iter().copied();
        let mut same = known.filter(|format| format.as_str().eq_ignore_ascii_case(text));
        same.next().ok_or(UnknownFormat)
    }
}

/// Which part of which log is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Whose log.
    pub tenant: TenantId,
    /// Which epoch of it; `None` for the newest.
    pub epoch: Option<i32>,
    /// The first entry; of a bundle a multiple of 256.
    pub first: u64,
    /// The entry behind the last, of a bundle a multiple of 256; `None` for all there are.
    pub end: Option<u64>,
    /// Whether personal values go with the entries. Whoever says so has asked whether they may.
    pub disclosures: bool,
}

/// What an export holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The epoch that it is of.
    pub epoch: i32,
    /// The first entry; later than asked for when earlier ones were pruned.
    pub first: u64,
    /// The entry behind the last.
    pub end: u64,
    /// How many entries the log had.
    pub size: u64,
    /// Its checkpoint: a receipt that a later log must be consistent with.
    pub checkpoint: String,
    /// What a verification beside it found; lines come without one.
    pub verdict: Option<Verdict>,
}

/// Entries that were written, and how many there are to write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// So far.
    pub done: u64,
    /// In all.
    pub total: u64,
}

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// As the database says.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Older than checkpoints are, or no log at all.
    #[error("the log has no signed checkpoint yet; its next entry brings one")]
    NoCheckpoint,
    /// Nothing can be signed.
    #[error("the log cannot sign: {0}")]
    NoKey(&'static str),
    /// The range is not one of this log.
    #[error(
        "the range does not lie in the log, which has {0} entries, or not between tiles of 256"
    )]
    Range(u64),
    /// Nothing is left of the range.
    #[error("the entries before {0} were pruned; nothing is left of the range")]
    Pruned(u64),
    /// An entry is gone that nothing says was pruned.
    #[error("entry {0} is not there; verify the log")]
    EntryMissing(u64),
    /// The bytes of an entry are not one.
    #[error("the bytes of entry {0} are not an entry any more; verify the log")]
    NotAnEntry(u64),
    /// A stored disclosure is not the one that was sealed.
    #[error("a disclosure of entry {0} is not the one that was sealed; verify the log")]
    DisclosureAltered(u64),
    /// The stored checkpoint, or a key, is not one.
    #[error("the stored checkpoint or a key of the log is malformed; verify the log")]
    Malformed,
    /// It cannot be written where it is to go.
    #[error("the export cannot be written: {0}")]
    Io(#[from] io::Error),
    /// The bundle cannot be made.
    #[error(transparent)]
    Write(WriteError),
}

impl ExportError {
    /// Whether the log itself is the obstacle, so that trying again is in vain.
    #[must_use]
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Store(_) | Self::Io(_))
    }
}

impl From<WriteError> for ExportError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Io(error) => Self::Io(error),
            error => Self::Write(error),
        }
    }
}

/// Where all objects of exports lie.
pub const PREFIX: &str = "exports/";

/// Where the object of one attempt lies. Two attempts never write to one place.
#[must_use]
pub fn object_key(tenant: TenantId, id: AuditExportId, attempt: i32) -> String {
    format!("{PREFIX}{}/{}/{attempt}", tenant.uuid(), id.uuid())
}

/// CPU work beside the runtime; the span goes with it.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ExportError> + Send + 'static,
) -> Result<T, ExportError> {
    let span = tracing::Span::current();
    tokio::task::spawn_blocking(move || span.in_scope(work))
        .await
        .map_err(StoreError::internal)?
}
