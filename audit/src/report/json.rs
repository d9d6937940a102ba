//! The report as JSON, `camelCase`, every key always present.

use serde_json::{Value, json};

use super::{Point, Report};
use crate::disclosure::sorted;
use crate::genesis::{NamedHead, Previous};
use crate::hash::Hash;

impl Report {
    /// The report as a JSON object; keys are in sorted order, what does not apply is `null`.
    pub fn to_json(&self) -> Value {
        let harm = self.harm.as_ref();
        sorted(&json!({
            "verdict": self.verdict.as_str(),
            "assurance": self.assurance.as_str(),
            "assuranceText": self.assurance_text(),
            "compared": point(self.compared),
            "origin": self.origin,
            "size": self.size,
            "root": hash(self.root),
            "first": self.first,
            "end": self.end,
            "whole": self.whole,
            "disclosures": self.disclosures.as_str(),
            "pruned": self.pruned,
            "redacted": self.redacted,
            "previous": self.previous.as_ref().map(previous),
            "signedBy": self.signed_by,
            "cosignedAt": self.cosigned_at.map(|at| at.to_string()),
            "firstBadSeq": harm.and_then(|harm| harm.seq),
            "damage": harm.map(|harm| harm.damage.as_str()),
            "reason": self.reason(),
            "file": harm.and_then(|harm| harm.file.as_deref()),
            "recordedHash": hash(harm.and_then(|harm| harm.recorded)),
            "recomputedHash": hash(harm.and_then(|harm| harm.recomputed)),
            "lastGoodCheckpoint": point(harm.and_then(|harm| harm.last_good)),
            "firstBadCheckpoint": point(harm.and_then(|harm| harm.first_bad)),
            "affectedCount": harm.map_or(0, |harm| harm.affected),
        }))
    }

    /// Why the verdict is what it is; `None` for an intact log.
    pub fn reason(&self) -> Option<&str> {
        match (&self.harm, &self.obstacle) {
            (Some(harm), _) => Some(&harm.reason),
            (None, obstacle) => obstacle.as_deref(),
        }
    }
}

fn hash(hash: Option<Hash>) -> Option<String> {
    hash.map(Hash::to_hex)
}

fn point(point: Option<Point>) -> Option<Value> {
    point.map(|point| json!({ "size": point.size, "at": point.at.map(|at| at.to_string()) }))
}

fn previous(previous: &Previous) -> Value {
    let head = |head: &NamedHead| {
        json!({
            "origin": head.origin,
            "root": head.tree.root.to_hex(),
            "size": head.tree.size,
        })
    };
    json!({
        "kept": head(&previous.kept),
        "known": previous.known.as_ref().map(head),
        "lost": previous.lost(),
    })
}
