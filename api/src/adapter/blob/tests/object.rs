use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::{Store, collect, is_not_found, pattern, read};
use crate::adapter::blob::{Blob, BlobError};

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let store = Store::start().await;
    assert!(is_not_found(&store.blob.head("k").await));
    assert!(is_not_found(&store.blob.get_stream("k", None).await));
    store.blob.delete("k").await.unwrap();
    let health = store.blob.health();
    assert_eq!((health.operations, health.errors), (3, 0));
}

#[tokio::test]
async fn a_range_is_read_alone() {
    let store = Store::start().await;
    let bytes = pattern(1_000);
    store
        .blob
        .put_small("k", bytes.clone(), "text/plain")
        .await
        .unwrap();
    let body = store.blob.get_stream("k", Some(10..=19)).await.unwrap();
    assert_eq!(body.byte_len(), 10);
    assert_eq!(collect(body).await, bytes[10..20]);
    let beyond = store.blob.get_stream("k", Some(1_000..=1_001)).await;
    assert!(matches!(beyond, Err(BlobError::RangeNotSatisfiable(_))));
}

#[tokio::test]
async fn deleted_objects_are_gone() {
    let store = Store::start().await;
    let keys = ["a", "b", "c"];
    for key in keys {
        put(&store.blob, key).await;
    }
    store.blob.delete("a").await.unwrap();
    store.blob.delete_many(&["b", "never"]).await.unwrap();
    let left = store.blob.list("", None, 10).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!((left[0].key.as_str(), left[0].byte_len), ("c", 1));
    store.blob.delete_many::<&str>(&[]).await.unwrap();
}

#[tokio::test]
async fn listings_follow_each_other() {
    let store = Store::start().await;
    for key in ["a/1", "a/2", "a/3", "b/1"] {
        put(&store.blob, key).await;
    }
    let first = keys(&store.blob, "a/", None, 2).await;
    assert_eq!(first, ["a/1", "a/2"]);
    assert_eq!(keys(&store.blob, "a/", Some("a/2"), 2).await, ["a/3"]);
    assert_eq!(keys(&store.blob, "a/", Some("a/3"), 2).await, [""; 0]);
    assert_eq!(keys(&store.blob, "", None, 0).await, [""; 0]);
}

#[tokio::test]
async fn a_listing_may_be_longer_than_a_page() {
    let store = Store::start().await;
    let put_keys = ["k1", "k2", "k3", "k4", "k5"];
    for key in put_keys {
        put(&store.blob, key).await;
    }
    for (page, limit, found) in [(2, 10, 5), (5, 10, 5), (2, 3, 3), (3, 3, 3)] {
        let listed = store.blob.list_by(page, "k", None, limit).await.unwrap();
        let listed: Vec<_> = listed.into_iter().map(|listed| listed.key).collect();
        assert_eq!(listed, put_keys[..found], "{page} {limit}");
    }
}

#[tokio::test]
async fn a_checksum_the_store_knows_is_reported() {
    let store = Store::start().await;
    let sha256: [u8; 32] = Sha256::digest(b"hello").into();
    let put = store.blob.client().put_object().bucket(super::BUCKET);
    put.key("k")
        .checksum_sha256(data_encoding::BASE64.encode(&sha256))
        .body(Bytes::from_static(b"hello").into())
        .send()
        .await
        .unwrap();
    assert_eq!(store.blob.head("k").await.unwrap().sha256, Some(sha256));
    assert_eq!(read(&store.blob, "k").await, b"hello");
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_unavailable_and_counted() {
    let blob = Blob::connect(&super::options("http://127.0.0.1:1"));
    let refused = blob.head("k").await.unwrap_err();
    assert!(matches!(refused, BlobError::Unavailable(_)), "{refused:?}");
    assert!(refused.is_transient());
    assert_eq!(refused.to_string(), "The object store is not available.");
    let health = blob.health();
    assert_eq!((health.operations, health.errors), (1, 1));
}

async fn put(blob: &Blob, key: &str) {
    let put = blob.put_small(key, Bytes::from_static(b"x"), "text/plain");
    put.await.unwrap();
}

async fn keys(blob: &Blob, prefix: &str, after: Option<&str>, limit: usize) -> Vec<String> {
    let listed = blob.list(prefix, after, limit).await.unwrap();
    listed.into_iter().map(|listed| listed.key).collect()
}
