//! Hearing what other processes publish.

use std::time::Duration;

use futures_util::{Stream, StreamExt};
use redis::{RedisError, aio::PubSub};
use tokio::time::timeout;

use super::Redis;

/// How long a subscription may take to come about.
const SUBSCRIBE: Duration = Duration::from_secs(1);

/// Why nothing is heard.
#[derive(Debug, thiserror::Error)]
pub enum SubscriptionError {
    /// As Redis says.
    #[error(transparent)]
    Redis(#[from] RedisError),
    /// It took too long.
    #[error("Redis did not answer in time")]
    Timeout,
}

/// A connection of its own, which hears one channel.
pub struct Subscription(PubSub);

impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Subscription")
    }
}

impl Redis {
    /// Hears `channel` from now on.
    ///
    /// # Errors
    /// When Redis is not reached.
    pub async fn subscribe(&self, channel: &str) -> Result<Subscription, SubscriptionError> {
        let subscribing = async {
            let mut connection = self.0.client.get_async_pubsub().await?;
            connection.subscribe(channel).await?;
            Ok(Subscription(connection))
        };
        timeout(SUBSCRIBE, subscribing)
            .await
            .map_err(|_| SubscriptionError::Timeout)?
    }
}

impl Subscription {
    /// What is published; ends when the connection does. What is no text is left out.
    pub fn messages(&mut self) -> impl Stream<Item = String> + '_ {
        self.0
            .on_message()
            .filter_map(|message| async move { message.get_payload().ok() })
    }
}
