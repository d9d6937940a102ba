//! The checkpoints that the auditor holds: proof of what the log once was.

use super::Trust;
use super::evidence::Evidence;
use super::trust::{Believed, agrees, cosigned};
use crate::checkpoint::Checkpoint;
use crate::hash::Hash;
use crate::note::Note;
use crate::report::Point;

/// What they say about the bundle.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// The receipt, if the log begins with its tree.
    pub(super) receipt: Option<Point>,
    /// The anchor, if the log begins with its tree.
    pub(super) anchor: Option<Point>,
    /// One of them knows a longer or another log.
    pub(super) conflict: Option<Conflict>,
    /// One of them cannot be used.
    pub(super) obstacle: Option<String>,
}

/// A checkpoint that the bundle does not continue.
#[derive(Debug)]
pub(super) struct Conflict {
    pub(super) name: &'static str,
    pub(super) point: Point,
    pub(super) root: Hash,
}

pub(super) fn held(evidence: &Evidence, believed: &Believed, trust: &Trust) -> Held {
    let mut held = Held::default();
    held.receipt = held.hear("receipt", trust.receipt.as_ref(), evidence, believed);
    held.anchor = held.hear("anchor", trust.anchor.as_ref(), evidence, believed);
    held
}

impl Held {
    fn hear(
        &mut self,
        name: &'static str,
        note: Option<&Note>,
        evidence: &Evidence,
        believed: &Believed,
    ) -> Option<Point> {
        let note = note?;
        let origin = &evidence.front.as_ref()?.checkpoint.origin;
        let opened = match Checkpoint::open(note, &believed.keys) {
            Ok(opened) if opened.checkpoint.origin == *origin => opened,
            Ok(opened) => {
                self.obstacle = Some(format!(
                    "the {name} is of the log `{}`",
                    opened.checkpoint.origin
                ));
                return None;
            }
            Err(error) => {
                self.obstacle = Some(format!("the {name} cannot be used: {error}"));
                return None;
            }
        };
        let tree = opened.checkpoint.tree;
        let signers = opened.log_keys.iter().copied();
        if believed.terms.in_force(signers, tree.size).is_none() {
            let reason = "the key that signed it was not in force then";
            self.obstacle = Some(format!("the {name} cannot be used: {reason}"));
            return None;
        }
        let at = cosigned(&opened).or_else(|| evidence.times.get(&tree.size).copied());
        let point = Point {
            size: tree.size,
            at,
        };
        if agrees(evidence, tree) {
            return Some(point);
        }
        let root = tree.root;
        self.conflict.get_or_insert(Conflict { name, point, root });
        None
    }
}
