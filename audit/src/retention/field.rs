//! Sets of the fields that can be disclosed, in four bytes.

use crate::disclosure::is_field;
use crate::entry::MAX_TARGETS;

const NAMED: [&str; 5] = ["actor.email", "actor.ip", "actor.ua", "changes", "extra"];

/// Some of the 25 fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FieldSet(u32);

impl FieldSet {
    /// The set of one field; `None` for a name that is none.
    pub fn of(name: &str) -> Option<FieldSet> {
        if let Some(place) = NAMED.iter().position(|named| *named == name) {
            return Some(FieldSet(1 << place));
        }
        let number = name.strip_prefix("target.")?.strip_suffix(".name")?;
        let number: usize = number.parse().ok().filter(|_| is_field(name))?;
        Some(FieldSet(1 << (NAMED.len() + number)))
    }

    /// The set as a number.
    pub(crate) fn bits(self) -> u32 {
        self.0
    }

    /// The set of a number that [`FieldSet::bits`] gave; anything else gives the empty set.
    pub(crate) fn from_bits(bits: u64) -> FieldSet {
        FieldSet(u32::try_from(bits).unwrap_or_default())
    }

    /// Whether nothing is in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Both together.
    pub fn and(self, other: FieldSet) -> FieldSet {
        FieldSet(self.0 | other.0)
    }

    /// Whether all of `other` are in it.
    pub fn covers(self, other: FieldSet) -> bool {
        other.0 & !self.0 == 0
    }

    /// Those of it that are not in `other`.
    #[must_use]
    pub fn without(self, other: FieldSet) -> FieldSet {
        FieldSet(self.0 & !other.0)
    }

    /// The first name in it.
    pub fn first(self) -> Option<String> {
        let place = usize::try_from(self.0.trailing_zeros()).ok()?;
        match place.checked_sub(NAMED.len()) {
            None => Some(NAMED[place].to_owned()),
            Some(number) => (number < MAX_TARGETS).then(|| format!("target.{number}.name")),
        }
    }

    /// The names in it.
    pub fn names(self) -> impl Iterator<Item = String> {
        let mut left = self;
        std::iter::from_fn(move || {
            let name = left.first()?;
            left.0 &= left.0 - 1;
            Some(name)
        })
    }
}

impl FromIterator<FieldSet> for FieldSet {
    fn from_iter<I: IntoIterator<Item = FieldSet>>(sets: I) -> FieldSet {
        sets.into_iter().fold(FieldSet::default(), FieldSet::and)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_its_own_place() {
        let targets = (0..20).map(|number| format!("target.{number}.name"));
        let names: Vec<String> = NAMED
            .iter()
            .map(ToString::to_string)
            .chain(targets)
            .collect();
        let sets: Vec<FieldSet> = names
            .iter()
            .map(|name| FieldSet::of(name).unwrap())
            .collect();
        for (name, set) in names.iter().zip(&sets) {
            assert_eq!(set.first().as_ref(), Some(name));
        }
        let all: FieldSet = sets.iter().copied().collect();
        assert_eq!(all.0, (1 << 25) - 1);
        assert!(all.covers(sets[3]) && !sets[3].covers(all));
        assert_eq!(all.names().collect::<Vec<_>>(), names);
        assert_eq!(all.without(sets[3]).and(sets[3]), all);
        for name in [
            "",
            "actor",
            "target.20.name",
            "target.01.name",
            "target.+1.name",
        ] {
            assert_eq!(FieldSet::of(name), None, "{name}");
        }
    }
}
