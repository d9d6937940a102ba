//! What several processes share in memory, and do without when it is gone.
//!
//! Whatever is asked of Redis has another answer when Redis does not: limits are counted in the process, revocations
//! are polled from the database. So nothing here is an error for anybody: [`Redis::ask`] returns `None`, in time.
//!
//! One task keeps the connection ([`Redis::keep`]). Requests use it while it is good and never wait for a new one: the
//! breaker is open exactly while there is no connection. It opens when the connection is lost or has failed three times
//! in a row, and closes when the task has connected again and was answered within the timeout of requests.

mod keeper;
mod subscription;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use redis::{Client, RedisResult, aio::MultiplexedConnection};
use secrecy::ExposeSecret;
use tokio::{sync::Notify, time::timeout};

use crate::config;
pub use subscription::{Subscription, SubscriptionError};

/// Failures in a row after which the connection is given up.
const MOST_FAILURES: u32 = 3;

/// A Redis and the one connection to it. Cheap to clone.
#[derive(Clone)]
pub struct Redis(Arc<Inner>);

struct Inner {
    client: Client,
    prefix: String,
    timeout: Duration,
    connection: RwLock<Option<Connection>>,
    /// There is no connection any more.
    lost: Notify,
}

/// A connection that was good when it was made.
#[derive(Clone)]
struct Connection {
    commands: MultiplexedConnection,
    /// Failures in a row. Each connection has its own, so that late failures of an old one do not end a new one.
    failures: Arc<AtomicU32>,
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("prefix", &self.0.prefix)
            .field("connected", &self.is_connected())
            .finish_non_exhaustive()
    }
}

impl Redis {
    /// Not connected yet; see [`Self::keep`].
    ///
    /// # Errors
    /// When the URL is none that the driver understands, which the configuration has ruled out.
    pub fn new(config: &config::Redis) -> RedisResult<Self> {
        // Two crates bring their own; the driver asks for the one of the process. Somebody may have chosen already.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        Ok(Self(Arc::new(Inner {
            client: Client::open(config.url.expose_secret())?,
            prefix: config.prefix.clone(),
            timeout: config.timeout,
            connection: RwLock::default(),
            lost: Notify::new(),
        })))
    }

    /// Whether requests are sent to it just now.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.connection().is_some()
    }

    /// A name of ours among everybody's.
    #[must_use]
    pub fn name(&self, own: impl fmt::Display) -> String {
        format!("{}:{own}", self.0.prefix)
    }

    /// What `work` answers on the connection, within the configured time; `None` at once while there is no connection.
    pub async fn ask<T, F>(
        &self,
        operation: &'static str,
        work: impl FnOnce(MultiplexedConnection) -> F,
    ) -> Option<T>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let connection = self.connection()?;
        let began = Instant::now();
        let answered = timeout(self.0.timeout, work(connection.commands.clone())).await;
        metrics::histogram!("strongroom_redis_operation_seconds", "operation" => operation)
            .record(began.elapsed().as_secs_f64());
        let (kind, error) = match answered {
            Ok(Ok(answer)) => {
                connection.failures.store(0, SeqCst);
                return Some(answer);
            }
            Ok(Err(error)) if error.is_timeout() => ("timeout", Some(error)),
            Ok(Err(error)) => ("error", Some(error)),
            Err(_) => ("timeout", None),
        };
        metrics::counter!("strongroom_redis_errors_total", "operation" => operation, "kind" => kind)
            .increment(1);
        let is_lost = error.as_ref().is_some_and(|error| {
            error.is_connection_dropped() || error.is_io_error() && !error.is_timeout()
        });
        if connection.failures.fetch_add(1, SeqCst) + 1 >= MOST_FAILURES || is_lost {
            self.give_up(&connection, error.as_ref());
        }
        None
    }

    /// Tells whoever has subscribed to `channel`; whether anybody hears it is not known.
    pub async fn publish(&self, channel: &str, message: String) -> bool {
        let sent = self.ask("publish", |mut connection| async move {
            redis::cmd("PUBLISH")
                .arg(channel)
                .arg(message)
                .query_async::<i64>(&mut connection)
                .await
        });
        sent.await.is_some()
    }

    fn connection(&self) -> Option<Connection> {
        let connection = self.0.connection.read();
        connection.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Opens the breaker, unless somebody has, or the connection is an old one.
    fn give_up(&self, connection: &Connection, error: Option<&redis::RedisError>) {
        let mut present = self
            .0
            .connection
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let is_present = present
            .as_ref()
            .is_some_and(|present| Arc::ptr_eq(&present.failures, &connection.failures));
        if !is_present {
            return;
        }
        *present = None;
        drop(present);
        let cause = error.map(ToString::to_string);
        tracing::warn!(
            error.cause = cause,
            "Redis does not answer: limits are counted in this process"
        );
        metrics::counter!("strongroom_redis_breaker_opened_total").increment(1);
        self.0.lost.notify_one();
    }
}
