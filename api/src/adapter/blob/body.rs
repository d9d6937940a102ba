//! Bytes on their way out of the store.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use futures_util::Stream;

use super::{BlobError, Fault};

/// The bytes of an object as they arrive; a [`Stream`] of chunks.
pub struct BlobBody {
    byte_len: u64,
    etag: String,
    bytes: ByteStream,
}

impl BlobBody {
    pub(super) const fn new(byte_len: u64, etag: String, bytes: ByteStream) -> Self {
        Self {
            byte_len,
            etag,
            bytes,
        }
    }

    /// How many bytes will come: those of the range, if one was asked for.
    #[must_use]
    pub const fn byte_len(&self) -> u64 {
        self.byte_len
    }

    /// The entity tag of the whole object, quotes included.
    #[must_use]
    pub fn etag(&self) -> &str {
        &self.etag
    }
}

impl Stream for BlobBody {
    type Item = Result<Bytes, BlobError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.bytes).poll_next(cx).map(|chunk| {
            chunk.map(|chunk| {
                chunk.map_err(|error| BlobError::Unavailable(Fault::new("get_object body", error)))
            })
        })
    }
}

impl fmt::Debug for BlobBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlobBody")
            .field("byte_len", &self.byte_len)
            .finish_non_exhaustive()
    }
}
