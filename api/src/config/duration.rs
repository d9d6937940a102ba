//! Durations as people write them.

use std::time::Duration;

const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

/// Reads a whole number and one unit of `s`, `m`, `h`, `d`, such as `90s` or `7d`.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let (unit, seconds) = UNITS.iter().find(|(unit, _)| text.ends_with(unit))?;
    let digits = text.strip_suffix(unit)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    number.checked_mul(*seconds).map(Duration::from_secs)
}

/// Writes seconds in the largest unit that divides them, so that [`parse`] reads them again.
pub(super) fn format(seconds: u64) -> String {
    UNITS
        .iter()
        .find(|(_, size)| seconds > 0 && seconds.is_multiple_of(*size))
        .map_or_else(
            || format!("{seconds}s"),
            |(unit, size)| format!("{}{unit}", seconds / size),
        )
}
