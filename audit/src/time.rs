//! Instants as the log writes them.

use std::fmt;

/// A moment in UTC with microseconds, from 1970 to the end of year 9999.
///
/// Its one text form is `YYYY-MM-DDThh:mm:ss.ffffffZ`, whose order as text is the order in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

/// The moment or its text is outside of what the log writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a time must lie in the years 1970 to 9999, as YYYY-MM-DDThh:mm:ss.ffffffZ")]
pub struct TimeError;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
const MAX: i64 = 253_402_300_800 * SECOND - 1;

impl Time {
    /// 1970-01-01T00:00:00.000000Z.
    pub const EPOCH: Time = Time(0);
    /// 9999-12-31T23:59:59.999999Z.
    pub const MAX: Time = Time(MAX);
    /// Length of the text form in bytes.
    pub const TEXT_LEN: usize = 27;

    /// From microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
    pub fn from_micros(micros: i64) -> Result<Time, TimeError> {
        if (0..=MAX).contains(&micros) {
            Ok(Time(micros))
        } else {
            Err(TimeError)
        }
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub fn as_micros(self) -> i64 {
        self.0
    }

    /// Reads the one text form; a date or time of day that does not exist is an error.
    pub fn parse(text: &str) -> Result<Time, TimeError> {
        let bytes: &[u8; Self::TEXT_LEN] = text.as_bytes().try_into().map_err(|_| TimeError)?;
        for (index, mark) in [
            (4, b'-'),
            (7, b'-'),
            (10, b'T'),
            (13, b':'),
            (16, b':'),
            (19, b'.'),
            (26, b'Z'),
        ] {
            if bytes[index] != mark {
                return Err(TimeError);
            }
        }
        let (year, month, day) = (
            digits(&bytes[0..4])?,
            digits(&bytes[5..7])?,
            digits(&bytes[8..10])?,
        );
        let (hour, minute, second) = (
            digits(&bytes[11..13])?,
            digits(&bytes[14..16])?,
            digits(&bytes[17..19])?,
        );
        let fraction = digits(&bytes[20..26])?;
        let exists = (1970..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_of_month(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        if !exists {
            return Err(TimeError);
        }
        let seconds = (hour * 60 + minute) * 60 + second;
        Ok(Time(
            days_from_civil(year, month, day) * DAY + seconds * SECOND + fraction,
        ))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, rest) = (self.0 / DAY, self.0 % DAY);
        let (year, month, day) = civil_from_days(days);
        let (second, fraction) = (rest / SECOND, rest % SECOND);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:06}Z"
        )
    }
}

fn digits(bytes: &[u8]) -> Result<i64, TimeError> {
    bytes.iter().try_fold(0, |number, byte| match byte {
        b'0'..=b'9' => Ok(number * 10 + i64::from(byte - b'0')),
        _ => Err(TimeError),
    })
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days from 1970-01-01 in the Gregorian calendar, for years from 1970.
///
/// Years are counted from March, so that the leap day is the last of its year, in eras of 400 years with
/// 146 097 days; 719 468 days lie between 0000-03-01 and 1970-01-01.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Inverse of [`days_from_civil`]: year, month, day.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_moments_have_their_text() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (1_709_251_199_999_999, "2024-02-29T23:59:59.999999Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
            (MAX, "9999-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(Time::from_micros(micros).unwrap().to_string(), text);
            assert_eq!(Time::parse(text).unwrap().as_micros(), micros);
        }
    }

    #[test]
    fn moments_that_do_not_exist_are_refused() {
        for text in [
            "2023-02-29T00:00:00.000000Z",
            "2100-02-29T00:00:00.000000Z",
            "2024-04-31T00:00:00.000000Z",
            "2024-13-01T00:00:00.000000Z",
            "2024-00-01T00:00:00.000000Z",
            "2024-01-00T00:00:00.000000Z",
            "2024-01-01T24:00:00.000000Z",
            "2024-01-01T00:60:00.000000Z",
            "2024-01-01T23:59:60.000000Z",
            "1969-12-31T23:59:59.999999Z",
            "2024-01-01T00:00:00.00000Z",
            "2024-01-01T00:00:00.0000000Z",
            "2024-01-01t00:00:00.000000z",
            "2024-01-01 00:00:00.000000Z",
            "2024-01-01T00:00:00,000000Z",
            "+024-01-01T00:00:00.000000Z",
            "",
        ] {
            assert_eq!(Time::parse(text), Err(TimeError), "{text}");
        }
        assert_eq!(Time::from_micros(-1), Err(TimeError));
        assert_eq!(Time::from_micros(MAX + 1), Err(TimeError));
    }

    #[test]
    fn every_day_of_the_calendar_follows_the_day_before() {
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0..=(MAX / DAY) {
            assert_eq!(civil_from_days(days), (year, month, day));
            assert_eq!(days_from_civil(year, month, day), days);
            day += 1;
            if day > days_of_month(year, month) {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
        assert_eq!(year, 10_000);
    }

    proptest! {
        #[test]
        fn text_and_moment_are_one_to_one_and_keep_their_order(a in 0..=MAX, b in 0..=MAX) {
            let (a, b) = (Time::from_micros(a).unwrap(), Time::from_micros(b).unwrap());
            prop_assert_eq!(Time::parse(&a.to_string()), Ok(a));
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        }

        #[test]
        fn any_text_that_parses_is_the_text_of_its_moment(text in "[0-9]{4}-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]\\.[0-9]{6}Z") {
            if let Ok(time) = Time::parse(&text) {
                prop_assert_eq!(time.to_string(), text);
            }
        }
    }
}
