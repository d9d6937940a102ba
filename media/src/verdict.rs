//! Content, name and declaration against what a place accepts.

use crate::claim::Claim;
use crate::{Filename, Refusal, Sniffed};

/// The types a browser may show in place; everything else is served as a download.
pub const INLINE_MEDIA_TYPES: &[&str] = &[
    "image/png",
    "image/jpeg",
    "image/webp",
    "image/gif",
    "image/avif",
    "application/pdf",
    "video/mp4",
];

/// What becomes of accepted content that could act when opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dangerous {
    /// It is refused although its type is accepted.
    Refuse,
    /// It is stored, and only ever served as a download.
    Attachment,
}

/// A file that may be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Its media type: the content's, made precise by name and declaration where content alone cannot.
    pub media_type: String,
    /// Whether a browser may show it in place.
    pub inline_allowed: bool,
}

/// Decides whether a file may be stored in a place that takes `accepts` (types, or families such as `image/*`).
///
/// The content decides. The extension and the declaration must agree with it where they say something: no extension,
/// an unknown one, no declaration and `application/octet-stream` say nothing. They only choose where content leaves a
/// choice: among kinds of text, and inside office containers. Something that could act is refused by its content or
/// by its extension, before anything else is looked at.
///
/// An empty file is accepted as the text type its extension names, or its declaration when there is no extension that
/// says something; any other empty file is refused, because an image of no bytes is not an image.
pub fn judge(
    sniffed: &Sniffed,
    declared: Option<&str>,
    filename: &Filename,
    accepts: &[impl AsRef<str>],
    dangerous: Dangerous,
) -> Result<Accepted, Refusal> {
    let claim = Claim::new(filename, declared);
    let (media_type, is_dangerous) = match claim.danger(sniffed) {
        Some(found) if dangerous == Dangerous::Refuse => return Err(Refusal::Dangerous { found }),
        Some(found) => (found, true),
        None => (claim.settle(sniffed)?, false),
    };
    if !is_accepted(accepts, &media_type) {
        let accepted = accepts
            .iter()
            .map(|pattern| pattern.as_ref().to_owned())
            .collect();
        return Err(Refusal::NotAccepted {
            found: media_type,
            accepted,
        });
    }
    let inline_allowed = !is_dangerous && INLINE_MEDIA_TYPES.contains(&media_type.as_str());
    Ok(Accepted {
        media_type,
        inline_allowed,
    })
}

/// Refuses, before there are bytes, a name and a declaration that [`judge`] would refuse with any bytes. What it lets
/// pass may still be refused.
///
/// A place that keeps dangerous kinds as attachments believes bytes before names, so nothing is refused for it here.
pub fn check_claim(
    declared: Option<&str>,
    filename: &Filename,
    accepts: &[impl AsRef<str>],
    dangerous: Dangerous,
) -> Result<(), Refusal> {
    if dangerous == Dangerous::Attachment {
        return Ok(());
    }
    Claim::new(filename, declared).check(accepts)
}

/// Whether one of the types or families is that of `media_type`.
pub(crate) fn is_accepted(accepts: &[impl AsRef<str>], media_type: &str) -> bool {
    accepts
        .iter()
        .any(|pattern| matches(pattern.as_ref(), media_type))
}

fn matches(pattern: &str, media_type: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(family) => media_type.starts_with(family),
        None => pattern.eq_ignore_ascii_case(media_type),
    }
}
