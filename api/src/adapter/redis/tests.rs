use std::time::{Duration, Instant};

use futures_util::StreamExt;
use tokio::{io::AsyncReadExt, net::TcpListener};

use super::{Redis, testing};

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "not in time: {what}"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn echo(redis: &Redis) -> Option<String> {
    redis
        .ask("echo", |mut connection| async move {
            redis::cmd("ECHO")
                .arg("hello")
                .query_async(&mut connection)
                .await
        })
        .await
}

/// Ends the connections of this process whose name is `name`, as an operator would.
async fn kill_own(redis: &Redis) {
    let id: i64 = redis
        .ask("id", |mut connection| async move {
            redis::cmd("CLIENT")
                .arg("ID")
                .query_async(&mut connection)
                .await
        })
        .await
        .unwrap();
    let mut other = testing::connection().await;
    let killed: i64 = redis::cmd("CLIENT")
        .arg("KILL")
        .arg("ID")
        .arg(id)
        .query_async(&mut other)
        .await
        .unwrap();
    assert_eq!(killed, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_cut_comes_back_by_itself() {
    let redis = testing::redis(&testing::prefix()).await;
    assert_eq!(echo(&redis).await.as_deref(), Some("hello"));
    kill_own(&redis).await;
    let began = Instant::now();
    while echo(&redis).await.is_none() {
        assert!(began.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_is_heard_by_other_processes() {
    let prefix = testing::prefix();
    let (here, there) = (testing::redis(&prefix).await, testing::redis(&prefix).await);
    let channel = here.name("news");
    assert_eq!(channel, there.name("news"));
    let mut subscription = there.subscribe(&channel).await.unwrap();
    assert!(
        here.publish(&channel, "something happened".to_owned())
            .await
    );
    let heard = std::pin::pin!(subscription.messages()).next().await;
    assert_eq!(heard.as_deref(), Some("something happened"));
}

/// A server that takes connections and says nothing.
async fn mute() -> (String, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    #[expect(clippy::disallowed_methods, reason = "ends with the test's runtime")]
    let serving = tokio::spawn(async move {
        let mut open = Vec::new();
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut bytes = [0; 1_024];
            let _ = socket.read(&mut bytes).await;
            open.push(socket);
        }
    });
    (url, serving)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_nothing_holds_nobody_up() {
    let (url, serving) = mute().await;
    let redis = testing::kept(&url, "mute");
    let began = Instant::now();
    for _ in 0..100 {
        assert_eq!(echo(&redis).await, None);
    }
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "the breaker is open"
    );
    assert!(!redis.is_connected());
    assert!(redis.subscribe("news").await.is_err());
    serving.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn three_failures_in_a_row_open_the_breaker_and_an_answer_closes_it() {
    let redis = testing::redis(&testing::prefix()).await;
    let fail = async || {
        redis
            .ask("fail", |mut connection| async move {
                redis::cmd("NO-SUCH-COMMAND")
                    .query_async::<()>(&mut connection)
                    .await
            })
            .await
    };
    for _ in 0..2 {
        assert_eq!(fail().await, None);
    }
    assert!(
        echo(&redis).await.is_some(),
        "an answer in between starts the count anew"
    );
    for _ in 0..3 {
        assert!(redis.is_connected());
        assert_eq!(fail().await, None);
    }
    until("the breaker is closed again", || redis.is_connected()).await;
    assert!(echo(&redis).await.is_some());
}
