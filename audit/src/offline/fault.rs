//! What is wrong with a bundle: of several things the one that says most.

use super::claims::Misfits;
use super::evidence::{Evidence, Stop};
use super::held::{Conflict, Held};
use super::trust::{Believed, Signed, Witness, agrees};
use crate::bundle::{CHECKPOINT, MANIFEST, Manifest, ManifestError, SEAL};
use crate::chain::{Damage, Finding};
use crate::hash::Hash;
use crate::report::Point;

/// Damage, before its window in time is known.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) damage: Damage,
    pub(super) seq: Option<u64>,
    pub(super) reason: String,
    pub(super) file: Option<String>,
    pub(super) recorded: Option<Hash>,
    pub(super) recomputed: Option<Hash>,
    pub(super) affected: u64,
    /// The receipt or anchor that shows it.
    pub(super) compared: Option<Point>,
}

/// All that is known when the verdict is due.
pub(super) struct Case<'a> {
    pub(super) evidence: &'a Evidence,
    pub(super) believed: &'a Believed,
    pub(super) manifest: Option<&'a Result<Manifest, ManifestError>>,
    pub(super) misfits: &'a Misfits,
    pub(super) held: &'a Held,
    pub(super) keys_given: bool,
}

impl Fault {
    fn of_finding(finding: &Finding, file: Option<String>, affected: u64) -> Fault {
        Fault {
            seq: Some(finding.seq),
            recorded: finding.recorded,
            recomputed: finding.recomputed,
            file,
            affected,
            ..Fault::new(finding.damage, finding.reason.clone())
        }
    }

    fn of_file(path: &str, reason: &str) -> Fault {
        Fault {
            file: Some(path.to_owned()),
            ..Fault::new(Damage::ContentAltered, format!("{path} {reason}"))
        }
    }

    fn new(damage: Damage, reason: String) -> Fault {
        Fault {
            damage,
            seq: None,
            reason,
            file: None,
            recorded: None,
            recomputed: None,
            affected: 1,
            compared: None,
        }
    }

    /// What stopped the reading, unless it is the medium.
    pub(super) fn of_stop(stop: &Stop) -> Option<Fault> {
        match stop {
            Stop::Unreadable(_) => None,
            Stop::Malformed(reason) => Some(Fault::new(Damage::ContentAltered, reason.clone())),
            Stop::File(path, reason) => Some(Fault::of_file(path, reason)),
            Stop::Found(finding, file) => Some(Fault::of_finding(finding, file.clone(), 1)),
        }
    }
}

impl Case<'_> {
    pub(super) fn fault(&self) -> Option<Fault> {
        self.exchanged()
            .or_else(|| self.entries())
            .or_else(|| self.forged())
            .or_else(|| self.evidence.stop.as_ref().and_then(Fault::of_stop))
            .or_else(|| self.tree())
            .or_else(|| self.root())
            .or_else(|| self.anchors())
            .or_else(|| self.held())
            .or_else(|| self.seal())
            .or_else(|| self.files())
    }

    /// The log's own manifest names another checkpoint. Everything else follows from that.
    fn exchanged(&self) -> Option<Fault> {
        let sealed = matches!(self.believed.seal, Signed::By(_));
        (sealed && self.misfits.is_checkpoint_other())
            .then(|| Fault::of_file(CHECKPOINT, "is not the file of the manifest"))
    }

    fn entries(&self) -> Option<Fault> {
        let found = &self.evidence.entries;
        let first = found.first.as_ref()?;
        Some(Fault::of_finding(first, None, found.count))
    }

    fn forged(&self) -> Option<Fault> {
        let Signed::Forged(reason) = &self.believed.checkpoint else {
            return None;
        };
        let seq = self.last_good(u64::MAX);
        Some(Fault {
            seq: Some(seq),
            affected: self.size().saturating_sub(seq),
            ..Fault::of_file(CHECKPOINT, &format!("is not believed: {reason}"))
        })
    }

    fn tree(&self) -> Option<Fault> {
        let found = &self.evidence.tree;
        let first = found.first.as_ref()?;
        Some(Fault::of_finding(first, None, found.count))
    }

    fn root(&self) -> Option<Fault> {
        let tree = self.evidence.front.as_ref()?.checkpoint.tree;
        (!agrees(self.evidence, tree)).then(|| Fault {
            recorded: Some(tree.root),
            ..self.forked(
                "the entries do not have the root of the checkpoint".to_owned(),
                tree.size,
            )
        })
    }

    /// An older checkpoint that the log signed and does not continue.
    fn anchors(&self) -> Option<Fault> {
        let differs = |witness: &&Witness| !witness.agrees;
        let witness = self.believed.witnesses.iter().find(differs)?;
        let name = "an older checkpoint of the bundle";
        Some(self.conflict(name, witness.point.size))
    }

    fn held(&self) -> Option<Fault> {
        let Conflict { name, point, root } = self.held.conflict.as_ref()?;
        Some(Fault {
            recorded: Some(*root),
            compared: Some(*point),
            ..self.conflict(&format!("the {name}"), point.size)
        })
    }

    fn conflict(&self, name: &str, size: u64) -> Fault {
        let now = self.size();
        if size > now {
            return Fault {
                seq: Some(now),
                affected: size - now,
                ..Fault::new(Damage::RolledBack, format!("{name} counts {size} entries"))
            };
        }
        self.forked(
            format!("the log does not begin with the tree of {name}"),
            size,
        )
    }

    /// The entries from the last state that is vouched for up to `size` are others.
    fn forked(&self, reason: String, size: u64) -> Fault {
        let seq = self.last_good(size);
        Fault {
            seq: Some(seq),
            recomputed: self.evidence.roots.get(&size).copied(),
            affected: size.saturating_sub(seq).max(1),
            ..Fault::new(Damage::Forked, reason)
        }
    }

    /// The largest signed size below `size` up to which the tree agrees.
    fn last_good(&self, size: u64) -> u64 {
        let witnesses = self.believed.witnesses.iter();
        witnesses
            .filter(|witness| witness.agrees && witness.point.size < size)
            .map(|witness| witness.point.size)
            .max()
            .unwrap_or(0)
    }

    fn size(&self) -> u64 {
        let front = self.evidence.front.as_ref();
        front.map_or(0, |front| front.checkpoint.tree.size)
    }

    fn files(&self) -> Option<Fault> {
        let mut faults = Vec::new();
        if let Some(Err(error)) = self.manifest {
            faults.push(Fault::of_file(MANIFEST, &format!("is malformed: {error}")));
        }
        let of = |(path, reason): &(String, String)| Fault::of_file(path, reason);
        faults.extend(self.believed.forged.iter().map(of));
        faults.extend(self.misfits.files.iter().map(of));
        faults.extend(self.front_faults());
        let affected = faults.len() as u64;
        let first = faults.into_iter().next()?;
        Some(Fault { affected, ..first })
    }

    /// Anchors that are none, or that nobody trusted signed and that do not fit.
    fn front_faults(&self) -> Vec<Fault> {
        let Some(front) = &self.evidence.front else {
            return Vec::new();
        };
        let malformed = front.malformed.iter();
        let malformed = malformed.map(|(path, reason)| Fault::of_file(path, reason));
        let differing = front.anchors.iter().filter_map(|anchor| {
            let reason = if anchor.checkpoint.origin != front.checkpoint.origin {
                "is of another log"
            } else if !agrees(self.evidence, anchor.checkpoint.tree) {
                "does not fit the log, and no key in force signed it"
            } else {
                return None;
            };
            Some(Fault::of_file(&anchor.path, reason))
        });
        malformed.chain(differing).collect()
    }

    fn seal(&self) -> Option<Fault> {
        if self.evidence.manifest.is_none() {
            return Some(Fault::of_file(MANIFEST, "is missing"));
        }
        if self.evidence.seal.is_none() {
            return Some(Fault::of_file(SEAL, "is missing"));
        }
        match (&self.believed.checkpoint, &self.believed.seal) {
            (_, Signed::Forged(reason)) => {
                Some(Fault::of_file(SEAL, &format!("is not believed: {reason}")))
            }
            (Signed::By(_), Signed::Unknown) if self.keys_given => {
                Some(Fault::of_file(SEAL, "is not signed by a trusted key"))
            }
            (Signed::Unknown, Signed::By(_)) => {
                Some(Fault::of_file(CHECKPOINT, "is not signed by a trusted key"))
            }
            _ => None,
        }
    }
}
