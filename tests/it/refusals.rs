//! What a refusal says: which field or header is wrong, and what would be right.

use data_encoding::BASE64;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answer, App, Client, Stack, client::text};

const UPLOAD: &str = "/v1/files/workspace/doc/o/a.txt";

/// An upload with one header more.
async fn put(client: &Client, path: &str, header: (&str, &str)) -> anyhow::Result<Answer> {
    let request = client.request(Method::PUT, path).header(header.0, header.1);
    Answer::of(request.body("a file").send().await?).await
}

/// Status, field and sentence of a problem document.
fn told(answer: &Answer) -> anyhow::Result<(u16, String, String)> {
    let body = answer.json()?;
    let member = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    Ok((answer.status.as_u16(), member("field"), member("detail")))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_direct_upload_that_could_only_be_rejected_is_refused_on_its_field() -> anyhow::Result<()>
{
    let app = App::start(Stack::Sqlite).await?;
    let key = app.key();
    let cases = [
        ("setup.exe", "application/pdf", "filename"),
        ("page.html", "text/plain", "filename"),
        ("film.mp4", "text/plain", "filename"),
        ("report.pdf", "text/plain", "mediaType"),
        ("report.pdf", "video/mp4", "mediaType"),
    ];
    for (filename, media_type, field) in cases {
        let input = json!({ "system": "workspace", "objectType": "doc", "objectId": "o",
            "filename": filename, "mediaType": media_type, "byteLen": "10" });
        let selection = "upload { id } file { id }";
        let payload = key.try_mutate("fileUploadCreate", input, selection).await?;
        let error = &payload["userErrors"][0];
        assert_eq!(error["path"], json!(["input", field]), "{payload}");
        assert_eq!(error["code"], "MEDIA_TYPE_REFUSED", "{payload}");
        assert_eq!(payload["file"], Value::Null, "{payload}");
        let path = format!("/v1/files/workspace/doc/o/{filename}");
        let sent = put(&key, &path, ("content-type", media_type)).await?;
        assert_eq!(sent.status, 415, "{filename}: {}", sent.text());
    }
    let query = "{ viewer { tenant { files(first: 10) { nodes { id } } } } }";
    let data = app.key().data(query, json!({})).await?;
    let files = &data["viewer"]["tenant"]["files"]["nodes"];
    assert_eq!(files, &json!([]), "nothing is left of them");
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_does_not_exist_is_told_from_those_that_do() -> anyhow::Result<()> {
    let app = App::start(Stack::Sqlite).await?;
    let sent = async |path: &str| {
        let request = app.key().request(Method::PUT, path).body("a file");
        told(&Answer::of(request.send().await?).await?)
    };
    let (status, field, detail) = sent("/v1/files/nope/doc/o/a.txt").await?;
    assert_eq!((status, field.as_str()), (404, "system"));
    assert!(detail.contains("accounting, app-builder"), "{detail}");
    let (status, field, detail) = sent("/v1/files/accounting/doc/o/a.txt").await?;
    assert_eq!((status, field.as_str()), (404, "objectType"));
    assert!(detail.contains("export, invoice, receipt"), "{detail}");
    for path in [
        "/v1/files/workspace/doc/a.txt",
        "/v1/files",
        "/v1/files/a/b/c/d/e",
    ] {
        let (status, _, detail) = sent(path).await?;
        assert_eq!(status, 404, "{path}");
        let form = "/v1/files/{system}/{objectType}/{objectId}/{filename}";
        assert!(detail.contains(form), "{path}: {detail}");
    }
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_header_is_named() -> anyhow::Result<()> {
    let app = App::start(Stack::Sqlite).await?;
    let key = app.key();
    let none = entity::FileId::generate().to_string();
    for id in [none.as_str(), "fil_x", "nothing"] {
        let (status, field, detail) = told(&put(&key, UPLOAD, ("strongroom-replaces", id)).await?)?;
        assert_eq!((status, field.as_str()), (404, "Strongroom-Replaces"));
        assert_eq!(detail, "Strongroom-Replaces: there is no such file");
    }
    let declared = format!("sha-256=:{}:", BASE64.encode(&[7; 32]));
    let (status, field, detail) = told(&put(&key, UPLOAD, ("content-digest", &declared)).await?)?;
    assert_eq!((status, field.as_str()), (422, "Content-Digest"));
    assert!(detail.contains(&"07".repeat(32)), "{detail}");
    assert!(
        detail.contains(&tests::file::sha256_hex(b"a file")),
        "{detail}"
    );
    let (status, field, detail) =
        told(&put(&key, UPLOAD, ("content-digest", "sha-256=abc")).await?)?;
    assert_eq!((status, field.as_str()), (400, "Content-Digest"));
    assert!(
        detail.contains("sha-256=:<base64 of 32 bytes>:"),
        "{detail}"
    );
    let other = put(&key, UPLOAD, ("content-digest", "sha-512=:YWJj:")).await?;
    assert_eq!(other.status, 201, "other algorithms are ignored");
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_cannot_be_good_are_told_apart_and_others_are_not() -> anyhow::Result<()> {
    let app = App::start(Stack::Sqlite).await?;
    let asked = async |path: &str, token: Option<&str>| {
        let mut request = app.anonymous().request(Method::POST, path);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.json(&json!({ "query": "{ node(id: \"x\") { id } }" }));
        let answer = Answer::of(answer.send().await?).await?;
        assert_eq!(answer.status, 401, "{}", answer.text());
        assert_eq!(answer.code(), "UNAUTHENTICATED");
        text(&answer.json()?, "/errors/0/message")
    };
    let (tenants, operators) = ("/graphql", "/operator/graphql");
    let operator = &app.first_run.operator_email;
    let (nobody, password) = (app.anonymous(), &app.first_run.operator_password);
    let token = nobody.operator_login(operator, password).await?;
    let key = app.first_run.api_key.clone();
    let revoked = {
        let input = json!({ "name": "short-lived", "scopes": ["FILES_READ"] });
        let owner = app.owner().await?;
        let made = owner
            .mutate("apiKeyCreate", input, "secret apiKey { id }")
            .await?;
        let id = json!({ "id": text(&made, "/apiKey/id")? });
        owner.mutate("apiKeyRevoke", id, "apiKey { id }").await?;
        text(&made, "/secret")?
    };
    let unknown = format!("srs_{}", "a".repeat(43));
    assert!(
        asked(tenants, None)
            .await?
            .contains("no credential was sent")
    );
    assert!(
        asked(operators, None)
            .await?
            .contains("no credential was sent")
    );
    assert!(
        asked(tenants, Some(&token))
            .await?
            .contains("/operator/graphql")
    );
    assert!(
        asked(operators, Some(&key))
            .await?
            .contains("operatorLogin")
    );
    let invitation = format!("sri_{}", "a".repeat(43));
    assert!(
        asked(tenants, Some(&invitation))
            .await?
            .contains("invitationAccept")
    );
    let cut = key.get(..40).unwrap_or_default();
    assert!(asked(tenants, Some(cut)).await?.contains("not complete"));
    assert!(asked(tenants, Some("ghp_abc")).await?.contains("sr_live_"));
    let one_sentence = asked(tenants, Some(&unknown)).await?;
    assert_eq!(asked(tenants, Some(&revoked)).await?, one_sentence);
    assert!(
        one_sentence.contains("unknown, expired, revoked"),
        "{one_sentence}"
    );
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_shown_by_its_id_to_those_who_may_read_files() -> anyhow::Result<()> {
    let app = App::start(Stack::Sqlite).await?;
    let sent = app.key().put("workspace/doc/o/a.txt", "a file").await?;
    let id = text(&sent.json()?, "/id")?;
    let shown = app.key().get(&format!("/v1/files/{id}")).await?;
    assert_eq!(shown.status, 200);
    assert_eq!(
        shown.body, sent.body,
        "the same document as after the upload"
    );
    let input = json!({ "name": "no files", "scopes": ["USAGE_READ"] });
    let made = app
        .owner()
        .await?
        .mutate("apiKeyCreate", input, "secret")
        .await?;
    let blind = app.client(&text(&made, "/secret")?);
    for id in [id.as_str(), "fil_x"] {
        let refused = blind.get(&format!("/v1/files/{id}")).await?;
        assert_eq!(
            (refused.status.as_u16(), refused.code()),
            (403, "FORBIDDEN".to_owned())
        );
    }
    let missing = app.key().get("/v1/files/fil_x").await?;
    assert_eq!(
        (missing.status.as_u16(), missing.code()),
        (404, "NOT_FOUND".to_owned())
    );
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn json_outside_graphql_ends_with_a_newline_and_a_verification_says_how_much_it_read()
-> anyhow::Result<()> {
    let app = App::start(Stack::Sqlite).await?;
    let verified = app.key().get("/v1/audit/verify?full=true").await?;
    assert_eq!(verified.json()?["full"], true);
    let answers = [
        app.key().put("workspace/doc/o/a.txt", "a file").await?,
        verified,
        app.anonymous().get("/nowhere").await?,
    ];
    for answer in answers {
        assert!(answer.text().ends_with("}\n"), "{}", answer.text());
    }
    let partly = app.key().get("/v1/audit/verify").await?;
    assert_eq!(partly.json()?["full"], false);
    app.close().await
}
