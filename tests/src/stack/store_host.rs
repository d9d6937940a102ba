//! An object store for several replicas: a process of the binary that nobody asks anything but its embedded store.

use anyhow::Context as _;
use data_encoding::{BASE64, HEXLOWER};
use store::keys::{Label, MasterKey};

use crate::{
    process::{Environment, Process, free_port},
    wait,
};

/// The store's process; gone when dropped.
#[derive(Debug)]
pub(super) struct StoreHost {
    _process: Process,
    dir: tempfile::TempDir,
    endpoint: String,
    secret: String,
}

impl StoreHost {
    pub(super) async fn start() -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|error| anyhow::anyhow!("{error}"))?;
        let (port, store_port) = (free_port()?, free_port()?);
        let own = [
            ("STRONGROOM_DATA_DIR", dir.path().display().to_string()),
            ("STRONGROOM_LISTEN", format!("127.0.0.1:{port}")),
            (
                "STRONGROOM_EMBEDDED_S3_LISTEN",
                format!("127.0.0.1:{store_port}"),
            ),
            ("STRONGROOM_MASTER_KEY", BASE64.encode(&key)),
            ("STRONGROOM_DRAIN_NOTICE", "0s".to_owned()),
        ];
        let environment = own.map(|(name, value)| (name.to_owned(), value));
        let environment = Environment::from(environment);
        let log = dir.path().join("strongroom.log");
        let process = Process::start(&["serve"], &environment, &log)?;
        let url = format!("http://127.0.0.1:{port}/readyz");
        wait::until("the object store is ready", 60, || {
            let request = reqwest::get(&url);
            async move { Ok(request.await.is_ok_and(|answer| answer.status() == 200)) }
        })
        .await
        .with_context(|| process.log())?;
        let secret = MasterKey::new(1, key).derive(Label::EmbeddedStore);
        Ok(Self {
            _process: process,
            dir,
            endpoint: format!("http://127.0.0.1:{store_port}"),
            secret: HEXLOWER.encode(secret.as_slice()),
        })
    }

    /// The variables that point `replicas` processes here.
    pub(super) fn variables(&self, replicas: usize) -> Environment {
        [
            ("S3_ENDPOINT", self.endpoint.clone()),
            ("S3_REGION", "eu-central-1".to_owned()),
            ("S3_BUCKET", "strongroom".to_owned()),
            ("S3_ACCESS_KEY", "strongroom".to_owned()),
            ("S3_SECRET_KEY", self.secret.clone()),
            ("REPLICAS", replicas.to_string()),
            (
                "STRONGROOM_ANCHOR_FILE",
                self.dir
                    .path()
                    .join("anchors-of-replicas")
                    .display()
                    .to_string(),
            ),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}
