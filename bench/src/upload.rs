//! Large bodies through the server, beside the same bytes straight into the embedded store.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use futures_util::stream;
use reqwest::{Body, Method, RequestBuilder};
use serde_json::{Value, json};
use tests::{App, Client, Stack, client::text};

use crate::{Measured, process, table::Row, timing::median};

const MIB: usize = 1 << 20;
const ROUNDS: usize = 3;

pub(crate) async fn measure() -> Measured {
    let app = App::start(Stack::Sqlite).await?;
    let key = app.key();
    let body = Bytes::from(
        b"a line of plain text, sixty-four bytes of it, and one line end.\n".repeat(MIB / 64 * 100),
    );
    let (mut through, mut straight) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        through.push(put(&key, &format!("through-{round}.txt"), &body).await?);
        straight.push(presigned(&key, &format!("straight-{round}.txt"), &body).await?);
    }
    let (ours, bare) = (speed(through), speed(straight));
    let growth = growth(&app, &key).await?;
    app.close().await?;
    Ok(vec![
        Row::new(
            "PUT of 100 MiB through the server",
            format!("{ours:.0} MiB/s"),
        )
        .beside(format!(
            "presigned PUT into the embedded store: {bare:.0} MiB/s"
        ))
        .part(ours, bare)
        .aim("≥ 60 %", ours >= 0.6 * bare),
        Row::new(
            "PUT of 1 GiB, growth of the server's peak memory",
            format!("{growth:.0} MiB"),
        )
        .beside("the embedded store in the same process included")
        .aim("≤ 32 MiB", growth <= 32.0),
    ])
}

fn speed(times: Vec<Duration>) -> f64 {
    100.0 / median(times).as_secs_f64()
}

async fn sent(request: RequestBuilder) -> anyhow::Result<Duration> {
    let start = Instant::now();
    let answer = request.send().await?;
    let status = answer.status();
    let said = answer.text().await?;
    let took = start.elapsed();
    ensure!(status.is_success(), "{status} {said}");
    Ok(took)
}

fn through(key: &Client, name: &str) -> RequestBuilder {
    let path = format!("/v1/files/workspace/doc/bench/{name}");
    key.request(Method::PUT, &path)
        .header("content-type", "text/plain")
}

async fn put(key: &Client, name: &str, body: &Bytes) -> anyhow::Result<Duration> {
    sent(through(key, name).body(Body::from(body.clone()))).await
}

async fn presigned(key: &Client, name: &str, body: &Bytes) -> anyhow::Result<Duration> {
    let input = json!({
        "system": "workspace", "objectType": "doc", "objectId": "bench", "filename": name,
        "mediaType": "text/plain", "byteLen": body.len().to_string(), "sha256": tests::file::sha256_hex(body),
    });
    let created = key
        .mutate(
            "fileUploadCreate",
            input,
            "upload { url headers { name value } }",
        )
        .await?;
    let headers = created.pointer("/upload/headers").and_then(Value::as_array);
    let mut request = reqwest::Client::new().put(text(&created, "/upload/url")?);
    for header in headers.context("no headers")? {
        request = request.header(text(header, "/name")?, text(header, "/value")?);
    }
    sent(request.body(Body::from(body.clone()))).await
}

async fn growth(app: &App, key: &Client) -> anyhow::Result<f64> {
    let pid = *app.process_ids().first().context("no server")?;
    process::forget_peak(pid)?;
    let before = process::resident(pid)?;
    let piece = Bytes::from(b"0123456789abcdef".repeat(MIB / 16));
    let pieces = stream::iter((0..1024).map(move |_| Ok::<_, std::io::Error>(piece.clone())));
    let length = (1024 * MIB).to_string();
    let request = through(key, "large.txt").header("content-length", length);
    sent(request.body(Body::wrap_stream(pieces))).await?;
    Ok(process::mib(process::peak(pid)?.saturating_sub(before)))
}
