//! Cuts the disclosures of one event to 10 240 bytes, the same way every time.
//!
//! The size of a disclosure is that of its JSON before base64: `["<salt>","<field>",<value>]`. While the sum is
//! above the limit, the rules of [`Rule`] are added one after the other, each to every field it fits, and
//! always to the original values, so that every `sha256` is that of the original (for a container: of its JSON
//! without spaces and with sorted keys). The result fits for any set of fields that can be disclosed; an event
//! is never dropped because of its size.

mod shape;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::disclosure::{self, is_deeper};
use crate::hash::Hash;

pub use shape::{ARRAY_KEPT, ARRAY_MAX, DEPTH_MAX, STRING_KEPT, STRING_MAX};

/// The limit for all disclosures of one event, decoded, in bytes.
pub const MAX_BYTE_LEN: usize = 10_240;

/// The `trim` of an entry: what was cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trim {
    /// Size of the disclosures before they were cut, in bytes.
    pub bytes: u64,
    /// The rules applied, in their order.
    pub rules: Vec<Rule>,
}

/// One way to cut, in the order in which they are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Binary became `{"$trim":"bytes","len":n,"sha256":…}`; see [`bytes`].
    Bytes,
    /// Strings above 512 bytes became `{"$more":n,"$text":"<first 256 bytes>","sha256":…}`.
    Strings,
    /// Arrays above 20 items became `{"$items":[<first 10>],"$more":n,"sha256":…}`.
    Arrays,
    /// What is nested more than 6 deep was collapsed to `{"$keys":[…],"sha256":…}`, or
    /// `{"$items":[],"$more":n,"sha256":…}` for an array.
    Depth,
    /// `changes` became `{"$keys":[…],"sha256":…}`.
    Names,
    /// The largest values became `{"$trim":"value","len":n,"sha256":…}`.
    Values,
}

impl Rule {
    /// Every rule, in order.
    pub const ALL: [Rule; 6] = [
        Rule::Bytes,
        Rule::Strings,
        Rule::Arrays,
        Rule::Depth,
        Rule::Names,
        Rule::Values,
    ];

    /// The word in the entry.
    pub fn as_str(self) -> &'static str {
        match self {
            Rule::Bytes => "bytes",
            Rule::Strings => "strings",
            Rule::Arrays => "arrays",
            Rule::Depth => "depth",
            Rule::Names => "names",
            Rule::Values => "values",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Rule> {
        Rule::ALL.into_iter().find(|rule| rule.as_str() == text)
    }
}

/// Values that fit, and what was done to make them.
#[derive(Clone, Debug, PartialEq)]
pub struct Trimmed {
    /// By field, ready for [`disclosure::disclose`].
    pub values: BTreeMap<String, Value>,
    /// For [`crate::entry::Draft::trim`].
    pub trim: Option<Trim>,
}

/// How binary stands in a disclosure, JSON having no form for it: its length and hash.
pub fn bytes(binary: &[u8]) -> Value {
    json!({ "$trim": "bytes", "len": binary.len(), "sha256": Hash::of(binary).to_hex() })
}

/// Cuts the values of one event, by field, until they fit. Cutting the result again changes nothing.
pub fn trim(values: BTreeMap<String, Value>) -> Trimmed {
    let byte_len = size(&values);
    let mut rules = Vec::new();
    let mut cut = values.clone();
    if values
        .values()
        .any(|value| is_deeper(value, disclosure::MAX_DEPTH))
    {
        rules.push(Rule::Depth);
        cut = shape::apply(&values, &rules);
    }
    for rule in [Rule::Strings, Rule::Arrays, Rule::Depth, Rule::Names] {
        if size(&cut) <= MAX_BYTE_LEN {
            break;
        }
        let attempt = with(&rules, rule);
        let shaped = shape::apply(&values, &attempt);
        // A rule that found nothing to cut is not reported.
        if shaped != cut {
            (rules, cut) = (attempt, shaped);
        }
    }
    if replace_largest(&values, &mut cut) {
        rules.push(Rule::Values);
    }
    if values.values().any(shape::has_bytes) {
        rules = with(&rules, Rule::Bytes);
    }
    let trim = (!rules.is_empty()).then_some(Trim {
        bytes: byte_len as u64,
        rules,
    });
    Trimmed { values: cut, trim }
}

fn with(rules: &[Rule], rule: Rule) -> Vec<Rule> {
    let mut rules = rules.to_vec();
    rules.push(rule);
    rules.sort_unstable();
    rules.dedup();
    rules
}

/// The decoded size of the disclosures of `values`, in bytes.
pub fn size(values: &BTreeMap<String, Value>) -> usize {
    // ["<22 characters of salt>","<field>",<value>]
    values
        .iter()
        .map(|(field, value)| value.to_string().len() + field.len() + 30)
        .sum()
}

/// Replaces the largest value, of equals the first by field, until all fit.
fn replace_largest(originals: &BTreeMap<String, Value>, cut: &mut BTreeMap<String, Value>) -> bool {
    let mut by_size: Vec<_> = cut
        .iter()
        .map(|(field, value)| (value.to_string().len(), field.clone()))
        .collect();
    by_size.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let mut replaced = false;
    for (_, field) in by_size {
        if size(cut) <= MAX_BYTE_LEN {
            break;
        }
        if let Some(original) = originals.get(&field) {
            cut.insert(field, shape::value(original));
            replaced = true;
        }
    }
    replaced
}

#[cfg(test)]
mod tests;
