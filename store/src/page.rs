//! Keyset pages: a cursor says where the last page ended, and only for the query it was made for.

use data_encoding::BASE64URL_NOPAD;
use entity::TenantId;
use hmac::{Hmac, KeyInit, Mac};
use policy::limit;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::{Store, StoreError, keys::Label};

const TAG_LEN: usize = 16;

/// Which page is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    first: u64,
    after: Option<String>,
}

impl PageRequest {
    /// `first` is 1 to 100.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for any other number.
    pub fn new(first: i64, after: Option<String>) -> Result<Self, StoreError> {
        let most = limit::PAGE_SIZE.end();
        match u32::try_from(first) {
            Ok(first) if limit::PAGE_SIZE.contains(&first) => Ok(Self {
                first: first.into(),
                after,
            }),
            _ => Err(StoreError::invalid(
                "first",
                format!("first must be between 1 and {most}"),
            )),
        }
    }

    /// How many rows to read to know whether there is another page.
    pub(crate) fn probe(&self) -> u64 {
        self.first + 1
    }

    pub(crate) fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// Cuts the probed rows to the page.
    pub(crate) fn cut<T>(&self, mut rows: Vec<T>) -> Page<T> {
        let first = usize::try_from(self.first).unwrap_or(usize::MAX);
        let has_next = rows.len() > first;
        rows.truncate(first);
        Page { rows, has_next }
    }
}

/// One page of rows.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// In the order of the list.
    pub rows: Vec<T>,
    /// Whether there are more behind them.
    pub has_next: bool,
}

/// Makes and reads cursors. The position is readable, the tag binds it to tenant, list and filter.
#[derive(Debug, Clone, Copy)]
pub struct Cursors<'a> {
    store: &'a Store,
    tenant: TenantId,
    query: &'a str,
}

impl<'a> Cursors<'a> {
    /// For one list of one tenant; `query` names the list and its filter.
    #[must_use]
    pub fn new(store: &'a Store, tenant: TenantId, query: &'a str) -> Self {
        Self {
            store,
            tenant,
            query,
        }
    }

    /// The cursor of a row.
    #[must_use]
    pub fn encode(&self, position: &str) -> String {
        let tag = self.tag(position);
        BASE64URL_NOPAD.encode(&[tag.as_slice(), position.as_bytes()].concat())
    }

    /// The position behind a cursor.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] on `after`, the same for a foreign, an old and a random one.
    pub fn decode(&self, cursor: &str) -> Result<String, StoreError> {
        self.open(cursor).ok_or_else(|| {
            StoreError::invalid(
                "after",
                "after is not a cursor of this list; begin again without it",
            )
        })
    }

    fn open(&self, cursor: &str) -> Option<String> {
        let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).ok()?;
        let (tag, position) = bytes.split_first_chunk::<TAG_LEN>()?;
        let position = std::str::from_utf8(position).ok()?;
        bool::from(self.tag(position).as_slice().ct_eq(tag)).then(|| position.to_owned())
    }

    fn tag(&self, position: &str) -> [u8; TAG_LEN] {
        let key = self.store.master().derive(Label::Cursor);
        let mut tag = [0; TAG_LEN];
        if let Ok(mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(key.as_slice()) {
            let full = mac
                .chain_update(self.tenant.uuid().as_bytes())
                .chain_update((self.query.len() as u64).to_be_bytes())
                .chain_update(self.query.as_bytes())
                .chain_update(position.as_bytes())
                .finalize()
                .into_bytes();
            tag.copy_from_slice(full.get(..TAG_LEN).unwrap_or(&[0; TAG_LEN]));
        }
        tag
    }
}
