//! Reads one variable at a time and remembers everything that is wrong.

use std::time::Duration;

use secrecy::SecretString;

use super::duration;
use super::environment::Environment;
use super::key::{Key, Range};
use super::report::{Line, Source};

/// A variable's text before it is interpreted.
struct Found {
    text: String,
    source: Source,
}

pub(super) struct Reader<'a> {
    environment: &'a Environment,
    pub(super) problems: Vec<String>,
    pub(super) lines: Vec<Line>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(environment: &'a Environment) -> Self {
        Self {
            environment,
            problems: Vec::new(),
            lines: Vec::new(),
        }
    }

    pub(super) fn problem(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }

    /// Whether the variable, or its file, is set at all.
    pub(super) fn is_set(&self, variable: &str) -> bool {
        self.environment.get(variable).is_some()
            || Key::find(variable)
                .and_then(Key::file_variable)
                .is_some_and(|file| self.environment.get(&file).is_some())
    }

    /// The value, or the default, of a variable that is reported elsewhere.
    pub(super) fn peek(&self, variable: &str) -> Option<&str> {
        self.environment
            .get(variable)
            .or_else(|| Key::find(variable)?.default)
    }

    /// One problem for each of our variables whose value is not text.
    pub(super) fn unreadable(&self) -> Vec<String> {
        self.environment
            .unreadable()
            .filter(|name| Key::find(name.strip_suffix("_FILE").unwrap_or(name)).is_some())
            .map(|name| format!("{name} is not valid UTF-8."))
            .collect()
    }

    /// The value, or the default, as `parse` understands it; `None` when there is neither or when the
    /// value is bad, which is then a problem. `parse` answers what it expects if it understands nothing.
    pub(super) fn read<T>(
        &mut self,
        variable: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let Some(key) = Key::find(variable) else {
            self.problem(format!("{variable} is read but not described."));
            return None;
        };
        let found = self.find(key);
        self.lines.push(Line::new(
            key,
            found.as_ref().map(|found| (&*found.text, &found.source)),
        ));
        let found = found?;
        match parse(&found.text) {
            Ok(value) => Some(value),
            Err(expected) => {
                self.problem(bad_value(key, &found, &expected));
                key.default.and_then(|default| parse(default).ok())
            }
        }
    }

    pub(super) fn text(&mut self, variable: &'static str) -> Option<String> {
        self.read(variable, |text| Ok(text.to_owned()))
    }

    pub(super) fn secret(&mut self, variable: &'static str) -> Option<SecretString> {
        self.read(variable, |text| Ok(SecretString::from(text)))
    }

    /// A number within the key's range.
    pub(super) fn number<T: TryFrom<u64>>(&mut self, variable: &'static str) -> Option<T> {
        let range = Key::find(variable).map(|key| key.range);
        self.read(variable, |text| {
            text.parse()
                .ok()
                .filter(|number| match range {
                    Some(Range::Number(least, most)) => (least..=most).contains(number),
                    _ => false,
                })
                .and_then(|number| T::try_from(number).ok())
                .ok_or_else(|| "a whole number".to_owned())
        })
    }

    /// A duration within the key's range.
    pub(super) fn duration(&mut self, variable: &'static str) -> Option<Duration> {
        let range = Key::find(variable).map(|key| key.range);
        self.read(variable, |text| {
            duration::parse(text)
                .filter(|duration| match range {
                    Some(Range::Seconds(least, most)) => {
                        (least..=most).contains(&duration.as_secs())
                    }
                    _ => false,
                })
                .ok_or_else(|| "a number with a unit such as 90s, 15m, 12h or 7d".to_owned())
        })
    }

    /// A list separated by commas; blanks around the items do not count.
    pub(super) fn list<T>(
        &mut self,
        variable: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        self.read(variable, |text| {
            text.split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(&parse)
                .collect()
        })
        .unwrap_or_default()
    }

    fn find(&mut self, key: &Key) -> Option<Found> {
        let given = self.environment.get(key.variable);
        let file_variable = key.file_variable();
        let path = file_variable
            .as_deref()
            .and_then(|name| self.environment.get(name));
        match (given, path) {
            (Some(_), Some(_)) => {
                self.problem(format!(
                    "{0} and {0}_FILE are both set: keep one.",
                    key.variable
                ));
                None
            }
            (Some(text), None) => Some(Found {
                text: text.to_owned(),
                source: Source::Environment,
            }),
            (None, Some(path)) => self.read_file(key, path.to_owned()),
            (None, None) => key.default.map(|default| Found {
                text: default.to_owned(),
                source: Source::Default,
            }),
        }
    }

    fn read_file(&mut self, key: &Key, path: String) -> Option<Found> {
        match std::fs::read_to_string(&path) {
            Ok(content) => Some(Found {
                text: without_line_end(&content).to_owned(),
                source: Source::File(path),
            }),
            Err(error) => {
                self.problem(format!(
                    "{}_FILE: {path} cannot be read ({}).",
                    key.variable,
                    error.kind()
                ));
                None
            }
        }
    }
}

/// Secrets are never quoted, whatever is wrong with them.
fn bad_value(key: &Key, found: &Found, expected: &str) -> String {
    let shown = if key.secret {
        format!("({} bytes)", found.text.len())
    } else {
        format!("{:?}", found.text)
    };
    format!(
        "{} is {shown}: expected {expected}, {}.",
        key.variable, key.range
    )
}

fn without_line_end(content: &str) -> &str {
    let line = content.strip_suffix('\n').unwrap_or(content);
    line.strip_suffix('\r').unwrap_or(line)
}
