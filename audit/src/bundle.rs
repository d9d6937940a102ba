//! The evidence bundle: everything that an outsider needs to verify a log, in files.
//!
//! A bundle is a C2SP tlog-tiles log with its entries, the disclosures that the holder may see, older checkpoints,
//! a report, and a manifest of it all under the log's signature. It is a directory, or the same files in one archive.
//! This module knows what the files are; [`crate::offline`] judges them.

#[cfg(feature = "archive")]
mod archive;
mod exhibit;
mod line;
mod manifest;
mod place;
mod sink;
mod source;
#[cfg(feature = "archive")]
mod tar;
mod write;

#[cfg(feature = "archive")]
pub use archive::{Archive, ArchiveWalk, Packer, Spool};
pub use exhibit::{Exhibit, ExhibitError, checkpoint, consistency, exhibit};
pub(crate) use exhibit::{Unread, restore};
pub(crate) use line::MAX_LINE;
pub use line::{Line, push_line, read_line};
pub use manifest::{FORMAT, FileDigest, Manifest, ManifestError, seal_text};
pub use place::{MAX_ANCHOR_LEN, MAX_ANCHORS, Place};
pub use sink::Sink;
pub use source::{FileHead, Files, FilesWalk, ReadError, Source, Walk};
pub use write::{Contents, Row, WriteError, Writer};

/// The newest checkpoint of the log, as a signed note.
pub const CHECKPOINT: &str = "checkpoint";
/// The log's verifier keys, one a line. Informative: compare with what you received on another way.
pub const VKEY: &str = "log.vkey";
/// One line for each entry of the range.
pub const DISCLOSURES: &str = "disclosures.ndjson";
/// What the exporting server found, as a page to print.
pub const REPORT_PAGE: &str = "report.html";
/// What the exporting server found.
pub const REPORT: &str = "report.json";
/// How to verify the bundle.
pub const GUIDE: &str = "VERIFY.md";
/// A second verifier, to read and to run.
pub const SCRIPT: &str = "verify.py";
/// Every other file with its length and hash.
pub const MANIFEST: &str = "manifest.json";
/// The log's signature on the manifest.
pub const SEAL: &str = "manifest.note";

/// The text of [`SCRIPT`].
pub const SCRIPT_TEXT: &str = include_str!("bundle/verify.py");

#[cfg(test)]
mod tests;
