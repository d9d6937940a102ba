use secrecy::SecretString;

use super::Store;
use crate::adapter::blob::{Blob, StoreOptions};

async fn sentence(options: StoreOptions) -> String {
    let endpoint = options.endpoint.clone();
    let refused = Blob::connect(&options).check().await.unwrap_err();
    refused.to_string().replace(&endpoint, "ENDPOINT")
}

#[tokio::test]
async fn a_good_store_passes_and_stays_empty() {
    let store = Store::start().await;
    store.blob.check().await.unwrap();
    assert_eq!(store.blob.list("", None, 10).await.unwrap(), []);
    assert_eq!(store.blob.list_multiparts("").await.unwrap(), []);
    assert_eq!(store.files(), 0);
}

#[tokio::test]
async fn a_missing_bucket_is_named() {
    let store = Store::start().await;
    let options = StoreOptions {
        bucket: "other".to_owned(),
        ..store.options.clone()
    };
    assert_eq!(
        sentence(options).await,
        "The bucket other does not exist at ENDPOINT: create it, or set S3_BUCKET to one that does."
    );
}

#[tokio::test]
async fn an_unknown_access_key_is_named() {
    let store = Store::start().await;
    let options = StoreOptions {
        access_key: SecretString::from("stranger"),
        ..store.options.clone()
    };
    assert_eq!(
        sentence(options).await,
        "The object store at ENDPOINT does not know the access key: change S3_ACCESS_KEY."
    );
}

#[tokio::test]
async fn a_wrong_secret_key_is_named_and_not_shown() {
    let store = Store::start().await;
    let options = StoreOptions {
        secret_key: SecretString::from("wrong"),
        ..store.options.clone()
    };
    assert_eq!(
        sentence(options).await,
        "The object store at ENDPOINT refused the signature: change S3_SECRET_KEY to the one that belongs to \
         S3_ACCESS_KEY."
    );
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_is_named() {
    assert_eq!(
        sentence(super::options("http://127.0.0.1:1")).await,
        "The object store at ENDPOINT does not answer: start it, or change S3_ENDPOINT."
    );
}

#[tokio::test]
async fn an_endpoint_that_is_no_store_is_named() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let mut serving = tokio::task::JoinSet::new();
    serving.spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";
            let mut head = [0; 4_096];
            let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut head).await;
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, answer.as_bytes()).await;
        }
    });
    let said = sentence(super::options(&endpoint)).await;
    drop(serving);
    assert!(said.contains("S3_ENDPOINT"), "{said}");
}

#[tokio::test]
async fn a_missing_bucket_is_made_once() {
    let store = Store::start().await;
    let blob = Blob::connect(&StoreOptions {
        bucket: "made-later".to_owned(),
        ..store.options.clone()
    });
    blob.create_bucket_if_missing().await.unwrap();
    blob.create_bucket_if_missing().await.unwrap();
    blob.check().await.unwrap();
}
