//! Media types as a catalogue names them.

use std::fmt;
use std::str::FromStr;

use crate::text::serde_as_text;

/// One media type such as `text/csv`, or a family such as `image/*`; lower case, no parameters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MediaPattern(String);

/// A text that is not a [`MediaPattern`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither a media type such as \"text/csv\" nor a family such as \"image/*\"")]
pub struct MediaPatternError(String);

impl MediaPattern {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `media_type`, without parameters, is this type or of this family. Case does not matter.
    pub fn matches(&self, media_type: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(family) => media_type
                .get(..family.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(family)),
            None => self.0.eq_ignore_ascii_case(media_type),
        }
    }

    /// Whether everything it matches is an image.
    pub(crate) fn is_image(&self) -> bool {
        self.0.starts_with("image/")
    }
}

impl FromStr for MediaPattern {
    type Err = MediaPatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || MediaPatternError(text.chars().take(128).collect());
        let (family, subtype) = text.split_once('/').ok_or_else(refuse)?;
        let fits = text.len() <= 128 && is_name(family) && (subtype == "*" || is_name(subtype));
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(refuse())
        }
    }
}

/// RFC 6838, section 4.2, narrowed to lower case.
fn is_name(text: &str) -> bool {
    let starts_well = text
        .bytes()
        .next()
        .is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    starts_well
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"!#$&-^_.+".contains(&b))
}

impl fmt::Display for MediaPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for MediaPattern {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

serde_as_text!(MediaPattern);
