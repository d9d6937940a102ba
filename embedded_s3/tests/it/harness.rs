//! A running endpoint in a throw-away directory, and clients for it.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, RequestChecksumCalculation};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use embedded_s3::{Config, Server, start};
use tempfile::TempDir;

pub(crate) const BUCKET: &str = "files";
pub(crate) const ORIGIN: &str = "https://app.example.com";
pub(crate) const SECRET: &str = "a-secret-for-tests-only";

pub(crate) struct Harness {
    pub(crate) dir: TempDir,
    pub(crate) server: Server,
    pub(crate) s3: Client,
}

impl Harness {
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = start(config(dir.path())).await.unwrap();
        let s3 = client(&server, RequestChecksumCalculation::WhenSupported);
        Self { dir, server, s3 }
    }

    /// Stops the server and starts another over the same directory.
    pub(crate) async fn restart(self) -> Self {
        self.server.shutdown(Duration::from_secs(5)).await;
        let server = start(config(self.dir.path())).await.unwrap();
        let s3 = client(&server, RequestChecksumCalculation::WhenSupported);
        Self {
            dir: self.dir,
            server,
            s3,
        }
    }

    /// A client that sends no checksum of its own accord, as presigning needs it.
    pub(crate) fn presigner(&self) -> Client {
        client(&self.server, RequestChecksumCalculation::WhenRequired)
    }

    pub(crate) async fn put(&self, key: &str, body: &[u8]) -> String {
        let put = self
            .s3
            .put_object()
            .bucket(BUCKET)
            .key(key)
            .body(bytes(body));
        put.send().await.unwrap().e_tag().unwrap().to_owned()
    }

    pub(crate) async fn get(&self, key: &str) -> Vec<u8> {
        let got = self
            .s3
            .get_object()
            .bucket(BUCKET)
            .key(key)
            .send()
            .await
            .unwrap();
        got.body.collect().await.unwrap().to_vec()
    }

    pub(crate) async fn exists(&self, key: &str) -> bool {
        match self.s3.head_object().bucket(BUCKET).key(key).send().await {
            Ok(_) => true,
            Err(error) => {
                assert_eq!(status(&error), 404);
                false
            }
        }
    }

    pub(crate) async fn presigned_get(&self, key: &str) -> String {
        let get = self
            .presigner()
            .get_object()
            .bucket(BUCKET)
            .key(key)
            .presigned(expiry())
            .await;
        get.unwrap().uri().to_owned()
    }

    /// How many files of bytes, and how many temporary files, lie in the directory.
    pub(crate) fn leftovers(&self) -> (usize, usize) {
        (
            files(&self.dir.path().join("blobs")).len(),
            files(&self.dir.path().join("tmp")).len(),
        )
    }
}

pub(crate) fn config(dir: &Path) -> Config {
    Config {
        dir: dir.to_path_buf(),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        access_key: "strongroom".to_owned(),
        secret_key: SECRET.to_owned(),
        region: "eu-central-1".to_owned(),
        buckets: vec![BUCKET.to_owned()],
        cors_origins: vec![ORIGIN.to_owned()],
    }
}

fn client(server: &Server, checksums: RequestChecksumCalculation) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(server.endpoint())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("strongroom", SECRET, None, None, "tests"))
        .request_checksum_calculation(checksums)
        .force_path_style(true);
    Client::from_conf(config.build())
}

pub(crate) fn expiry() -> PresigningConfig {
    PresigningConfig::expires_in(Duration::from_secs(60)).unwrap()
}

pub(crate) fn bytes(body: &[u8]) -> ByteStream {
    ByteStream::from(body.to_vec())
}

/// Bytes that differ from place to place and from seed to seed.
pub(crate) fn pattern(byte_len: usize, seed: u8) -> Vec<u8> {
    let mut state = u32::from(seed).wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..byte_len).map(|_| next()).collect()
}

/// The HTTP status of a refusal.
pub(crate) fn status<E: std::fmt::Debug>(error: &SdkError<E>) -> u16 {
    error
        .raw_response()
        .unwrap_or_else(|| panic!("no answer: {error:?}"))
        .status()
        .as_u16()
}

/// The S3 error code of a refusal.
pub(crate) fn code<E: ProvideErrorMetadata>(error: &SdkError<E>) -> String {
    error.code().unwrap_or_default().to_owned()
}

/// Every file below `dir`.
pub(crate) fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path))
        } else {
            found.push(path)
        }
    }
    found
}
