//! Taking a body from the network to the disk in constant memory.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use s3s::dto::StreamingBlob;
use s3s::{S3Error, S3ErrorCode, S3Result, StdError, TrailingHeaders, s3_error};
use tokio::task::JoinHandle;

use super::{Store, disk_fault};
use crate::digest::{Digests, Expected};
use crate::disk::{BlobWriter, Segment};

/// How much is gathered before the blocking pool hashes and writes it; two such batches are in memory at most.
const BATCH_BYTES: usize = 1024 * 1024;

/// A body that is on disk, durable, and what the client said it would be.
pub(crate) struct Received {
    pub(crate) segment: Segment,
    pub(crate) digests: Digests,
}

/// Stores a body as a blob that no record names yet. On any error, or when dropped, nothing stays.
pub(crate) async fn receive(
    store: &Arc<Store>,
    body: Option<StreamingBlob>,
    expected: Expected,
    trailers: Option<TrailingHeaders>,
) -> S3Result<Received> {
    let algorithms = expected.algorithms();
    let writer = store.run(move |store| create(store, &algorithms)).await?;
    let writer = match body {
        Some(body) => pump(store, body, writer, expected.byte_len).await?,
        None if expected.byte_len == 0 => writer,
        None => return Err(s3_error!(IncompleteBody)),
    };
    store
        .run(move |_| {
            let (digests, written) = writer.finish();
            expected.verify(&digests, trailers.as_ref())?;
            let segment = written.sync().map_err(|error| disk_fault("sync", &error))?;
            Ok(Received { segment, digests })
        })
        .await
}

fn create(store: &Store, algorithms: &[crate::digest::Algorithm]) -> S3Result<Box<BlobWriter>> {
    BlobWriter::create(store.disk(), algorithms)
        .map(Box::new)
        .map_err(|error| disk_fault("create", &error))
}

/// Reads the body while the previous batch is being hashed and written.
async fn pump(
    store: &Arc<Store>,
    mut body: StreamingBlob,
    writer: Box<BlobWriter>,
    byte_len: u64,
) -> S3Result<Box<BlobWriter>> {
    let mut turn = Turn::Idle(writer);
    let (mut batch, mut batch_len, mut received) = (Vec::new(), 0, 0_u64);
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(body_fault)?;
        received += chunk.len() as u64;
        batch_len += chunk.len();
        batch.push(chunk);
        if received > byte_len {
            return Err(incomplete());
        }
        if batch_len >= BATCH_BYTES {
            turn = turn.next(store, std::mem::take(&mut batch)).await?;
            batch_len = 0;
        }
    }
    if received != byte_len {
        return Err(incomplete());
    }
    turn.next(store, batch).await?.writer().await
}

/// The writer is either here or on the blocking pool with a batch.
enum Turn {
    Idle(Box<BlobWriter>),
    Busy(JoinHandle<io::Result<Box<BlobWriter>>>),
}

impl Turn {
    async fn writer(self) -> S3Result<Box<BlobWriter>> {
        let written = match self {
            Self::Idle(writer) => Ok(writer),
            Self::Busy(job) => job
                .await
                .unwrap_or_else(|error| Err(io::Error::other(error))),
        };
        written.map_err(|error| disk_fault("write", &error))
    }

    async fn next(self, store: &Store, batch: Vec<Bytes>) -> S3Result<Self> {
        let mut writer = self.writer().await?;
        Ok(Self::Busy(store.tasks().spawn_blocking(move || {
            batch.iter().try_for_each(|chunk| writer.write(chunk))?;
            Ok(writer)
        })))
    }
}

fn incomplete() -> S3Error {
    s3_error!(
        IncompleteBody,
        "The body is not as long as its Content-Length says."
    )
}

/// What a body that ended in an error means to the client.
///
/// The protocol layer's stream errors are private types; their text is the only thing that tells them apart.
fn body_fault(error: StdError) -> S3Error {
    let text = error.to_string();
    if text.contains("Sha256Mismatch") {
        let code =
            S3ErrorCode::from_bytes(b"XAmzContentSHA256Mismatch").unwrap_or(S3ErrorCode::BadDigest);
        let mut refusal = S3Error::with_message(
            code,
            "x-amz-content-sha256 does not match what was received.",
        );
        refusal.set_status_code(hyper::StatusCode::BAD_REQUEST);
        return refusal;
    }
    if text.contains("SignatureMismatch") {
        return s3_error!(SignatureDoesNotMatch, "A chunk's signature does not match.");
    }
    if text.contains(crate::server::STALLED) {
        return s3_error!(RequestTimeout, "The body stopped arriving.");
    }
    S3Error::with_message(
        S3ErrorCode::IncompleteBody,
        "The body ended early or is not well formed.",
    )
}
