//! Garage, a real S3 store, as a single node in a directory of its own.

use std::{fs, path::Path, process::Stdio};

use anyhow::{Context as _, ensure};
use data_encoding::HEXLOWER;
use tokio::process::{Child, Command};

use crate::{
    process::{Environment, free_port},
    wait,
};

const BUCKET: &str = "strongroom";
const REGION: &str = "garage";

/// A running node with one bucket and one key.
#[derive(Debug)]
pub(super) struct Garage {
    _child: Child,
    dir: tempfile::TempDir,
    s3_port: u16,
    access_key: String,
    secret_key: String,
}

impl Garage {
    pub(super) async fn start() -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        let (s3_port, rpc_port) = (free_port()?, free_port()?);
        write_config(dir.path(), s3_port, rpc_port)?;
        let log = fs::File::create(dir.path().join("garage.log"))?;
        let child = garage(dir.path(), &["server"])
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("garage is not installed; `make test-s3` installs it")?;
        let mut node = Self {
            _child: child,
            dir,
            s3_port,
            access_key: String::new(),
            secret_key: String::new(),
        };
        node.lay_out().await?;
        Ok(node)
    }

    async fn lay_out(&mut self) -> anyhow::Result<()> {
        let node = wait::until_some("garage answers", 30, || async {
            let (done, out) = self.run(&["node", "id", "-q"]).await?;
            let status = self.run(&["status"]).await?.0;
            Ok((done && status).then(|| out.split('@').next().unwrap_or_default().to_owned()))
        })
        .await?;
        self.must(&["layout", "assign", "-z", "dc1", "-c", "1G", &node])
            .await?;
        self.must(&["layout", "apply", "--version", "1"]).await?;
        self.must(&["bucket", "create", BUCKET]).await?;
        let key = self.must(&["key", "create", "strongroom"]).await?;
        self.access_key = field(&key, "Key ID:")?;
        self.secret_key = field(&key, "Secret key:")?;
        let access = self.access_key.clone();
        self.must(&[
            "bucket", "allow", "--read", "--write", "--owner", BUCKET, "--key", &access,
        ])
        .await?;
        Ok(())
    }

    async fn run(&self, arguments: &[&str]) -> anyhow::Result<(bool, String)> {
        let output = garage(self.dir.path(), arguments).output().await?;
        let text = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok((output.status.success(), text))
    }

    async fn must(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let (done, text) = self.run(arguments).await?;
        ensure!(done, "garage {arguments:?}: {text}");
        Ok(text)
    }

    /// The variables that point the binary here.
    pub(super) fn variables(&self) -> Environment {
        [
            ("S3_ENDPOINT", format!("http://127.0.0.1:{}", self.s3_port)),
            ("S3_REGION", REGION.to_owned()),
            ("S3_BUCKET", BUCKET.to_owned()),
            ("S3_ACCESS_KEY", self.access_key.clone()),
            ("S3_SECRET_KEY", self.secret_key.clone()),
            ("S3_FORCE_PATH_STYLE", "true".to_owned()),
            ("REPLICAS", "2".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
    }
}

fn garage(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("garage");
    command
        .arg("-c")
        .arg(dir.join("garage.toml"))
        .args(arguments)
        .stdin(Stdio::null());
    command
}

fn write_config(dir: &Path, s3_port: u16, rpc_port: u16) -> anyhow::Result<()> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| anyhow::anyhow!("{error}"))?;
    let text = format!(
        "metadata_dir = \"{dir}/meta\"\ndata_dir = \"{dir}/data\"\ndb_engine = \"sqlite\"\n\
         replication_factor = 1\nrpc_bind_addr = \"127.0.0.1:{rpc_port}\"\n\
         rpc_public_addr = \"127.0.0.1:{rpc_port}\"\nrpc_secret = \"{secret}\"\n\
         [s3_api]\ns3_region = \"{REGION}\"\napi_bind_addr = \"127.0.0.1:{s3_port}\"\n",
        dir = dir.display(),
        secret = HEXLOWER.encode(&secret),
    );
    Ok(fs::write(dir.join("garage.toml"), text)?)
}

fn field(text: &str, name: &str) -> anyhow::Result<String> {
    text.lines()
        .find_map(|line| line.trim().strip_prefix(name))
        .map(|value| value.trim().to_owned())
        .with_context(|| format!("no {name} in {text}"))
}
