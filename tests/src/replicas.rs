//! Three replicas behind one database, with a Redis of their own, and how fast they hear of a revocation.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{App, Client, Redis, Stack, client::text, wait};

/// How many.
pub const REPLICAS: usize = 3;
const OWN: &str = "{ viewer { tenant { id } } }";
/// Longer than any copy of a credential is believed.
const PATIENCE: Duration = Duration::from_secs(60);

/// What becomes of the messages about a revocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Messages {
    /// They arrive.
    Heard,
    /// Redis refuses to pass them on, and does everything else.
    Dropped,
    /// There is no Redis any more.
    Stopped,
}

/// A deployment of [`REPLICAS`].
#[derive(Debug)]
pub struct Replicas {
    /// The deployment.
    pub app: App,
    /// What its processes share.
    pub redis: Redis,
}

impl Replicas {
    /// Starts it and waits until every replica has found Redis.
    ///
    /// # Errors
    /// When one does not become ready.
    pub async fn start(variables: &[(&str, &str)]) -> anyhow::Result<Self> {
        let redis = Redis::start().await?;
        let own = redis.variables();
        let mut all: Vec<_> = own.iter().map(|(k, v)| (*k, v.as_str())).collect();
        all.extend(variables);
        let app = App::start_replicas(Stack::Postgres, REPLICAS, &all).await?;
        let replicas = Self { app, redis };
        replicas.until_redis_is("1").await?;
        Ok(replicas)
    }

    /// Waits until every replica says of Redis what it should: `1` that it answers, `0` that it does not.
    ///
    /// # Errors
    /// When one does not say so in time.
    pub async fn until_redis_is(&self, up: &str) -> anyhow::Result<()> {
        let line = format!("strongroom_redis_up {up}");
        wait::until("every replica knows how Redis is", 30, || async {
            for url in self.app.replica_urls() {
                let metrics = reqwest::get(format!("{url}/metrics")).await?.text().await?;
                if !metrics.lines().any(|found| found == line) {
                    return Ok(false);
                }
            }
            Ok(true)
        })
        .await
    }

    /// From now on messages are treated so.
    ///
    /// # Errors
    /// When Redis does not do it.
    pub async fn set(&mut self, messages: Messages) -> anyhow::Result<()> {
        match messages {
            Messages::Heard => {
                self.redis
                    .ask(&["ACL", "SETUSER", "default", "allchannels"])
                    .await?;
            }
            // Whoever listens is cut off, and nobody may publish or listen again.
            Messages::Dropped => {
                self.redis
                    .ask(&["ACL", "SETUSER", "default", "resetchannels"])
                    .await?;
            }
            Messages::Stopped => {
                self.redis.stop().await?;
                self.until_redis_is("0").await?;
            }
        }
        Ok(())
    }

    /// A key that every replica has just seen and found good.
    ///
    /// # Errors
    /// When one finds it bad.
    pub async fn known_key(&self, owner: &Client) -> anyhow::Result<(String, String)> {
        let input = json!({ "name": "short-lived", "scopes": ["FILES_READ", "UPLOADS_CREATE", "FILES_WRITE"] });
        let made = owner
            .mutate("apiKeyCreate", input, "secret apiKey { id }")
            .await?;
        let (token, id) = (text(&made, "/secret")?, text(&made, "/apiKey/id")?);
        for replica in 0..REPLICAS {
            let key = self.app.client_at(replica, &token);
            // A replica that was asked before it was there remembers so for seconds.
            key.data(OWN, json!({})).await?;
        }
        Ok((token, id))
    }

    /// For each replica, how long after `revoke` had been answered it refused `token` for the first time. All are asked
    /// all the time.
    ///
    /// # Errors
    /// When one does not refuse it, or answers with anything else.
    pub async fn until_refused(
        &self,
        token: &str,
        revoke: impl Future<Output = anyhow::Result<Value>>,
    ) -> anyhow::Result<Vec<Duration>> {
        let mut watching = JoinSet::new();
        for replica in 0..REPLICAS {
            watching.spawn(first_refusal(self.app.client_at(replica, token)));
        }
        revoke.await?;
        let revoked = Instant::now();
        let mut latencies = Vec::new();
        while let Some(refused) = watching.join_next().await {
            latencies.push(refused??.saturating_duration_since(revoked));
        }
        Ok(latencies)
    }

    /// As [`Self::until_refused`], of keys that are revoked on the first replica, `rounds` times.
    ///
    /// # Errors
    /// When a key is not refused.
    pub async fn revoke_keys(&self, rounds: usize) -> anyhow::Result<Vec<Duration>> {
        let token = self
            .app
            .owner()
            .await?
            .token()
            .unwrap_or_default()
            .to_owned();
        let owner = self.app.client_at(0, &token);
        let mut latencies = Vec::new();
        for _ in 0..rounds {
            let (token, id) = self.known_key(&owner).await?;
            let revoke = owner.mutate("apiKeyRevoke", json!({ "id": id }), "apiKey { id }");
            latencies.extend(self.until_refused(&token, revoke).await?);
        }
        Ok(latencies)
    }

    /// Clients that ask every replica as long as the set lives.
    #[must_use]
    pub fn load(&self, clients: usize) -> JoinSet<()> {
        let mut load = JoinSet::new();
        for number in 0..clients {
            let client = self
                .app
                .client_at(number % REPLICAS, &self.app.first_run.api_key);
            load.spawn(async move { while client.data(OWN, json!({})).await.is_ok() {} });
        }
        load
    }
}

async fn first_refusal(client: Client) -> anyhow::Result<Instant> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        let answer = client.graphql(OWN, json!({})).await?;
        let at = Instant::now();
        match answer.status {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Ok(at),
            other => anyhow::bail!("{other} {}", answer.text()),
        }
    }
    Err(anyhow::anyhow!("it was never refused")).context("a revoked credential")
}
