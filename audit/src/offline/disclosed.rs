//! The disclosures of a tile against the digests in its entries.

use std::ops::Range;

use crate::bundle::{Line, read_line};
use crate::chain::{Damage, Finding};
use crate::disclosure;
use crate::entry::EntryRef;
use crate::retention::FieldSet;

/// The lines of one tile, as far as they read as lines in ascending order.
pub(super) struct Lines<'a> {
    read: Vec<Line<'a>>,
    /// The first that does not: the entry it should belong to, and why.
    bad: Option<(u64, &'static str)>,
}

impl<'a> Lines<'a> {
    /// `start` is the first entry of the tile.
    pub(super) fn read(bytes: &'a [u8], start: u64) -> Lines<'a> {
        let mut lines = Lines {
            read: Vec::new(),
            bad: None,
        };
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let next = lines.read.last().map_or(start, |line| line.seq + 1);
            let read = line.strip_suffix(b"\n").and_then(read_line);
            match read {
                Some(line) if line.seq >= next => lines.read.push(line),
                Some(line) => return lines.with(line.seq, "a second line, or one out of order"),
                None => return lines.with(next, "the line is malformed"),
            }
        }
        lines
    }

    fn with(self, seq: u64, reason: &'static str) -> Lines<'a> {
        Lines {
            bad: Some((seq, reason)),
            ..self
        }
    }

    pub(super) fn first(&self) -> Option<u64> {
        self.read
            .first()
            .map(|line| line.seq)
            .or(self.bad.map(|(seq, _)| seq))
    }

    /// The line of an entry.
    fn of(&self, seq: u64) -> Option<&Line<'a>> {
        let at = self.read.binary_search_by_key(&seq, |line| line.seq).ok()?;
        self.read.get(at)
    }

    /// A line that is none, or not of this tile.
    pub(super) fn finding(&self, places: &Range<u64>) -> Option<Finding> {
        let foreign = |line: &&Line<'_>| !places.contains(&line.seq);
        let foreign = self
            .read
            .iter()
            .find(foreign)
            .map(|line| (line.seq, "no such entry"));
        let (seq, reason) = self.bad.or(foreign)?;
        let reason = format!("disclosures.ndjson: {reason}");
        Some(Finding::new(seq, Damage::DisclosureAltered, reason))
    }
}

/// The fields of the entry whose disclosures are not in its line, or what is wrong with the line.
pub(super) fn missing(entry: &EntryRef<'_>, lines: &Lines<'_>) -> Result<FieldSet, Finding> {
    let line = lines.of(entry.seq).ok_or_else(|| {
        let reason = "there is no line of disclosures for it";
        Finding::new(entry.seq, Damage::DisclosureMissing, reason)
    })?;
    let (mut found, mut last) = (FieldSet::default(), "");
    for text in line.texts() {
        let (name, field) = field_of(entry, text, found)
            .and_then(|(name, field)| match name > last {
                true => Ok((name, field)),
                false => Err(format!("the disclosure of `{name}` is out of order")),
            })
            .map_err(|reason| Finding::new(entry.seq, Damage::DisclosureAltered, reason))?;
        last = name;
        found = found.and(field);
    }
    let absent = |(name, _): (&str, &str)| FieldSet::of(name).filter(|set| !found.covers(*set));
    Ok(entry.sd.filter_map(absent).collect())
}

/// The field that a text discloses.
fn field_of<'a>(
    entry: &EntryRef<'a>,
    text: &str,
    found: FieldSet,
) -> Result<(&'a str, FieldSet), String> {
    let digest = disclosure::digest(text);
    let mut fields = entry.sd.filter(|(_, expected)| *expected == digest);
    let (name, _) = fields
        .next()
        .ok_or("a disclosure has no digest in the entry")?;
    disclosure::names(text, name).map_err(|error| format!("disclosure of `{name}`: {error}"))?;
    FieldSet::of(name)
        .filter(|set| !found.covers(*set))
        .map(|set| (name, set))
        .ok_or_else(|| format!("the disclosure of `{name}` is there twice"))
}
