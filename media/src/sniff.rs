//! What the first bytes of a file are.

mod container;
mod cut;
mod markup;
mod program;
mod script;
mod text;
mod zip;

/// How many of a file's first bytes [`sniff`] looks at. Callers keep that many and no more.
pub const SNIFF_LEN: usize = 8_192;

/// What the bytes are, without regard to name or declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sniffed {
    /// The media type, lower case. `text/plain` for any text; `application/octet-stream` for what nobody knows.
    pub media_type: &'static str,
    /// What kind of thing that is.
    pub kind: Kind,
}

/// What kind of thing some bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// No bytes at all.
    Empty,
    /// UTF-8 text that is none of the kinds below; CSV, JSON and Markdown are told apart by name.
    Text,
    /// Text that begins with an HTML tag that Markdown may begin with too.
    Fragment,
    /// HTML, SVG or XML that can carry scripts.
    Markup,
    /// A script for some interpreter, or a file that is also one.
    Script,
    /// A program or a package that runs when opened.
    Program,
    /// An office document, by its parts or by its container.
    Office,
    /// A collection of files.
    Archive,
    /// A raster image.
    Image,
    /// Sound.
    Audio,
    /// Moving pictures.
    Video,
    /// Something else that is known, PDF among it.
    Document,
    /// Nothing that is known.
    Unknown,
}

impl Kind {
    /// Whether opening such a file can make something act.
    pub const fn is_dangerous(self) -> bool {
        matches!(
            self,
            Self::Fragment | Self::Markup | Self::Script | Self::Program
        )
    }
}

impl Sniffed {
    const fn new(media_type: &'static str, kind: Kind) -> Self {
        Self { media_type, kind }
    }
}

/// Says what a file of `byte_len` bytes is that begins with `head`.
///
/// `head` is the whole file or at least its first [`SNIFF_LEN`] bytes; more is ignored. What acts is recognised
/// before what is harmless, so that a file which is both counts as the former.
pub fn sniff(head: &[u8], byte_len: u64) -> Sniffed {
    let is_whole = usize::try_from(byte_len).is_ok_and(|len| len <= head.len().min(SNIFF_LEN));
    let head = head.get(..SNIFF_LEN).unwrap_or(head);
    if byte_len == 0 || head.is_empty() {
        return Sniffed::new("application/x-empty", Kind::Empty);
    }
    acting(head)
        .or_else(|| text::sniff(head, is_whole))
        .or_else(|| program::sniff(head))
        .or_else(|| zip::sniff(head))
        .or_else(|| container::sniff(head))
        .or_else(|| known(head))
        .map_or(
            Sniffed::new("application/octet-stream", Kind::Unknown),
            |found| unless_polyglot(head, found),
        )
}

/// Markup and scripts, in UTF-8, in an ASCII superset, or in UTF-16 with a byte order mark.
fn acting(head: &[u8]) -> Option<Sniffed> {
    let decoded = text::from_utf16(head);
    let start = cut::start(decoded.as_deref().map_or(head, str::as_bytes));
    markup::sniff(start).or_else(|| script::sniff(start))
}

/// Formats recognised by others: `infer` names them; `file-format` knows more kinds of programs.
fn known(head: &[u8]) -> Option<Sniffed> {
    if let Some(found) = infer::get(head) {
        return Some(Sniffed::new(
            usual(found.mime_type()),
            family(found.mime_type()),
        ));
    }
    match file_format::FileFormat::from_bytes(head).kind() {
        file_format::Kind::Executable | file_format::Kind::Package => {
            Some(Sniffed::new("application/x-executable", Kind::Program))
        }
        _ => None,
    }
}

/// The registered name of a type, where the libraries use an older one.
fn usual(media_type: &'static str) -> &'static str {
    match media_type {
        "audio/x-wav" | "audio/vnd.wave" => "audio/wav",
        "audio/x-flac" => "audio/flac",
        "audio/m4a" | "audio/x-m4a" => "audio/mp4",
        "audio/opus" => "audio/ogg",
        "video/x-m4v" => "video/mp4",
        other => other,
    }
}

fn family(media_type: &str) -> Kind {
    match media_type.split('/').next() {
        _ if program::is_program(media_type) => Kind::Program,
        Some("image") => Kind::Image,
        Some("audio") => Kind::Audio,
        Some("video") => Kind::Video,
        _ if is_archive(media_type) => Kind::Archive,
        _ => Kind::Document,
    }
}

fn is_archive(media_type: &str) -> bool {
    const ARCHIVES: &[&str] = &[
        "application/zip",
        "application/gzip",
        "application/x-tar",
        "application/vnd.rar",
        "application/x-7z-compressed",
        "application/x-bzip2",
        "application/x-xz",
        "application/zstd",
    ];
    ARCHIVES.contains(&media_type)
}

/// An image that carries a script as well counts as the script.
///
/// A GIF can be valid JavaScript when its size reads as the start of a comment or of an assignment; other images
/// carry markup in their metadata.
fn unless_polyglot(head: &[u8], found: Sniffed) -> Sniffed {
    const CARRIED: &[&[u8]] = &[b"<script", b"<?php", b"<html", b"<iframe"];
    let reads_as_code = found.media_type == "image/gif"
        && matches!(head.get(6..8), Some(b"/*" | b"//" | [b'=', _]));
    let carries = CARRIED.iter().any(|tag| cut::contains(head, tag));
    if found.kind == Kind::Image && (reads_as_code || carries) {
        return Sniffed::new("text/javascript", Kind::Script);
    }
    found
}
