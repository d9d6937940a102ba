//! Many rows in one: the database writes them as one value, because a row of its own costs more to send
//! and to read than what stands in it. SQLite writes text, in hex where it must be exact; Postgres writes bytes,
//! where hex costs six times as much as all the rest.
//!
//! Whatever somebody wrote into a column arrives as it is stored, so that nonsense is compared
//! (and differs) instead of failing the read; of a value longer than any of the log only the beginning
//! does, which differs as well and takes no more memory than a true one.

use data_encoding::HEXLOWER_PERMISSIVE as HEX;
use sea_orm::{ConnectionTrait, Value};
use uuid::Uuid;

use super::cells::{Cells, NO_TIME, spelt};
use crate::{StoreError, conn::Conn};

/// Between fields and behind rows, on SQLite.
const FIELD: u8 = b',';
const ROW: u8 = b';';

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
    /// On SQLite: a number, or hex.
    fn text(self) -> String {
        match self {
            Self::Int(name) => name.to_owned(),
            Self::Bytes(name, length) => hex_on_sqlite(name, length),
            Self::Text(name) | Self::Uuid(name) | Self::Time(name) => {
                hex_on_sqlite(name, LONGEST_TEXT)
            }
        }
    }

    /// On Postgres: the length in four bytes, and as many bytes as Postgres sends for such a value.
    fn bytes(self) -> String {
        match self {
            Self::Int(name) => format!("int4send(8) || int8send(CAST({name} AS bigint))"),
            Self::Uuid(name) => format!("int4send(16) || uuid_send({name})"),
            Self::Time(name) => format!("int4send(8) || timestamptz_send({name})"),
            Self::Bytes(name, length) => {
                let cut = format!("substr({name}, 1, {length})");
                format!("int4send(octet_length({cut})) || {cut}")
            }
            Self::Text(name) => {
                let cut = format!("left({name}, {LONGEST_TEXT})");
                format!("int4send(octet_length({cut})) || convert_to({cut}, 'UTF8')")
            }
        }
    }
}

/// Cut as bytes: as text, it would end at the first NUL.
fn hex_on_sqlite(name: &str, length: usize) -> String {
    format!("hex(substr(CAST({name} AS BLOB), 1, {length}))")
}

/// Rows as one value.
pub(super) struct Packed {
    pub(super) count: usize,
    /// The largest `seq`; `None` without a row.
    pub(super) last: Option<i64>,
    columns: usize,
    body: Vec<u8>,
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
        let packed = if postgres {
            let fields: Vec<String> = columns.iter().map(|column| column.bytes()).collect();
            format!("string_agg({}, CAST('' AS bytea))", fields.join(" || "))
        } else {
            let fields: Vec<String> = columns.iter().map(|column| column.text()).collect();
            format!("string_agg(concat_ws(',', {}), ';')", fields.join(", "))
        };
        let statement = conn.sql(
            &format!("SELECT COUNT(*), MAX(seq), {packed} FROM (SELECT * {selected}) AS packed"),
            values,
        );
        let row = conn.query_one_raw(statement).await?;
        let row = row.ok_or_else(|| StoreError::internal("a count gave no row"))?;
        let cells = Cells::new(conn, &row);
        let body = if postgres {
            row.try_get_by_index::<Option<Vec<u8>>>(2)?
        } else {
            let text = row.try_get_by_index::<Option<String>>(2)?;
            text.map(String::into_bytes)
        };
        Ok(Self {
            count: usize::try_from(cells.int(0)?).map_err(StoreError::internal)?,
            last: cells.optional_int(1)?,
            columns: columns.len(),
            body: body.unwrap_or_default(),
            postgres,
        })
    }

    /// The rows, in the order in which the database gave them.
    pub(super) fn rows(&self) -> impl Iterator<Item = Result<Fields<'_>, StoreError>> {
        let mut rest = self.body.as_slice();
        (0..self.count).map(move |_| self.row(&mut rest))
    }

    fn row<'a>(&'a self, rest: &mut &'a [u8]) -> Result<Fields<'a>, StoreError> {
        let fields: Vec<&[u8]> = if self.postgres {
            let fields = (0..self.columns).map(|_| field(rest));
            fields.collect::<Option<_>>().ok_or_else(lacking)?
        } else {
            let end = rest.iter().position(|byte| *byte == ROW);
            let (row, behind) = rest.split_at(end.unwrap_or(rest.len()));
            *rest = behind.get(1..).unwrap_or_default();
            row.split(|byte| *byte == FIELD).collect()
        };
        Ok(Fields {
            inner: fields.into_iter(),
            postgres: self.postgres,
        })
    }
}

/// The next field that Postgres wrote.
fn field<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (len, behind) = rest.split_first_chunk::<4>()?;
    let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
    let (field, behind) = behind.split_at_checked(len)?;
    *rest = behind;
    Some(field)
}

/// A null, which no column of the log has.
fn lacking() -> StoreError {
    StoreError::internal("a row of the log lacks a column")
}

/// The fields of a row, to be taken in the order of its columns.
pub(super) struct Fields<'a> {
    inner: std::vec::IntoIter<&'a [u8]>,
    postgres: bool,
}

impl<'a> Fields<'a> {
    fn next(&mut self) -> Result<&'a [u8], StoreError> {
        self.inner.next().ok_or_else(lacking)
    }

    fn eight(&mut self) -> Result<i64, StoreError> {
        let bytes = self.next()?.try_into().map_err(StoreError::internal)?;
        Ok(i64::from_be_bytes(bytes))
    }

    pub(super) fn int(&mut self) -> Result<i64, StoreError> {
        if self.postgres {
            return self.eight();
        }
        let digits = str::from_utf8(self.next()?).map_err(StoreError::internal)?;
        digits.parse().map_err(StoreError::internal)
    }

    pub(super) fn bytes(&mut self) -> Result<Vec<u8>, StoreError> {
        let bytes = self.next()?;
        if self.postgres {
            return Ok(bytes.to_vec());
        }
        HEX.decode(bytes).map_err(StoreError::internal)
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
            let uuid = Uuid::from_slice(self.next()?).map_err(StoreError::internal)?;
            return Ok(uuid.to_string());
        }
        self.text()
    }

    /// Microseconds since 1970; [`NO_TIME`] for what is none.
    pub(super) fn micros(&mut self) -> Result<i64, StoreError> {
        if self.postgres {
            let micros = self.eight()?.checked_add(POSTGRES_EPOCH_MICROS);
            return Ok(micros.unwrap_or(NO_TIME));
        }
        let bytes = self.bytes()?;
        let text = str::from_utf8(&bytes).ok();
        Ok(text.and_then(spelt).unwrap_or(NO_TIME))
    }
}
