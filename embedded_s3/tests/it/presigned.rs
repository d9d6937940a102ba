use std::time::{Duration, SystemTime};

use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use reqwest::{Client, Method, RequestBuilder};

use crate::harness::{BUCKET, Harness, expiry};

const HELLO_SHA256: &str = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";
const JELLO_SHA256: &str = "5QO4TzqKZMTDsSDgTKyDZwYDNNCSDe10Hy8FKFoYBEQ=";

/// A URL for exactly the five bytes `hello` as `text/plain`.
async fn presigned_put(s3: &Harness, key: &str) -> PresignedRequest {
    let put = s3
        .presigner()
        .put_object()
        .bucket(BUCKET)
        .key(key)
        .content_length(5)
        .content_type("text/plain");
    put.checksum_sha256(HELLO_SHA256)
        .presigned(expiry())
        .await
        .unwrap()
}

/// The request as its maker meant it, with `changed` headers in place of the signed ones.
fn request(presigned: &PresignedRequest, changed: &[(&str, &str)]) -> RequestBuilder {
    let mut request = Client::new().request(Method::PUT, presigned.uri());
    for (name, value) in presigned
        .headers()
        .filter(|(name, _)| *name != "content-length")
    {
        let replaced = changed.iter().any(|(other, _)| other == &name);
        request = if replaced {
            request
        } else {
            request.header(name, value)
        };
    }
    changed.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    })
}

#[tokio::test]
async fn a_presigned_put_takes_what_was_signed() {
    let s3 = Harness::start().await;
    let presigned = presigned_put(&s3, "ü/a b").await;
    let answer = request(&presigned, &[]).body("hello").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(
        answer.headers()["etag"],
        "\"5d41402abc4b2a76b9719d911017c592\""
    );
    assert_eq!(s3.get("ü/a b").await, b"hello");
}

#[tokio::test]
async fn a_presigned_put_refuses_anything_else() {
    let s3 = Harness::start().await;
    let presigned = presigned_put(&s3, "k").await;
    let refused = [
        (request(&presigned, &[]).body("hello, more"), 403),
        (
            request(&presigned, &[("content-type", "text/html")]).body("hello"),
            403,
        ),
        (
            request(&presigned, &[("x-amz-checksum-sha256", JELLO_SHA256)]).body("jello"),
            403,
        ),
        (request(&presigned, &[]).body("jello"), 400),
        (Client::new().put(presigned.uri()).body("hello"), 403),
        (
            request(&presigned, &[("x-amz-meta-extra", "1")]).body("hello"),
            403,
        ),
        (Client::new().get(presigned.uri()), 403),
        (Client::new().delete(presigned.uri()), 403),
    ];
    for (request, status) in refused {
        let described = format!("{request:?}");
        assert_eq!(
            request.send().await.unwrap().status(),
            status,
            "{described}"
        );
    }
    assert!(!s3.exists("k").await);
    assert_eq!(s3.leftovers(), (0, 0));
}

#[tokio::test]
async fn a_signature_of_another_request_is_refused_with_a_sentence() {
    let s3 = Harness::start().await;
    let presigned = presigned_put(&s3, "k").await;
    let answer = request(&presigned, &[("content-type", "text/html")]);
    let answer = answer.body("hello").send().await.unwrap();
    assert_eq!(answer.status(), 403);
    let text = answer.text().await.unwrap();
    assert!(
        text.contains("<Code>SignatureDoesNotMatch</Code><Message>The signature"),
        "{text}"
    );
    assert!(text.ends_with("</Message></Error>"), "{text}");
}

#[tokio::test]
async fn a_presigned_put_cannot_be_turned_into_a_copy() {
    let s3 = Harness::start().await;
    s3.put("of-another-tenant", b"secret").await;
    let put = s3
        .presigner()
        .put_object()
        .bucket(BUCKET)
        .key("mine")
        .presigned(expiry())
        .await
        .unwrap();
    let stolen = request(&put, &[("x-amz-copy-source", "/files/of-another-tenant")])
        .send()
        .await
        .unwrap();
    assert_eq!(stolen.status(), 403);
    assert!(stolen.text().await.unwrap().contains("x-amz-copy-source"));
    assert!(!s3.exists("mine").await);
}

#[tokio::test]
async fn an_expired_url_is_refused() {
    let s3 = Harness::start().await;
    s3.put("k", b"x").await;
    let long_ago = SystemTime::now() - Duration::from_secs(120);
    let expiry = PresigningConfig::builder()
        .start_time(long_ago)
        .expires_in(Duration::from_secs(60))
        .build();
    let get = s3
        .presigner()
        .get_object()
        .bucket(BUCKET)
        .key("k")
        .presigned(expiry.unwrap())
        .await
        .unwrap();
    let answer = reqwest::get(get.uri()).await.unwrap();
    assert_eq!(answer.status(), 403);
    assert!(answer.text().await.unwrap().contains("expired"));
}

#[tokio::test]
async fn a_changed_url_is_refused() {
    let s3 = Harness::start().await;
    s3.put("k", b"x").await;
    s3.put("other", b"y").await;
    let url = s3.presigned_get("k").await;
    assert_eq!(reqwest::get(&url).await.unwrap().status(), 200);
    for changed in [
        url.replace("/k?", "/other?"),
        url.replace("X-Amz-Expires=60", "X-Amz-Expires=6000"),
        format!("{url}&response-content-type=text%2Fhtml"),
    ] {
        assert_eq!(
            reqwest::get(&changed).await.unwrap().status(),
            403,
            "{changed}"
        );
    }
}

#[tokio::test]
async fn a_presigned_get_serves_with_the_signed_name_and_type() {
    let s3 = Harness::start().await;
    s3.put("k", b"x").await;
    let disposition = "attachment; filename=\"a b.pdf\"; filename*=UTF-8''%C3%A4.pdf";
    let get = s3
        .presigner()
        .get_object()
        .bucket(BUCKET)
        .key("k")
        .response_content_disposition(disposition);
    let get = get
        .response_content_type("application/pdf")
        .response_cache_control("private, max-age=60");
    let answer = reqwest::get(get.presigned(expiry()).await.unwrap().uri())
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-disposition"], disposition);
    assert_eq!(answer.headers()["content-type"], "application/pdf");
    assert_eq!(answer.headers()["cache-control"], "private, max-age=60");
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    assert_eq!(answer.headers().get_all("content-type").iter().count(), 1);
}

#[tokio::test]
async fn a_body_without_a_length_is_refused() {
    let s3 = Harness::start().await;
    let put = s3
        .presigner()
        .put_object()
        .bucket(BUCKET)
        .key("k")
        .presigned(expiry())
        .await
        .unwrap();
    let stream = futures_util::stream::iter([Ok::<_, std::io::Error>("hello")]);
    let answer = Client::new()
        .put(put.uri())
        .body(reqwest::Body::wrap_stream(stream))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 411);
    assert!(!s3.exists("k").await);
}
