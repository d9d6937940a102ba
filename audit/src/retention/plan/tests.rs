use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::retention::Hold;

/// First entry, length or open end, whether it is lifted.
type Scope = (u64, Option<u64>, bool);

fn holds(scopes: &[Scope]) -> Holds {
    let hold = |(first, len, lifted): &Scope| Hold {
        id: String::new(),
        seq: u64::MAX,
        first: *first,
        until: len.map(|len| first + len),
        cleared: lifted.then_some(u64::MAX),
    };
    scopes.iter().map(hold).collect()
}

fn is_held(scopes: &[Scope], seq: u64) -> bool {
    scopes.iter().any(|(first, len, lifted)| {
        !lifted && seq >= *first && len.is_none_or(|len| seq < first + len)
    })
}

fn scopes(upto: u64) -> impl Strategy<Value = Vec<Scope>> {
    let len = proptest::option::of(0..upto / 4);
    proptest::collection::vec((0..upto, len, any::<bool>()), 0..4)
}

proptest! {
    #[test]
    fn a_prune_of_disclosures_takes_everything_old_that_is_not_held(
        first in 0_u64..300,
        expired in 0_u64..3_000,
        scopes in scopes(3_000),
    ) {
        let reach = payload_reach(first, expired, &holds(&scopes));
        let listed: BTreeSet<u64> = reach.held.iter().copied().collect();
        prop_assert!(reach.held.len() <= MAX_HELD && reach.held.is_sorted());
        prop_assert!(reach.until >= first && reach.until <= expired.max(first));
        for seq in first..reach.until {
            prop_assert_eq!(listed.contains(&seq), is_held(&scopes, seq));
        }
        // It ends early for one reason only.
        if reach.until < expired.max(first) {
            prop_assert!(listed.len() == MAX_HELD && is_held(&scopes, reach.until));
        }
    }

    #[test]
    fn a_prune_of_entries_ends_at_a_tile_before_everything_that_is_needed(
        first in (0_u64..4).prop_map(|tile| tile * 256),
        expired in 0_u64..3_000,
        more in 1_u64..600,
        keep in 0_u64..4_000,
        scopes in scopes(3_000),
    ) {
        let size = expired.max(first) + more;
        let reach = entries_reach(first, expired, size, keep, &holds(&scopes));
        prop_assert!(reach.until >= first && reach.until.is_multiple_of(256));
        if reach.until > first {
            prop_assert!(reach.until <= expired && reach.until < size && reach.until <= keep);
            prop_assert!((first..reach.until).all(|seq| !is_held(&scopes, seq)));
        }
        let next = reach.until + 256;
        let blocked = next > expired || next >= size || next > keep
            || (first..next).any(|seq| is_held(&scopes, seq));
        prop_assert!(blocked, "it could reach {next}");
    }

    #[test]
    fn what_is_older_than_so_many_days_lies_before_their_beginning(
        now in 0_i64..4_000_000_000_000_000,
        days in 0_u32..40_000,
    ) {
        let now = Time::from_micros(now).unwrap();
        let before = day_before(now, days);
        prop_assert_eq!(before.as_micros() % DAY_MICROS, 0);
        let age = now.as_micros() - before.as_micros();
        let floor = i64::from(days) * DAY_MICROS;
        prop_assert!(before == Time::EPOCH || (age >= floor && age < floor + DAY_MICROS));
    }
}

#[test]
fn a_hash_is_of_one_plan() {
    let plan = Plan {
        origin: "audit.strongroom.local/0a1b2c3d/system/e0".to_owned(),
        kind: PruneKind::Payload,
        days: 365,
        before: Time::EPOCH,
        first: 0,
        reach: Reach {
            until: 9,
            held: vec![3],
        },
        entries: 4,
        disclosures: 7,
    };
    let mut others = vec![plan.clone(); 9];
    others[0].origin.push('0');
    others[1].kind = PruneKind::Entries;
    others[2].days = 366;
    others[3].before = Time::MAX;
    others[4].first = 256;
    others[5].reach.until = 8;
    others[6].reach.held = vec![];
    others[7].entries = 5;
    others[8].disclosures = 8;
    let hashes: BTreeSet<String> = others.iter().map(|plan| plan.hash().to_hex()).collect();
    assert_eq!(hashes.len(), 9);
    assert!(!hashes.contains(&plan.hash().to_hex()));
    assert_eq!(plan.hash(), plan.clone().hash());
}
