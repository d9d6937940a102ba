//! What `check-config` prints.

use super::key::Key;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    Default,
    Environment,
    File(String),
}

/// One variable and what it amounts to; holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) variable: &'static str,
    shown: String,
    source: String,
}

impl Line {
    pub(super) fn new(key: &Key, found: Option<(&str, &Source)>) -> Self {
        let (shown, source) = match found {
            Some((text, source)) => (shown(key, text), describe(source)),
            None => ("-".to_owned(), format!("not set: {}", key.absent)),
        };
        Self {
            variable: key.variable,
            shown,
            source,
        }
    }
}

impl std::fmt::Display for Line {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} = {}  ({})", self.variable, self.shown, self.source)
    }
}

fn shown(key: &Key, text: &str) -> String {
    if key.secret {
        format!("secret of {} bytes", text.len())
    } else {
        text.to_owned()
    }
}

fn describe(source: &Source) -> String {
    match source {
        Source::Default => "default".to_owned(),
        Source::Environment => "environment".to_owned(),
        Source::File(path) => format!("file {path}"),
    }
}
