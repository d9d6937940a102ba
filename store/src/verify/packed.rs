//! Many rows in one: the database writes them as one text, because a row of its own costs more to send
//! and to read than what stands in it.
//!
//! Whatever somebody wrote into a column arrives as it is stored, in hex, so that nonsense is compared
//! (and differs) instead of failing the read; of a value longer than any of the log only the beginning
//! does, which differs as well and takes no more memory than a true one.

use data_encoding::HEXLOWER_PERMISSIVE as HEX;
use sea_orm::{ConnectionTrait, Value};

use super::cells::{Cells, NO_TIME, spelt};
use crate::{StoreError, conn::Conn};

const FIELD: char = ',';
const ROW: char = ';';

/// 2000-01-01, from which Postgres counts microseconds.
const POSTGRES_EPOCH_MICROS: i64 = 946_684_800_000_000;

/// Longer than every text of a log.
const LONGEST_TEXT: usize = 1 << 16;

/// A column as it is packed.
#[derive(Clone, Copy)]
pub(super) enum Column {
    Int(&'static str),
    /// With the length from which on a value cannot be one of the log.
    Bytes(&'static str, usize),
    Text(&'static str),
    Uuid(&'static str),
    Time(&'static str),
}

impl Column {
    fn sql(self, postgres: bool) -> String {
        match (self, postgres) {
            (Self::Int(name), _) => name.to_owned(),
            (Self::Bytes(name, length), true) => {
                format!("encode(substr({name}, 1, {length}), 'hex')")
            }
            (Self::Text(name), true) => {
                format!("encode(convert_to(left({name}, {LONGEST_TEXT}), 'UTF8'), 'hex')")
            }
            (Self::Uuid(name), true) => format!("CAST({name} AS text)"),
            (Self::Time(name), true) => format!("encode(timestamptz_send({name}), 'hex')"),
            (Self::Bytes(name, length), false) => hex_on_sqlite(name, length),
            (Self::Text(name) | Self::Uuid(name) | Self::Time(name), false) => {
                hex_on_sqlite(name, LONGEST_TEXT)
            }
        }
    }
}

/// Cut as bytes: as text, it would end at the first NUL.
fn hex_on_sqlite(name: &str, length: usize) -> String {
    format!("hex(substr(CAST({name} AS BLOB), 1, {length}))")
}

/// Rows as one text.
pub(super) struct Packed {
    pub(super) count: usize,
    /// The largest `seq`; `None` without a row.
    pub(super) last: Option<i64>,
    text: String,
    postgres: bool,
}

impl Packed {
    /// Reads `columns` of the rows that `selected` (FROM and what follows) selects; the columns are never null.
    pub(super) async fn read(
        conn: &Conn,
        columns: &[Column],
        selected: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Self, StoreError> {
        let postgres = conn.is_postgres();
        let fields: Vec<String> = columns.iter().map(|column| column.sql(postgres)).collect();
        let fields = fields.join(", ");
        let statement = conn.sql(
            &format!(
                "SELECT COUNT(*), MAX(seq), string_agg(concat_ws('{FIELD}', {fields}), '{ROW}') \
                 FROM (SELECT * {selected}) AS packed"
            ),
            values,
        );
        let row = conn.query_one_raw(statement).await?;
        let row = row.ok_or_else(|| StoreError::internal("a count gave no row"))?;
        let cells = Cells::new(conn, &row);
        Ok(Self {
            count: usize::try_from(cells.int(0)?).map_err(StoreError::internal)?,
            last: cells.optional_int(1)?,
            text: row
                .try_get_by_index::<Option<String>>(2)?
                .unwrap_or_default(),
            postgres,
        })
    }

    /// The rows, in the order in which the database gave them.
    pub(super) fn rows(&self) -> impl Iterator<Item = Fields<'_>> {
        let rows = self.text.split(ROW).take(self.count);
        rows.map(|row| Fields {
            inner: row.split(FIELD),
            postgres: self.postgres,
        })
    }
}

/// The fields of a row, to be taken in the order of its columns.
pub(super) struct Fields<'a> {
    inner: std::str::Split<'a, char>,
    postgres: bool,
}

impl<'a> Fields<'a> {
    fn next(&mut self) -> Result<&'a str, StoreError> {
        let field = self.inner.next();
        field.ok_or_else(|| StoreError::internal("a row of the log lacks a column"))
    }

    pub(super) fn int(&mut self) -> Result<i64, StoreError> {
        self.next()?.parse().map_err(StoreError::internal)
    }

    pub(super) fn bytes(&mut self) -> Result<Vec<u8>, StoreError> {
        HEX.decode(self.next()?.as_bytes())
            .map_err(StoreError::internal)
    }

    pub(super) fn text(&mut self) -> Result<String, StoreError> {
        Ok(match String::from_utf8(self.bytes()?) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        })
    }

    /// As the log writes a uuid; on SQLite as it is spelt there.
    pub(super) fn uuid(&mut self) -> Result<String, StoreError> {
        if self.postgres {
            return Ok(self.next()?.to_owned());
        }
        self.text()
    }

    /// Microseconds since 1970; [`NO_TIME`] for what is none.
    pub(super) fn micros(&mut self) -> Result<i64, StoreError> {
        let bytes = self.bytes()?;
        if self.postgres {
            let bytes = <[u8; 8]>::try_from(bytes).map_err(|_| StoreError::internal("no time"))?;
            let micros = i64::from_be_bytes(bytes).checked_add(POSTGRES_EPOCH_MICROS);
            return Ok(micros.unwrap_or(NO_TIME));
        }
        let text = str::from_utf8(&bytes).ok();
        Ok(text.and_then(spelt).unwrap_or(NO_TIME))
    }
}
