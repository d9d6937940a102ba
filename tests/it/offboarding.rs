//! A tenant leaves: closed, exported, purged, with the command killed on the way.

use std::{collections::BTreeMap, path::Path, time::Duration};

use anyhow::{Context as _, bail, ensure};
use entity::TenantId;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{
    App, Neighbour, Stack,
    client::{mutation, text},
    file::sha256_hex,
    process::{command, run},
};

const SLUG: &str = "canary-tenant";
/// Nobody waits for a retention here.
const AT_ONCE: &[(&str, &str)] = &[("STRONGROOM_TENANT_RETENTION", "0s")];

/// The first tenant's owner is in the tenant that leaves, too.
async fn take_in_the_owner(app: &App, leaving: &Neighbour) -> anyhow::Result<()> {
    let first = &app.first_run;
    let input = json!({ "email": first.owner_email, "role": "VIEWER" });
    let invited = leaving
        .owner
        .mutate("memberInvite", input, "invitation { token }")
        .await?;
    let input = json!({
        "token": text(&invited, "/invitation/token")?, "password": first.owner_password,
    });
    let anonymous = app.anonymous();
    anonymous
        .mutate("invitationAccept", input, "member { id }")
        .await?;
    Ok(())
}

async fn step(app: &App, field: &str, tenant: &str) -> anyhow::Result<Value> {
    let input = json!({ "tenantId": tenant, "reason": "it leaves" });
    let selection = "tenant { status purgeAfter } userErrors { message code }";
    let (query, variables) = mutation(field, input, selection);
    let data = app
        .operator()
        .await?
        .operator_data(&query, variables)
        .await?;
    Ok(data[field].clone())
}

async fn close(app: &App, leaving: &Neighbour) -> anyhow::Result<()> {
    let early = step(app, "tenantDeactivate", &leaving.tenant).await?;
    let message = "the tenant is active; to deactivate takes one that is suspended";
    ensure!(early["userErrors"][0]["message"] == message, "{early}");
    let lift = json!({ "holdId": leaving.hold, "reference": "AZ 1" });
    leaving
        .owner
        .mutate("auditHoldClear", lift, "holdId")
        .await?;
    step(app, "tenantSuspend", &leaving.tenant).await?;
    let closed = step(app, "tenantDeactivate", &leaving.tenant).await?;
    ensure!(closed["tenant"]["status"] == "DEACTIVATED", "{closed}");
    ensure!(closed["tenant"]["purgeAfter"].is_string(), "{closed}");
    let back = step(app, "tenantRestore", &leaving.tenant).await?;
    ensure!(back["userErrors"][0]["code"] == "INVALID_STATE", "{back}");
    Ok(())
}

/// A command about the tenant; what it printed.
async fn tenant(app: &App, arguments: &[&str]) -> anyhow::Result<(bool, String, String)> {
    let arguments: Vec<&str> = ["tenant"].iter().chain(arguments).copied().collect();
    run(&arguments, app.environment()).await
}

async fn dry_run(app: &App) -> anyhow::Result<Value> {
    let (done, out, error) = tenant(app, &["purge", SLUG, "--dry-run", "--json"]).await?;
    ensure!(done, "{out}{error}");
    Ok(serde_json::from_str(&out)?)
}

/// Every file but the list is in the list, with its hash.
fn check_list(dir: &Path) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let list = std::fs::read_to_string(dir.join("SHA256SUMS"))?;
    let mut files = BTreeMap::new();
    for line in list.lines() {
        let (hash, path) = line.split_once("  ").context("not a line of sha256sum")?;
        let bytes = std::fs::read(dir.join(path))?;
        ensure!(sha256_hex(&bytes) == hash, "{path} differs");
        files.insert(path.to_owned(), bytes);
    }
    Ok(files)
}

async fn export(app: &App, leaving: &Neighbour) -> anyhow::Result<()> {
    let out = app.dir().join("export");
    let path = out.display().to_string();
    let arguments = ["export", SLUG, "--out", &path, "--audit", "--json"];
    let (done, told, error) = tenant(app, &arguments).await?;
    ensure!(done, "{told}{error}");
    let told: Value = serde_json::from_str(&told)?;
    let files = check_list(&out)?;
    ensure!(told["files"] == files.len(), "{told}");
    let objects = files.keys().filter(|path| path.starts_with("objects/"));
    ensure!(objects.count() == 2, "{:?}", files.keys());
    let object = files
        .iter()
        .find(|(path, _)| path.ends_with("canary-one.txt"));
    ensure!(
        object.is_some_and(|(_, bytes)| !bytes.is_empty()),
        "no object"
    );
    let rows = String::from_utf8(files["files.ndjson"].clone())?;
    ensure!(
        rows.contains(&leaving.file) && rows.contains(&leaving.trashed),
        "{rows}"
    );
    let members = String::from_utf8(files["members.ndjson"].clone())?;
    ensure!(members.contains(&app.first_run.owner_email), "{members}");
    ensure!(files.contains_key("audit.tar.zst"), "{:?}", files.keys());
    let (again, _, error) = tenant(app, &arguments).await?;
    ensure!(!again && error.contains("--out"), "{error}");
    let archive = app.dir().join("export.tar.zst").display().to_string();
    let (done, _, error) = tenant(app, &["export", &leaving.tenant, "--out", &archive]).await?;
    ensure!(done, "{error}");
    Ok(())
}

/// Kills the command later and later, until it gets to its end before that.
async fn purge_killed(app: &App, plan: &str, out: &str) -> anyhow::Result<(u32, Value)> {
    let (mut killed, mut told) = (0, String::new());
    for round in 1..60_u32 {
        let name = match killed {
            0 => SLUG.to_owned(),
            _ => id_of(app).await?,
        };
        let arguments = [
            "tenant", "purge", &name, "--plan", plan, "--json", "--out", out,
        ];
        let mut child = command(&arguments, app.environment())?
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()?;
        let wait = Duration::from_millis(u64::from(round) * 60);
        if tokio::time::timeout(wait, child.wait()).await.is_err() {
            child.kill().await?;
            killed += 1;
            continue;
        }
        let output = child.wait_with_output().await?;
        if output.status.success() {
            return Ok((killed, serde_json::from_slice(&output.stdout)?));
        }
        told = String::from_utf8_lossy(&output.stderr).into_owned();
    }
    bail!("the purge does not end: {told}")
}

/// The id by which a tenant is found whose record may be gone.
async fn id_of(app: &App) -> anyhow::Result<String> {
    let sql = "SELECT CAST(tenant_id AS text) FROM audit_purge UNION ALL \
               SELECT CAST(id AS text) FROM tenant WHERE slug = 'canary-tenant'";
    let uuid = app.database.look(sql).await?.into_iter().flatten().next();
    let uuid = uuid.context("neither a tenant nor its purge")?;
    Ok(TenantId(uuid.parse()?).to_string())
}

async fn left_rows(app: &App, tenant: &str) -> anyhow::Result<Vec<String>> {
    let tables = match app.stack {
        Stack::Sqlite => {
            "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND c.name = 'tenant_id'"
        }
        Stack::Postgres => {
            "SELECT CAST(table_name AS text) FROM information_schema.columns \
             WHERE table_schema = 'public' AND column_name = 'tenant_id'"
        }
    };
    let mut left = Vec::new();
    for table in app.database.look(tables).await?.into_iter().flatten() {
        let sql =
            format!("SELECT CAST(COUNT(*) AS text) FROM {table} WHERE tenant_id = '{tenant}'");
        let count = app.database.look(&sql).await?.into_iter().flatten().next();
        if count.as_deref() != Some("0") {
            left.push(table);
        }
    }
    let sql = format!("SELECT slug FROM tenant WHERE id = '{tenant}'");
    left.extend(app.database.look(&sql).await?.into_iter().flatten());
    Ok(left)
}

async fn expect_gone(app: &App, tenant: &str) -> anyhow::Result<()> {
    let objects = app.objects()?;
    let keys = objects.keys().await?;
    ensure!(keys.iter().all(|key| !key.contains(tenant)), "{keys:?}");
    let parts = objects.multiparts().await?;
    ensure!(parts.iter().all(|key| !key.contains(tenant)), "{parts:?}");
    let left = left_rows(app, tenant).await?;
    let outside = |table: &&String| !table.starts_with("audit_") && *table != "verification";
    ensure!(
        left.iter().find(outside).is_none(),
        "rows are left: {left:?}"
    );
    Ok(())
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_leaves_is_exported_and_purged_whenever_the_command_is_killed_kill_(
    #[case] stack: Stack,
) -> anyhow::Result<()> {
    let app = App::start_with(stack, AT_ONCE).await?;
    let leaving = Neighbour::move_in(&app).await?;
    let uuid = leaving.tenant.parse::<TenantId>()?.uuid().to_string();
    take_in_the_owner(&app, &leaving).await?;
    let early = dry_run(&app).await?;
    ensure!(
        early["obstacles"]
            .as_array()
            .is_some_and(|all| all.len() >= 2),
        "{early}"
    );
    close(&app, &leaving).await?;

    let plan = dry_run(&app).await?;
    let only = plan["obstacles"].as_array().context("no obstacles")?;
    ensure!(
        only.len() == 1
            && plan["obstacles"][0]
                .as_str()
                .is_some_and(|o| o.contains("not exported")),
        "{plan}"
    );
    let hash = text(&plan, "/plan")?;
    let (done, _, error) = tenant(&app, &["purge", SLUG, "--plan", &hash]).await?;
    ensure!(!done && error.contains("--without-export"), "{error}");
    export(&app, &leaving).await?;

    let plan = dry_run(&app).await?;
    ensure!(plan["obstacles"] == json!([]), "{plan}");
    ensure!(
        plan["objects"].as_u64() > Some(1) && plan["byteLen"].as_u64() > Some(0),
        "{plan}"
    );
    let hash = text(&plan, "/plan")?;
    let (wrong, _, error) = tenant(&app, &["purge", SLUG, "--plan", &"0".repeat(64)]).await?;
    ensure!(!wrong && error.contains("not the plan"), "{error}");
    let out = app.dir().join("certificate.note").display().to_string();
    let (killed, done) = purge_killed(&app, &hash, &out).await?;
    ensure!(killed > 0, "it was never killed");
    expect_gone(&app, &uuid).await?;

    let note = text(&done, "/certificate")?;
    ensure!(std::fs::read_to_string(&out)? == note, "{note}");
    let json = note
        .split_once('\n')
        .and_then(|(_, rest)| rest.split_once("\n\n"));
    let certificate: Value = serde_json::from_str(json.context("no document")?.0)?;
    ensure!(certificate["plan"] == hash, "{certificate}");
    ensure!(
        certificate["rowsDeleted"] == plan["rows"],
        "{certificate} / {plan}"
    );
    let arguments = ["purge", &leaving.tenant, "--dry-run", "--json"];
    let (shown, again, error) = tenant(&app, &arguments).await?;
    ensure!(
        shown && serde_json::from_str::<Value>(&again)? == done,
        "{again}{error}"
    );

    for log in [vec!["--tenant", &leaving.tenant], vec!["--system"]] {
        let arguments = [vec!["audit", "verify", "--full"], log].concat();
        let (good, out, error) = run(&arguments, app.environment()).await?;
        ensure!(good, "{out}{error}");
    }
    let data = app
        .owner()
        .await?
        .data("{ viewer { tenant { id } memberships { id } } }", json!({}))
        .await?;
    ensure!(
        data["viewer"]["tenant"]["id"] == app.first_run.tenant_id,
        "{data}"
    );
    ensure!(
        data["viewer"]["memberships"]
            .as_array()
            .is_some_and(|m| m.len() == 1),
        "{data}"
    );
    app.close().await
}
