//! Writing an object whose size nobody knows yet.

use aws_sdk_s3::types::CompletedPart;
use bytes::{Bytes, BytesMut};
use tokio::task::{JoinError, JoinSet};
use tracing::Instrument;

use super::multipart::MAX_PARTS;
use super::{Blob, BlobError, Description, Fault, Stored};

/// Bytes per part; also the largest object that goes as one request.
const PART_BYTE_LEN: usize = 8 * 1024 * 1024;
/// Parts on their way to the store at the same time.
const MAX_IN_FLIGHT: usize = 2;

/// Takes an object chunk by chunk and keeps at most three parts, 24 MiB, in memory.
///
/// Nothing can be read under the key before [`MultipartWriter::finish`] returns. Up to 8 MiB go as one request, more
/// as a multipart upload. Dropping the writer stops what is being sent and leaves an unfinished upload to whoever
/// sweeps [`Blob::list_multiparts`]; [`MultipartWriter::abort`] removes it at once.
#[derive(Debug)]
pub struct MultipartWriter {
    blob: Blob,
    key: String,
    description: Description,
    buffer: BytesMut,
    byte_len: u64,
    upload: Option<Upload>,
    is_broken: bool,
}

#[derive(Debug)]
struct Upload {
    id: String,
    next_number: i32,
    sent: Vec<CompletedPart>,
    in_flight: JoinSet<Result<CompletedPart, BlobError>>,
}

impl MultipartWriter {
    /// Prepares to write `key`; nothing is sent yet.
    #[must_use]
    pub fn begin(blob: &Blob, key: impl Into<String>, description: Description) -> Self {
        Self {
            blob: blob.clone(),
            key: key.into(),
            description,
            buffer: BytesMut::new(),
            byte_len: 0,
            upload: None,
            is_broken: false,
        }
    }

    /// The store's id of the upload; `None` until the first part goes, and always for small objects.
    #[must_use]
    pub fn upload_id(&self) -> Option<&str> {
        self.upload.as_ref().map(|upload| upload.id.as_str())
    }

    /// How many bytes were taken so far.
    #[must_use]
    pub const fn byte_len(&self) -> u64 {
        self.byte_len
    }

    /// Takes the next bytes; waits while two parts are on their way and a third is full.
    ///
    /// After an error the object cannot be finished any more, only aborted.
    pub async fn write(&mut self, mut bytes: Bytes) -> Result<(), BlobError> {
        self.require_whole()?;
        self.byte_len += bytes.len() as u64;
        // Pessimistic, so that a call dropped half-way breaks the object instead of leaving a hole in it.
        self.is_broken = true;
        while !bytes.is_empty() {
            if self.buffer.len() == PART_BYTE_LEN {
                self.send_part().await?;
            }
            let room = PART_BYTE_LEN - self.buffer.len();
            let taken = bytes.split_to(room.min(bytes.len()));
            self.make_room(taken.len());
            self.buffer.extend_from_slice(&taken);
        }
        self.is_broken = false;
        Ok(())
    }

    /// Sends the rest and makes the object readable.
    ///
    /// After an error nothing of it remains, except where the store did not answer: then it may exist as a whole, or
    /// as an unfinished upload.
    pub async fn finish(mut self) -> Result<Stored, BlobError> {
        self.require_whole()?;
        let last = self.buffer.split().freeze();
        let Some(mut upload) = self.upload.take() else {
            return self
                .blob
                .put_whole(&self.key, last, &self.description)
                .await;
        };
        let id = upload.id.clone();
        let finished = async {
            upload.send(&self.blob, &self.key, last).await?;
            while upload.join_one().await? {}
            self.blob
                .complete_multipart(&self.key, &id, upload.sent, self.byte_len)
                .await
        };
        let finished = finished.await;
        if finished.is_err() {
            self.blob.abandon_multipart(&self.key, &id).await;
        }
        finished
    }

    /// Stops sending and removes what the store has already.
    pub async fn abort(mut self) -> Result<(), BlobError> {
        let Some(mut upload) = self.upload.take() else {
            return Ok(());
        };
        upload.in_flight.shutdown().await;
        self.blob.abort_multipart(&self.key, &upload.id).await
    }

    async fn send_part(&mut self) -> Result<(), BlobError> {
        if self.upload.is_none() {
            let created = self.blob.create_multipart(&self.key, &self.description);
            self.upload = Some(Upload::new(created.await?));
        }
        if let Some(upload) = self.upload.as_mut() {
            let full = self.buffer.split().freeze();
            upload.send(&self.blob, &self.key, full).await?;
        }
        Ok(())
    }

    /// Doubles the buffer as small objects need it, never past one part.
    fn make_room(&mut self, byte_len: usize) {
        let needed = self.buffer.len() + byte_len;
        if needed > self.buffer.capacity() {
            let capacity = needed.next_power_of_two().min(PART_BYTE_LEN);
            self.buffer.reserve(capacity - self.buffer.len());
        }
    }

    fn require_whole(&self) -> Result<(), BlobError> {
        if self.is_broken {
            let why = "an earlier write did not complete";
            return Err(BlobError::Other(Fault::new("write", why)));
        }
        Ok(())
    }
}

impl Upload {
    fn new(id: String) -> Self {
        Self {
            id,
            next_number: 1,
            sent: Vec::new(),
            in_flight: JoinSet::new(),
        }
    }

    async fn send(&mut self, blob: &Blob, key: &str, bytes: Bytes) -> Result<(), BlobError> {
        if self.next_number > MAX_PARTS {
            return Err(BlobError::TooLarge);
        }
        while self.in_flight.len() >= MAX_IN_FLIGHT {
            self.join_one().await?;
        }
        let number = self.next_number;
        self.next_number += 1;
        let (blob, key, id) = (blob.clone(), key.to_owned(), self.id.clone());
        let send = async move { blob.upload_part(&key, &id, number, bytes).await };
        self.in_flight.spawn(send.in_current_span());
        Ok(())
    }

    /// Waits for one part; `false` when none was on its way.
    async fn join_one(&mut self) -> Result<bool, BlobError> {
        let Some(joined) = self.in_flight.join_next().await else {
            return Ok(false);
        };
        self.sent.push(joined.map_err(lost)??);
        Ok(true)
    }
}

fn lost(error: JoinError) -> BlobError {
    BlobError::Other(Fault::new("upload_part", error))
}
