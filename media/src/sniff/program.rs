//! Programs, and packages that run when opened.

use super::{Kind, Sniffed};

const MAGIC: &[(&[u8], &str)] = &[
    (b"MZ", "application/vnd.microsoft.portable-executable"),
    (b"\x7fELF", "application/x-executable"),
    (b"\xfe\xed\xfa\xce", "application/x-mach-binary"),
    (b"\xfe\xed\xfa\xcf", "application/x-mach-binary"),
    (b"\xce\xfa\xed\xfe", "application/x-mach-binary"),
    (b"\xcf\xfa\xed\xfe", "application/x-mach-binary"),
    // A Java class and a fat Mach-O begin alike; both run.
    (b"\xca\xfe\xba\xbe", "application/java-vm"),
    (b"\x00asm", "application/wasm"),
    (b"dex\n", "application/vnd.android.dex"),
    (b"dey\n", "application/vnd.android.dey"),
    (b"BC\xc0\xde", "application/x-llvm"),
    // Shell link, [MS-SHLLINK] section 2.1.
    (
        b"\x4c\x00\x00\x00\x01\x14\x02\x00",
        "application/x-ms-shortcut",
    ),
    (b"MSCF", "application/vnd.ms-cab-compressed"),
    (b"!<arch>\n", "application/x-archive"),
    (b"\xed\xab\xee\xdb", "application/x-rpm"),
    (b"Cr24", "application/x-google-chrome-extension"),
    (b"FWS", "application/x-shockwave-flash"),
    (b"CWS", "application/x-shockwave-flash"),
    (b"ZWS", "application/x-shockwave-flash"),
    (b"xar!", "application/x-xar"),
];

/// A program, judged by its magic number. Asked after text, which may begin with the same letters.
pub(super) fn sniff(head: &[u8]) -> Option<Sniffed> {
    let (_, media_type) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic))?;
    Some(Sniffed::new(media_type, Kind::Program))
}

/// Whether a type that somebody else recognised is a program's.
pub(super) fn is_program(media_type: &str) -> bool {
    const OTHERS: &[&str] = &[
        "application/java",
        "application/java-archive",
        "application/vnd.android.package-archive",
        "application/vnd.debian.binary-package",
        "application/x-apple-diskimage",
        "application/x-deb",
        "application/x-msdownload",
        "application/x-ms-installer",
        "application/x-msi",
    ];
    MAGIC.iter().any(|(_, known)| *known == media_type) || OTHERS.contains(&media_type)
}
