//! What a file's bytes and its name are, before anybody believes either.
//!
//! [`Filename::clean`] makes a client's name safe to store and to send in a header, [`sniff`] says what the first
//! bytes are, and [`judge`] compares content, name and declaration with what a place accepts.
//!
//! Limits: sniffing reads at most [`SNIFF_LEN`] bytes and decodes nothing, so it recognises a format without
//! proving that the rest of the file is well-formed, and an archive is known by the entries that begin it. It is
//! not a virus scanner. Text is UTF-8: text in another encoding counts as unknown bytes. Nothing here does
//! input or output.

mod claim;
mod disposition;
mod extension;
mod name;
mod refusal;
mod sniff;
mod verdict;

pub use disposition::{Disposition, content_disposition};
pub use name::{Filename, NameError};
pub use refusal::Refusal;
pub use sniff::{Kind, SNIFF_LEN, Sniffed, sniff};
pub use verdict::{Accepted, Dangerous, INLINE_MEDIA_TYPES, check_claim, judge};
