//! What several processes share in memory.

use std::time::Duration;

use secrecy::SecretString;

use super::reader::Reader;

/// A Redis that all processes of a deployment reach.
#[derive(Debug, Clone)]
pub struct Redis {
    /// `REDIS_URL`, a `redis://` or `rediss://` URL.
    pub url: SecretString,
    /// `STRONGROOM_REDIS_PREFIX`, the beginning of every key and channel; default strongroom.
    pub prefix: String,
    /// `STRONGROOM_REDIS_TIMEOUT_MS`, how long a request waits for an answer, 1 to 10000; default 50.
    pub timeout: Duration,
}

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Redis> {
    let url = reader.read("REDIS_URL", url);
    let prefix = reader.read("STRONGROOM_REDIS_PREFIX", prefix);
    let timeout = reader.number("STRONGROOM_REDIS_TIMEOUT_MS");
    Some(Redis {
        url: url?,
        prefix: prefix?,
        timeout: Duration::from_millis(timeout?),
    })
}

/// What the driver understands, so that a slip is found at the start and not in the middle of the night.
fn url(text: &str) -> Result<SecretString, String> {
    let is_good = (text.starts_with("redis://") || text.starts_with("rediss://"))
        && redis::Client::open(text).is_ok();
    is_good
        .then(|| SecretString::from(text))
        .ok_or_else(|| "a URL such as rediss://user:password@redis.internal:6379/0".to_owned())
}

/// Without the braces of Redis Cluster's hash tags and without blanks.
fn prefix(text: &str) -> Result<String, String> {
    let is_good = (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'));
    is_good
        .then(|| text.to_owned())
        .ok_or_else(|| "a word such as strongroom or acme:staging".to_owned())
}
