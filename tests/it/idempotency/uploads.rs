//! Files under a name.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use reqwest::{Body, Method};
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Answer, App, Client, Stack, client::text, file::sha256_hex, wait};
use tokio::{process::Command, sync::oneshot, task::JoinSet};

use super::{is_replayed, named, number};

const PATH: &str = "/v1/files/workspace/doc/o/named.txt";

async fn put(client: &Client, key: &str, body: impl Into<Body>) -> anyhow::Result<Answer> {
    let request = client
        .request(Method::PUT, PATH)
        .header("idempotency-key", key);
    Answer::of(request.body(body).send().await?).await
}

async fn files(app: &App) -> anyhow::Result<i64> {
    number(
        app,
        "SELECT COUNT(*) FROM file WHERE filename = 'named.txt' AND state = 'ready'",
    )
    .await
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_sent_again_is_stored_once(#[case] stack: Stack) -> anyhow::Result<()> {
    let app = App::start(stack).await?;
    let key = app.key();
    let first = put(&key, "\"f\"", "words").await?;
    ensure!(
        first.status == 201 && !is_replayed(&first),
        "{}",
        first.text()
    );
    let again = put(&key, "f", "words").await?;
    ensure!(
        again.status == 201 && is_replayed(&again),
        "{}",
        again.text()
    );
    assert_eq!(first.json()?, again.json()?);
    // Another address, another length, another type, another digest: another request.
    let others = [
        key.request(Method::PUT, "/v1/files/workspace/doc/o/other.txt")
            .body("words"),
        key.request(Method::PUT, PATH).body("other words"),
        key.request(Method::PUT, PATH)
            .header("content-type", "text/plain")
            .body("words"),
        key.request(Method::PUT, PATH)
            .header("strongroom-replaces", text(&first.json()?, "/id")?)
            .body("words"),
    ];
    for other in others {
        let refused = Answer::of(other.header("idempotency-key", "f").send().await?).await?;
        assert_eq!(
            (refused.status.as_u16(), refused.code().as_str()),
            (422, "IDEMPOTENCY_KEY_REUSED")
        );
    }
    assert_eq!(files(&app).await?, 1);
    let uploads = "SELECT COUNT(*) FROM upload";
    assert_eq!(number(&app, uploads).await?, 1);
    assert_eq!(app.objects()?.keys().await?.len(), 1);
    app.close().await
}

/// A body that stands still after its first part, until it is told how to end.
fn halting() -> (Body, oneshot::Sender<bool>) {
    let (go, told) = oneshot::channel();
    let first = stream::iter([Ok(Bytes::from_static(b"the first half, "))]);
    let rest = stream::once(async move {
        match told.await {
            Ok(true) => Ok(Bytes::from_static(b"and the second")),
            _ => Err(std::io::Error::other("the client goes away")),
        }
    });
    (Body::wrap_stream(first.chain(rest)), go)
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_second_one_waits_for_the_first_and_goes_on_when_that_dies(
    #[case] stack: Stack,
) -> anyhow::Result<()> {
    let app = App::start(stack).await?;
    let key = app.key();
    for ends_well in [false, true] {
        let name = format!("s-{ends_well}");
        let before = files(&app).await?;
        let (body, go) = halting();
        let mut first = JoinSet::new();
        first.spawn({
            let (key, name) = (key.clone(), name.clone());
            async move { put(&key, &name, body).await }
        });
        wait::until("the first is under way", 30, || async {
            let held = "SELECT COUNT(*) FROM idempotency_key WHERE upload_id IS NOT NULL AND event_id IS NULL";
            Ok(number(&app, held).await? == 1)
        })
        .await?;
        let (body, _second) = halting();
        let second = put(&key, &name, body).await?;
        assert_eq!(
            (second.status.as_u16(), second.code().as_str()),
            (409, "IDEMPOTENCY_KEY_IN_USE")
        );
        ensure!(
            !second.header("retry-after").is_empty(),
            "when to come again"
        );
        ensure!(go.send(ends_well).is_ok(), "the first has ended already");
        let first = first.join_next().await.context("it was sent")??;
        assert_eq!(first.is_ok_and(|first| first.status == 201), ends_well);
        // Until the server has noticed that the client is gone.
        let third = wait::until_some("the name is free, or answered", 30, || async {
            let (body, go) = halting();
            let _ = go.send(true);
            let answer = put(&key, &name, body).await?;
            Ok((answer.status != 409).then_some(answer))
        })
        .await?;
        assert_eq!(
            (third.status.as_u16(), is_replayed(&third)),
            (201, ends_well),
            "{}",
            third.text()
        );
        assert_eq!(files(&app).await? - before, 1);
    }
    app.close().await
}

/// curl announces a body of this length with `Expect: 100-continue`, and sends it to its end.
#[tokio::test(flavor = "multi_thread")]
async fn curl_is_content_with_an_answer_that_comes_before_its_body_is_sent() -> anyhow::Result<()> {
    let app = App::start(Stack::Sqlite).await?;
    let body = app.dir().join("large.txt");
    let bytes = b"many of the same words ".repeat(1_000_000);
    std::fs::write(&body, &bytes)?;
    let mut answers = Vec::new();
    for _ in 0..3 {
        let mut curl = Command::new("curl");
        curl.args(["-sS", "--fail-with-body", "--max-time", "60", "-i", "-T"])
            .arg(&body)
            .args(["-H", "Idempotency-Key: \"large\""])
            .args([
                "-H",
                &format!("Authorization: Bearer {}", app.first_run.api_key),
            ])
            .arg(format!("{}{PATH}", app.url()));
        let out = curl.output().await?;
        let answer = String::from_utf8_lossy(&out.stdout).into_owned();
        ensure!(
            out.status.success(),
            "{answer} {}",
            String::from_utf8_lossy(&out.stderr)
        );
        answers.push(answer);
    }
    let replayed = answers
        .iter()
        .map(|answer| answer.contains("idempotency-replayed: true"));
    assert_eq!(replayed.collect::<Vec<_>>(), [false, true, true]);
    assert_eq!(files(&app).await?, 1);
    // A client that sends everything before it reads anything.
    let (host, token) = (app.url(), &app.first_run.api_key);
    let head = format!(
        "PUT {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Idempotency-Key: \"large\"\r\nContent-Length: {}\r\n\r\n",
        bytes.len()
    );
    let whole = [head.as_bytes(), &bytes].concat();
    let answer = tokio::time::timeout(Duration::from_secs(60), tests::raw::exchange(&host, &whole));
    let answer = answer.await.context("no answer")??;
    ensure!(
        answer.status == 201 && is_replayed(&answer),
        "{}",
        answer.text()
    );
    app.close().await
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_direct_upload_that_is_created_again_is_the_same_with_a_fresh_request(
    #[case] stack: Stack,
) -> anyhow::Result<()> {
    let app = App::start(stack).await?;
    let key = app.key();
    let bytes = b"straight into the store";
    let input = json!({
        "system": "workspace", "objectType": "doc", "objectId": "o", "filename": "named.txt",
        "mediaType": "text/plain", "byteLen": bytes.len().to_string(), "sha256": sha256_hex(bytes),
    });
    let selection =
        "upload { id url headers { name value } expiresAt } file { id state } auditEvent { id }";
    let create = async || -> anyhow::Result<(bool, Value)> {
        let answer = named(&key, "d", "fileUploadCreate", input.clone(), selection).await?;
        Ok((
            is_replayed(&answer),
            answer.json()?["data"]["fileUploadCreate"].clone(),
        ))
    };
    let (_, lost) = create().await?;
    let (replayed, created) = create().await?;
    ensure!(replayed, "{created}");
    for part in ["/upload/id", "/file/id", "/auditEvent/id"] {
        assert_eq!(text(&lost, part)?, text(&created, part)?, "{part}");
    }
    // The request of the lost answer is not needed: this one is signed as well.
    key.send_presigned(&created, bytes).await?;
    let complete = json!({ "uploadId": text(&created, "/upload/id")? });
    let done = async || {
        named(
            &key,
            "c",
            "fileUploadComplete",
            complete.clone(),
            "file { id }",
        )
        .await
    };
    let (first, again) = (done().await?, done().await?);
    ensure!(
        is_replayed(&again) && first.text() == again.text(),
        "{}",
        again.text()
    );
    key.until_state(&text(&created, "/file/id")?, "READY")
        .await?;
    // There is nothing left to send.
    let (replayed, created) = create().await?;
    ensure!(replayed && created["upload"].is_null(), "{created}");
    assert_eq!(text(&created, "/file/state")?, "READY");
    assert_eq!(files(&app).await?, 1);
    // A link is made again for what is left of its life.
    let wanted = json!({ "fileId": text(&created, "/file/id")?, "expiresIn": 600 });
    let link = async || {
        named(
            &key,
            "l",
            "fileSignedUrlCreate",
            wanted.clone(),
            "signedUrl { url }",
        )
        .await
    };
    let (first, again) = (link().await?, link().await?);
    ensure!(
        !is_replayed(&first) && is_replayed(&again),
        "{}",
        again.text()
    );
    let url = text(&again.json()?, "/data/fileSignedUrlCreate/signedUrl/url")?;
    assert_eq!(key.download(&url).await?.body, bytes);
    let issued = "SELECT COUNT(*) FROM idempotency_key WHERE client_key = 'l'";
    assert_eq!(number(&app, issued).await?, 1);
    app.close().await
}
