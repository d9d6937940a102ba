//! A tenant, an application and an object store of one test.

use std::{sync::Arc, time::Duration};

use api::{
    adapter::blob::{Blob, StoreOptions},
    app::App,
    config::Config,
    error::{Code, Error},
    service::upload::{
        Address,
        stream::{Incoming, Uploaded, receive},
    },
};
use bytes::Bytes;
use chrono::TimeDelta;
use entity::file;
use futures_util::{Stream, stream};
use policy::{QuotaMetric, Role};
use store::{
    Actor,
    testing::{Database, Seed, Throwaway, seed, throwaway},
};
use tempfile::TempDir;

pub(crate) const SECRET: &str = "a secret of the tests";
pub(crate) const STORAGE: QuotaMetric = QuotaMetric::StorageBytes;

pub(crate) struct Scene {
    pub(crate) database: Throwaway,
    pub(crate) app: Arc<App>,
    pub(crate) seed: Seed,
    pub(crate) actor: Actor,
    _store: embedded_s3::Server,
    _directory: TempDir,
}

pub(crate) async fn scene(kind: Database) -> Scene {
    scene_with(kind, &[]).await
}

pub(crate) async fn scene_with(kind: Database, pairs: &[(&str, &str)]) -> Scene {
    let database = throwaway(kind).await.unwrap();
    let seed = seed(&database.store).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let server = embedded_s3::start(embedded_s3::Config {
        dir: directory.path().to_owned(),
        listen: "127.0.0.1:0".parse().unwrap(),
        access_key: "tests".to_owned(),
        secret_key: SECRET.to_owned(),
        region: "eu-central-1".to_owned(),
        buckets: vec!["tests".to_owned()],
        cors_origins: Vec::new(),
    })
    .await
    .unwrap();
    let blob = Blob::connect(&StoreOptions {
        endpoint: server.endpoint(),
        public_endpoint: server.endpoint(),
        region: "eu-central-1".to_owned(),
        bucket: "tests".to_owned(),
        access_key: "tests".into(),
        secret_key: SECRET.into(),
        force_path_style: true,
    });
    let config = Config::from_pairs(pairs.iter().copied()).unwrap();
    let app = Arc::new(App::new(Arc::new(config), database.store.clone(), blob));
    Scene {
        app,
        actor: seed.actor(Role::Owner),
        database,
        seed,
        _store: server,
        _directory: directory,
    }
}

/// Where most tests put their files.
pub(crate) fn address(filename: &str) -> Address {
    Address {
        system: "workspace".to_owned(),
        object_type: "doc".to_owned(),
        object_id: "7".to_owned(),
        filename: filename.to_owned(),
    }
}

pub(crate) fn incoming(filename: &str, byte_len: Option<u64>) -> Incoming {
    Incoming {
        address: address(filename),
        byte_len,
        media_type: None,
        sha256: None,
        replaces: None,
        patience: Duration::from_secs(20),
    }
}

/// A body of these chunks.
pub(crate) fn body(chunks: Vec<Bytes>) -> impl Stream<Item = Result<Bytes, Error>> {
    stream::iter(chunks.into_iter().map(Ok))
}

/// Text, which is accepted without a declaration.
pub(crate) fn text(byte_len: usize) -> Bytes {
    b"plain words, "
        .iter()
        .copied()
        .cycle()
        .take(byte_len)
        .collect()
}

impl Scene {
    /// Uploads `bytes` in chunks as they come from a socket.
    pub(crate) async fn upload(&self, incoming: Incoming, bytes: Bytes) -> Result<Uploaded, Code> {
        let chunks = bytes
            .chunks(60_000)
            .map(|chunk| bytes.slice_ref(chunk))
            .collect();
        self.upload_body(incoming, body(chunks)).await
    }

    pub(crate) async fn upload_body(
        &self,
        incoming: Incoming,
        body: impl Stream<Item = Result<Bytes, Error>>,
    ) -> Result<Uploaded, Code> {
        let uploaded = receive(&self.app, &self.actor, incoming, body).await;
        uploaded.map_err(|error| error.code())
    }

    /// A ready file.
    pub(crate) async fn file(&self, filename: &str) -> file::Model {
        let uploaded = self.upload(incoming(filename, None), text(100)).await;
        uploaded.unwrap().file
    }

    /// Cuts the tenant's storage down to `bytes`.
    pub(crate) async fn limit_storage(&self, bytes: u64) {
        self.file("first.txt").await;
        let sql = format!(
            "UPDATE usage_counter SET limit_value = {bytes} WHERE metric = '{}'",
            STORAGE.as_str()
        );
        assert_eq!(self.database.tamper(&sql).await.unwrap(), 1);
    }

    pub(crate) async fn set_status(&self, status: &str) {
        let sql = format!("UPDATE tenant SET status = '{status}'");
        self.database.tamper(&sql).await.unwrap();
    }

    pub(crate) async fn count(&self, from_where: &str) -> u64 {
        let sql = format!("SELECT CAST(count(*) AS TEXT) FROM {from_where}");
        self.number(&sql).await
    }

    /// `used`, `reserved` or `trash` of the tenant's storage.
    pub(crate) async fn storage(&self, column: &str) -> u64 {
        let sql = format!(
            "SELECT CAST({column} AS TEXT) FROM usage_counter WHERE metric = '{}'",
            STORAGE.as_str()
        );
        self.number(&sql).await
    }

    async fn number(&self, sql: &str) -> u64 {
        let cells = self.database.look(sql).await.unwrap();
        cells[0].as_deref().unwrap().parse().unwrap()
    }

    pub(crate) async fn keys(&self) -> Vec<String> {
        let listed = self.app.blob.list("", None, 1_000).await.unwrap();
        listed.into_iter().map(|object| object.key).collect()
    }

    /// The actions of the tenant's chain, without its first entry and the tenant's making.
    pub(crate) async fn actions(&self) -> Vec<String> {
        self.database.sequence_all().await.unwrap();
        let sql = "SELECT action FROM audit_entry WHERE action LIKE 'file.%' \
                   OR action LIKE 'link.%' ORDER BY seq";
        let cells = self.database.look(sql).await.unwrap();
        cells.into_iter().flatten().collect()
    }

    pub(crate) fn advance(&self, by: TimeDelta) {
        self.database.clock.advance(by);
    }

    /// That `objects` objects are stored and nothing is half-way anywhere.
    pub(crate) async fn settled(&self, objects: usize) {
        assert_eq!(self.keys().await.len(), objects, "{:?}", self.keys().await);
        assert!(self.app.blob.list_multiparts("").await.unwrap().is_empty());
        assert_eq!(self.count("upload WHERE state = 'open'").await, 0);
        assert_eq!(self.count("reservation WHERE state = 'held'").await, 0);
        assert_eq!(
            self.count("file WHERE state IN ('pending', 'verifying')")
                .await,
            0
        );
        assert_eq!(
            self.count("file WHERE state = 'ready'").await,
            objects as u64
        );
        assert_eq!(self.count("usage_counter WHERE reserved <> 0").await, 0);
    }

    /// Ends the test.
    pub(crate) async fn close(self) {
        self.app.tasks.close();
        self.app.tasks.wait().await;
        drop(self.app);
        self.database.close().await.unwrap();
    }
}
