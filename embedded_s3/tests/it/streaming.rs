//! `aws-chunked` bodies, signed by hand so that they can also be wrong.

use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_s3::primitives::{ByteStream, DateTime, DateTimeFormat};
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Response, StatusCode};
use sha2::{Digest, Sha256};

use crate::harness::{BUCKET, Harness, SECRET, pattern};

const UNSIGNED_TRAILER: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
const SIGNED: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const HELLO_SHA256: &str = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";
const OTHER_SHA256: &str = "5QO4TzqKZMTDsSDgTKyDZwYDNNCSDe10Hy8FKFoYBEQ=";

/// A version 4 signature over a PUT of `/files/k` (the "Signature Calculations" chapter of the S3 API reference).
struct Signer {
    date: String,
    key: Vec<u8>,
    scope: String,
}

fn hmac(key: &[u8], message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

impl Signer {
    fn new() -> Self {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let now = DateTime::from_secs(i64::try_from(now).unwrap())
            .fmt(DateTimeFormat::DateTime)
            .unwrap();
        let date = now.replace(['-', ':'], "");
        let day = &date[..8];
        let key = ["eu-central-1", "s3", "aws4_request"].iter().fold(
            hmac(format!("AWS4{SECRET}").as_bytes(), day),
            |key, part| hmac(&key, part),
        );
        let scope = format!("{day}/eu-central-1/s3/aws4_request");
        Self { date, key, scope }
    }

    fn head(&self, host: &str, content: &str, headers: &[(&str, &str)]) -> String {
        let mut all = vec![
            ("host", host),
            ("x-amz-content-sha256", content),
            ("x-amz-date", self.date.as_str()),
        ];
        all.extend(headers);
        all.sort_unstable();
        let mut canonical = "PUT\n/files/k\n\n".to_owned();
        all.iter()
            .for_each(|(name, value)| writeln!(canonical, "{name}:{value}").unwrap());
        write!(canonical, "\n{}\n{content}", names(&all)).unwrap();
        let (date, scope) = (&self.date, &self.scope);
        let text = format!(
            "AWS4-HMAC-SHA256\n{date}\n{scope}\n{}",
            sha256(canonical.as_bytes())
        );
        HEXLOWER.encode(&hmac(&self.key, &text))
    }

    fn chunk(&self, before: &str, chunk: &[u8]) -> String {
        let (date, scope, empty) = (&self.date, &self.scope, sha256(b""));
        let text = format!(
            "AWS4-HMAC-SHA256-PAYLOAD\n{date}\n{scope}\n{before}\n{empty}\n{}",
            sha256(chunk)
        );
        HEXLOWER.encode(&hmac(&self.key, &text))
    }
}

fn names(headers: &[(&str, &str)]) -> String {
    headers
        .iter()
        .map(|(name, _)| *name)
        .collect::<Vec<_>>()
        .join(";")
}

/// PUTs `/files/k` with these signed headers; `body` gets the signature of the head.
async fn put(
    s3: &Harness,
    content: &str,
    headers: &[(&str, &str)],
    body: impl FnOnce(&Signer, &str) -> String,
) -> Response {
    let signer = Signer::new();
    let host = s3.server.local_addr().to_string();
    let signature = signer.head(&host, content, headers);
    let mut all = vec![
        ("host", ""),
        ("x-amz-content-sha256", content),
        ("x-amz-date", &signer.date),
    ];
    all.extend(headers);
    all.sort_unstable();
    let signed = names(&all);
    let scope = &signer.scope;
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=strongroom/{scope},SignedHeaders={signed},Signature={signature}"
    );
    let request = reqwest::Client::new().put(format!("{}/files/k", s3.server.endpoint()));
    let request = request.header("authorization", authorization);
    let sent = all.iter().filter(|(name, _)| *name != "host");
    let request = sent.fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    request
        .body(body(&signer, &signature))
        .send()
        .await
        .unwrap()
}

async fn put_trailer(s3: &Harness, decoded_len: &str, body: &str) -> Response {
    let headers = [
        ("content-encoding", "aws-chunked"),
        ("x-amz-decoded-content-length", decoded_len),
        ("x-amz-trailer", "x-amz-checksum-sha256"),
    ];
    put(s3, UNSIGNED_TRAILER, &headers, |_, _| body.to_owned()).await
}

fn chunked(trailer: &str) -> String {
    format!("5\r\nhello\r\n0\r\n{trailer}\r\n")
}

#[tokio::test]
async fn a_trailing_checksum_is_verified() {
    let s3 = Harness::start().await;
    let right = chunked(&format!("x-amz-checksum-sha256:{HELLO_SHA256}\r\n"));
    let answer = put_trailer(&s3, "5", &right).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["x-amz-checksum-sha256"], HELLO_SHA256);

    let wrong = chunked(&format!("x-amz-checksum-sha256:{OTHER_SHA256}\r\n"));
    for (decoded_len, body, code) in [
        ("5", wrong.as_str(), "BadDigest"),
        ("5", &chunked(""), "InvalidRequest"),
        ("4", &right, "IncompleteBody"),
        ("6", &right, "IncompleteBody"),
        ("5", "5\r\nhel", "IncompleteBody"),
    ] {
        let answer = put_trailer(&s3, decoded_len, body).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{body}");
        assert!(answer.text().await.unwrap().contains(code), "{body}");
    }
    assert_eq!(s3.get("k").await, b"hello");
    assert_eq!(s3.leftovers(), (1, 0));
}

#[tokio::test]
async fn signed_chunks_are_verified_one_by_one() {
    let s3 = Harness::start().await;
    let headers = [
        ("content-encoding", "aws-chunked"),
        ("x-amz-decoded-content-length", "10"),
    ];
    let body = |signer: &Signer, seed: &str, second: &str| {
        let (mut body, mut before) = (String::new(), seed.to_owned());
        for chunk in ["hello", "world", ""] {
            before = signer.chunk(&before, chunk.as_bytes());
            let sent = if chunk == "world" { second } else { chunk };
            write!(
                body,
                "{:x};chunk-signature={before}\r\n{sent}\r\n",
                sent.len()
            )
            .unwrap();
        }
        body
    };
    let answer = put(&s3, SIGNED, &headers, |signer, seed| {
        body(signer, seed, "world")
    })
    .await;
    assert_eq!(answer.status(), StatusCode::OK);
    let tampered = put(&s3, SIGNED, &headers, |signer, seed| {
        body(signer, seed, "w0rld")
    })
    .await;
    assert_eq!(tampered.status(), StatusCode::FORBIDDEN);
    assert_eq!(s3.get("k").await, b"helloworld");
    assert_eq!(s3.leftovers(), (1, 0));
}

#[tokio::test]
async fn a_signed_payload_hash_is_verified() {
    let s3 = Harness::start().await;
    let answer = put(&s3, &sha256(b"hello"), &[], |_, _| "hello".to_owned()).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let other = put(&s3, &sha256(b"hello"), &[], |_, _| "jello".to_owned()).await;
    assert_eq!(other.status(), StatusCode::BAD_REQUEST);
    assert!(
        other
            .text()
            .await
            .unwrap()
            .contains("XAmzContentSHA256Mismatch")
    );
    assert_eq!(s3.get("k").await, b"hello");
}

#[tokio::test]
async fn the_sdk_streams_a_file_with_a_trailing_checksum() {
    let s3 = Harness::start().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let body = pattern(3_000_000, 8);
    std::fs::write(file.path(), &body).unwrap();
    let stream = ByteStream::from_path(file.path()).await.unwrap();
    let put = s3
        .s3
        .put_object()
        .bucket(BUCKET)
        .key("k")
        .body(stream)
        .send()
        .await
        .unwrap();
    assert!(put.checksum_crc32().is_some());
    assert!(s3.get("k").await == body);
}
