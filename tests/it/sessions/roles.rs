//! What each role may do, tried through the front door.

use rstest::rstest;
use serde_json::{Value, json};
use tests::{App, Client, Stack, client::text};

use super::{code_of, join};

/// An ability, and what it takes to try it.
const ABILITIES: &[&str] = &[
    "list",
    "upload",
    "trash",
    "restore",
    "link",
    "purge",
    "invite",
    "make a key",
    "verify",
    "read the log",
];

/// What each role can do, in the order of [`ABILITIES`].
const ROLES: &[(&str, [bool; 10])] = &[
    (
        "OWNER",
        [true, true, true, true, true, true, true, true, true, true],
    ),
    (
        "ADMIN",
        [true, true, true, true, true, true, true, true, true, true],
    ),
    (
        "MEMBER",
        [
            true, true, true, true, true, false, false, false, false, false,
        ],
    ),
    (
        "VIEWER",
        [
            true, false, false, false, true, false, false, false, false, false,
        ],
    ),
    (
        "AUDITOR",
        [
            true, false, false, false, false, false, false, false, true, true,
        ],
    ),
];

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn each_role_can_do_what_the_table_says(#[case] stack: Stack) -> anyhow::Result<()> {
    let app = App::start(stack).await?;
    let owner = app.owner().await?;
    for (role, can) in ROLES {
        let email = format!("a-{}@example.com", role.to_lowercase());
        let (person, _) = join(&app, &owner, &email, role).await?;
        for (ability, can) in ABILITIES.iter().zip(can) {
            let code = attempt(&app, &person, role, ability).await?;
            let expected = if *can { "" } else { "FORBIDDEN" };
            assert_eq!(code, expected, "{role}: {ability}");
        }
    }
    app.close().await
}

async fn attempt(app: &App, person: &Client, role: &str, ability: &str) -> anyhow::Result<String> {
    let fresh = || async { text(&app.key().put_text("tried.txt", "tried").await?, "/id") };
    let by_id = |id: String| json!({ "fileId": id });
    match ability {
        "list" => {
            read(
                person,
                "{ viewer { tenant { files(first: 1) { nodes { id } } } } }",
            )
            .await
        }
        "read the log" => {
            read(
                person,
                "{ viewer { tenant { auditEntries(first: 1) { nodes { id } } } } }",
            )
            .await
        }
        "upload" => Ok(person.put("workspace/doc/o/mine.txt", "mine").await?.code()),
        "trash" => code_of(person, "fileTrash", by_id(fresh().await?)).await,
        "restore" => {
            let id = fresh().await?;
            app.key()
                .mutate("fileTrash", by_id(id.clone()), "file { id }")
                .await?;
            code_of(person, "fileRestore", by_id(id)).await
        }
        "link" => code_of(person, "fileSignedUrlCreate", by_id(fresh().await?)).await,
        "purge" => code_of(person, "filePurge", by_id(fresh().await?)).await,
        "invite" => {
            let email = format!("guest-of-{}@example.com", role.to_lowercase());
            code_of(
                person,
                "memberInvite",
                json!({ "email": email, "role": "VIEWER" }),
            )
            .await
        }
        "make a key" => {
            let input = json!({ "name": role, "scopes": ["FILES_READ"] });
            code_of(person, "apiKeyCreate", input).await
        }
        "verify" => code_of(person, "auditVerify", json!({ "full": false })).await,
        other => anyhow::bail!("nobody knows how to {other}"),
    }
}

async fn read(person: &Client, query: &str) -> anyhow::Result<String> {
    Ok(person.graphql(query, Value::Null).await?.code())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_grants_or_removes_above_the_own_role() -> anyhow::Result<()> {
    let app = App::start(Stack::Sqlite).await?;
    let owner = app.owner().await?;
    let (admin, _) = join(&app, &owner, "admin@example.com", "ADMIN").await?;
    let invite = json!({ "email": "new@example.com", "role": "OWNER" });
    assert_eq!(
        code_of(&admin, "memberInvite", invite).await?,
        "ROLE_TOO_HIGH"
    );
    let viewer = owner
        .data("{ viewer { principal { id } } }", json!({}))
        .await?;
    let owner_id = text(&viewer, "/viewer/principal/id")?;
    let remove = json!({ "memberId": owner_id });
    assert_eq!(
        code_of(&admin, "memberRemove", remove.clone()).await?,
        "ROLE_TOO_HIGH"
    );
    assert_eq!(code_of(&owner, "memberRemove", remove).await?, "LAST_OWNER");
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_used_once() -> anyhow::Result<()> {
    let app = App::start(Stack::Sqlite).await?;
    let input = json!({ "email": "once@example.com", "role": "VIEWER" });
    let owner = app.owner().await?;
    let invited = owner
        .mutate("memberInvite", input, "invitation { token }")
        .await?;
    let token = text(&invited, "/invitation/token")?;
    let accept = json!({ "token": token, "name": "Once", "password": super::PASSWORD });
    let short = json!({ "token": token, "name": "Once", "password": "short" });
    let nobody = app.anonymous();
    assert_eq!(
        code_of(&nobody, "invitationAccept", short).await?,
        "INVALID"
    );
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..5 {
        let (nobody, accept) = (nobody.clone(), accept.clone());
        tries.spawn(async move { code_of(&nobody, "invitationAccept", accept).await });
    }
    let codes: Vec<String> = tries
        .join_all()
        .await
        .into_iter()
        .collect::<anyhow::Result<_>>()?;
    assert_eq!(
        codes.iter().filter(|code| code.is_empty()).count(),
        1,
        "{codes:?}"
    );
    app.close().await
}
