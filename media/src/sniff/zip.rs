//! Zip files, and the documents and packages that are zip files inside.

use super::{Kind, Sniffed};

const LOCAL_HEADER: &[u8] = b"PK\x03\x04";
const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const PPTX: &str = "application/vnd.openxmlformats-officedocument.presentationml.presentation";

/// Formats that name themselves in a first, uncompressed entry called `mimetype` (OpenDocument 1.3, part 2, section 3.3).
const SELF_NAMED: &[(&str, Kind)] = &[
    ("application/vnd.oasis.opendocument.text", Kind::Office),
    (
        "application/vnd.oasis.opendocument.spreadsheet",
        Kind::Office,
    ),
    (
        "application/vnd.oasis.opendocument.presentation",
        Kind::Office,
    ),
    ("application/vnd.oasis.opendocument.graphics", Kind::Office),
    ("application/epub+zip", Kind::Document),
];

/// A zip file, or what its first entries say it is.
///
/// Entries are found by their local headers within the head; sizes are not believed, because a streamed zip has none
/// there. `application/x-ooxml` stands for an Office Open XML package whose parts are not in sight.
pub(super) fn sniff(head: &[u8]) -> Option<Sniffed> {
    if head.starts_with(b"PK\x05\x06") {
        return Some(Sniffed::new("application/zip", Kind::Archive));
    }
    if !head.starts_with(LOCAL_HEADER) {
        return None;
    }
    let entries: Vec<Entry<'_>> = entries(head).collect();
    Some(
        package(&entries)
            .or_else(|| self_named(&entries))
            .or_else(|| office(&entries))
            .unwrap_or(Sniffed::new("application/zip", Kind::Archive)),
    )
}

struct Entry<'h> {
    name: &'h [u8],
    /// What follows the header: the entry's bytes, and all that comes after them.
    body: &'h [u8],
}

/// Local file headers in sight: APPNOTE.TXT, section 4.3.7.
fn entries(head: &[u8]) -> impl Iterator<Item = Entry<'_>> {
    let signs = head
        .windows(LOCAL_HEADER.len())
        .enumerate()
        .filter(|(_, window)| *window == LOCAL_HEADER);
    signs.filter_map(|(at, _)| {
        let header = head.get(at..)?;
        let name_end = 30 + length(header, 26)?;
        let body = name_end + length(header, 28)?;
        // A name that reaches beyond the head is still worth its visible part.
        let name = header.get(30..name_end).or_else(|| header.get(30..))?;
        Some(Entry {
            name,
            body: header.get(body..).unwrap_or_default(),
        })
    })
}

fn length(header: &[u8], at: usize) -> Option<usize> {
    let bytes = header.get(at..at + 2)?;
    Some(usize::from(u16::from_le_bytes(bytes.try_into().ok()?)))
}

/// Packages that run: a Java archive begins with its manifest, an Android one holds a compiled manifest.
fn package(entries: &[Entry<'_>]) -> Option<Sniffed> {
    let first = entries.first()?.name;
    if entries
        .iter()
        .any(|entry| entry.name == b"AndroidManifest.xml" || entry.name == b"classes.dex")
    {
        return Some(Sniffed::new(
            "application/vnd.android.package-archive",
            Kind::Program,
        ));
    }
    if first == b"META-INF/" || first == b"META-INF/MANIFEST.MF" {
        return Some(Sniffed::new("application/java-archive", Kind::Program));
    }
    let macros = entries
        .iter()
        .any(|entry| entry.name.ends_with(b"/vbaProject.bin"));
    macros.then_some(Sniffed::new(
        "application/vnd.ms-office.macroenabled",
        Kind::Program,
    ))
}

fn self_named(entries: &[Entry<'_>]) -> Option<Sniffed> {
    let first = entries.first().filter(|entry| entry.name == b"mimetype")?;
    let (media_type, kind) = SELF_NAMED
        .iter()
        .find(|(name, _)| is_named(first.body, name))?;
    Some(Sniffed::new(media_type, *kind))
}

/// The name, and not a longer one that begins with it, such as a template's.
fn is_named(body: &[u8], name: &str) -> bool {
    body.strip_prefix(name.as_bytes())
        .is_some_and(|rest| rest.first() != Some(&b'-'))
}

fn office(entries: &[Entry<'_>]) -> Option<Sniffed> {
    let within = |folder: &[u8]| entries.iter().any(|entry| entry.name.starts_with(folder));
    let is_package =
        within(b"[Content_Types].xml") || within(b"_rels/.rels") || within(b"docProps/");
    let parts: [(&[u8], &'static str); 3] = [(b"word/", DOCX), (b"xl/", XLSX), (b"ppt/", PPTX)];
    let media_type = parts
        .iter()
        .find(|(folder, _)| within(folder))
        .map(|(_, media_type)| *media_type);
    match (is_package, media_type) {
        (true, Some(media_type)) => Some(Sniffed::new(media_type, Kind::Office)),
        (true, None) | (false, Some(_)) => Some(Sniffed::new("application/x-ooxml", Kind::Office)),
        (false, None) => None,
    }
}
