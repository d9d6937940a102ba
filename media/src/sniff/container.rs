//! Containers that hold more than one format: ISO media, EBML and the compound file of old office programs.

use super::{Kind, Sniffed, cut};

/// A container, by its own magic number and then by what it says it holds.
pub(super) fn sniff(head: &[u8]) -> Option<Sniffed> {
    iso_media(head)
        .or_else(|| ebml(head))
        .or_else(|| compound(head))
}

/// ISO base media files name their brands in the first box (ISO/IEC 14496-12, section 4.3).
fn iso_media(head: &[u8]) -> Option<Sniffed> {
    match head.get(4..8)? {
        b"ftyp" => brand(head),
        // QuickTime files from before brands begin with one of these.
        b"moov" | b"mdat" | b"wide" => Some(Sniffed::new("video/quicktime", Kind::Video)),
        _ => None,
    }
}

fn brand(head: &[u8]) -> Option<Sniffed> {
    let byte_len = usize::try_from(u32::from_be_bytes(head.get(..4)?.try_into().ok()?)).ok()?;
    let brands = head
        .get(8..byte_len.clamp(12, 256))
        .or_else(|| head.get(8..))?;
    let has = |wanted: &[u8]| brands.chunks_exact(4).any(|brand| brand == wanted);
    let image = |media_type| Some(Sniffed::new(media_type, Kind::Image));
    match brands.get(..4)? {
        b"avif" | b"avis" => image("image/avif"),
        b"heic" | b"heix" | b"hevc" | b"hevx" | b"heim" | b"heis" => image("image/heic"),
        b"mif1" | b"msf1" if has(b"avif") => image("image/avif"),
        b"mif1" | b"msf1" if has(b"heic") => image("image/heic"),
        b"mif1" | b"msf1" => image("image/heif"),
        b"qt  " => Some(Sniffed::new("video/quicktime", Kind::Video)),
        b"M4A " | b"M4B " => Some(Sniffed::new("audio/mp4", Kind::Audio)),
        b"crx " => Some(Sniffed::new("image/x-canon-cr3", Kind::Image)),
        b"jp2 " | b"jpx " | b"jpm " => image("image/jp2"),
        _ => Some(Sniffed::new("video/mp4", Kind::Video)),
    }
}

/// EBML files name their document type early (RFC 8794, section 11.2.6).
fn ebml(head: &[u8]) -> Option<Sniffed> {
    if !head.starts_with(b"\x1a\x45\xdf\xa3") {
        return None;
    }
    let start = head.get(..64).unwrap_or(head);
    let media_type = if cut::contains(start, b"webm") {
        "video/webm"
    } else {
        "video/x-matroska"
    };
    Some(Sniffed::new(media_type, Kind::Video))
}

/// Compound files ([MS-CFB]) hold old office documents and Windows installers alike.
///
/// `application/x-cfb` stands for one whose directory is not in sight.
fn compound(head: &[u8]) -> Option<Sniffed> {
    /// The class of an installer package, as it stands in the root entry.
    const INSTALLER: &[u8] = b"\x84\x10\x0c\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46";
    if !head.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return None;
    }
    if head
        .windows(INSTALLER.len())
        .any(|window| window == INSTALLER)
    {
        return Some(Sniffed::new("application/x-msi", Kind::Program));
    }
    let has = |name: &str| {
        let wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        head.windows(wide.len()).any(|window| window == wide)
    };
    let media_type = match () {
        () if has("WordDocument") => "application/msword",
        () if has("Workbook") => "application/vnd.ms-excel",
        () if has("PowerPoint Document") => "application/vnd.ms-powerpoint",
        () => "application/x-cfb",
    };
    Some(Sniffed::new(media_type, Kind::Office))
}
