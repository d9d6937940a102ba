//! Columns as they are stored, without believing that they are well formed.
//!
//! On SQLite a text column holds whatever bytes somebody wrote into it: they are read as bytes, so
//! that nonsense is compared (and differs) instead of failing the read.

use chrono::{DateTime, SecondsFormat, Utc};
use sea_orm::{DbErr, QueryResult};
use uuid::Uuid;

use crate::conn::Conn;

/// No time of the log: what a column without a readable time is compared as.
pub(super) const NO_TIME: i64 = i64::MIN;

/// One row of a query.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a> {
    row: &'a QueryResult,
    postgres: bool,
}

impl<'a> Cells<'a> {
    pub(super) fn new(conn: &Conn, row: &'a QueryResult) -> Self {
        Self {
            row,
            postgres: conn.is_postgres(),
        }
    }

    pub(super) fn int(self, index: usize) -> Result<i64, DbErr> {
        self.row.try_get_by_index(index)
    }

    pub(super) fn optional_int(self, index: usize) -> Result<Option<i64>, DbErr> {
        self.row.try_get_by_index(index)
    }

    pub(super) fn bytes(self, index: usize) -> Result<Vec<u8>, DbErr> {
        self.row.try_get_by_index(index)
    }

    pub(super) fn optional_bytes(self, index: usize) -> Result<Option<Vec<u8>>, DbErr> {
        self.row.try_get_by_index(index)
    }

    pub(super) fn text(self, index: usize) -> Result<String, DbErr> {
        if self.postgres {
            return self.row.try_get_by_index(index);
        }
        Ok(match String::from_utf8(self.bytes(index)?) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        })
    }

    /// As the log writes a uuid; on SQLite as it is spelt there.
    pub(super) fn uuid(self, index: usize) -> Result<String, DbErr> {
        if self.postgres {
            let uuid: Uuid = self.row.try_get_by_index(index)?;
            return Ok(uuid.to_string());
        }
        self.text(index)
    }

    /// Microseconds since 1970 of a column selected with [`time`]; [`NO_TIME`] for what is none.
    pub(super) fn micros(self, index: usize) -> Result<i64, DbErr> {
        if self.postgres {
            let time: Option<DateTime<Utc>> = self.row.try_get_by_index(index)?;
            return Ok(time.map_or(NO_TIME, |time| time.timestamp_micros()));
        }
        let text = self.optional_bytes(index)?;
        let text = text.as_deref().and_then(|text| str::from_utf8(text).ok());
        Ok(text.and_then(spelt).unwrap_or(NO_TIME))
    }

    /// Whether the column is null; it must be selected as a number.
    pub(super) fn is_set(self, index: usize) -> Result<bool, DbErr> {
        Ok(self.int(index)? != 0)
    }
}

/// Selects a time. Postgres knows times that the log and this process do not.
pub(super) fn time(conn: &Conn, column: &str) -> String {
    if conn.is_postgres() {
        format!(
            "CASE WHEN {column} BETWEEN '0001-01-01 00:00:00+00' AND '9999-12-31 23:59:59.999999+00' \
             THEN {column} END"
        )
    } else {
        column.to_owned()
    }
}

/// A time in the one spelling in which the store writes it: another one would sort elsewhere.
pub(super) fn spelt(text: &str) -> Option<i64> {
    let time = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
    let same = time.to_rfc3339_opts(SecondsFormat::AutoSi, false) == text;
    (same && time.timestamp_subsec_nanos() % 1_000 == 0).then(|| time.timestamp_micros())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_in_one_spelling_only() {
        assert_eq!(spelt("1970-01-01T00:00:01.000002+00:00"), Some(1_000_002));
        assert_eq!(spelt("1970-01-01T00:00:01+00:00"), Some(1_000_000));
        for other in [
            "1970-01-01T00:00:01.000002Z",
            "1970-01-01 00:00:01.000002+00:00",
            "1970-01-01T01:00:01.000002+01:00",
            "1970-01-01T00:00:01.000002003+00:00",
            "yesterday",
        ] {
            assert_eq!(spelt(other), None, "{other}");
        }
    }
}
