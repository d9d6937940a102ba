//! A Redis for tests: the one of this machine, which others use, too.

use std::time::Duration;

use uuid::Uuid;

use super::Redis;
use crate::config;

fn config(url: &str, prefix: &str) -> config::Redis {
    config::Redis {
        url: url.into(),
        prefix: prefix.to_owned(),
        // A test is about what is decided, not about how fast this machine is just now.
        timeout: Duration::from_secs(5),
    }
}

/// Where the Redis of tests is.
pub(crate) const URL: &str = "redis://127.0.0.1:6379";

/// Nobody else's.
pub(crate) fn prefix() -> String {
    format!("test:{}", Uuid::now_v7())
}

/// Connected, and kept so while the test's runtime lasts.
pub(crate) async fn redis(prefix: &str) -> Redis {
    let redis = kept(URL, prefix);
    for _ in 0..1_000 {
        if redis.is_connected() {
            return redis;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no Redis answers at {URL}; `make setup` starts one");
}

#[expect(clippy::disallowed_methods, reason = "ends with the test's runtime")]
pub(crate) fn kept(url: &str, prefix: &str) -> Redis {
    let redis = Redis::new(&config(url, prefix)).unwrap();
    let own = redis.clone();
    tokio::spawn(async move { own.keep().await });
    redis
}

/// One that nobody keeps a connection to.
pub(crate) fn unreachable() -> Redis {
    Redis::new(&config("redis://127.0.0.1:1", "nobody")).unwrap()
}

/// A connection past the adapter.
pub(crate) async fn connection() -> redis::aio::MultiplexedConnection {
    let client = redis::Client::open(URL).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}
