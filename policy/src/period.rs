//! Anniversary months: when a flow quota starts again.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

/// One quota period, from midnight UTC to midnight UTC: `start` belongs to it, `end` to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Period {
    /// The first instant of the period.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
}

impl Period {
    /// Whether `at` lies in the period.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }
}

/// The period of `anchor` that contains `now`.
///
/// Periods begin at midnight UTC on the anchor's day of every month, or on the month's last day when it is
/// shorter: 31 Jan → 28 or 29 Feb → 31 Mar. Each is computed from the anchor, never from the one before, so a
/// short month does not drag later ones with it and no job has to reset anything.
///
/// The row of periods reaches backwards too: a clock that is behind the anchor gets an earlier period of the
/// same row. Only at the two ends of the calendar (years −9999 and 9999) a period is cut short.
pub fn period_at(anchor: Timestamp, now: Timestamp) -> Period {
    let anchor = civil_date(anchor);
    let today = civil_date(now);
    let mut months = month_number(today) - month_number(anchor);
    if start_date(anchor, months) > today {
        months -= 1;
    }
    Period {
        start: midnight(start_date(anchor, months), Timestamp::MIN),
        end: midnight(start_date(anchor, months + 1), Timestamp::MAX),
    }
}

fn civil_date(at: Timestamp) -> Date {
    Offset::UTC.to_datetime(at).date()
}

/// Months since January of year 0.
fn month_number(date: Date) -> i32 {
    i32::from(date.year()) * 12 + i32::from(date.month()) - 1
}

/// The anchor's day, `months` later; the month's last day where the month is too short, the calendar's last
/// or first day where there is no such month.
fn start_date(anchor: Date, months: i32) -> Date {
    let number = month_number(anchor) + months;
    let beyond = if months < 0 { Date::MIN } else { Date::MAX };
    let first = i16::try_from(number.div_euclid(12))
        .ok()
        .zip(i8::try_from(number.rem_euclid(12) + 1).ok())
        .and_then(|(year, month)| Date::new(year, month, 1).ok());
    first
        .and_then(|first| {
            Date::new(
                first.year(),
                first.month(),
                anchor.day().min(first.days_in_month()),
            )
            .ok()
        })
        .unwrap_or(beyond)
}

fn midnight(date: Date, beyond: Timestamp) -> Timestamp {
    let midnight = DateTime::from_parts(date, Time::midnight());
    Offset::UTC.to_timestamp(midnight).unwrap_or(beyond)
}
