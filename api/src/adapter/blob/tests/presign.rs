use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use sha2::{Digest, Sha256};

use super::{Store, is_not_found, read};
use crate::adapter::blob::{Blob, Presigned, StoreOptions};

const TTL: Duration = Duration::from_secs(60);
const JELLO_SHA256: &str = "5QO4TzqKZMTDsSDgTKyDZwYDNNCSDe10Hy8FKFoYBEQ=";

/// The request as its maker meant it, with `changed` headers in place of the signed ones.
fn request(presigned: &Presigned, changed: &[(&str, &str)]) -> RequestBuilder {
    let method = Method::from_bytes(presigned.method.as_bytes()).unwrap();
    let kept = presigned.headers.iter().filter(|(name, _)| {
        name != "content-length" && changed.iter().all(|(other, _)| other != name)
    });
    let request = kept.fold(
        Client::new().request(method, &presigned.url),
        |request, (name, value)| request.header(name, value),
    );
    changed.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    })
}

async fn hello(blob: &Blob) -> Presigned {
    let sha256 = Some(Sha256::digest(b"hello").into());
    blob.presign_put("k", 5, "text/plain", sha256, TTL)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_signed_put_names_length_type_and_hash() {
    let store = Store::start().await;
    let put = hello(&store.blob).await;
    let mut names: Vec<_> = put.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["content-length", "content-type", "x-amz-checksum-sha256"]
    );
    assert!(put.url.contains(
        "X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost%3Bx-amz-checksum-sha256"
    ));
    let left = (put.expires_at - DateTime::<Utc>::from(SystemTime::now())).num_seconds();
    assert!((57..=60).contains(&left), "{left}");
    assert!(!format!("{put:?}").contains("http"), "a URL is a secret");
}

#[tokio::test]
async fn a_signed_put_takes_what_was_signed() {
    let store = Store::start().await;
    let put = hello(&store.blob).await;
    let answer = request(&put, &[]).body("hello").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(read(&store.blob, "k").await, b"hello");
}

#[tokio::test]
async fn a_signed_put_refuses_everything_else() {
    let store = Store::start().await;
    let put = hello(&store.blob).await;
    let refused = [
        (request(&put, &[]).body("hello, more"), 403),
        (request(&put, &[]).body("hell"), 403),
        (
            request(&put, &[("content-type", "text/html")]).body("hello"),
            403,
        ),
        (
            request(&put, &[("x-amz-checksum-sha256", JELLO_SHA256)]).body("jello"),
            403,
        ),
        (request(&put, &[]).body("jello"), 400),
        (Client::new().put(&put.url).body("hello"), 403),
        (Client::new().get(&put.url), 403),
    ];
    for (request, status) in refused {
        let described = format!("{request:?}");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{described}");
    }
    assert!(is_not_found(&store.blob.head("k").await));
    assert_eq!(store.files(), 0);
}

#[tokio::test]
async fn a_put_without_a_hash_is_signed_by_length_and_type() {
    let store = Store::start().await;
    let put = store.blob.presign_put("k", 0, "text/csv", None, TTL);
    let put = put.await.unwrap();
    assert!(
        put.url
            .contains("X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost&")
    );
    let longer = request(&put, &[]).body("x").send().await.unwrap();
    assert_eq!(longer.status(), StatusCode::FORBIDDEN);
    let empty = request(&put, &[("content-length", "0")]);
    let empty = empty.send().await.unwrap();
    assert_eq!(empty.status(), StatusCode::OK);
    assert_eq!(store.blob.head("k").await.unwrap().byte_len, 0);
}

#[tokio::test]
async fn a_signed_get_is_served_under_the_signed_name_and_type() {
    let store = Store::start().await;
    let put = store.blob.put_small("k", "x".into(), "text/plain");
    put.await.unwrap();
    let disposition = "attachment; filename=\"a b.pdf\"; filename*=UTF-8''%C3%A4.pdf";
    let get = store
        .blob
        .presign_get("k", TTL, disposition, "application/pdf");
    let get = get.await.unwrap();
    assert_eq!((get.method, get.headers.as_slice()), ("GET", &[][..]));
    let answer = reqwest::get(&get.url).await.unwrap();
    assert_eq!(answer.headers()["content-disposition"], disposition);
    assert_eq!(answer.headers()["content-type"], "application/pdf");
    assert_eq!(answer.text().await.unwrap(), "x");
}

#[tokio::test]
async fn signed_urls_name_the_public_endpoint() {
    let blob = Blob::connect(&StoreOptions {
        public_endpoint: "https://files.example.com".to_owned(),
        ..super::options("http://store.internal:9000")
    });
    let get = blob.presign_get("a b", TTL, "inline", "image/png");
    let get = get.await.unwrap();
    assert!(
        get.url
            .starts_with("https://files.example.com/files/a%20b?")
    );
    let put = hello(&blob).await;
    assert!(put.url.starts_with("https://files.example.com/files/k?"));
    assert_eq!(blob.health().operations, 0);
}
