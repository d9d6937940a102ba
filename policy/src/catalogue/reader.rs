//! Reading the single values of a catalogue; every problem is noted and reading goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use toml::{Table, Value};

use super::{CatalogueProblem, MediaPattern};

pub(super) type Groups = BTreeMap<String, Vec<MediaPattern>>;

#[derive(Default)]
pub(super) struct Reader {
    pub(super) problems: Vec<CatalogueProblem>,
}

impl Reader {
    pub(super) fn problem(&mut self, path: &str, sentence: impl Into<String>) {
        self.problems.push(CatalogueProblem {
            path: path.to_owned(),
            sentence: sentence.into(),
        });
    }

    pub(super) fn only(&mut self, table: &Table, path: &str, known: &[&str]) {
        for key in table.keys().filter(|key| !known.contains(&key.as_str())) {
            self.problem(
                &join(path, key),
                format!("unknown key; known are {}", known.join(", ")),
            );
        }
    }

    /// The table under `key`, empty when it is missing or something else; only the latter is a problem.
    pub(super) fn table<'t>(
        &mut self,
        parent: &'t Table,
        path: &str,
        key: &str,
    ) -> Option<&'t Table> {
        match parent.get(key)? {
            Value::Table(table) => Some(table),
            _ => {
                self.problem(&join(path, key), "must be a table");
                None
            }
        }
    }

    /// A list of media types; of groups too, where `groups` are given. Duplicates count once.
    pub(super) fn patterns(
        &mut self,
        value: &Value,
        path: &str,
        groups: Option<&Groups>,
    ) -> Vec<MediaPattern> {
        let Value::Array(items) = value else {
            self.problem(path, "must be a list of texts");
            return Vec::new();
        };
        if items.is_empty() {
            self.problem(path, "is empty; name at least one media type");
        }
        let mut read = Vec::new();
        for (index, item) in items.iter().enumerate() {
            read.extend(self.pattern(item, &format!("{path}[{index}]"), groups));
        }
        let mut seen = BTreeSet::new();
        read.retain(|pattern| seen.insert(pattern.clone()));
        read
    }

    fn pattern(&mut self, item: &Value, path: &str, groups: Option<&Groups>) -> Vec<MediaPattern> {
        let Some(text) = item.as_str() else {
            self.problem(path, "must be a text");
            return Vec::new();
        };
        if let Some(group) = groups.and_then(|groups| groups.get(text)) {
            return group.clone();
        }
        match text.parse() {
            Ok(pattern) => vec![pattern],
            Err(_) if groups.is_some() && !text.contains('/') => {
                self.problem(
                    path,
                    format!("{text:?} is neither a group nor a media type"),
                );
                Vec::new()
            }
            Err(error) => {
                self.problem(path, error.to_string());
                Vec::new()
            }
        }
    }

    pub(super) fn number<N>(
        &mut self,
        table: &Table,
        path: &str,
        key: &str,
        range: RangeInclusive<N>,
        default: N,
    ) -> N
    where
        N: TryFrom<i64> + PartialOrd + std::fmt::Display + Copy,
    {
        let Some(value) = table.get(key) else {
            return default;
        };
        match value
            .as_integer()
            .and_then(|n| N::try_from(n).ok())
            .filter(|n| range.contains(n))
        {
            Some(number) => number,
            None => {
                let (low, high) = (range.start(), range.end());
                self.problem(
                    &join(path, key),
                    format!("must be a whole number from {low} to {high}"),
                );
                default
            }
        }
    }

    /// Names of systems and types are segments of object keys and addresses.
    pub(super) fn name(&mut self, name: &str, path: &str) {
        let starts_well = name.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        let clean = name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !(starts_well && clean && name.len() <= 63) {
            self.problem(
                path,
                "a name is a lower-case letter followed by up to 62 of a-z, 0-9 or '-'",
            );
        }
    }
}

pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}
