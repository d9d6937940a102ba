//! Whom to believe: keys the auditor brought, and those that signed history introduces.

use super::evidence::{Evidence, MAX_KEYS};
use super::terms::Terms;
use crate::bundle::seal_text;
use crate::checkpoint::{Checkpoint, CheckpointError, Opened};
use crate::entry::Time;
use crate::merkle::TreeHead;
use crate::note::{Algorithm, Note, NoteError, VerifierKey};
use crate::report::Point;

/// Who signed a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Signed {
    /// A trusted key; its text form.
    By(String),
    /// A signature claims to be of a trusted key and does not hold, or the note is none.
    Forged(String),
    /// Nobody who is trusted.
    Unknown,
}

/// A checkpoint that a trusted key signed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Witness {
    pub(super) point: Point,
    /// Whether the tree has this root at this size.
    pub(super) agrees: bool,
}

/// The outcome.
#[derive(Debug)]
pub(super) struct Believed {
    pub(super) keys: Vec<VerifierKey>,
    pub(super) terms: Terms,
    pub(super) checkpoint: Signed,
    pub(super) cosigned_at: Option<Time>,
    pub(super) seal: Signed,
    /// The checkpoint and the anchors, if signed.
    pub(super) witnesses: Vec<Witness>,
    /// Anchors whose signature does not hold.
    pub(super) forged: Vec<(String, String)>,
}

/// Follows the keys until nothing new is learnt: a checkpoint that a trusted key signed and the tree confirms makes
/// the keys trusted that entries before its end introduce.
pub(super) fn believe(evidence: &Evidence, keys: &[VerifierKey]) -> Option<Believed> {
    let front = evidence.front.as_ref()?;
    let origin = &front.checkpoint.origin;
    let terms = Terms::of(evidence);
    let mut keys = distinct(keys);
    let anchors = front.anchors.iter();
    let anchors = anchors.map(|anchor| (&anchor.note, &anchor.checkpoint));
    let mut waiting: Vec<(&Note, TreeHead)> = anchors
        .chain([(&front.note, &front.checkpoint)])
        .filter(|(_, found)| found.origin == *origin && agrees(evidence, found.tree))
        .map(|(note, found)| (note, found.tree))
        .collect();
    loop {
        let known = keys.len();
        waiting.retain(|(note, tree)| {
            let admitted =
                |opened: Opened<'_>| terms.in_force(opened.log_keys, tree.size).is_some();
            let opened = Checkpoint::open(note, &keys).is_ok_and(admitted);
            if opened {
                adopt(&mut keys, evidence, origin, tree.size);
            }
            !opened
        });
        if keys.len() == known {
            break;
        }
    }
    Some(Believed::with(evidence, keys, terms))
}

/// Whether the tree that was read has this head.
pub(super) fn agrees(evidence: &Evidence, tree: TreeHead) -> bool {
    evidence.roots.get(&tree.size) == Some(&tree.root)
}

fn adopt(keys: &mut Vec<VerifierKey>, evidence: &Evidence, origin: &str, size: u64) {
    let introduced = evidence.keys.iter().filter(|key| key.seq < size);
    for key in introduced.filter_map(|key| VerifierKey::parse(&key.vkey).ok()) {
        let of_log = key.name() == origin && key.algorithm() == Algorithm::Ed25519;
        if of_log && keys.len() < MAX_KEYS && !keys.iter().any(|known| collide(known, &key)) {
            keys.push(key);
        }
    }
}

/// Two keys of one name and id could not be told apart on a note.
fn collide(one: &VerifierKey, other: &VerifierKey) -> bool {
    (one.name(), one.id()) == (other.name(), other.id())
}

fn distinct(keys: &[VerifierKey]) -> Vec<VerifierKey> {
    let mut distinct: Vec<VerifierKey> = Vec::new();
    for key in keys {
        if !distinct.iter().any(|known| collide(known, key)) {
            distinct.push(key.clone());
        }
    }
    distinct
}

impl Believed {
    fn with(evidence: &Evidence, keys: Vec<VerifierKey>, terms: Terms) -> Believed {
        let mut believed = Believed {
            keys: Vec::new(),
            seal: seal(evidence, &keys, &terms),
            terms,
            checkpoint: Signed::Unknown,
            cosigned_at: None,
            witnesses: Vec::new(),
            forged: Vec::new(),
        };
        if let Some(front) = &evidence.front {
            believed.checkpoint = believed.hear(evidence, &front.note, &keys, true);
            for anchor in &front.anchors {
                if let Signed::Forged(reason) = believed.hear(evidence, &anchor.note, &keys, false)
                {
                    believed.forged.push((anchor.path.clone(), reason));
                }
            }
        }
        Believed { keys, ..believed }
    }

    fn hear(
        &mut self,
        evidence: &Evidence,
        note: &Note,
        keys: &[VerifierKey],
        newest: bool,
    ) -> Signed {
        let opened = match Checkpoint::open(note, keys) {
            Ok(opened) if is_of(evidence, &opened.checkpoint) => opened,
            Ok(_) => return Signed::Unknown,
            Err(error) => return signed_by_none(error),
        };
        let tree = opened.checkpoint.tree;
        let signers = opened.log_keys.iter().copied();
        let Some(key) = self.terms.in_force(signers, tree.size) else {
            return Signed::Unknown;
        };
        let cosigned_at = cosigned(&opened);
        if newest {
            self.cosigned_at = cosigned_at;
        }
        let at = cosigned_at.or_else(|| evidence.times.get(&tree.size).copied());
        self.witnesses.push(Witness {
            point: Point {
                size: tree.size,
                at,
            },
            agrees: agrees(evidence, tree),
        });
        Signed::By(key.to_string())
    }
}

/// A trusted key can be that of another log.
fn is_of(evidence: &Evidence, checkpoint: &Checkpoint) -> bool {
    let front = evidence.front.as_ref();
    front.is_some_and(|front| front.checkpoint.origin == checkpoint.origin)
}

fn signed_by_none(error: CheckpointError) -> Signed {
    match error {
        CheckpointError::Note(NoteError::Forged { .. }) => Signed::Forged(error.to_string()),
        _ => Signed::Unknown,
    }
}

/// The latest time at which a cosigner saw the checkpoint.
pub(super) fn cosigned(opened: &Opened<'_>) -> Option<Time> {
    let seconds = opened
        .cosignatures
        .iter()
        .map(|cosignature| cosignature.time)
        .max()?;
    let micros = i64::try_from(seconds).ok()?.checked_mul(1_000_000)?;
    Time::from_micros(micros).ok()
}

/// Who signed the manifest.
fn seal(evidence: &Evidence, keys: &[VerifierKey], terms: &Terms) -> Signed {
    let (Some(manifest), Some(seal)) = (&evidence.manifest, &evidence.seal) else {
        return Signed::Unknown;
    };
    let note = match Note::parse(seal) {
        Ok(note) => note,
        Err(error) => return Signed::Forged(error.to_string()),
    };
    let origin = note
        .text()
        .split('\n')
        .next()
        .and_then(|line| line.strip_suffix("/bundle"));
    let Some(origin) = origin.filter(|origin| seal_text(origin, manifest) == note.text()) else {
        return Signed::Forged("the note is of another manifest".to_owned());
    };
    match note.verify(keys) {
        Ok(signers) => {
            // A key may have been replaced between checkpoint and seal: one of those in force is enough.
            let size = evidence
                .front
                .as_ref()
                .map_or(0, |front| front.checkpoint.tree.size);
            let of_log = signers
                .iter()
                .map(|signer| signer.key)
                .filter(|key| key.name() == origin && key.algorithm() == Algorithm::Ed25519);
            terms
                .in_force(of_log, size)
                .map_or(Signed::Unknown, |key| Signed::By(key.to_string()))
        }
        Err(error @ NoteError::Forged { .. }) => Signed::Forged(error.to_string()),
        Err(_) => Signed::Unknown,
    }
}
