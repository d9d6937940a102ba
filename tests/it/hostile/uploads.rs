//! Uploads that lie about their length, their bytes, their name, or never end.

use anyhow::{Context as _, ensure};
use data_encoding::BASE64;
use rstest::rstest;
use tests::{App, Stack, raw};

use super::{Expected, at_once, lives, traces::Traces};

const INVALID: Expected = Expected(400, "INVALID");

/// A request line and headers of an upload with the first key.
fn head(app: &App, path: &str, headers: &str) -> String {
    let key = &app.first_run.api_key;
    format!(
        "PUT /v1/files/{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Authorization: Bearer {key}\r\n{headers}\r\n"
    )
}

/// An upload of a few bytes.
fn small(app: &App, path: &str, headers: &str) -> Vec<u8> {
    let headers = format!("Content-Length: 5\r\n{headers}");
    (head(app, path, &headers) + "bytes").into_bytes()
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn hostile_uploads_are_refused_and_leave_nothing(#[case] stack: Stack) -> anyhow::Result<()> {
    let mut app = App::start(stack).await?;
    app.key().put_text("before.txt", "there before").await?;
    let before = Traces::now(&app).await?;
    let doc = "workspace/doc/o/a.txt";
    let digest = |hash: &str| format!("Content-Digest: sha-256=:{hash}:\r\n");
    let other = BASE64.encode(&[7; 32]);
    let unknown = Expected(404, "NOT_FOUND");
    let bad = Expected(400, "BAD_REQUEST");
    let refused = Expected(415, "MEDIA_TYPE_REFUSED");
    let too_large = Expected(413, "FILE_TOO_LARGE");
    let cases = [
        ("another digest", small(&app, doc, &digest(&other)), Expected(422, "CHECKSUM_MISMATCH")),
        ("half a digest", small(&app, doc, &digest("AAAA")), bad),
        ("no digest", small(&app, doc, "Content-Digest: nonsense\r\n"), bad),
        ("a part of a file", small(&app, doc, "Content-Range: bytes 0-4/10\r\n"), bad),
        ("gzip", small(&app, doc, "Content-Encoding: gzip\r\n"), Expected(415, "UNSUPPORTED_MEDIA_TYPE")),
        ("another type than declared", small(&app, doc, "Content-Type: image/png\r\n"), refused),
        ("a script", small(&app, "workspace/doc/o/a.sh", ""), refused),
        ("an empty file as image", head(&app, "workspace/image/o/a.png", "Content-Length: 0\r\n").into_bytes(), refused),
        ("6 GiB announced", head(&app, doc, "Content-Length: 6442450944\r\n").into_bytes(), too_large),
        ("a negative length", head(&app, doc, "Content-Length: -1\r\n").into_bytes(), Expected(400, "")),
        ("two lengths", head(&app, doc, "Content-Length: 5\r\nContent-Length: 6\r\n").into_bytes(), Expected(400, "")),
        ("another system", small(&app, "nowhere/doc/o/a.txt", ""), unknown),
        ("another type", small(&app, "workspace/nothing/o/a.txt", ""), unknown),
        ("dots", small(&app, "workspace/doc/../a.txt", ""), INVALID),
        ("encoded dots", small(&app, "workspace/doc/%2e%2e/a.txt", ""), INVALID),
        ("doubly encoded dots", small(&app, "workspace/doc/%252e%252e/a.txt", ""), INVALID),
        ("one dot", small(&app, "workspace/doc/%2e/a.txt", ""), INVALID),
        ("an encoded slash in the object", small(&app, "workspace/doc/a%2fb/a.txt", ""), INVALID),
        ("an encoded slash in the name", small(&app, "workspace/doc/o/..%2f..%2fa.txt", ""), INVALID),
        ("a backslash in the name", small(&app, "workspace/doc/o/..%5ca.txt", ""), INVALID),
        ("dots as name", small(&app, "workspace/doc/o/%2e%2e", ""), INVALID),
        ("nothing as name but NUL", small(&app, "workspace/doc/o/%00", ""), INVALID),
        ("NUL in the object", small(&app, "workspace/doc/o%00/a.txt", ""), INVALID),
        ("no UTF-8", small(&app, "workspace/doc/o/%ff%fe.txt", ""), INVALID),
        ("300 bytes of name", small(&app, &format!("workspace/doc/o/{}.txt", "n".repeat(300)), ""), INVALID),
        ("129 bytes of object", small(&app, &format!("workspace/doc/{}/a.txt", "o".repeat(129)), ""), INVALID),
        ("too many segments", small(&app, "workspace/doc/o/p/a.txt", ""), unknown),
        ("no credential", b"PUT /v1/files/workspace/doc/o/a.txt HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nbytes".to_vec(), Expected(401, "UNAUTHENTICATED")),
    ];
    let mut wrong = Vec::new();
    for (what, request, expected) in &cases {
        let answer = at_once(what, raw::exchange(&app.url(), request)).await?;
        wrong.extend(
            expected
                .of(&answer)
                .err()
                .map(|error| format!("{what}: {error}")),
        );
    }
    ensure!(wrong.is_empty(), "{wrong:#?}");
    before.restored(&app, "the refused uploads").await?;
    lives(&mut app).await?;
    app.close().await
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn hostile_bodies_that_break_off_leave_nothing(#[case] stack: Stack) -> anyhow::Result<()> {
    let mut app = App::start(stack).await?;
    let before = Traces::now(&app).await?;
    let doc = "workspace/doc/o/a.txt";
    let text = "text that goes on\n".repeat(600_000);
    let fixed = head(&app, doc, "Content-Length: 50000000\r\n");
    let chunked = head(&app, doc, "Transfer-Encoding: chunked\r\n");
    let chunk = format!("{:x}\r\n{text}\r\n", text.len());
    for (what, request) in [
        ("a head alone", fixed.clone()),
        ("a few bytes of many", format!("{fixed}a few")),
        ("a fifth, which is several parts", format!("{fixed}{text}")),
        ("chunks without an end", format!("{chunked}{chunk}")),
        (
            "a chunk of no length",
            format!("{chunked}5\r\nhello\r\nzz\r\nx\r\n"),
        ),
        ("half a chunk", format!("{chunked}ffffff\r\n{text}")),
    ] {
        raw::hang_up(&app.url(), request.as_bytes())
            .await
            .with_context(|| what.to_owned())?;
        before.restored(&app, what).await?;
    }
    lives(&mut app).await?;
    app.close().await
}

const CATALOGUE: &str = "[systems.workspace.types]\n\
    doc = { accepts = [\"text\"] }\n\
    note = { accepts = [\"text\"], max_bytes = 1000000 }\n";

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn hostile_bodies_without_end_stop_at_the_limit(#[case] stack: Stack) -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("catalogue.toml");
    std::fs::write(&file, CATALOGUE)?;
    let file = file.display().to_string();
    let mut app = App::start_with(stack, &[("STRONGROOM_CATALOGUE_FILE", &file)]).await?;
    let before = Traces::now(&app).await?;
    let chunk = "text without end\n".repeat(1_000);
    let head_of = |path: &str| head(&app, path, "Transfer-Encoding: chunked\r\n");
    let note = head_of("workspace/note/o/a.txt");
    let answer = raw::endless(&app.url(), note.as_bytes(), chunk.as_bytes()).await?;
    Expected(413, "FILE_TOO_LARGE").of(&answer)?;
    before.restored(&app, "a note without end").await?;
    // Room for one step of a reservation, and for no second one.
    let limit = 20 << 20;
    let sql =
        format!("UPDATE usage_counter SET limit_value = {limit} WHERE metric = 'STORAGE_BYTES'");
    app.database.tamper(&sql).await?;
    let doc = head_of("workspace/doc/o/a.txt");
    let answer = raw::endless(&app.url(), doc.as_bytes(), chunk.as_bytes()).await?;
    Expected(403, "QUOTA_EXCEEDED").of(&answer)?;
    before.restored(&app, "a document without end").await?;
    let announced = head(
        &app,
        "workspace/doc/o/a.txt",
        "Content-Length: 30000000\r\n",
    );
    let answer = at_once(
        "over quota",
        raw::exchange(&app.url(), announced.as_bytes()),
    )
    .await?;
    Expected(403, "QUOTA_EXCEEDED").of(&answer)?;
    for word in ["STORAGE_BYTES", &limit.to_string()] {
        ensure!(
            answer.text().contains(word),
            "does not say {word}: {}",
            answer.text()
        );
    }
    before.restored(&app, "an upload over quota").await?;
    lives(&mut app).await?;
    app.close().await
}
