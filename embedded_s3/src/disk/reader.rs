//! Reading a span of an object in constant memory.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::try_unfold;
use s3s::dto::StreamingBlob;
use tokio_util::task::TaskTracker;

use super::Segment;

/// How much one read takes; at most one chunk per download is in memory.
const CHUNK_BYTES: u64 = 256 * 1024;

/// The bytes of some segments between two offsets, opened for reading.
pub(crate) struct Span<H> {
    /// Keeps the blobs from being deleted while they are read.
    holder: Arc<H>,
    file: Option<File>,
    next_segment: usize,
    skip: u64,
    left_in_segment: u64,
    left: u64,
}

impl<H: AsRef<[Segment]>> Span<H> {
    /// Opens the first blob of `range`, so that a missing one is noticed before the answer begins. Blocking.
    pub(crate) fn open(holder: Arc<H>, range: Range<u64>) -> io::Result<Self> {
        let left = range.end - range.start;
        let mut span = Self {
            holder,
            file: None,
            next_segment: 0,
            skip: range.start,
            left_in_segment: 0,
            left,
        };
        if left > 0 {
            span.advance()?;
        }
        Ok(span)
    }

    /// Opens the next segment that holds wanted bytes.
    fn advance(&mut self) -> io::Result<()> {
        loop {
            let segments = (*self.holder).as_ref();
            let segment = segments
                .get(self.next_segment)
                .ok_or(io::ErrorKind::UnexpectedEof)?;
            self.next_segment += 1;
            if self.skip >= segment.byte_len {
                self.skip -= segment.byte_len;
                continue;
            }
            let mut file = segment.blob.open()?;
            file.seek(SeekFrom::Start(self.skip))?;
            self.left_in_segment = (segment.byte_len - self.skip).min(self.left);
            self.skip = 0;
            self.file = Some(file);
            return Ok(());
        }
    }

    /// The next chunk, empty at the end. Blocking.
    pub(crate) fn read(&mut self) -> io::Result<Bytes> {
        if self.left == 0 {
            return Ok(Bytes::new());
        }
        if self.left_in_segment == 0 {
            self.advance()?;
        }
        let wanted = self.left_in_segment.min(CHUNK_BYTES);
        let mut chunk = Vec::with_capacity(usize::try_from(wanted).unwrap_or_default());
        let file = self.file.as_mut().ok_or(io::ErrorKind::UnexpectedEof)?;
        if file.take(wanted).read_to_end(&mut chunk)? as u64 != wanted {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left_in_segment -= wanted;
        self.left -= wanted;
        Ok(chunk.into())
    }
}

/// Streams a span; every read happens on the blocking pool.
pub(crate) fn stream<H>(tasks: TaskTracker, span: Span<H>) -> StreamingBlob
where
    H: AsRef<[Segment]> + Send + Sync + 'static,
{
    StreamingBlob::wrap(try_unfold((tasks, span), |(tasks, mut span)| async move {
        if span.left == 0 {
            return Ok(None);
        }
        let read = tasks.spawn_blocking(move || {
            let chunk = span.read();
            chunk.map(|chunk| (chunk, span))
        });
        let (chunk, span) = read.await.map_err(io::Error::other)?.inspect_err(|error| {
            tracing::error!(%error, "a stored object cannot be read to its end");
        })?;
        Ok::<_, io::Error>(Some((chunk, (tasks, span))))
    }))
}
