//! A bundle as one file: a tar, compressed with Zstandard, closed by a hash of the compressed bytes.
//!
//! The hash stands in a skippable frame of the format, which every other reader passes over. It is no evidence; it
//! finds transmission errors that happen to leave the unpacked files as they were, so that no bit of the archive
//! is free. An archive that somebody packed again has none.

mod close;
mod read;
mod write;

pub use read::{Archive, ArchiveWalk};
pub use write::{Packer, Spool};

/// Readers refuse a frame that needs a larger window, in powers of two: memory is bounded before bytes are read.
const MAX_WINDOW_LOG: u32 = 23;

/// Compression level of the writer; from here on, ratio costs more time than it saves.
const LEVEL: i32 = 3;
