//! `diff`.

use std::path::Path;

use audit::bundle::{ExhibitError, consistency};
use audit::checkpoint::Checkpoint;
use audit::hash::Hash;
use audit::merkle::verify_consistency;
use audit::note::{Note, VerifierKey};

use crate::args::Diff;
use crate::directory::Directory;
use crate::{Outcome, input};

pub(crate) fn run(args: &Diff) -> anyhow::Result<Outcome> {
    let keys = input::keys(&args.keys)?;
    let (one, other) = (
        input::checkpoint(&args.one)?,
        input::checkpoint(&args.other)?,
    );
    for (note, path) in [(&one.0, &args.one), (&other.0, &args.other)] {
        if let Some(obstacle) = unsigned(note, &keys) {
            input::say(&format!("INCONCLUSIVE: {}: {obstacle}", path.display()))?;
            return Ok(Outcome::Inconclusive);
        }
    }
    let (old, new) = match one.1.tree.size <= other.1.tree.size {
        true => (one.1, other.1),
        false => (other.1, one.1),
    };
    let (outcome, text) = judge(&old, &new, args.bundle.as_deref());
    input::say(&text)?;
    Ok(outcome)
}

fn unsigned(note: &Note, keys: &[VerifierKey]) -> Option<String> {
    if keys.is_empty() {
        return None;
    }
    Checkpoint::open(note, keys)
        .err()
        .map(|error| error.to_string())
}

fn judge(old: &Checkpoint, new: &Checkpoint, bundle: Option<&Path>) -> (Outcome, String) {
    let sizes = format!("{} and {} entries", old.tree.size, new.tree.size);
    if old.origin != new.origin {
        let text = format!(
            "INCONCLUSIVE: `{}` and `{}` are two logs",
            old.origin, new.origin
        );
        return (Outcome::Inconclusive, text);
    }
    let proof = match bundle {
        _ if old.tree.size == new.tree.size => Ok(Vec::new()),
        Some(path) => proof(path, old.tree.size, new.tree.size),
        None => {
            let text = format!("INCONCLUSIVE: {sizes}; a bundle is needed to compare them");
            return (Outcome::Inconclusive, text);
        }
    };
    match proof.map(|proof| verify_consistency(old.tree, new.tree, &proof)) {
        Ok(Ok(())) if old.tree == new.tree => (
            Outcome::Intact,
            format!("EQUAL: {} entries, one root", new.tree.size),
        ),
        Ok(Ok(())) => (
            Outcome::Intact,
            format!("CONSISTENT: {sizes}; the larger log begins with the smaller"),
        ),
        Ok(Err(_)) if old.tree.size == new.tree.size => (
            Outcome::Broken,
            format!("FORKED: two roots of {} entries", new.tree.size),
        ),
        // The proof is made of the bundle's tiles: that it fails can also be the bundle's fault.
        Ok(Err(error)) => (
            Outcome::Broken,
            format!("FORKED: {sizes}; by the tiles of the bundle, {error}"),
        ),
        Err(error) => (
            Outcome::Inconclusive,
            format!("INCONCLUSIVE: {sizes}; {error}"),
        ),
    }
}

fn proof(bundle: &Path, old: u64, new: u64) -> Result<Vec<Hash>, ExhibitError> {
    match bundle.is_dir() {
        true => consistency(&Directory::new(bundle), old, new),
        false => consistency(&input::archive(bundle), old, new),
    }
}
