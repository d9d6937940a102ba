//! What an API key was made for.

use std::fmt;
use std::str::FromStr;

use crate::Unknown;
use crate::text::{serde_as_text, text_enum};

text_enum! {
    /// One right an API key can carry. Managing keys, people and billing has no scope, on purpose.
    pub enum Scope: "scope" {
        /// List files and read their metadata.
        FilesRead = "files:read",
        /// Upload through the server and restore from the trash.
        FilesWrite = "files:write",
        /// Move files to the trash; purge them when the key's creator could.
        FilesDelete = "files:delete",
        /// Create and complete direct uploads.
        UploadsCreate = "uploads:create",
        /// Create signed links to files.
        UrlsCreate = "urls:create",
        /// Read quotas and usage.
        UsageRead = "usage:read",
        /// Read the audit log.
        AuditRead = "audit:read",
        /// Run a verification of the audit log.
        AuditVerify = "audit:verify",
        /// Read the tenant's settings.
        SettingsRead = "settings:read",
        /// Call models through the AI gateway.
        AiInvoke = "ai:invoke",
    }
}

/// A set of scopes. Text form: sorted, separated by one space, empty text for the empty set.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Scopes(u16);

impl Scopes {
    /// No scope at all.
    pub const NONE: Self = Self(0);

    /// Every scope there is.
    pub fn all() -> Self {
        Scope::ALL.iter().copied().collect()
    }

    /// This set with `scope` in it.
    #[must_use]
    pub const fn with(self, scope: Scope) -> Self {
        Self(self.0 | bit(scope))
    }

    /// Whether `scope` is in the set.
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & bit(scope) != 0
    }

    /// What is in both sets.
    #[must_use]
    pub const fn intersect(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether every scope of this set is also in `other`.
    pub const fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many scopes are in the set.
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// The scopes in the order of their text.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        let mut scopes: Vec<Scope> = Scope::ALL
            .iter()
            .copied()
            .filter(|s| self.contains(*s))
            .collect();
        scopes.sort_unstable_by_key(|scope| scope.as_str());
        scopes.into_iter()
    }
}

const fn bit(scope: Scope) -> u16 {
    1 << scope as u16
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        scopes.into_iter().fold(Self::NONE, Self::with)
    }
}

impl From<Scope> for Scopes {
    fn from(scope: Scope) -> Self {
        Self::NONE.with(scope)
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.iter().enumerate() {
            let gap = if index == 0 { "" } else { " " };
            write!(f, "{gap}{scope}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scopes({self})")
    }
}

impl FromStr for Scopes {
    type Err = Unknown;

    /// Reads scopes in any order, separated by white space; the first unknown one is the error.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split_whitespace().map(str::parse::<Scope>).collect()
    }
}

serde_as_text!(Scopes);
