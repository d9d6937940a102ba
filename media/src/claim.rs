//! What a client says about a file, besides its bytes.

use crate::verdict::is_accepted;
use crate::{Filename, Kind, Refusal, Sniffed, extension};

/// The extension of a file and the type declared for it.
pub(crate) struct Claim {
    extension: Option<String>,
    declared: Option<String>,
}

impl Claim {
    pub(crate) fn new(filename: &Filename, declared: Option<&str>) -> Self {
        Self {
            extension: filename.extension(),
            declared: declared.and_then(normal),
        }
    }

    /// The type of something that could act, by content or by extension.
    ///
    /// Markdown may begin with a harmless HTML tag; its extension or its declaration has to say that it is Markdown.
    pub(crate) fn danger(&self, sniffed: &Sniffed) -> Option<String> {
        let named = self.extension.as_deref().and_then(extension::dangerous);
        let is_markdown = self.promised().or(self.declared.as_deref()) == Some("text/markdown");
        if sniffed.kind.is_dangerous() && !(sniffed.kind == Kind::Fragment && is_markdown) {
            return Some(sniffed.media_type.to_owned());
        }
        named.map(str::to_owned)
    }

    /// The type of something harmless, when nothing contradicts it.
    pub(crate) fn settle(&self, sniffed: &Sniffed) -> Result<String, Refusal> {
        let found = match sniffed.kind {
            Kind::Empty => self.text_type().ok_or(Refusal::Empty)?,
            Kind::Text | Kind::Fragment => self.text_type().unwrap_or("text/plain"),
            Kind::Office | Kind::Archive => self.inside(sniffed.media_type),
            _ => sniffed.media_type,
        };
        self.check_extension(found)?;
        self.check_declaration(found)?;
        Ok(found.to_owned())
    }

    /// Refuses what no bytes could make right in a place that takes `accepts`.
    ///
    /// Only what an extension promises is compared: without it, the declaration may be of any type.
    pub(crate) fn check(&self, accepts: &[impl AsRef<str>]) -> Result<(), Refusal> {
        if let Some(extension) = &self.extension
            && let Some(found) = extension::dangerous(extension)
        {
            return Err(Refusal::DangerousExtension {
                extension: extension.clone(),
                found: found.to_owned(),
            });
        }
        let (Some(extension), Some(promised)) = (&self.extension, self.promised()) else {
            return Ok(());
        };
        let mut fitting = extension::media_types()
            .chain(KINDRED.iter().flat_map(|kin| kin.iter().copied()))
            .filter(|found| agrees(promised, found) && is_accepted(accepts, found))
            .peekable();
        if fitting.peek().is_none() {
            return Err(Refusal::ExtensionNotAccepted {
                extension: extension.clone(),
                promised: promised.to_owned(),
                accepted: accepts.iter().map(|one| one.as_ref().to_owned()).collect(),
            });
        }
        match &self.declared {
            Some(declared) if !fitting.any(|found| agrees(declared, found)) => {
                Err(Refusal::Contradiction {
                    extension: extension.clone(),
                    promised: promised.to_owned(),
                    declared: declared.clone(),
                })
            }
            _ => Ok(()),
        }
    }

    /// What the extension promises.
    fn promised(&self) -> Option<&'static str> {
        self.extension.as_deref().and_then(extension::media_type)
    }

    /// Which kind of text it is: the extension's, or the declared one where the extension leaves it open.
    fn text_type(&self) -> Option<&'static str> {
        let declared = self.declared.as_deref().and_then(text_like);
        match self.promised() {
            None | Some("text/plain") => declared.or(self.promised()),
            Some(promised) => text_like(promised),
        }
    }

    /// Which document is in a container whose parts are not all in sight; a document may also be sent as a plain zip.
    fn inside(&self, media_type: &'static str) -> &'static str {
        let promised = self.promised();
        let family = FAMILIES
            .iter()
            .find(|(container, _)| *container == media_type)
            .map(|(_, family)| *family);
        match family {
            _ if promised == Some("application/zip") && is_zip_inside(media_type) => {
                "application/zip"
            }
            Some(family) => {
                let claimed = promised.or(self.declared.as_deref());
                family
                    .iter()
                    .find(|member| Some(**member) == claimed)
                    .copied()
                    .unwrap_or(media_type)
            }
            None => media_type,
        }
    }

    fn check_extension(&self, found: &str) -> Result<(), Refusal> {
        match (&self.extension, self.promised()) {
            (Some(extension), Some(promised)) if !agrees(promised, found) => {
                Err(Refusal::ExtensionMismatch {
                    extension: extension.clone(),
                    found: found.to_owned(),
                })
            }
            _ => Ok(()),
        }
    }

    fn check_declaration(&self, found: &str) -> Result<(), Refusal> {
        match &self.declared {
            Some(declared) if !agrees(declared, found) => Err(Refusal::TypeMismatch {
                declared: declared.clone(),
                found: found.to_owned(),
            }),
            _ => Ok(()),
        }
    }
}

/// Containers that do not show their document, and the documents that may be in them.
const FAMILIES: &[(&str, &[&str])] = &[
    (
        "application/x-ooxml",
        &[
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        ],
    ),
    (
        "application/x-cfb",
        &[
            "application/msword",
            "application/vnd.ms-excel",
            "application/vnd.ms-powerpoint",
        ],
    ),
];

/// Types of which one may be called by the other's name: same format, or same container with another main brand.
const KINDRED: &[&[&str]] = &[
    &["image/heic", "image/heif"],
    &["video/mp4", "video/quicktime", "audio/mp4"],
    &["video/webm", "audio/webm", "video/x-matroska"],
    &["audio/ogg", "video/ogg", "application/ogg"],
];

fn agrees(claimed: &str, found: &str) -> bool {
    claimed == found
        || KINDRED
            .iter()
            .any(|kin| kin.contains(&claimed) && kin.contains(&found))
        || (text_like(found).is_some() && is_loose_text(claimed, found))
        || (claimed == "application/zip" && is_zip_inside(found))
}

/// Names under which text travels that say less than what was found, or nothing: any harmless `text/…` for plain
/// text, plain text for anything, and the spreadsheet type that Windows gives to CSV.
fn is_loose_text(claimed: &str, found: &str) -> bool {
    claimed == "text/plain"
        || (found == "text/plain"
            && claimed.starts_with("text/")
            && !extension::is_dangerous_type(claimed))
        || (found == "text/csv" && claimed == "application/vnd.ms-excel")
}

/// Whether a file of this type is a zip file as well.
fn is_zip_inside(media_type: &str) -> bool {
    media_type == "application/zip"
        || media_type == "application/x-ooxml"
        || media_type == "application/epub+zip"
        || media_type.starts_with("application/vnd.openxmlformats-officedocument.")
        || media_type.starts_with("application/vnd.oasis.opendocument.")
}

/// The type itself, if its files are plain text that only a name can tell apart.
fn text_like(media_type: &str) -> Option<&'static str> {
    const TEXTS: &[&str] = &[
        "text/plain",
        "text/markdown",
        "text/csv",
        "text/tab-separated-values",
        "application/json",
    ];
    TEXTS.iter().find(|text| **text == media_type).copied()
}

/// A declaration without parameters, in lower case and by its usual name; none when it says nothing.
fn normal(declared: &str) -> Option<String> {
    let essence = declared
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    // It is quoted in refusals, so it is kept short and visible.
    let essence: String = essence
        .chars()
        .filter(char::is_ascii_graphic)
        .take(128)
        .collect();
    match essence.as_str() {
        ""
        | "application/octet-stream"
        | "binary/octet-stream"
        | "application/x-www-form-urlencoded"
        | "*/*" => None,
        other => Some(usual(other).to_owned()),
    }
}

fn usual(media_type: &str) -> &str {
    match media_type {
        "image/jpg" | "image/pjpeg" => "image/jpeg",
        "image/x-png" => "image/png",
        "image/x-ms-bmp" | "image/x-bmp" => "image/bmp",
        "application/x-pdf" => "application/pdf",
        "application/x-zip-compressed" | "application/x-zip" => "application/zip",
        "application/x-gzip" => "application/gzip",
        "text/x-markdown" => "text/markdown",
        "application/csv" | "text/x-csv" | "text/comma-separated-values" => "text/csv",
        "text/json" => "application/json",
        "text/xml" => "application/xml",
        "text/rtf" => "application/rtf",
        "application/yaml" | "application/x-yaml" | "application/toml" => "text/plain",
        "audio/mp3" => "audio/mpeg",
        "audio/x-wav" | "audio/wave" | "audio/vnd.wave" => "audio/wav",
        "audio/x-flac" => "audio/flac",
        "audio/x-m4a" | "audio/m4a" => "audio/mp4",
        "video/x-m4v" => "video/mp4",
        other => other,
    }
}
