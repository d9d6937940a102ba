use reqwest::{Client, Method};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{BUCKET, Harness, ORIGIN, expiry};

#[tokio::test]
async fn an_anonymous_request_is_refused() {
    let s3 = Harness::start().await;
    s3.put("k", b"x").await;
    for path in ["", "/files", "/files/k", "/files/none", "/no-such-bucket"] {
        let url = format!("{}{path}", s3.server.endpoint());
        assert_eq!(reqwest::get(&url).await.unwrap().status(), 403, "{path}");
        assert_eq!(
            Client::new()
                .put(&url)
                .body("x")
                .send()
                .await
                .unwrap()
                .status(),
            403,
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused() {
    let s3 = Harness::start().await;
    s3.put("k", b"x").await;
    let wrong = aws_sdk_s3::config::Credentials::new("strongroom", "wrong", None, None, "tests");
    let unknown =
        aws_sdk_s3::config::Credentials::new("nobody", crate::harness::SECRET, None, None, "tests");
    for credentials in [wrong, unknown] {
        let config = s3
            .s3
            .config()
            .to_builder()
            .credentials_provider(credentials)
            .build();
        let get = aws_sdk_s3::Client::from_conf(config)
            .get_object()
            .bucket(BUCKET)
            .key("k")
            .send()
            .await;
        assert_eq!(crate::harness::status(&get.unwrap_err()), 403);
    }
}

#[tokio::test]
async fn old_signatures_and_form_uploads_are_refused() {
    let s3 = Harness::start().await;
    let old = format!(
        "{}/files/k?AWSAccessKeyId=strongroom&Expires=9999999999&Signature=abc",
        s3.server.endpoint()
    );
    assert_eq!(reqwest::get(&old).await.unwrap().status(), 403);
    let form = Client::new().post(format!("{}/files", s3.server.endpoint()));
    let form = form
        .header("content-type", "multipart/form-data; boundary=x")
        .body("--x--")
        .send()
        .await
        .unwrap();
    assert_eq!(form.status(), 501);
}

#[tokio::test]
async fn a_feature_the_store_lacks_is_refused_not_ignored() {
    let s3 = Harness::start().await;
    let put = || {
        s3.s3
            .put_object()
            .bucket(BUCKET)
            .key("k")
            .body(crate::harness::bytes(b"x"))
    };
    let sealed = put().server_side_encryption(aws_sdk_s3::types::ServerSideEncryption::Aes256);
    assert_eq!(
        crate::harness::status(&sealed.send().await.unwrap_err()),
        501
    );
    let public = put().acl(aws_sdk_s3::types::ObjectCannedAcl::PublicRead);
    assert_eq!(
        crate::harness::status(&public.send().await.unwrap_err()),
        501
    );
    assert!(!s3.exists("k").await);
}

#[tokio::test]
async fn a_configured_origin_may_use_presigned_urls() {
    let s3 = Harness::start().await;
    let put = s3
        .presigner()
        .put_object()
        .bucket(BUCKET)
        .key("k")
        .presigned(expiry())
        .await
        .unwrap();
    let preflight = |origin: &'static str| {
        let request = Client::new()
            .request(Method::OPTIONS, put.uri())
            .header("origin", origin);
        let request = request.header("access-control-request-method", "PUT");
        request
            .header(
                "access-control-request-headers",
                "content-type,x-amz-checksum-sha256",
            )
            .send()
    };
    let allowed = preflight(ORIGIN).await.unwrap();
    assert_eq!(allowed.status(), 204);
    assert_eq!(allowed.headers()["access-control-allow-origin"], ORIGIN);
    assert!(
        allowed.headers()["access-control-allow-methods"]
            .to_str()
            .unwrap()
            .contains("PUT")
    );
    assert_eq!(
        allowed.headers()["access-control-allow-headers"],
        "content-type,x-amz-checksum-sha256"
    );

    let answer = Client::new()
        .put(put.uri())
        .header("origin", ORIGIN)
        .body("x")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["access-control-allow-origin"], ORIGIN);
    assert!(
        answer.headers()["access-control-expose-headers"]
            .to_str()
            .unwrap()
            .contains("ETag")
    );
    assert_eq!(answer.headers()["vary"], "Origin");
    // A script must be able to read a refusal, too.
    let refused = Client::new()
        .delete(put.uri())
        .header("origin", ORIGIN)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (
            refused.status().as_u16(),
            &refused.headers()["access-control-allow-origin"]
        ),
        (403, &ORIGIN.parse().unwrap())
    );
}

#[tokio::test]
async fn another_origin_is_told_nothing() {
    let s3 = Harness::start().await;
    let url = s3.presigned_get("k").await;
    for origin in [
        "https://evil.example.com",
        "http://app.example.com",
        "https://app.example.com.evil.org",
        "null",
    ] {
        let preflight = Client::new()
            .request(Method::OPTIONS, &url)
            .header("origin", origin);
        let preflight = preflight
            .header("access-control-request-method", "GET")
            .send()
            .await
            .unwrap();
        assert_eq!(preflight.status(), 403);
        let answer = Client::new()
            .get(&url)
            .header("origin", origin)
            .send()
            .await
            .unwrap();
        for answer in [&preflight, &answer] {
            assert!(
                !answer.headers().contains_key("access-control-allow-origin"),
                "{origin}"
            );
        }
    }
}

/// Sends a head that promises `promised` bytes, then `body`, then closes.
async fn lie(s3: &Harness, promised: usize, body: &[u8]) -> String {
    let put = s3
        .presigner()
        .put_object()
        .bucket(BUCKET)
        .key("k")
        .presigned(expiry())
        .await
        .unwrap();
    let path = put.uri().strip_prefix(&s3.server.endpoint()).unwrap();
    let host = s3.server.local_addr();
    let head = format!("PUT {path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {promised}\r\n\r\n");
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    // The server may answer or cut the connection; both are fine, keeping something is not.
    let _cut = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_body_shorter_than_promised_leaves_nothing() {
    let s3 = Harness::start().await;
    let answer = lie(&s3, 3_000_000, &[b'x'; 2_500_000]).await;
    assert!(!answer.contains("200 OK"), "{answer}");
    assert!(!s3.exists("k").await);
    let s3 = s3.restart().await;
    assert_eq!(s3.leftovers(), (0, 0));
}

#[tokio::test]
async fn what_follows_the_promised_bytes_is_not_stored() {
    let s3 = Harness::start().await;
    let answer = lie(&s3, 5, b"helloooooo").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert_eq!(s3.get("k").await, b"hello");
}

#[tokio::test]
async fn a_dropped_upload_leaves_nothing() {
    let s3 = Harness::start().await;
    let put = s3
        .presigner()
        .put_object()
        .bucket(BUCKET)
        .key("k")
        .content_length(10_000_000);
    let put = put.presigned(expiry()).await.unwrap();
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Vec<u8>, std::io::Error>>(1);
    let body = futures_util::stream::unfold(receiver, |mut r| async {
        r.recv().await.map(|chunk| (chunk, r))
    });
    let body = reqwest::Body::wrap_stream(body);
    let sending = Client::new()
        .put(put.uri())
        .header("content-length", 10_000_000)
        .body(body)
        .send();
    let feeding = async {
        for _ in 0..40 {
            sender.send(Ok(vec![0; 100_000])).await.unwrap();
        }
        // At least two batches have left the client: the server is in the middle of its work.
        sender
            .send(Err(std::io::Error::other("the client dies")))
            .await
            .unwrap();
    };
    let (answer, ()) = tokio::join!(sending, feeding);
    assert!(answer.is_err());
    assert!(!s3.exists("k").await);
    let s3 = s3.restart().await;
    assert_eq!(s3.leftovers(), (0, 0));
}
