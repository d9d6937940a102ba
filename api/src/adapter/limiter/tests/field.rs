//! What limits write, read by somebody else's reader of structured fields (RFC 9651).

use sfv::{BareItem, List, ListEntry, Parser};

use crate::adapter::limiter::Decision;

/// Whether all headers are lists of one, name the same policy, and have numbers that fit each other.
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
    parameters: Vec<(String, i64)>,
}

impl Item {
    fn keys(&self) -> Vec<&str> {
        self.parameters
            .iter()
            .map(|(key, _)| key.as_str())
            .collect()
    }
}

/// The only member of a list, a string with numbers.
fn item(text: &str) -> Option<Item> {
    let list: List = Parser::new(text).parse().ok()?;
    let [ListEntry::Item(item)] = list.as_slice() else {
        return None;
    };
    let BareItem::String(name) = &item.bare_item else {
        return None;
    };
    let parameters = item.params.iter().map(|(key, value)| match value {
        BareItem::Integer(number) => Some((key.to_string(), i64::from(*number))),
        _ => None,
    });
    Some(Item {
        name: name.as_str().to_owned(),
        parameters: parameters.collect::<Option<_>>()?,
    })
}
