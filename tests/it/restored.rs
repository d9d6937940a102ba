//! A database that somebody put back: noticed at the next start, recovered from the command line.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tests::{
    process::{Environment, Process, command, free_port},
    wait,
};

/// A server with its files in one directory, as the README starts it.
struct Server {
    dir: tempfile::TempDir,
    environment: Environment,
    http: reqwest::Client,
    process: Option<Process>,
}

impl Server {
    async fn start() -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        let address = |port| format!("127.0.0.1:{port}");
        let pairs = [
            (
                "STRONGROOM_DATA_DIR",
                dir.path().join("data").display().to_string(),
            ),
            ("STRONGROOM_LISTEN", address(free_port()?)),
            ("STRONGROOM_EMBEDDED_S3_LISTEN", address(free_port()?)),
            ("STRONGROOM_LOG", "warn".to_owned()),
            ("STRONGROOM_DRAIN_NOTICE", "0s".to_owned()),
        ];
        let environment = pairs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        let mut server = Self {
            environment: environment.collect(),
            dir,
            http: reqwest::Client::new(),
            process: None,
        };
        server.launch().await?;
        Ok(server)
    }

    async fn launch(&mut self) -> anyhow::Result<()> {
        let file = self.dir.path().join("first-run.json").display().to_string();
        let arguments = if Path::new(&file).exists() {
            vec!["serve"]
        } else {
            vec!["serve", "--first-run-file", &file]
        };
        let log = self.dir.path().join("log");
        self.process = Some(Process::start(&arguments, &self.environment, &log)?);
        let ready = format!("{}/readyz", self.url());
        wait::until("the server is ready", 60, || {
            let request = self.http.get(&ready).send();
            async move { Ok(request.await.is_ok_and(|answer| answer.status() == 200)) }
        })
        .await
    }

    async fn stop(&mut self) -> anyhow::Result<()> {
        let process = self.process.take().context("it does not run")?;
        ensure!(process.terminate().await?, "it did not end cleanly");
        Ok(())
    }

    fn url(&self) -> String {
        format!("http://{}", self.environment["STRONGROOM_LISTEN"])
    }

    fn first_run(&self, member: &str) -> anyhow::Result<String> {
        let text = std::fs::read_to_string(self.dir.path().join("first-run.json"))?;
        let document: Value = serde_json::from_str(&text)?;
        Ok(document[member].as_str().unwrap_or_default().to_owned())
    }

    async fn ask(&self, query: &str) -> anyhow::Result<Value> {
        let request = self.http.post(format!("{}/graphql", self.url()));
        let request = request.bearer_auth(self.first_run("apiKey")?);
        let answer: Value = request
            .json(&json!({ "query": query }))
            .send()
            .await?
            .json()
            .await?;
        ensure!(answer["errors"].is_null(), "{answer}");
        Ok(answer["data"].clone())
    }

    /// Something that is recorded; gives the event.
    async fn act(&self) -> anyhow::Result<String> {
        let query = "mutation { auditVerify(input: { full: true }) { auditEvent { id } } }";
        let made = self.ask(query).await?;
        let id = made["auditVerify"]["auditEvent"]["id"].as_str();
        Ok(id.with_context(|| made.to_string())?.to_owned())
    }

    async fn status(&self, event: &str) -> anyhow::Result<String> {
        let query = format!("{{ node(id: \"{event}\") {{ ... on AuditEvent {{ status }} }} }}");
        let found = self.ask(&query).await?;
        Ok(found["node"]["status"]
            .as_str()
            .unwrap_or_default()
            .to_owned())
    }

    async fn verify(&self) -> anyhow::Result<(u16, Value)> {
        let url = format!("{}/v1/audit/verify?full=true", self.url());
        let request = self.http.get(url).bearer_auth(self.first_run("apiKey")?);
        let answer = request.send().await?;
        Ok((answer.status().as_u16(), answer.json().await?))
    }

    fn database(&self) -> Vec<PathBuf> {
        let data = self.dir.path().join("data");
        ["strongroom.db", "strongroom.db-wal", "strongroom.db-shm"]
            .map(|name| data.join(name))
            .to_vec()
    }

    /// Runs a command beside the server; its code and what it printed.
    async fn run(&self, arguments: &[&str]) -> anyhow::Result<(i32, String)> {
        let output = command(arguments, &self.environment)?.output().await?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        Ok((output.status.code().unwrap_or(-1), text + &errors))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_was_put_back_is_quarantined_and_recovered() -> anyhow::Result<()> {
    let mut server = Server::start().await?;
    server.act().await?;
    server.stop().await?;
    let copy = server.dir.path().join("copy");
    std::fs::create_dir(&copy)?;
    for file in server.database().iter().filter(|file| file.exists()) {
        std::fs::copy(file, copy.join(file.file_name().unwrap_or_default()))?;
    }

    // What comes after the backup goes outside at the start after it.
    server.launch().await?;
    let mut last = String::new();
    for _ in 0..3 {
        last = server.act().await?;
    }
    server.stop().await?;
    server.launch().await?;
    wait::until("the last event is anchored", 30, || async {
        Ok(server.status(&last).await? == "ANCHORED")
    })
    .await?;
    let (code, text) = server.run(&["audit", "verify"]).await?;
    ensure!(code == 0, "{code} {text}");
    ensure!(text.matches("INTACT").count() == 2, "{text}");
    server.stop().await?;

    for file in server.database() {
        let kept = copy.join(file.file_name().unwrap_or_default());
        if kept.exists() {
            std::fs::copy(kept, file)?;
        } else if file.exists() {
            std::fs::remove_file(file)?;
        }
    }
    server.launch().await?;
    let (status, problem) = server.verify().await?;
    ensure!(status == 409, "{problem}");
    assert_eq!(problem["verification"]["class"], "ROLLED_BACK", "{problem}");
    let waiting = server.act().await?;
    assert_eq!(server.status(&waiting).await?, "PENDING");
    let tenant = server.first_run("tenantId")?;
    let (code, text) = server
        .run(&["audit", "verify", "--tenant", &tenant, "--full"])
        .await?;
    ensure!(code == 2 && text.contains("ROLLED_BACK"), "{code} {text}");

    let recover = ["audit", "recover", "--json", "--tenant", &tenant];
    let (code, planned) = server.run(&[&recover[..], &["--dry-run"]].concat()).await?;
    ensure!(code == 0 && planned.contains("\"done\":false"), "{planned}");
    let (code, done) = server.run(&recover).await?;
    ensure!(code == 0, "{done}");
    let done: Value = serde_json::from_str(done.trim())?;
    assert_eq!((&done["epoch"], &done["done"]), (&json!(1), &json!(true)));
    let size = |head: &str| done[head]["size"].as_u64().unwrap_or_default();
    ensure!(size("known") > size("kept"), "{done}");
    assert_eq!(done["lost"].as_u64(), Some(size("known") - size("kept")));
    let (code, text) = server.run(&["audit", "recover", "--system"]).await?;
    ensure!(code == 0 && text.contains("Epoch 1 has begun"), "{text}");

    // What waited is in the new epoch, and everything verifies, the gap named.
    wait::until("what waited is signed", 30, || async {
        Ok(server.status(&waiting).await? != "PENDING")
    })
    .await?;
    let (status, run) = server.verify().await?;
    ensure!(status == 200, "{run}");
    assert_eq!(run["verdict"], "INTACT_WITH_DOCUMENTED_GAPS", "{run}");
    assert_eq!(run["epoch"], 1);
    let (code, text) = server.run(&["audit", "verify", "--full", "--json"]).await?;
    ensure!(code == 0 && text.lines().count() == 2, "{code} {text}");
    let (code, text) = server.run(&recover).await?;
    ensure!(
        code == 1 && text.contains("only a log in quarantine"),
        "{text}"
    );
    server.stop().await
}
