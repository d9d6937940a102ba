//! The task that has a connection, or tries to get one.

use std::{
    sync::{Arc, PoisonError, atomic::AtomicU32},
    time::Duration,
};

use redis::{AsyncConnectionConfig, RedisResult, aio::MultiplexedConnection};
use tokio::time::{sleep, timeout};

use super::{Connection, Redis};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_millis(250);
/// How often a connection that nobody uses is asked whether it is good.
const HEARTBEAT: Duration = Duration::from_secs(1);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

impl Redis {
    /// Has a connection as long as there is a Redis; never returns. One task of the process does so.
    pub async fn keep(&self) {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.connect().await {
                Ok(commands) => {
                    self.install(commands);
                    pause = FIRST_PAUSE;
                    self.watch().await;
                }
                Err(error) => tracing::debug!(error.cause = %error, "Redis is not reached"),
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// A connection that has answered as fast as requests need it.
    async fn connect(&self) -> RedisResult<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(self.0.timeout));
        let connecting = self
            .0
            .client
            .get_multiplexed_async_connection_with_config(&config);
        // The handshake after the connection has no timeout of its own.
        let mut commands = timeout(2 * CONNECT, connecting)
            .await
            .map_err(std::io::Error::from)??;
        timeout(self.0.timeout, ping(&mut commands))
            .await
            .map_err(std::io::Error::from)??;
        Ok(commands)
    }

    fn install(&self, commands: MultiplexedConnection) {
        let connection = Connection {
            commands,
            failures: Arc::new(AtomicU32::new(0)),
        };
        let mut present = self
            .0
            .connection
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *present = Some(connection);
        tracing::info!("Redis answers");
    }

    /// Returns when there is no connection any more. An idle one is asked now and then, so that its end is noticed
    /// before a request needs it.
    async fn watch(&self) {
        while self.is_connected() {
            tokio::select! {
                () = self.0.lost.notified() => {}
                () = sleep(HEARTBEAT) => {
                    self.ask("ping", |mut connection| async move { ping(&mut connection).await })
                        .await;
                }
            }
        }
    }
}

async fn ping(commands: &mut MultiplexedConnection) -> RedisResult<()> {
    redis::cmd("PING").query_async(commands).await
}
