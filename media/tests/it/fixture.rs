//! Beginnings of files, built here so that every byte is in sight.

/// A zip file's local entries, stored uncompressed; no central directory, because nobody here reads it.
pub(crate) fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, body) in entries {
        bytes.extend_from_slice(b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0");
        bytes.extend_from_slice(&[0; 4]);
        for _ in 0..2 {
            bytes.extend_from_slice(&u32::try_from(body.len()).unwrap().to_le_bytes());
        }
        bytes.extend_from_slice(&u16::try_from(name.len()).unwrap().to_le_bytes());
        bytes.extend_from_slice(&[0, 0]);
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(body);
    }
    bytes
}

pub(crate) fn ooxml(part: &str) -> Vec<u8> {
    zip(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("_rels/.rels", b"<R/>"),
        (part, b"<x/>"),
    ])
}

pub(crate) fn png() -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0".to_vec();
    bytes.extend_from_slice(&[0x90, 0x77, 0x53, 0xde, 0, 0, 0, 12]);
    bytes
}

pub(crate) fn jpeg() -> Vec<u8> {
    b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0".to_vec()
}

pub(crate) fn ftyp(brand: &[u8; 4], more: &[&[u8; 4]]) -> Vec<u8> {
    let byte_len = u32::try_from(16 + 4 * more.len()).unwrap();
    let mut bytes = byte_len.to_be_bytes().to_vec();
    bytes.extend_from_slice(b"ftyp");
    bytes.extend_from_slice(brand);
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend(more.iter().flat_map(|brand| brand.iter()));
    bytes.extend_from_slice(&[0; 32]);
    bytes
}

pub(crate) fn compound(stream: &str) -> Vec<u8> {
    let mut bytes = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    bytes.resize(1_024, 0);
    bytes.extend(stream.encode_utf16().flat_map(u16::to_le_bytes));
    bytes.resize(2_048, 0);
    bytes
}

pub(crate) fn utf16(text: &str) -> Vec<u8> {
    [0xfeff]
        .into_iter()
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect()
}
