//! A connection on which a test writes what no client library would.

use std::time::Duration;

use anyhow::Context as _;
use reqwest::{
    StatusCode,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpStream, tcp::OwnedReadHalf},
    time::timeout,
};

use crate::Answer;

/// The longest a server may keep a broken request waiting here.
const PATIENCE: Duration = Duration::from_secs(20);

/// Writes the bytes and reads the answer.
///
/// # Errors
/// When no answer comes.
pub async fn exchange(url: &str, request: &[u8]) -> anyhow::Result<Answer> {
    let (mut read, mut write) = connect(url).await?.into_split();
    // A server that has answered may close before it has read everything.
    let _ = write.write_all(request).await;
    answer(&mut read).await
}

/// Writes the bytes, and goes away without waiting for an answer.
///
/// # Errors
/// When the connection fails.
pub async fn hang_up(url: &str, request: &[u8]) -> anyhow::Result<()> {
    let mut stream = connect(url).await?;
    stream.write_all(request).await?;
    stream.shutdown().await?;
    Ok(())
}

/// Writes the head and then the chunk again and again, until the server answers.
///
/// # Errors
/// When no answer comes.
pub async fn endless(url: &str, head: &[u8], chunk: &[u8]) -> anyhow::Result<Answer> {
    let (mut read, mut write) = connect(url).await?.into_split();
    write.write_all(head).await?;
    let chunk = [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat();
    let pour = async {
        while write.write_all(&chunk).await.is_ok() {}
        std::future::pending::<()>().await;
    };
    tokio::select! {
        answer = answer(&mut read) => answer,
        () = pour => anyhow::bail!("never"),
    }
}

async fn connect(url: &str) -> anyhow::Result<TcpStream> {
    Ok(TcpStream::connect(url.trim_start_matches("http://")).await?)
}

async fn answer(read: &mut OwnedReadHalf) -> anyhow::Result<Answer> {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        match timeout(PATIENCE, read.read(&mut buffer)).await {
            Ok(Ok(0) | Err(_)) => break,
            Ok(Ok(count)) => bytes.extend_from_slice(buffer.get(..count).unwrap_or_default()),
            Err(_) => anyhow::bail!("no answer for {} s", PATIENCE.as_secs()),
        }
        if let Ok(answer) = parse(&bytes)
            && is_whole(&answer)
        {
            break;
        }
    }
    parse(&bytes)
}

fn is_whole(answer: &Answer) -> bool {
    let length = answer.header("content-length").parse::<usize>();
    length.is_ok_and(|length| answer.body.len() >= length)
}

fn parse(bytes: &[u8]) -> anyhow::Result<Answer> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text
        .split_once("\r\n\r\n")
        .context("the answer has no head")?;
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .context("no status")?;
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let name: HeaderName = name.trim().parse()?;
        headers.append(name, HeaderValue::from_str(value.trim())?);
    }
    Ok(Answer {
        status: StatusCode::from_bytes(status.as_bytes())?,
        headers,
        body: body.as_bytes().to_vec(),
    })
}
