//! A bundle on the auditor's machine.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use serde_json::Value;
use tests::process;
use tokio::process::Command;

/// A directory with the files of a bundle.
pub(super) struct Bundle {
    root: PathBuf,
}

impl Bundle {
    pub(super) async fn unpack(archive: &Path, root: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(root)?;
        let mut tar = Command::new("tar");
        tar.args(["-I", "zstd", "-xf"]).arg(archive);
        let output = tar.arg("-C").arg(root).output().await?;
        // The frame behind the last one is not tar's.
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(root.join("manifest.note").is_file(), "{error}");
        Ok(Self {
            root: root.to_owned(),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.root
    }

    /// The same files elsewhere.
    pub(super) async fn copy(&self, to: &Path) -> anyhow::Result<Self> {
        let mut copy = Command::new("cp");
        let output = copy.arg("-r").arg(&self.root).arg(to).output().await?;
        ensure!(output.status.success(), "cp failed");
        Ok(Self {
            root: to.to_owned(),
        })
    }

    /// The first file in this directory of the bundle.
    pub(super) fn first_in(&self, directory: &str) -> anyhow::Result<PathBuf> {
        let mut place = self.root.join(directory);
        while place.is_dir() {
            let mut names: Vec<PathBuf> = std::fs::read_dir(&place)?
                .map(|entry| entry.map(|entry| entry.path()))
                .collect::<Result<_, _>>()?;
            names.sort();
            place = names.into_iter().next().context("an empty directory")?;
        }
        Ok(place)
    }

    /// The first tile of entries.
    pub(super) fn entries(&self) -> anyhow::Result<Vec<u8>> {
        Ok(std::fs::read(self.first_in("tile/entries")?)?)
    }

    /// What the script in the bundle says.
    pub(super) async fn verify_by_script(&self, key: &str) -> anyhow::Result<(i32, String)> {
        let python = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/judges/bin/python");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../audit/src/bundle/verify.py");
        ensure!(
            std::fs::read(self.root.join("verify.py"))? == std::fs::read(script)?,
            "another script is in the bundle"
        );
        let mut judge = Command::new(python);
        judge.arg(script).arg(&self.root).args(["--key", key]);
        run(&mut judge).await
    }
}

/// What `strongroom-audit verify` says of a file or a directory.
pub(super) async fn verify(bundle: &Path, key: &str) -> anyhow::Result<(i32, Value)> {
    let mut judge = Command::new(process::verifier()?);
    judge
        .arg("verify")
        .arg(bundle)
        .args(["--key", key, "--json"]);
    let (code, out) = run(&mut judge).await?;
    Ok((code, serde_json::from_str(&out).context(out)?))
}

/// The text in a Zstandard file.
pub(super) async fn unzstd(path: &Path) -> anyhow::Result<String> {
    let (code, out) = run(Command::new("zstd").arg("-dc").arg(path)).await?;
    ensure!(code == 0, "{out}");
    Ok(out)
}

/// The exit code, and what was printed.
async fn run(command: &mut Command) -> anyhow::Result<(i32, String)> {
    let output = command
        .output()
        .await
        .with_context(|| format!("{command:?} does not start; run `make setup`"))?;
    let code = output.status.code().context("ended by a signal")?;
    let out = match output.stdout.is_empty() {
        true => output.stderr,
        false => output.stdout,
    };
    Ok((code, String::from_utf8_lossy(&out).into_owned()))
}
