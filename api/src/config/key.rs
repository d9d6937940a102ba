//! The table of every variable: parsing, documentation and `check-config` all read it.

mod table;

pub use table::KEYS;

/// One variable of the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Name in the environment.
    pub variable: &'static str,
    /// Heading it is documented under.
    pub section: Section,
    /// What it decides, one or two sentences.
    pub doc: &'static str,
    /// What its value is counted in or made of.
    pub unit: &'static str,
    /// Which values are taken.
    pub range: Range,
    /// The value used when it is not set, in the form it would be set.
    pub default: Option<&'static str>,
    /// What holds when there is neither value nor default; empty if there is a default.
    pub absent: &'static str,
    /// Never shown, not even in part.
    pub secret: bool,
    /// Whether `<variable>_FILE` may name a file with the value instead.
    pub file: bool,
}

/// Which values a variable takes; both ends belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// In words; the parser of the value decides.
    Words(&'static str),
    /// A whole number.
    Number(u64, u64),
    /// A duration, in seconds.
    Seconds(u64, u64),
    /// One of these words.
    OneOf(&'static [&'static str]),
}

/// Headings of the documentation, in the order they appear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// Where and as what the process runs.
    Server,
    /// The one secret.
    MasterKey,
    /// Where rows live.
    Database,
    /// Where bytes live.
    Store,
    /// What processes share in memory.
    Redis,
    /// How often anybody may ask.
    Limits,
    /// What tenants get and which files are taken.
    Product,
    /// Uploads and the trash.
    Files,
    /// The audit log's keys, and what of it is kept outside.
    Audit,
    /// Work in the background and the way out.
    Background,
    /// What is written about what happens.
    Log,
}

impl Section {
    /// All headings, in order.
    pub const ALL: [Self; 11] = [
        Self::Server,
        Self::MasterKey,
        Self::Database,
        Self::Store,
        Self::Redis,
        Self::Limits,
        Self::Product,
        Self::Files,
        Self::Audit,
        Self::Background,
        Self::Log,
    ];

    /// The heading's text.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Server => "Server",
            Self::MasterKey => "Master key",
            Self::Database => "Database",
            Self::Store => "Object store",
            Self::Redis => "Redis",
            Self::Limits => "Rate limits",
            Self::Product => "Tiers and catalogue",
            Self::Files => "Files",
            Self::Audit => "Audit log",
            Self::Background => "Background work and shutdown",
            Self::Log => "Logging",
        }
    }
}

impl Key {
    /// The entry of `variable`.
    #[must_use]
    pub fn find(variable: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.variable == variable)
    }

    /// Name of the variable that may name a file with the value.
    #[must_use]
    pub fn file_variable(&self) -> Option<String> {
        self.file.then(|| format!("{}_FILE", self.variable))
    }
}

impl std::fmt::Display for Range {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Words(words) => out.write_str(words),
            Self::Number(least, most) => write!(out, "{least} to {most}"),
            Self::Seconds(least, most) => write!(
                out,
                "{} to {}",
                super::duration::format(*least),
                super::duration::format(*most)
            ),
            Self::OneOf(words) => out.write_str(&words.join(" or ")),
        }
    }
}
