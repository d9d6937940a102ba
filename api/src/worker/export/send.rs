//! From a file on this machine to an object, hashed on the way.

use std::io::{self, Write};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::spool::Spooled;
use crate::{
    adapter::blob::{Blob, Description, MultipartWriter},
    error::Error,
    service::object,
};

/// Bytes that are handed over at once.
const CHUNK: usize = 256 * 1024;
/// Chunks between the file and the store.
const IN_FLIGHT: usize = 4;

/// What was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) byte_len: u64,
    pub(super) sha256: [u8; 32],
}

/// Sends the file to `key`. Dropped half-way, it leaves an unfinished upload there and nothing to read.
pub(super) async fn send(
    blob: &Blob,
    key: &str,
    file: Spooled,
    media_type: &str,
) -> Result<Sent, Error> {
    let (sender, mut chunks) = mpsc::channel(IN_FLIGHT);
    let span = tracing::Span::current();
    let reading = tokio::task::spawn_blocking(move || {
        span.in_scope(|| file.write_to(Pipe::new(sender)).and_then(Pipe::end))
    });
    let mut object = MultipartWriter::begin(blob, key, Description::of(media_type));
    let mut refused = None;
    while refused.is_none()
        && let Some(chunk) = chunks.recv().await
    {
        refused = object.write(chunk).await.err();
    }
    // Whoever reads the file learns that nobody takes it any more.
    drop(chunks);
    let read = reading.await.map_err(Error::internal)?;
    let cause = match (refused, read) {
        (None, Ok(sent)) => {
            object.finish().await.map_err(object::failed)?;
            return Ok(sent);
        }
        (Some(refused), _) => object::failed(refused),
        (None, Err(error)) => Error::internal(error),
    };
    object.abort().await.map_err(object::failed)?;
    Err(cause)
}

/// Takes bytes on a thread that may wait, and gives them to a task that may not.
struct Pipe {
    chunks: mpsc::Sender<Bytes>,
    buffer: Vec<u8>,
    hasher: Sha256,
    byte_len: u64,
}

impl Pipe {
    fn new(chunks: mpsc::Sender<Bytes>) -> Self {
        Self {
            chunks,
            buffer: Vec::with_capacity(CHUNK),
            hasher: Sha256::new(),
            byte_len: 0,
        }
    }

    fn hand_over(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let full = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK));
        self.hasher.update(&full);
        self.byte_len += full.len() as u64;
        let sent = self.chunks.blocking_send(full.into());
        sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn end(mut self) -> io::Result<Sent> {
        self.hand_over()?;
        Ok(Sent {
            byte_len: self.byte_len,
            sha256: self.hasher.finalize().into(),
        })
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(CHUNK - self.buffer.len());
        let (taken, _) = bytes.split_at(taken);
        self.buffer.extend_from_slice(taken);
        if self.buffer.len() == CHUNK {
            self.hand_over()?;
        }
        Ok(taken.len())
    }

    /// Whole chunks go as they fill; [`Pipe::end`] sends the rest.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_byte_goes_through_the_pipe_in_order() {
        let (sender, mut chunks) = mpsc::channel(IN_FLIGHT);
        let bytes: Vec<u8> = (0..CHUNK * 3 + 17).map(|n| n.to_le_bytes()[0]).collect();
        let sent = bytes.clone();
        let writing = tokio::task::spawn_blocking(move || {
            let mut pipe = Pipe::new(sender);
            for part in sent.chunks(1_000) {
                pipe.write_all(part)?;
            }
            pipe.end()
        });
        let mut got = Vec::new();
        while let Some(chunk) = chunks.recv().await {
            got.extend_from_slice(&chunk);
        }
        let sent = writing.await.unwrap().unwrap();
        assert_eq!(got, bytes);
        assert_eq!(sent.byte_len, bytes.len() as u64);
        assert_eq!(sent.sha256, <[u8; 32]>::from(Sha256::digest(&bytes)));
    }

    #[tokio::test]
    async fn a_pipe_that_nobody_empties_breaks() {
        let (sender, chunks) = mpsc::channel(IN_FLIGHT);
        drop(chunks);
        let writing = tokio::task::spawn_blocking(move || {
            let mut pipe = Pipe::new(sender);
            pipe.write_all(&vec![0; CHUNK])
        });
        let broken = writing.await.unwrap().unwrap_err();
        assert_eq!(broken.kind(), io::ErrorKind::BrokenPipe);
    }
}
