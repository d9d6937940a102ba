//! What a later epoch of a log says of the one before it.

use std::collections::BTreeMap;

use crate::hash::Hash;
use crate::merkle::TreeHead;
use crate::value::Value;

/// The member of the genesis.
pub(super) const PREVIOUS: &str = "previous";

/// A tree head of a log, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedHead {
    /// The log's name; see [`super::origin`].
    pub origin: String,
    /// Size and root.
    pub tree: TreeHead,
}

/// The epoch before a genesis: what is left of it, and what was known of it elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Previous {
    /// The head that it ends with.
    pub kept: NamedHead,
    /// A head kept outside that it does not bear out; `None` when no such head was known.
    pub known: Option<NamedHead>,
}

impl Previous {
    /// How many entries are known to have been and are not there; 0 when no head outside tells.
    pub fn lost(&self) -> u64 {
        let Some(known) = &self.known else { return 0 };
        if known.origin == self.kept.origin {
            known.tree.size.saturating_sub(self.kept.tree.size)
        } else {
            known.tree.size
        }
    }

    /// Reads it from the `meta` of a genesis: `None` when it names no epoch before.
    ///
    /// # Errors
    /// `Err(())` for a member that is not one.
    pub fn of_meta(meta: &BTreeMap<String, Value>) -> Option<Result<Previous, ()>> {
        let Value::Object(members) = meta.get(PREVIOUS)? else {
            return Some(Err(()));
        };
        let known = match members.get("known") {
            None => None,
            Some(Value::Object(known)) => Some(head(known)),
            Some(_) => return Some(Err(())),
        };
        let kept = head(members);
        Some(match (kept, known) {
            (Some(kept), None) => Ok(Previous { kept, known: None }),
            (Some(kept), Some(Some(known))) => Ok(Previous {
                kept,
                known: Some(known),
            }),
            _ => Err(()),
        })
    }

    pub(super) fn to_value(&self) -> Value {
        let mut members = self.kept.members();
        let known = self.known.as_ref();
        members.extend(known.map(|known| ("known", Value::object(known.members()))));
        Value::object(members)
    }
}

impl NamedHead {
    fn members(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("origin", self.origin.as_str().into()),
            ("root", self.tree.root.to_hex().into()),
            ("size", Value::Integer(self.tree.size)),
        ]
    }
}

fn head(members: &BTreeMap<String, Value>) -> Option<NamedHead> {
    let (Value::String(origin), Value::String(root), Value::Integer(size)) = (
        members.get("origin")?,
        members.get("root")?,
        members.get("size")?,
    ) else {
        return None;
    };
    Some(NamedHead {
        origin: origin.clone(),
        tree: TreeHead {
            size: *size,
            root: Hash::from_hex(root)?,
        },
    })
}
