//! Exact quotas: whatever happens in whatever order, never over.

use policy::{Balance, Threshold};
use proptest::prelude::*;

#[derive(Debug, Clone, Copy)]
enum Step {
    Reserve(u64),
    /// Settles the oldest hold with this measure.
    Commit(u64),
    Release,
    Free(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let amount = prop_oneof![0u64..50, any::<u64>()];
    prop_oneof![
        amount.clone().prop_map(Step::Reserve),
        amount.clone().prop_map(Step::Commit),
        Just(Step::Release),
        amount.prop_map(Step::Free),
    ]
}

proptest! {
    #[test]
    fn no_order_of_steps_exceeds_the_limit_or_leaks_a_hold(
        limit in prop_oneof![0u64..200, any::<u64>()],
        steps in proptest::collection::vec(step(), 0..60),
    ) {
        let mut balance = Balance { limit, used: 0, held: 0 };
        let mut holds = std::collections::VecDeque::new();
        for step in steps {
            match step {
                Step::Reserve(n) => match balance.try_reserve(n) {
                    Ok(next) => { holds.push_back(n); balance = next; }
                    Err(short) => prop_assert!(n > short.available && short.available == balance.available()),
                },
                Step::Commit(measured) => if let Some(held) = holds.pop_front() {
                    match balance.commit(held, measured) {
                        Ok(next) => balance = next,
                        Err(_) => { prop_assert!(measured > held); balance = balance.release(held); }
                    }
                },
                Step::Release => if let Some(held) = holds.pop_front() { balance = balance.release(held); },
                Step::Free(n) => balance = balance.free(n),
            }
            prop_assert!(u128::from(balance.used) + u128::from(balance.held) <= u128::from(limit));
            prop_assert_eq!(u128::from(balance.held), holds.iter().map(|n| u128::from(*n)).sum::<u128>());
        }
    }

    #[test]
    fn what_was_granted_can_be_settled_after_the_limit_fell(held in 0u64..1_000, part in 0u64..1_000, limit in 0u64..1_000) {
        let balance = Balance { limit: 1_000, used: 0, held: 0 }.try_reserve(held).unwrap();
        let lowered = Balance { limit, ..balance };
        let settled = lowered.commit(held, part.min(held)).unwrap();
        prop_assert_eq!((settled.used, settled.held), (part.min(held), 0));
    }

    #[test]
    fn a_threshold_is_crossed_once_on_the_way_up(limit in 1u64..10_000, stops in proptest::collection::vec(0u64..10_000, 1..20)) {
        let mut stops: Vec<u64> = stops.into_iter().map(|stop| stop.min(limit)).collect();
        stops.sort_unstable();
        let crossed: Vec<_> = stops
            .iter()
            .scan(0, |before, after| { let now = Threshold::crossed(limit, *before, *after); *before = *after; Some(now) })
            .flatten()
            .collect();
        let last = *stops.last().unwrap();
        let expected: Vec<_> = Threshold::ALL.iter().copied().filter(|t| t.is_reached(last, limit)).collect();
        prop_assert_eq!(crossed, expected);
    }
}

#[test]
fn sixteen_holds_of_seven_into_a_hundred_leave_two() {
    let mut balance = Balance {
        limit: 100,
        used: 0,
        held: 0,
    };
    let granted = (0..16)
        .filter(|_| balance.try_reserve(7).map(|next| balance = next).is_ok())
        .count();
    assert_eq!((granted, balance.available()), (14, 2));
}

#[test]
fn a_shortfall_says_what_is_left() {
    let balance = Balance {
        limit: 10,
        used: 6,
        held: 3,
    };
    assert_eq!(
        balance.try_reserve(2).unwrap_err().to_string(),
        "2 were asked for, 1 of 10 are left"
    );
}

#[test]
fn thresholds_are_at_eighty_and_a_hundred_percent() {
    assert_eq!(Threshold::crossed(1_000, 0, 799), []);
    assert_eq!(Threshold::crossed(1_000, 799, 800), [Threshold::Near]);
    assert_eq!(
        Threshold::crossed(1_000, 0, 1_000),
        [Threshold::Near, Threshold::Full]
    );
    assert_eq!(Threshold::crossed(1_000, 1_000, 0), []);
    assert_eq!(
        Threshold::crossed(u64::MAX, 0, u64::MAX),
        [Threshold::Near, Threshold::Full]
    );
}
