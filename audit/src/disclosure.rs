//! Personal fields outside the entry: the entry holds a salted digest, the text lives beside it and can be
//! deleted without touching the chain.
//!
//! The shape is that of RFC 9901, section 4.2.1: `d = b64url(utf8([b64url(salt), field, value]))` and
//! `digest = b64url(SHA-256(ascii(d)))`, both without padding. A digest names its field openly and hides the
//! value as long as its 16-byte salt is random and deleted together with the text.

use data_encoding::BASE64URL_NOPAD;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::entry::MAX_TARGETS;
use crate::hash::Hash;

/// The deepest value that can be disclosed, in open containers.
pub const MAX_DEPTH: usize = 64;

/// A personal field, ready to be stored beside its entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disclosure {
    /// The key in `sd`.
    pub field: String,
    /// `d`, the base64url text that is kept and exported.
    pub text: String,
    /// The value in `sd`: 43 characters.
    pub digest: String,
}

/// What a disclosure says.
#[derive(Clone, Debug, PartialEq)]
pub struct DisclosedValue {
    /// The field it names.
    pub field: String,
    /// The salt.
    pub salt: [u8; 16],
    /// The value.
    pub value: Value,
}

/// Why a disclosure is not made or not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DisclosureError {
    /// Not one of the fields that can be disclosed.
    #[error("the field cannot be disclosed")]
    Field,
    /// The value is nested more than [`MAX_DEPTH`] deep.
    #[error("the value is nested too deeply")]
    TooDeep,
    /// The text does not have the digest of the entry.
    #[error("the disclosure does not have the digest in the entry")]
    Digest,
    /// The text is not base64url of a JSON array of salt, field and value.
    #[error("the disclosure is malformed")]
    Malformed,
    /// The text names another field than the entry.
    #[error("the disclosure names another field than the entry")]
    OtherField,
}

/// Whether `name` is one of `actor.email`, `actor.ip`, `actor.ua`, `target.N.name` (N from 0 to 19, without
/// leading zeros), `changes`, `extra`.
pub fn is_field(name: &str) -> bool {
    matches!(
        name,
        "actor.email" | "actor.ip" | "actor.ua" | "changes" | "extra"
    ) || is_target_name(name)
}

fn is_target_name(name: &str) -> bool {
    let Some(number) = name
        .strip_prefix("target.")
        .and_then(|rest| rest.strip_suffix(".name"))
    else {
        return false;
    };
    match number.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [b'1'..=b'9', digit] => {
            digit.is_ascii_digit() && number.parse().is_ok_and(|n: usize| n < MAX_TARGETS)
        }
        _ => false,
    }
}

/// Makes the disclosure of one field of one entry. `salt` is fresh from the operating system, per field and entry.
///
/// Object keys are written in sorted order, so that the text depends on the value alone.
pub fn disclose(salt: [u8; 16], field: &str, value: &Value) -> Result<Disclosure, DisclosureError> {
    if !is_field(field) {
        return Err(DisclosureError::Field);
    }
    if is_deeper(value, MAX_DEPTH) {
        return Err(DisclosureError::TooDeep);
    }
    let salt = BASE64URL_NOPAD.encode(&salt);
    let json = sorted(&Value::Array(vec![
        salt.into(),
        field.into(),
        value.clone(),
    ]))
    .to_string();
    let text = BASE64URL_NOPAD.encode(json.as_bytes());
    Ok(Disclosure {
        field: field.to_owned(),
        digest: digest(&text),
        text,
    })
}

/// The digest that stands in `sd` for the disclosure text `d`.
pub fn digest(d: &str) -> String {
    BASE64URL_NOPAD.encode(&Hash::of(d.as_bytes()).0)
}

/// Reads the disclosure text `d` that an entry refers to by `field` and `digest`.
pub fn check(d: &str, field: &str, digest: &str) -> Result<DisclosedValue, DisclosureError> {
    if self::digest(d) != digest {
        return Err(DisclosureError::Digest);
    }
    let disclosed = read(d).ok_or(DisclosureError::Malformed)?;
    if disclosed.field == field {
        Ok(disclosed)
    } else {
        Err(DisclosureError::OtherField)
    }
}

/// Whether `d`, which has the digest of `field` in an entry, names that field; as [`check`], without the value.
pub(crate) fn names(d: &str, field: &str) -> Result<(), DisclosureError> {
    let json = BASE64URL_NOPAD
        .decode(d.as_bytes())
        .map_err(|_| DisclosureError::Malformed)?;
    // The form that `disclose` writes needs no allocation; any other is read with care.
    let plain = serde_json::from_slice::<(&str, &str, IgnoredAny)>(&json).ok();
    let salted = |salt: &str| {
        BASE64URL_NOPAD
            .decode_mut(salt.as_bytes(), &mut [0; 16])
            .is_ok()
    };
    match plain {
        Some((salt, name, _)) if name == field && salt.len() == 22 && salted(salt) => Ok(()),
        _ => check(d, field, &digest(d)).map(drop),
    }
}

fn read(d: &str) -> Option<DisclosedValue> {
    let json = BASE64URL_NOPAD.decode(d.as_bytes()).ok()?;
    let (salt, field, value): (String, String, Value) = serde_json::from_slice(&json).ok()?;
    let salt = BASE64URL_NOPAD
        .decode(salt.as_bytes())
        .ok()?
        .try_into()
        .ok()?;
    Some(DisclosedValue { field, salt, value })
}

/// `value` with the members of every object in sorted order, whatever map `serde_json` was built with.
pub(crate) fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(key, _)| *key);
            members
                .into_iter()
                .map(|(key, value)| (key.clone(), sorted(value)))
                .collect()
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        scalar => scalar.clone(),
    }
}

/// Whether more than `depth` containers are open somewhere in `value`.
pub(crate) fn is_deeper(value: &Value, depth: usize) -> bool {
    match value {
        Value::Object(members) => {
            depth == 0 || members.values().any(|value| is_deeper(value, depth - 1))
        }
        Value::Array(items) => depth == 0 || items.iter().any(|value| is_deeper(value, depth - 1)),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
