//! Clients that go on sending after they have been refused.

use std::time::{Duration, Instant};

use rstest::rstest;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, tcp::OwnedReadHalf},
    time::timeout,
};

use super::served::{Served, served};

/// What the server may read and what the two sockets hold by themselves.
const MOST_BYTES: usize = 16 << 20;

async fn connect(served: &Served) -> TcpStream {
    let address = served.url.trim_start_matches("http://");
    TcpStream::connect(address).await.unwrap()
}

fn head(served: &Served, path: &str, token: Option<&str>, framing: &str) -> String {
    let host = served.url.trim_start_matches("http://");
    let credential = token.map_or_else(String::new, |token| {
        format!("Authorization: Bearer {token}\r\n")
    });
    format!("PUT /v1/files/{path} HTTP/1.1\r\nHost: {host}\r\n{credential}{framing}\r\n\r\n")
}

async fn read_all(mut read: OwnedReadHalf) -> String {
    let (mut all, mut buffer) = (Vec::new(), vec![0; 4_096]);
    while let Ok(count @ 1..) = read.read(&mut buffer).await {
        all.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8_lossy(&all).into_owned()
}

/// Sends until the connection ends: how much went, and what was answered.
#[expect(
    clippy::disallowed_methods,
    reason = "awaited in this function, whatever becomes of the sending"
)]
async fn pour(served: &Served, head: &str, chunk: &[u8]) -> (usize, String) {
    let (read, mut write) = connect(served).await.into_split();
    let answer = tokio::spawn(read_all(read));
    write.write_all(head.as_bytes()).await.unwrap();
    let mut poured = 0;
    while write.write_all(chunk).await.is_ok() {
        poured += chunk.len();
    }
    (poured, answer.await.unwrap())
}

#[rstest]
#[case::at_the_gate(false, "workspace/doc/o/a.txt", "401")]
#[case::behind_it(true, "nowhere/doc/o/a.txt", "404")]
#[tokio::test(flavor = "multi_thread")]
async fn who_goes_on_sending_after_a_refusal_is_cut_off(
    #[case] known: bool,
    #[case] path: &str,
    #[case] status: &str,
    #[values("Transfer-Encoding: chunked", "Content-Length: 5000000000")] framing: &str,
) {
    let served = served(&[]).await;
    let token = if known { served.key() } else { Some("srs_x") };
    let head = head(&served, path, token, framing);
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x1_0000));
    let began = Instant::now();
    let poured = timeout(
        Duration::from_secs(20),
        pour(&served, &head, chunk.as_bytes()),
    );
    let (poured, answer) = poured.await.expect("the connection does not end");
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status}")),
        "{answer}"
    );
    assert!(poured < MOST_BYTES, "{poured} bytes were taken");
    assert!(began.elapsed() < Duration::from_secs(8));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_body_that_ends_leaves_the_answer_readable() {
    let served = served(&[]).await;
    let url = format!("{}/v1/files/nowhere/doc/o/a.txt", served.url);
    let put = served.http.put(url).bearer_auth(&served.made.api_key);
    let answer = put.body("x".repeat(200_000)).send().await.unwrap();
    assert_eq!(answer.status(), reqwest::StatusCode::NOT_FOUND);
}
