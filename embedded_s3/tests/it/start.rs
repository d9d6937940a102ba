use std::net::SocketAddr;
use std::time::Duration;

use embedded_s3::{Config, StartError, start};

use crate::harness::{Harness, config};

async fn refusal(change: impl FnOnce(&mut Config)) -> StartError {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(&dir.path().join("data"));
    change(&mut config);
    start(config)
        .await
        .expect_err("the start should be refused")
}

#[tokio::test]
async fn an_address_that_is_not_loopback_is_refused() {
    let error = refusal(|config| config.listen = SocketAddr::from(([0, 0, 0, 0], 0))).await;
    assert!(matches!(error, StartError::NotLoopback { .. }), "{error:?}");
    assert!(error.to_string().contains("127.0.0.1"));
}

#[tokio::test]
async fn a_port_in_use_names_the_setting_to_change() {
    let running = Harness::start().await;
    let taken = running.server.local_addr();
    let error = refusal(|config| config.listen = taken).await;
    assert!(matches!(error, StartError::PortInUse { .. }), "{error:?}");
    assert!(error.to_string().contains("`listen`"));
}

#[tokio::test]
async fn a_directory_that_is_a_file_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = refusal(|config| config.dir = file.path().to_path_buf()).await;
    assert!(matches!(error, StartError::Directory { .. }), "{error:?}");
    assert!(error.to_string().contains("`dir`"));
}

#[tokio::test]
async fn a_directory_is_served_by_one_server_at_a_time() {
    let running = Harness::start().await;
    let dir = running.dir.path().to_path_buf();
    let error = start(config(&dir))
        .await
        .expect_err("the directory is locked");
    assert!(
        matches!(error, StartError::DirectoryInUse { .. }),
        "{error:?}"
    );
    running.server.shutdown(Duration::from_secs(5)).await;
    start(config(&dir)).await.unwrap();
}

#[tokio::test]
async fn a_newer_layout_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("layout.json"), r#"{"version":99}"#).unwrap();
    let error = start(config(dir.path()))
        .await
        .expect_err("the layout is unknown");
    assert!(
        matches!(error, StartError::NewerLayout { found: 99, .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn wrong_names_are_refused_by_name() {
    let bucket = refusal(|config| config.buckets = vec!["../etc".to_owned()]).await;
    assert!(
        matches!(bucket, StartError::BucketName { .. }),
        "{bucket:?}"
    );
    for origin in ["*", "https://app.example.com/", "app.example.com"] {
        let error = refusal(|config| config.cors_origins = vec![origin.to_owned()]).await;
        assert!(matches!(error, StartError::Origin { .. }), "{error:?}");
    }
    let empty = refusal(|config| config.secret_key.clear()).await;
    assert!(matches!(empty, StartError::NoCredentials), "{empty:?}");
}

#[tokio::test]
async fn a_configuration_is_printed_without_its_secret() {
    let dir = tempfile::tempdir().unwrap();
    assert!(!format!("{:?}", config(dir.path())).contains(crate::harness::SECRET));
}
