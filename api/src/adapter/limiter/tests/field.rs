//! A reader of the structured fields of RFC 9651 that limits write: a list of strings with integer parameters.

use crate::adapter::limiter::Decision;

/// Whether all headers parse, name the same policy, and have numbers that fit each other.
pub(super) fn is_well_formed(decision: &Decision) -> bool {
    let headers = decision.headers();
    let value = |name: &str| {
        let header = headers.iter().find(|(other, _)| *other == name);
        header.map(|(_, value)| value.as_str())
    };
    let policy = value("ratelimit-policy").and_then(item);
    let state = value("ratelimit").and_then(item);
    let (Some(policy), Some(state)) = (policy, state) else {
        return false;
    };
    let retry_after = value("retry-after").map(str::parse::<u64>);
    let fits = policy.name == state.name
        && policy.keys() == ["q", "w"]
        && state.keys() == ["r", "t"]
        && state.parameters[0].1 <= policy.parameters[0].1;
    match retry_after {
        None => fits && decision.allowed,
        Some(Ok(seconds)) => fits && !decision.allowed && seconds > 0,
        Some(Err(_)) => false,
    }
}

struct Item {
    name: String,
    parameters: Vec<(String, u64)>,
}

impl Item {
    fn keys(&self) -> Vec<&str> {
        self.parameters
            .iter()
            .map(|(key, _)| key.as_str())
            .collect()
    }
}

/// Section 4.2.3, of strings without escapes and non-negative integers of at most fifteen digits.
fn item(text: &str) -> Option<Item> {
    let (name, mut rest) = text.strip_prefix('"')?.split_once('"')?;
    let is_plain = |c: char| matches!(c, ' '..='~') && c != '\\';
    let mut parameters = Vec::new();
    while !rest.is_empty() {
        let (parameter, next) = rest
            .strip_prefix(';')?
            .split_at(rest[1..].find(';').unwrap_or(rest.len() - 1));
        let (key, value) = parameter.split_once('=')?;
        let is_key = !key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase());
        let is_number = value.len() <= 15 && value.bytes().all(|byte| byte.is_ascii_digit());
        if !is_key || !is_number {
            return None;
        }
        parameters.push((key.to_owned(), value.parse().ok()?));
        rest = next;
    }
    name.chars().all(is_plain).then(|| Item {
        name: name.to_owned(),
        parameters,
    })
}
