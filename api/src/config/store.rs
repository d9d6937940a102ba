//! Where bytes live.

use std::net::SocketAddr;
use std::path::PathBuf;

use secrecy::SecretString;

use super::origin::Origin;
use super::reader::Reader;
use super::server::{origin, socket_address};

/// The object store and how it is reached.
#[derive(Debug, Clone)]
pub enum ObjectStore {
    /// The endpoint inside this process.
    Embedded(EmbeddedStore),
    /// An S3-compatible store.
    External(Box<ExternalStore>),
}

/// The endpoint inside this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbeddedStore {
    /// `STRONGROOM_EMBEDDED_S3_LISTEN`, loopback address:port; default 127.0.0.1:9090.
    pub listen: SocketAddr,
    /// Directory of the objects, `objects` in the data directory.
    pub dir: PathBuf,
}

/// An S3-compatible store.
#[derive(Debug, Clone)]
pub struct ExternalStore {
    /// `S3_ENDPOINT`, an origin.
    pub endpoint: Origin,
    /// `S3_PUBLIC_ENDPOINT`, an origin; default the endpoint.
    pub public_endpoint: Origin,
    /// `S3_REGION`, a word; default us-east-1.
    pub region: String,
    /// `S3_BUCKET`, a bucket name.
    pub bucket: String,
    /// `S3_ACCESS_KEY`.
    pub access_key: SecretString,
    /// `S3_SECRET_KEY`.
    pub secret_key: SecretString,
    /// `S3_FORCE_PATH_STYLE`, true or false; default true.
    pub force_path_style: bool,
}

const REQUIRED: [&str; 4] = ["S3_ENDPOINT", "S3_BUCKET", "S3_ACCESS_KEY", "S3_SECRET_KEY"];
const OPTIONAL: [&str; 3] = ["S3_PUBLIC_ENDPOINT", "S3_REGION", "S3_FORCE_PATH_STYLE"];

pub(super) fn read(reader: &mut Reader<'_>) -> Option<ObjectStore> {
    let embedded = embedded(reader);
    let is_external = REQUIRED
        .iter()
        .chain(&OPTIONAL)
        .any(|variable| reader.is_set(variable));
    if is_external {
        name_missing(reader);
    }
    let external = external(reader);
    if is_external {
        external.map(|store| ObjectStore::External(Box::new(store)))
    } else {
        embedded.map(ObjectStore::Embedded)
    }
}

fn name_missing(reader: &mut Reader<'_>) {
    let missing: Vec<&str> = REQUIRED
        .into_iter()
        .filter(|variable| !reader.is_set(variable))
        .collect();
    if !missing.is_empty() {
        reader.problem(format!(
            "An external object store also needs {}.",
            missing.join(", ")
        ));
    }
}

fn embedded(reader: &mut Reader<'_>) -> Option<EmbeddedStore> {
    let listen = reader.read("STRONGROOM_EMBEDDED_S3_LISTEN", |text| {
        socket_address(text).and_then(|address| {
            if address.ip().is_loopback() {
                Ok(address)
            } else {
                Err("a loopback address such as 127.0.0.1:9090".to_owned())
            }
        })
    })?;
    let dir = PathBuf::from(reader.peek("STRONGROOM_DATA_DIR")?).join("objects");
    Some(EmbeddedStore { listen, dir })
}

fn external(reader: &mut Reader<'_>) -> Option<ExternalStore> {
    let endpoint = reader.read("S3_ENDPOINT", origin);
    let public_endpoint = reader.read("S3_PUBLIC_ENDPOINT", origin);
    let region = reader.read("S3_REGION", region);
    let bucket = reader.read("S3_BUCKET", bucket);
    let access_key = reader.secret("S3_ACCESS_KEY");
    let secret_key = reader.secret("S3_SECRET_KEY");
    let force_path_style = reader.read("S3_FORCE_PATH_STYLE", truth);
    let endpoint = endpoint?;
    Some(ExternalStore {
        public_endpoint: public_endpoint.unwrap_or_else(|| endpoint.clone()),
        endpoint,
        region: region?,
        bucket: bucket?,
        access_key: access_key?,
        secret_key: secret_key?,
        force_path_style: force_path_style?,
    })
}

fn region(text: &str) -> Result<String, String> {
    let is_good = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_good
        .then(|| text.to_owned())
        .ok_or_else(|| "a region such as eu-central-1".to_owned())
}

pub(super) fn bucket(text: &str) -> Result<String, String> {
    let is_good = (3..=63).contains(&text.len())
        && text.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-')
        });
    is_good
        .then(|| text.to_owned())
        .ok_or_else(|| "a bucket name".to_owned())
}

pub(super) fn truth(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "a truth value".to_owned())
}
