//! The catalogue: which systems and object types exist, and what each accepts.
//!
//! It is configuration. The default is the file `catalogue.toml` beside this crate, embedded in the binary;
//! its head documents every key.

mod pattern;
mod problem;
mod read;
mod reader;

use std::collections::BTreeMap;

use crate::text::text_enum;

pub use pattern::{MediaPattern, MediaPatternError};
pub use problem::{CatalogueProblem, CatalogueProblems};

/// The default catalogue, as the text an operator would write.
pub const DEFAULT_CATALOGUE: &str = include_str!("../catalogue.toml");

/// Which systems and object types exist. Anything else is refused by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    systems: BTreeMap<String, BTreeMap<String, ObjectType>>,
}

/// What one object type of one system accepts and how long things of it live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectType {
    /// The system it belongs to, such as `accounting`.
    pub system: String,
    /// Its name within the system, such as `receipt`.
    pub name: String,
    /// What may be stored, as media types or families of them; never empty.
    pub accepts: Vec<MediaPattern>,
    /// The largest file, in bytes.
    pub max_bytes: u64,
    /// The largest image, in bytes; see [`ObjectType::max_bytes_for`].
    pub max_image_bytes: u64,
    /// How long a signed link lives when nobody asks for another lifetime, in seconds.
    pub link_ttl_seconds: u32,
    /// How long a trashed file can be restored, in days.
    pub trash_retention_days: u32,
    /// What becomes of accepted content that could act when opened.
    pub dangerous: DangerousKinds,
}

text_enum! {
    /// What becomes of HTML, SVG, scripts and programs that a type accepts by media type.
    pub enum DangerousKinds: "treatment of dangerous kinds" {
        /// They are refused although listed.
        Refuse = "refuse",
        /// They are kept, and only ever served as a download.
        Attachment = "attachment",
    }
}

impl Catalogue {
    /// Reads a catalogue; the error names every problem of the text, each with its path.
    pub fn from_toml(text: &str) -> Result<Self, CatalogueProblems> {
        read::catalogue(text)
    }

    /// The object type called `object_type` of `system`.
    pub fn find(&self, system: &str, object_type: &str) -> Option<&ObjectType> {
        self.systems.get(system)?.get(object_type)
    }

    /// Every object type, ordered by system and name.
    pub fn types(&self) -> impl Iterator<Item = &ObjectType> {
        self.systems.values().flat_map(BTreeMap::values)
    }
}

impl ObjectType {
    /// Whether something of this media type may be stored here, as far as its type goes.
    pub fn accepts(&self, media_type: &str) -> bool {
        self.accepts
            .iter()
            .any(|pattern| pattern.matches(media_type))
    }

    /// The largest file of this media type, in bytes: images have a limit of their own.
    pub fn max_bytes_for(&self, media_type: &str) -> u64 {
        let is_image = media_type
            .get(..6)
            .is_some_and(|family| family.eq_ignore_ascii_case("image/"));
        if is_image {
            self.max_bytes.min(self.max_image_bytes)
        } else {
            self.max_bytes
        }
    }
}

impl Default for Catalogue {
    #[expect(
        clippy::expect_used,
        reason = "the embedded file is part of the program, and a test reads it"
    )]
    fn default() -> Self {
        Self::from_toml(DEFAULT_CATALOGUE).expect("the embedded catalogue is well-formed")
    }
}
