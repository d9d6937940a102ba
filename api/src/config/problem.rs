//! What is wrong with a configuration, all of it at once.

use std::fmt;

/// Every problem found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(Vec<String>);

impl Problems {
    pub(super) fn new(found: Vec<String>) -> Self {
        Self(found)
    }

    /// One sentence per problem, each naming its variable.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "The configuration cannot be used:")?;
        self.0
            .iter()
            .try_for_each(|problem| write!(out, "\n  - {problem}"))
    }
}

impl std::error::Error for Problems {}
