//! What is wrong with a catalogue.

use std::fmt;

/// One thing that is wrong with a catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueProblem {
    /// Where, such as `systems.media.types.photo.max_bytes`; empty when the text is not TOML at all.
    pub path: String,
    /// What, as one sentence without its end.
    pub sentence: String,
}

impl fmt::Display for CatalogueProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.sentence),
            path => write!(f, "{path}: {}", self.sentence),
        }
    }
}

/// Everything that is wrong with a catalogue, in the order of the text's tables; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueProblems(Vec<CatalogueProblem>);

impl CatalogueProblems {
    pub(super) fn new(problems: Vec<CatalogueProblem>) -> Self {
        Self(problems)
    }

    /// The problems, one by one.
    pub fn iter(&self) -> impl Iterator<Item = &CatalogueProblem> {
        self.0.iter()
    }
}

impl fmt::Display for CatalogueProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let gap = if index == 0 { "" } else { "\n" };
            write!(f, "{gap}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for CatalogueProblems {}
