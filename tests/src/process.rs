//! The binary as a child process, killed when dropped.

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::Context as _;
use tokio::process::{Child, Command};

/// The environment of a process: nothing is inherited but `PATH`.
pub type Environment = BTreeMap<String, String>;

/// Where cargo has put the binary: beside the program that asks.
///
/// # Errors
/// When it has not been built.
pub fn binary() -> anyhow::Result<PathBuf> {
    program("strongroom")
}

/// Where cargo has put the verifier that outsiders use.
///
/// # Errors
/// When it has not been built.
pub fn verifier() -> anyhow::Result<PathBuf> {
    program("strongroom-audit")
}

fn program(name: &str) -> anyhow::Result<PathBuf> {
    let test = std::env::current_exe()?;
    // A test lies one directory deeper than a program.
    let directories = test.ancestors().skip(1).take(2);
    let mut places = directories.map(|directory| directory.join(name));
    places
        .find(|place| place.is_file())
        .with_context(|| format!("no {name} near {}; run `make test`", test.display()))
}

/// A command of the binary in that environment.
///
/// # Errors
/// When it has not been built.
pub fn command(arguments: &[&str], environment: &Environment) -> anyhow::Result<Command> {
    let mut command = Command::new(binary()?);
    command
        .args(arguments)
        .env_clear()
        .envs(environment)
        .kill_on_drop(true)
        .stdin(Stdio::null());
    Ok(command)
}

/// Runs a command to its end; returns whether it succeeded, and what it printed.
///
/// # Errors
/// When it cannot be started.
pub async fn run(
    arguments: &[&str],
    environment: &Environment,
) -> anyhow::Result<(bool, String, String)> {
    let output = command(arguments, environment)?.output().await?;
    Ok((
        output.status.success(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    ))
}

/// A running process.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts it; what it prints goes to `log`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(
        arguments: &[&str],
        environment: &Environment,
        log: &Path,
    ) -> anyhow::Result<Self> {
        let out = File::options().create(true).append(true).open(log)?;
        let child = command(arguments, environment)?
            .stdout(out.try_clone()?)
            .stderr(out)
            .spawn()?;
        Ok(Self {
            child,
            log: log.to_owned(),
        })
    }

    /// What it has printed so far.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Its process id.
    ///
    /// # Errors
    /// When it has ended.
    pub fn id(&self) -> anyhow::Result<u32> {
        self.child.id().context("the process has ended")
    }

    /// Whether it runs.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn is_running(&mut self) -> anyhow::Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Kills it as a power cut would.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await?;
        Ok(())
    }

    /// Asks it to end, and waits. Returns whether it ended with success.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn terminate(mut self) -> anyhow::Result<bool> {
        let id = self.id()?.to_string();
        Command::new("kill").args(["-TERM", &id]).status().await?;
        Ok(self.child.wait().await?.success())
    }
}

/// Ports that no outgoing connection is given by the system, which begins at 32768.
const PORTS: std::ops::Range<u16> = 15_000..32_000;

/// A port nobody listens on just now. Each process looks at places of its own, so that tests that run at the same
/// time do not find the same one.
///
/// # Errors
/// When there is none.
pub fn free_port() -> anyhow::Result<u16> {
    static TRIED: AtomicU32 = AtomicU32::new(0);
    let count = u32::from(PORTS.end - PORTS.start);
    for _ in 0..count {
        let place = std::process::id()
            .wrapping_mul(13)
            .wrapping_add(TRIED.fetch_add(1, Ordering::Relaxed));
        let port = PORTS.start + u16::try_from(place % count)?;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    anyhow::bail!("no port is free")
}
