//! The object store, spoken to over S3 only, the embedded one included.
//!
//! Two clients share the credentials: one for operations, whose endpoint only this server needs to reach, and one that
//! signs URLs for the endpoint the outside world reaches. Every operation is measured and bounded in time; idempotent
//! ones are tried at most three times.

mod body;
mod check;
mod client;
mod copy;
mod delete;
mod error;
mod keep;
mod list;
mod meter;
mod multipart;
mod object;
mod options;
mod presign;
mod writer;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use aws_sdk_s3::Client;

pub use self::body::BlobBody;
pub use self::check::CheckError;
pub use self::copy::Copy;
pub use self::error::{BlobError, Fault};
pub use self::keep::Keeping;
pub use self::list::{Listed, Multipart};
pub use self::meter::StoreHealth;
pub use self::object::{Head, Stored};
pub use self::options::{Description, StoreOptions};
pub use self::presign::Presigned;
pub use self::writer::MultipartWriter;

use self::meter::Meter;

/// One bucket of an object store. Clones share connections and statistics.
#[derive(Debug, Clone)]
pub struct Blob {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    operations: Client,
    presigner: Client,
    endpoint: String,
    region: String,
    bucket: String,
    signs_bodies: bool,
    meter: Meter,
}

impl Blob {
    /// Prepares the clients; nothing is sent. [`Blob::check`] finds out whether the store can be used.
    #[must_use]
    pub fn connect(options: &StoreOptions) -> Self {
        Self {
            inner: Arc::new(Inner {
                operations: client::connect(options, &options.endpoint),
                presigner: client::connect(options, &options.public_endpoint),
                endpoint: options.endpoint.clone(),
                region: options.region.clone(),
                bucket: options.bucket.clone(),
                signs_bodies: client::signs_bodies(&options.endpoint),
                meter: Meter::default(),
            }),
        }
    }

    /// How the store has answered in the last five minutes.
    #[must_use]
    pub fn health(&self) -> StoreHealth {
        self.inner.meter.health()
    }

    fn client(&self) -> &Client {
        &self.inner.operations
    }

    fn bucket(&self) -> &str {
        &self.inner.bucket
    }
}
