//! A Redis of one test, to be stopped and started under the deployment.

use std::{path::Path, process::Stdio};

use anyhow::{Context as _, ensure};
use tokio::process::{Child, Command};

use crate::{process::free_port, wait};

/// A server that keeps nothing on disk; gone when dropped.
#[derive(Debug)]
pub struct Redis {
    port: u16,
    dir: tempfile::TempDir,
    child: Option<Child>,
}

impl Redis {
    /// Starts it and waits until it answers.
    ///
    /// # Errors
    /// When it is not installed, or does not answer.
    pub async fn start() -> anyhow::Result<Self> {
        let mut redis = Self {
            port: free_port()?,
            dir: tempfile::tempdir()?,
            child: None,
        };
        redis.resume().await?;
        Ok(redis)
    }

    /// The variable that points the binary here. Requests have time to wait for an answer: a test is about what is
    /// decided, not about how fast this machine is just now.
    #[must_use]
    pub fn variables(&self) -> [(&'static str, String); 2] {
        [
            ("REDIS_URL", format!("redis://127.0.0.1:{}", self.port)),
            ("STRONGROOM_REDIS_TIMEOUT_MS", "1000".to_owned()),
        ]
    }

    /// Ends it as a power cut would, with everything it knew.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill().await?;
        }
        Ok(())
    }

    /// Starts it again, empty.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn resume(&mut self) -> anyhow::Result<()> {
        self.child = Some(server(self.port, self.dir.path())?);
        wait::until("Redis answers", 20, || async {
            Ok(self
                .ask(&["PING"])
                .await
                .is_ok_and(|answer| answer == "PONG"))
        })
        .await
    }

    /// What it answers to a command.
    ///
    /// # Errors
    /// When it answers with an error, or not at all.
    pub async fn ask(&self, command: &[&str]) -> anyhow::Result<String> {
        let output = Command::new("redis-cli")
            .args(["-e", "-p", &self.port.to_string()])
            .args(command)
            .output()
            .await
            .context("redis-cli is not installed; `make setup` installs it")?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        ensure!(output.status.success(), "{command:?}: {text}");
        Ok(text)
    }
}

fn server(port: u16, dir: &Path) -> anyhow::Result<Child> {
    Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(["--save", "", "--appendonly", "no", "--dir"])
        .arg(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("redis-server is not installed; `make setup` installs it")
}
