//! Heads of a log that are known from elsewhere: a receipt, an anchor, an earlier run, the epoch after.

use audit::{
    chain::{Damage, Finding},
    hash::Hash,
    merkle::TreeHead,
};

use super::{checkpoint::at, tree::Vague};

/// Who keeps a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeper {
    /// Whoever asks for the verification: a checkpoint that they were handed.
    Receipt,
    /// A place outside the database.
    Anchor,
    /// A file beside the database, which whoever owns the server can change as well.
    Beside,
    /// An earlier run, which found the log intact.
    Run,
    /// The genesis of the epoch after.
    Successor,
}

/// A head that a log is known to have had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Of which epoch.
    pub epoch: i32,
    /// Size and root.
    pub tree: TreeHead,
    /// Who keeps it.
    pub by: Keeper,
    /// When, if it carries a time of its own; microseconds since 1970.
    pub at_micros: Option<i64>,
}

impl Keeper {
    fn noun(self) -> &'static str {
        match self {
            Self::Receipt => "the receipt",
            Self::Anchor | Self::Beside => "what is kept outside",
            Self::Run => "an earlier verification",
            Self::Successor => "the epoch after",
        }
    }
}

/// A head that the log bears out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Borne {
    /// How many entries.
    pub size: u64,
    /// When: its own time, else the `ts` of its last entry; microseconds since 1970.
    pub at_micros: i64,
}

/// What the heads known from elsewhere say of one epoch of a log.
#[derive(Debug, Default)]
pub(super) struct Witnesses {
    /// Those still to be compared, the smallest last.
    due: Vec<Kept>,
    borne: Vec<(Keeper, Borne)>,
    /// The first that the entries contradict, and how many entries before it are vouched for.
    contradicted: Option<(Kept, u64)>,
    /// One of a later epoch, which is not there.
    later: Option<Kept>,
}

impl Witnesses {
    /// Those of `epoch`, and of later ones.
    pub(super) fn new(epoch: i32, kept: impl IntoIterator<Item = Kept>) -> Self {
        let kept = kept.into_iter().filter(|kept| kept.tree.size > 0);
        let (mut due, later): (Vec<Kept>, Vec<Kept>) = kept.partition(|kept| kept.epoch <= epoch);
        due.sort_unstable_by_key(|kept| std::cmp::Reverse(kept.tree.size));
        Self {
            due,
            later: later.into_iter().max_by_key(|kept| kept.epoch),
            ..Self::default()
        }
    }

    /// Holds what is known for `size` entries against their root. The first `vouched` are signed.
    pub(super) fn compare(&mut self, size: u64, root: Hash, ts_micros: i64, vouched: u64) {
        while let Some(kept) = self.due.pop_if(|kept| kept.tree.size <= size) {
            if kept.tree == (TreeHead { size, root }) {
                self.bear(kept, ts_micros);
            } else {
                self.contradicted.get_or_insert((kept, vouched));
            }
        }
    }

    /// Takes a head that is the log's by other proof.
    pub(super) fn bear(&mut self, kept: Kept, ts_micros: i64) {
        let borne = Borne {
            size: kept.tree.size,
            at_micros: kept.at_micros.unwrap_or(ts_micros),
        };
        self.borne.push((kept.by, borne));
    }

    /// The smallest head that is still to be compared.
    pub(super) fn next_size(&self) -> Option<u64> {
        self.due.last().map(|kept| kept.tree.size)
    }

    /// The largest head of that keeper that the log bears out.
    pub(super) fn borne_by(&self, keeper: Keeper) -> Option<Borne> {
        let borne = self.borne.iter().filter(|(by, _)| *by == keeper);
        borne
            .map(|(_, borne)| *borne)
            .max_by_key(|borne| borne.size)
    }

    /// Heads of more entries than there are.
    pub(super) fn rolled_back(&self, size: u64) -> Option<Finding> {
        if let Some(later) = self.later {
            let (noun, epoch) = (later.by.noun(), later.epoch);
            let reason = format!("{noun} has the log in epoch {epoch}, which is not there");
            return Some(at(size, Damage::RolledBack, reason));
        }
        let most = self.due.first()?;
        let reason = format!(
            "{} has the log with {} entries",
            most.by.noun(),
            most.tree.size
        );
        Some(at(size, Damage::RolledBack, reason))
    }

    /// A head with another root. It is somewhere behind what is signed that the log differs.
    pub(super) fn forked(&self) -> Option<Vague> {
        let (kept, vouched) = self.contradicted?;
        let upto = kept.tree.size;
        let reason = format!(
            "the entries {vouched} to {} are not those that {} has the root of",
            upto.saturating_sub(1),
            kept.by.noun()
        );
        Some(Vague {
            upto,
            finding: at(vouched, Damage::Forked, reason),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(size: u64, root: u8, by: Keeper) -> Kept {
        Kept {
            epoch: 0,
            tree: TreeHead {
                size,
                root: Hash([root; 32]),
            },
            by,
            at_micros: None,
        }
    }

    #[test]
    fn each_head_is_borne_out_contradicted_or_behind_the_end() {
        let mut witnesses = Witnesses::new(
            0,
            [
                kept(9, 9, Keeper::Anchor),
                kept(3, 3, Keeper::Receipt),
                kept(0, 0, Keeper::Run),
                kept(5, 1, Keeper::Run),
            ],
        );
        for size in 1..=7_u8 {
            witnesses.compare(size.into(), Hash([size; 32]), 70, 4);
        }
        let receipt = Borne {
            size: 3,
            at_micros: 70,
        };
        assert_eq!(witnesses.borne_by(Keeper::Receipt), Some(receipt));
        assert_eq!(witnesses.borne_by(Keeper::Anchor), None);
        let forked = witnesses.forked().map(|vague| (vague.upto, vague.finding));
        let (upto, finding) = forked.unwrap_or_else(|| unreachable!("the root at 5 differs"));
        assert_eq!((upto, finding.seq, finding.damage), (5, 4, Damage::Forked));
        let behind = witnesses
            .rolled_back(7)
            .map(|found| (found.seq, found.damage));
        assert_eq!(behind, Some((7, Damage::RolledBack)));
        let later = Kept {
            epoch: 1,
            ..kept(2, 2, Keeper::Anchor)
        };
        let behind = Witnesses::new(0, [later]).rolled_back(7);
        assert!(behind.is_some_and(|found| found.reason.contains("epoch 1")));
    }
}
