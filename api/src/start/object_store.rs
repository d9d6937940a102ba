//! The object store: one inside the process, or one outside that must be able to do what we need.

use std::time::Duration;

use data_encoding::HEXLOWER;
use secrecy::{ExposeSecret, SecretString};
use store::{Store, keys::Label};

use super::StartError;
use crate::{
    adapter::blob::{Blob, StoreOptions},
    config::{Config, ObjectStore},
};

const BUCKET: &str = "strongroom";
const REGION: &str = "eu-central-1";
const ACCESS_KEY: &str = "strongroom";

/// The store inside the process.
#[derive(Debug)]
pub struct EmbeddedStore(embedded_s3::Server);

impl EmbeddedStore {
    /// Where it listens.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.0.endpoint()
    }

    /// Stops it after what is running has ended.
    pub async fn stop(self) {
        self.0.shutdown(Duration::from_secs(5)).await;
    }
}

/// Opens the configured store and finds out whether it can be used.
pub(super) async fn open(
    config: &Config,
    store: &Store,
) -> Result<(Blob, Option<EmbeddedStore>), StartError> {
    match &config.object_store {
        ObjectStore::Embedded(embedded) => {
            let secret = embedded_secret(store);
            let server = embedded_s3::start(embedded_s3::Config {
                dir: embedded.dir.clone(),
                listen: embedded.listen,
                access_key: ACCESS_KEY.to_owned(),
                secret_key: secret.expose_secret().to_owned(),
                region: REGION.to_owned(),
                buckets: buckets(config),
                cors_origins: browser_origins(config),
            })
            .await?;
            let blob = Blob::connect(&embedded_options(server.endpoint(), secret));
            Ok((blob, Some(EmbeddedStore(server))))
        }
        ObjectStore::External(external) => {
            let blob = Blob::connect(&StoreOptions {
                endpoint: external.endpoint.as_str().to_owned(),
                public_endpoint: external.public_endpoint.as_str().to_owned(),
                region: external.region.clone(),
                bucket: external.bucket.clone(),
                access_key: external.access_key.clone(),
                secret_key: external.secret_key.clone(),
                force_path_style: external.force_path_style,
            });
            blob.check().await?;
            Ok((blob, None))
        }
    }
}

/// As [`open`]; an embedded store that another process of this deployment has open is spoken to through that one.
pub(super) async fn open_beside(
    config: &Config,
    store: &Store,
) -> Result<(Blob, Option<EmbeddedStore>), StartError> {
    use embedded_s3::StartError as Cause;
    match (open(config, store).await, config.embedded_store()) {
        (
            Err(StartError::EmbeddedStore(
                cause @ (Cause::DirectoryInUse { .. } | Cause::PortInUse { .. }),
            )),
            Some(embedded),
        ) => {
            let endpoint = format!("http://{}", embedded.listen);
            let blob = Blob::connect(&embedded_options(endpoint, embedded_secret(store)));
            // Whoever listens there knows the credentials, or is somebody else.
            match blob.list("", None, 1).await {
                Ok(_) => Ok((blob, None)),
                Err(_) => Err(cause.into()),
            }
        }
        (opened, _) => opened,
    }
}

fn embedded_options(endpoint: String, secret_key: SecretString) -> StoreOptions {
    StoreOptions {
        public_endpoint: endpoint.clone(),
        endpoint,
        region: REGION.to_owned(),
        bucket: BUCKET.to_owned(),
        access_key: ACCESS_KEY.into(),
        secret_key,
        force_path_style: true,
    }
}

/// The variable to change, before what the store inside the process says.
pub(super) fn variable(error: &embedded_s3::StartError) -> &'static str {
    use embedded_s3::StartError as Cause;
    match error {
        Cause::NotLoopback { .. } | Cause::PortInUse { .. } | Cause::Listen { .. } => {
            "STRONGROOM_EMBEDDED_S3_LISTEN: "
        }
        Cause::Directory { .. } | Cause::DirectoryInUse { .. } | Cause::NewerLayout { .. } => {
            "STRONGROOM_DATA_DIR: "
        }
        _ => "",
    }
}

/// Derived, so that signed links survive a restart and nothing more is kept.
fn embedded_secret(store: &Store) -> SecretString {
    HEXLOWER
        .encode(store.sub_key(Label::EmbeddedStore).as_slice())
        .into()
}

fn buckets(config: &Config) -> Vec<String> {
    let anchors = config.audit.anchor_bucket.iter();
    let mut buckets: Vec<String> = anchors.cloned().collect();
    buckets.push(BUCKET.to_owned());
    buckets.dedup();
    buckets
}

/// Pages that may send a browser's presigned requests.
fn browser_origins(config: &Config) -> Vec<String> {
    let own = std::iter::once(&config.server.public_url);
    own.chain(&config.server.cors_origins)
        .map(|origin| origin.as_str().to_owned())
        .collect()
}
