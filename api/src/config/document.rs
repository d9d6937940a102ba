//! The table as documentation.

use std::fmt::Write;

use super::key::{KEYS, Key, Section};

/// The text of docs/configuration.md.
#[must_use]
pub fn configuration_md() -> String {
    let mut out = HEAD.to_owned();
    for section in Section::ALL {
        let _ = write!(out, "\n## {}\n", section.title());
        for key in of(section) {
            describe(&mut out, key);
        }
    }
    out
}

/// The text of .env.example: every variable, commented out, with its default.
#[must_use]
pub fn env_example() -> String {
    let mut out = String::from(
        "# Every variable Strongroom reads; docs/configuration.md says more. Nothing needs to be set.\n",
    );
    for section in Section::ALL {
        let _ = write!(out, "\n# {}\n", section.title());
        for key in of(section) {
            let _ = writeln!(out, "\n# {}", key.doc);
            let _ = writeln!(out, "# {}; {}", key.unit, key.range);
            if key.default.is_none() {
                let _ = writeln!(out, "# default: {}", key.absent);
            }
            let _ = writeln!(out, "#{}={}", key.variable, key.default.unwrap_or_default());
        }
    }
    out
}

fn of(section: Section) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| key.section == section)
}

fn describe(out: &mut String, key: &Key) {
    let default = key
        .default
        .map_or_else(|| key.absent.to_owned(), |default| format!("`{default}`"));
    let _ = write!(out, "\n### `{}`\n\n{}\n\n", key.variable, key.doc);
    let _ = writeln!(out, "- Unit: {}", key.unit);
    let _ = writeln!(out, "- Range: {}", key.range);
    let _ = writeln!(out, "- Default: {default}");
    if let Some(file) = key.file_variable() {
        let _ = writeln!(out, "- From a file: `{file}`");
    }
}

const HEAD: &str = "# Configuration

Strongroom is configured by environment variables, and starts on a laptop with none of them set. Made from the
table the program itself reads (`make docs`); `strongroom check-config` prints what is in effect, secrets as lengths.

An empty value counts as not set. Durations are a whole number and a unit: `90s`, `15m`, `12h`, `7d`. All problems are
reported together, and a `STRONGROOM_` variable that does not exist is one. Where a file is offered, set
`…_FILE` to its path instead of the variable; one line end at its end is dropped.
";
