//! Until when a copy of a credential may be used.
//!
//! See [`crate::revocation`] for why copies are marked instead of deleted.

use std::{
    collections::HashMap,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use crate::revocation::Revoked;

/// The longest a copy is used, from before it was read. A mark is needed no longer than that either.
pub(super) const LONGEST: Duration = Duration::from_secs(30);
/// Marks kept at a time; beyond, everything read before now counts as marked.
const MOST: usize = 100_000;
/// Marks that are not worth looking through for old ones.
const FEW: usize = 1_024;

/// What was marked lately, each with the generation it began.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    generation: AtomicU64,
    kept: RwLock<Kept>,
}

#[derive(Debug)]
struct Kept {
    marks: HashMap<Revoked, Mark>,
    /// Everything read before this generation is out of date.
    floor: u64,
    /// How many marks there may be before old ones are looked for.
    crowded: usize,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            marks: HashMap::new(),
            floor: 0,
            crowded: FEW,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Mark {
    generation: u64,
    at: Instant,
}

/// The moment before a look-up began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Begun {
    generation: u64,
    at: Instant,
}

impl Marks {
    /// To be asked before the first statement of a look-up, and kept with what it finds.
    pub(crate) fn begin(&self) -> Begun {
        Begun {
            generation: self.generation.load(SeqCst),
            at: Instant::now(),
        }
    }

    /// Copies of `what` that were read before now are not used again.
    pub(crate) fn mark(&self, what: Revoked) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        let generation = self.generation.fetch_add(1, SeqCst) + 1;
        let at = Instant::now();
        kept.marks.insert(what, Mark { generation, at });
        if kept.marks.len() > kept.crowded {
            kept.make_room(generation, MOST);
        }
    }

    /// No copy that was read before now is used again.
    pub(crate) fn mark_all(&self) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        let generation = self.generation.fetch_add(1, SeqCst) + 1;
        kept.clear(generation);
    }

    /// Whether a copy that depends on `subjects` may still be used.
    pub(crate) fn is_fresh(
        &self,
        begun: Begun,
        subjects: impl IntoIterator<Item = Revoked>,
    ) -> bool {
        if begun.at.elapsed() >= LONGEST {
            return false;
        }
        if begun.generation == self.generation.load(SeqCst) {
            return true;
        }
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        begun.generation >= kept.floor
            && subjects.into_iter().all(|subject| {
                kept.marks
                    .get(&subject)
                    .is_none_or(|mark| mark.generation <= begun.generation)
            })
    }
}

impl Kept {
    /// A copy that a mark concerns was read before it, so with the mark's time the copy's is over, too.
    fn make_room(&mut self, generation: u64, most: usize) {
        self.marks.retain(|_, mark| mark.at.elapsed() < LONGEST);
        if self.marks.len() > most {
            self.clear(generation);
        }
        self.crowded = (self.marks.len() * 2).max(FEW);
    }

    fn clear(&mut self, generation: u64) {
        self.marks.clear();
        self.floor = generation;
        self.crowded = FEW;
    }
}

#[cfg(test)]
mod tests {
    use entity::{ApiKeyId, TenantId};

    use super::*;

    #[test]
    fn a_mark_concerns_what_began_before_it_and_nothing_else() {
        let marks = Marks::default();
        let (key, other) = (
            Revoked::Key(ApiKeyId::generate()),
            Revoked::Key(ApiKeyId::generate()),
        );
        let tenant = Revoked::Tenant(TenantId::generate());
        let before = marks.begin();
        assert!(marks.is_fresh(before, [key, tenant]));
        marks.mark(key);
        assert!(!marks.is_fresh(before, [key, tenant]));
        assert!(marks.is_fresh(before, [other, tenant]));
        let after = marks.begin();
        assert!(marks.is_fresh(after, [key, tenant]));
        marks.mark(tenant);
        assert!(!marks.is_fresh(after, [key, tenant]));
        assert!(!marks.is_fresh(before, [other, tenant]));
    }

    #[test]
    fn what_is_not_known_concerns_everybody() {
        let marks = Marks::default();
        let before = marks.begin();
        marks.mark_all();
        let key = Revoked::Key(ApiKeyId::generate());
        assert!(!marks.is_fresh(before, [key]));
        assert!(marks.is_fresh(marks.begin(), [key]));
    }

    #[test]
    fn a_flood_of_marks_stays_bounded_and_forgets_none() {
        let marks = Marks::default();
        let before = marks.begin();
        let first = Revoked::Key(ApiKeyId::generate());
        marks.mark(first);
        for _ in 0..2 * MOST {
            marks.mark(Revoked::Key(ApiKeyId::generate()));
        }
        let kept = marks.kept.read().unwrap_or_else(PoisonError::into_inner);
        assert!(kept.marks.len() <= 2 * MOST, "{}", kept.marks.len());
        drop(kept);
        assert!(!marks.is_fresh(before, [first]));
        assert!(marks.is_fresh(marks.begin(), [first]));
    }

    #[test]
    fn a_copy_has_an_end_by_itself() {
        let marks = Marks::default();
        let long_ago = Instant::now().checked_sub(LONGEST);
        let begun = long_ago.map(|at| Begun { generation: 0, at });
        assert!(begun.is_some_and(|begun| !marks.is_fresh(begun, [])));
    }
}
