//! The adapter against the embedded store, over HTTP.

mod check;
mod copy;
mod object;
mod presign;
mod writer;

use std::net::{Ipv4Addr, SocketAddr};

use bytes::Bytes;
use embedded_s3::{Config, Server};
use futures_util::TryStreamExt;
use secrecy::SecretString;
use tempfile::TempDir;

use super::{Blob, BlobError, Description, StoreOptions};

const BUCKET: &str = "files";
const ACCESS_KEY: &str = "strongroom";
const SECRET_KEY: &str = "a-secret-for-tests-only";
const MIB: usize = 1024 * 1024;

/// A running store in a throw-away directory.
struct Store {
    blob: Blob,
    options: StoreOptions,
    dir: TempDir,
    _server: Server,
}

impl Store {
    async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = Config {
            dir: dir.path().to_path_buf(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            access_key: ACCESS_KEY.to_owned(),
            secret_key: SECRET_KEY.to_owned(),
            region: "eu-central-1".to_owned(),
            buckets: vec![BUCKET.to_owned()],
            cors_origins: Vec::new(),
        };
        let server = embedded_s3::start(config).await.unwrap();
        let options = options(&server.endpoint());
        Self {
            blob: Blob::connect(&options),
            options,
            dir,
            _server: server,
        }
    }

    /// Files of bytes and temporary files in the store's directory.
    fn files(&self) -> usize {
        ["blobs", "tmp"]
            .iter()
            .map(|name| count(&self.dir.path().join(name)))
            .sum()
    }
}

fn options(endpoint: &str) -> StoreOptions {
    StoreOptions {
        endpoint: endpoint.to_owned(),
        public_endpoint: endpoint.to_owned(),
        region: "eu-central-1".to_owned(),
        bucket: BUCKET.to_owned(),
        access_key: SecretString::from(ACCESS_KEY),
        secret_key: SecretString::from(SECRET_KEY),
        force_path_style: true,
    }
}

fn count(dir: &std::path::Path) -> usize {
    std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| if path.is_dir() { count(&path) } else { 1 })
        .sum()
}

/// Bytes that differ from place to place.
fn pattern(byte_len: usize) -> Bytes {
    let mut state = 1_u32;
    (0..byte_len)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        })
        .collect()
}

async fn read(blob: &Blob, key: &str) -> Vec<u8> {
    let body = blob.get_stream(key, None).await.unwrap();
    collect(body).await
}

async fn collect(body: super::BlobBody) -> Vec<u8> {
    let chunks: Vec<Bytes> = body.try_collect().await.unwrap();
    chunks.concat()
}

fn plain() -> Description {
    Description::of("text/plain")
}

fn is_not_found<T>(result: &Result<T, BlobError>) -> bool {
    matches!(result, Err(BlobError::NotFound(_)))
}
