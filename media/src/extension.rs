//! What a file's extension promises.

/// The media type an extension stands for; none for one that promises nothing we check.
pub(crate) fn media_type(extension: &str) -> Option<&'static str> {
    let found = TYPES
        .iter()
        .find(|(extensions, _)| extensions.contains(&extension));
    found.map(|(_, media_type)| *media_type)
}

/// Every type that an extension promises.
pub(crate) fn media_types() -> impl Iterator<Item = &'static str> {
    TYPES.iter().map(|(_, media_type)| *media_type)
}

/// The type of something that acts when opened, whatever its bytes; none for harmless and unknown extensions.
pub(crate) fn dangerous(extension: &str) -> Option<&'static str> {
    let found = DANGEROUS
        .iter()
        .find(|(extensions, _)| extensions.contains(&extension));
    found.map(|(_, media_type)| *media_type)
}

const TYPES: &[(&[&str], &str)] = &[
    (&["txt", "text", "log"], "text/plain"),
    (&["md", "markdown"], "text/markdown"),
    (&["csv"], "text/csv"),
    (&["tsv"], "text/tab-separated-values"),
    (&["json"], "application/json"),
    (&["pdf"], "application/pdf"),
    (&["rtf"], "application/rtf"),
    (&["xml"], "application/xml"),
    (&["png"], "image/png"),
    (&["jpg", "jpeg", "jpe", "jfif"], "image/jpeg"),
    (&["webp"], "image/webp"),
    (&["gif"], "image/gif"),
    (&["avif"], "image/avif"),
    (&["heic"], "image/heic"),
    (&["heif"], "image/heif"),
    (&["tif", "tiff"], "image/tiff"),
    (&["bmp"], "image/bmp"),
    (&["mp4", "m4v"], "video/mp4"),
    (&["webm"], "video/webm"),
    (&["mov", "qt"], "video/quicktime"),
    (&["mkv"], "video/x-matroska"),
    (&["mp3"], "audio/mpeg"),
    (&["m4a"], "audio/mp4"),
    (&["ogg", "oga", "opus"], "audio/ogg"),
    (&["wav"], "audio/wav"),
    (&["flac"], "audio/flac"),
    (&["zip"], "application/zip"),
    (&["gz", "tgz"], "application/gzip"),
    (
        &["docx"],
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    (
        &["xlsx"],
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    (
        &["pptx"],
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    (&["odt"], "application/vnd.oasis.opendocument.text"),
    (&["ods"], "application/vnd.oasis.opendocument.spreadsheet"),
    (&["odp"], "application/vnd.oasis.opendocument.presentation"),
    (&["doc", "dot"], "application/msword"),
    (&["xls", "xlt"], "application/vnd.ms-excel"),
    (&["ppt", "pps", "pot"], "application/vnd.ms-powerpoint"),
];

const DANGEROUS: &[(&[&str], &str)] = &[
    (
        &[
            "html", "htm", "shtml", "xht", "xhtml", "mht", "mhtml", "hta",
        ],
        "text/html",
    ),
    (&["svg", "svgz"], "image/svg+xml"),
    (&["xsl", "xslt"], "application/xslt+xml"),
    (
        &["js", "mjs", "cjs", "jse", "wsf", "wsh"],
        "text/javascript",
    ),
    (&["vbs", "vbe", "vb", "sct"], "text/vbscript"),
    (&["ps1", "psm1", "psd1"], "application/x-powershell"),
    (&["bat", "cmd"], "application/x-bat"),
    (
        &["sh", "bash", "zsh", "ksh", "csh", "fish", "command"],
        "text/x-shellscript",
    ),
    (
        &["php", "php3", "php4", "php5", "phtml", "phar"],
        "application/x-httpd-php",
    ),
    (
        &["asp", "aspx", "jsp", "jspx", "cgi"],
        "application/x-httpd-asp",
    ),
    (
        &["py", "pyw", "pyc", "rb", "pl", "pm", "lua", "tcl"],
        "text/x-script",
    ),
    (
        &[
            "exe", "dll", "com", "scr", "pif", "cpl", "sys", "ocx", "drv",
        ],
        "application/vnd.microsoft.portable-executable",
    ),
    (&["msi", "msp", "mst", "msix", "appx"], "application/x-msi"),
    (
        &["lnk", "url", "desktop", "webloc"],
        "application/x-ms-shortcut",
    ),
    (
        &["reg", "inf", "scf", "chm", "hlp", "gadget", "msc"],
        "application/x-ms-system",
    ),
    (
        &["jar", "war", "ear", "class", "jnlp"],
        "application/java-archive",
    ),
    (
        &["apk", "xapk", "dex"],
        "application/vnd.android.package-archive",
    ),
    (
        &[
            "deb", "rpm", "pkg", "dmg", "app", "appimage", "run", "elf", "so", "dylib", "o",
        ],
        "application/x-executable",
    ),
    (&["wasm"], "application/wasm"),
    (&["swf"], "application/x-shockwave-flash"),
    (&["crx", "xpi"], "application/x-browser-extension"),
    (
        &[
            "docm", "dotm", "xlsm", "xltm", "xlam", "xlsb", "pptm", "potm", "ppsm", "ppam", "sldm",
        ],
        "application/vnd.ms-office.macroenabled",
    ),
    (
        &["cab", "iso", "img", "vhd", "vhdx"],
        "application/vnd.ms-cab-compressed",
    ),
    (&["ps", "eps"], "application/postscript"),
];

/// Whether a declared type is that of something that acts when opened.
pub(crate) fn is_dangerous_type(media_type: &str) -> bool {
    DANGEROUS
        .iter()
        .any(|(_, dangerous)| *dangerous == media_type)
        || media_type.contains("script")
}
