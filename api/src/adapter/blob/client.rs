//! Clients with bounded patience.

use std::net::IpAddr;
use std::time::Duration;

use actix_web::http::Uri;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Builder, Config, Credentials, Region, RequestChecksumCalculation,
    ResponseChecksumValidation, StalledStreamProtectionConfig,
};
use secrecy::ExposeSecret;

use super::StoreOptions;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// One attempt of an operation whose answer is a few lines, or the head of a download.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// One attempt to send up to a part of bytes; the stall protection notices a dead connection much earlier.
const TRANSFER_TIMEOUT: Duration = Duration::from_secs(120);
/// One attempt of work the store does alone: stores copy and join gigabytes before they answer.
const SERVER_SIDE_TIMEOUT: Duration = Duration::from_secs(600);
/// How long a body may stand still.
const STALL_GRACE: Duration = Duration::from_secs(20);
const MAX_ATTEMPTS: u32 = 3;
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const LONGEST_BACKOFF: Duration = Duration::from_secs(2);

/// A client of `endpoint`; opens no connection yet.
pub(super) fn connect(options: &StoreOptions, endpoint: &str) -> Client {
    let credentials = Credentials::new(
        options.access_key.expose_secret(),
        options.secret_key.expose_secret(),
        None,
        None,
        "configuration",
    );
    // Signed URLs must not carry a checksum of the empty body they are signed with, hence "when required".
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new(options.region.clone()))
        .credentials_provider(credentials)
        .force_path_style(options.force_path_style)
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .timeout_config(attempt_timeout(ATTEMPT_TIMEOUT))
        .stalled_stream_protection(stall_protection())
        .retry_config(retries());
    Client::from_conf(config.build())
}

/// For requests that carry up to a part of bytes.
pub(super) fn transfer() -> Builder {
    Config::builder().timeout_config(attempt_timeout(TRANSFER_TIMEOUT))
}

/// Whether the hash of a body belongs into its signature, which costs both ends a pass over every byte.
///
/// TLS keeps bytes whole by itself, and the loopback has nobody in between; on a plain network the signature is the
/// only thing that does.
pub(super) fn signs_bodies(endpoint: &str) -> bool {
    let Ok(uri) = endpoint.parse::<Uri>() else {
        return true;
    };
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let is_loopback = host == "localhost"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    uri.scheme_str() != Some("https") && !is_loopback
}

/// For copies and joins inside the store.
pub(super) fn server_side() -> Builder {
    Config::builder().timeout_config(attempt_timeout(SERVER_SIDE_TIMEOUT))
}

fn attempt_timeout(timeout: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(timeout)
        .build()
}

fn stall_protection() -> StalledStreamProtectionConfig {
    StalledStreamProtectionConfig::enabled()
        .grace_period(STALL_GRACE)
        .build()
}

/// Standard retries wait a random part of the backoff.
fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(MAX_ATTEMPTS)
        .with_initial_backoff(FIRST_BACKOFF)
        .with_max_backoff(LONGEST_BACKOFF)
}

#[cfg(test)]
mod tests {
    use super::signs_bodies;

    #[test]
    fn bodies_are_signed_where_nothing_else_keeps_them_whole() {
        for endpoint in [
            "http://127.0.0.1:9090",
            "http://[::1]:9090",
            "http://localhost:1",
            "https://s3.example.com",
        ] {
            assert!(!signs_bodies(endpoint), "{endpoint}");
        }
        for endpoint in [
            "http://10.0.0.7:3900",
            "http://garage:3900",
            "http://127.0.0.1.example.com",
            "?",
        ] {
            assert!(signs_bodies(endpoint), "{endpoint}");
        }
    }
}
