//! Anniversary months, over the whole calendar.

use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::Offset;
use policy::period_at;
use proptest::prelude::*;
use rstest::rstest;

fn midnight(date: Date) -> Timestamp {
    Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).unwrap()
}

fn day(at: Timestamp) -> Date {
    let civil = Offset::UTC.to_datetime(at);
    assert_eq!(civil.time(), jiff::civil::Time::midnight());
    civil.date()
}

fn bounds(anchor: Date, now: Date) -> (Date, Date) {
    let period = period_at(midnight(anchor), midnight(now));
    (day(period.start), day(period.end))
}

#[rstest]
#[case::first(date(2025, 1, 31), date(2025, 1, 31), (date(2025, 1, 31), date(2025, 2, 28)))]
#[case::february(date(2025, 1, 31), date(2025, 2, 28), (date(2025, 2, 28), date(2025, 3, 31)))]
#[case::leap_february(date(2024, 1, 31), date(2024, 2, 29), (date(2024, 2, 29), date(2024, 3, 31)))]
#[case::day_before_leap(date(2024, 1, 31), date(2024, 2, 28), (date(2024, 1, 31), date(2024, 2, 29)))]
#[case::back_to_31(date(2025, 1, 31), date(2025, 4, 29), (date(2025, 3, 31), date(2025, 4, 30)))]
#[case::leap_day_in_a_common_year(date(2024, 2, 29), date(2025, 3, 1), (date(2025, 2, 28), date(2025, 3, 29)))]
#[case::century_without_leap_day(date(2096, 2, 29), date(2100, 2, 28), (date(2100, 2, 28), date(2100, 3, 29)))]
#[case::year_end(date(2025, 10, 15), date(2026, 1, 14), (date(2025, 12, 15), date(2026, 1, 15)))]
#[case::clock_behind_the_anchor(date(2025, 3, 31), date(2025, 3, 30), (date(2025, 2, 28), date(2025, 3, 31)))]
fn periods_begin_on_the_anchors_day(
    #[case] anchor: Date,
    #[case] now: Date,
    #[case] expected: (Date, Date),
) {
    assert_eq!(bounds(anchor, now), expected);
}

#[test]
fn the_last_instant_before_midnight_is_in_the_old_period() {
    let anchor = midnight(date(2025, 1, 15));
    let turn = midnight(date(2025, 2, 15));
    let before = period_at(anchor, turn - jiff::SignedDuration::from_nanos(1));
    assert_eq!((before.end, period_at(anchor, turn).start), (turn, turn));
}

#[test]
fn the_hour_of_the_anchor_does_not_matter() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let early = period_at(at("2025-01-31T00:00:00Z"), at("2025-06-10T12:00:00Z"));
    let late = period_at(at("2025-01-31T23:59:59.999Z"), at("2025-06-10T12:00:00Z"));
    assert_eq!(early, late);
}

proptest! {
    #[test]
    fn a_period_contains_the_moment_it_was_asked_for(anchor in moment(), now in moment()) {
        let period = period_at(anchor, now);
        prop_assert!(period.contains(now), "{period:?} at {now}");
    }

    #[test]
    fn periods_follow_each_other_without_gap_or_overlap(anchor in moment(), now in moment()) {
        let period = period_at(anchor, now);
        prop_assert_eq!(period_at(anchor, period.end).start, period.end);
        let before = period_at(anchor, period.start - jiff::SignedDuration::from_nanos(1));
        prop_assert_eq!(before.end, period.start);
        prop_assert_eq!(period_at(anchor, period.start), period);
    }

    #[test]
    fn later_moments_never_have_earlier_periods(anchor in moment(), a in moment(), b in moment()) {
        let (early, late) = (a.min(b), a.max(b));
        prop_assert!(period_at(anchor, early).start <= period_at(anchor, late).start);
    }

    #[test]
    fn a_period_starts_on_the_anchors_day_or_the_months_last(anchor in moment(), now in moment()) {
        let wanted = Offset::UTC.to_datetime(anchor).date().day();
        let start = day(period_at(anchor, now).start);
        prop_assert_eq!(start.day(), wanted.min(start.days_in_month()));
    }

    #[test]
    fn the_ends_of_the_calendar_do_not_panic(anchor in any_moment(), now in any_moment()) {
        let period = period_at(anchor, now);
        prop_assert!(period.start <= now && now <= period.end);
    }
}

/// Between the years 1 and 9998.
fn moment() -> impl Strategy<Value = Timestamp> {
    let (low, high) = (midnight(date(1, 1, 1)), midnight(date(9998, 12, 31)));
    (low.as_second()..high.as_second(), 0..1_000_000_000i32)
        .prop_map(|(s, n)| Timestamp::new(s, n).unwrap())
}

fn any_moment() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        Just(Timestamp::MIN),
        Just(Timestamp::MAX),
        (Timestamp::MIN.as_second()..Timestamp::MAX.as_second())
            .prop_map(|s| Timestamp::new(s, 0).unwrap()),
    ]
}
