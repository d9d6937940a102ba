//! Rate limits as a client meets them: the status, the headers, and when it may come back.

use anyhow::{Context as _, ensure};
use reqwest::Method;
use rstest::rstest;
use serde_json::json;
use tests::{Answer, App, Client, Stack, wait};

const OWN: &str = "{ viewer { tenant { id } } }";
const NOTHING: &str = "{ __typename }";

async fn ask(client: &Client, query: &str) -> anyhow::Result<Answer> {
    client.graphql(query, json!({})).await
}

/// Asks as if a proxy had passed the request on for somebody else.
async fn ask_for(client: &Client, address: &str, query: &str) -> anyhow::Result<Answer> {
    let request = client
        .request(Method::POST, "/graphql")
        .header("x-forwarded-for", address)
        .json(&json!({ "query": query }));
    Answer::of(request.send().await?).await
}

/// Seconds a refused client is told to wait.
fn retry_after(answer: &Answer) -> anyhow::Result<u64> {
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        (429, "RATE_LIMITED")
    );
    let seconds = answer.header("retry-after").parse()?;
    ensure!(seconds >= 1, "come back at once?");
    Ok(seconds)
}

/// A parameter of a structured header such as `"req";q=50;w=5`.
fn parameter(header: &str, name: &str) -> anyhow::Result<u64> {
    let found = header
        .split(';')
        .find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    Ok(found
        .with_context(|| format!("no {name} in {header}"))?
        .parse()?)
}

/// Asks until it is refused; returns how often it was answered, and the refusal.
async fn exhaust(client: &Client, query: &str, most: usize) -> anyhow::Result<(usize, Answer)> {
    for answered in 0..=most {
        let answer = ask(client, query).await?;
        if answer.status == 429 {
            return Ok((answered, answer));
        }
    }
    anyhow::bail!("{most} requests and no refusal")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shield_says_when_to_come_back_and_then_lets_in() -> anyhow::Result<()> {
    let slow = [
        ("STRONGROOM_SHIELD_PER_SECOND", "1"),
        ("STRONGROOM_SHIELD_BURST", "5"),
    ];
    let app = App::start_with(Stack::Sqlite, &slow).await?;
    let (answered, refusal) = exhaust(&app.key(), OWN, 60).await?;
    ensure!(answered >= 5, "the burst is 5, {answered} came through");
    let seconds = retry_after(&refusal)?;
    ensure!(seconds <= 2, "one request a second, yet {seconds} s");
    for path in ["/livez", "/readyz", "/metrics"] {
        for _ in 0..20 {
            assert_eq!(
                app.anonymous().get(path).await?.status,
                200,
                "{path} is exempt"
            );
        }
    }
    wait::until("the shield lets in again", seconds + 1, || async {
        Ok(ask(&app.key(), OWN).await?.status == 200)
    })
    .await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_tells_its_limit() -> anyhow::Result<()> {
    let limits = [
        ("STRONGROOM_REQUEST_BURST_PER_SECOND", "10"),
        ("STRONGROOM_REQUEST_BURST", "50"),
        ("STRONGROOM_REQUESTS_PER_HOUR_PROFESSIONAL", "36000"),
    ];
    let app = App::start_with(Stack::Sqlite, &limits).await?;
    let first = ask(&app.key(), OWN).await?;
    let policy = first.header("ratelimit-policy");
    assert_eq!(
        (parameter(policy, "q")?, parameter(policy, "w")?),
        (50, 5),
        "{policy}"
    );
    let left = parameter(first.header("ratelimit"), "r")?;
    ensure!(left < 50, "nothing was taken");
    parameter(first.header("ratelimit"), "t")?;
    let (answered, refusal) = exhaust(&app.key(), OWN, 1_000).await?;
    ensure!(answered >= 48, "the burst is 50, {answered} came through");
    ensure!(retry_after(&refusal)? <= 2, "ten requests a second");
    assert_eq!(parameter(refusal.header("ratelimit"), "r")?, 0);
    // Another principal of the same address has an allowance of its own.
    let owner = app.owner().await?;
    assert_eq!(ask(&owner, OWN).await?.status, 200);
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_without_a_credential_share_their_address() -> anyhow::Result<()> {
    let app = App::start_with(Stack::Sqlite, &[("STRONGROOM_ANONYMOUS_PER_HOUR", "8")]).await?;
    let (answered, refusal) = exhaust(&app.anonymous(), NOTHING, 12).await?;
    assert_eq!(answered, 8);
    ensure!(retry_after(&refusal)? > 60, "8 an hour");
    for address in ["198.51.100.7", "198.51.100.7, 127.0.0.1", "::1", "junk"] {
        let forged = ask_for(&app.anonymous(), address, NOTHING).await?;
        assert_eq!(forged.status, 429, "a forged {address} changes nothing");
    }
    assert_eq!(
        ask(&app.key(), OWN).await?.status,
        200,
        "a good key is not held back"
    );
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_credentials_hold_back_their_own_address_only() -> anyhow::Result<()> {
    let few = [
        ("STRONGROOM_FAILED_CREDENTIALS_PER_MINUTE", "5"),
        ("TRUSTED_PROXIES", "127.0.0.0/8"),
    ];
    let app = App::start_with(Stack::Sqlite, &few).await?;
    let junk = app.client("sr_live_junk");
    let mut statuses = Vec::new();
    for _ in 0..8 {
        statuses.push(ask_for(&junk, "198.51.100.7", OWN).await?.status.as_u16());
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429, 429]);
    retry_after(&ask_for(&junk, "198.51.100.7", OWN).await?)?;
    let neighbour = ask_for(&junk, "198.51.100.8", OWN).await?;
    assert_eq!(neighbour.status, 401, "another address has failed less");
    let good = ask_for(&app.key(), "198.51.100.7", OWN).await?;
    assert_eq!(
        good.status, 200,
        "a good key is never kept out by its neighbours"
    );
    // What a client writes left of the proxy's own entry is a stranger's word.
    let forged = ask_for(&junk, "203.0.113.9, 198.51.100.7", OWN).await?;
    assert_eq!(forged.status, 429);
    app.close().await
}

#[rstest]
#[case::sqlite(Stack::Sqlite)]
#[case::postgres(Stack::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn used_up_calls_stop_keys_and_nobody_else(#[case] stack: Stack) -> anyhow::Result<()> {
    let app = App::start_with(stack, &[("STRONGROOM_FLUSH_INTERVAL", "1s")])
        .await?
        .sticky();
    let owner = app.owner().await?;
    assert_eq!(ask(&app.key(), OWN).await?.status, 200);
    let sql = "UPDATE usage_counter SET used = limit_value WHERE metric = 'API_CALLS'";
    // The row of the period is made with the first counted calls.
    wait::until("the calls are counted", 20, || async {
        Ok(app.database.tamper(sql).await? > 0)
    })
    .await?;
    wait::until("the key is refused", 5, || async {
        let answer = ask(&app.key(), OWN).await?;
        Ok(answer.status == 403 && answer.code() == "QUOTA_EXCEEDED")
    })
    .await?;
    let put = app.key().put("workspace/doc/o/a.txt", "one more").await?;
    assert_eq!(
        (put.status.as_u16(), put.code().as_str()),
        (403, "QUOTA_EXCEEDED")
    );
    ensure!(
        put.text().contains("API_CALLS"),
        "which metric? {}",
        put.text()
    );
    assert_eq!(ask(&owner, OWN).await?.status, 200, "sessions go on");
    app.owner().await?;
    let verified = app.key().get("/v1/audit/verify").await?;
    assert_eq!(
        verified.status,
        200,
        "so does the audit: {}",
        verified.text()
    );
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_pays_for_what_its_operations_return() -> anyhow::Result<()> {
    let bucket = [
        ("STRONGROOM_COST_BUCKET", "1000"),
        ("STRONGROOM_COST_PER_SECOND", "20"),
    ];
    let app = App::start_with(Stack::Sqlite, &bucket).await?.sticky();
    // A page of a hundred of which nothing is there: 104 points are needed, and 4 are paid.
    let page =
        "{ viewer { tenant { files(first: 100) { nodes { id } pageInfo { endCursor } } } } }";
    let cost = |answer: &Answer| anyhow::Ok(answer.json()?["extensions"]["cost"].clone());
    for _ in 0..20 {
        let told = cost(&ask(&app.key(), page).await?)?;
        let number = |name: &str| {
            told[name]
                .as_u64()
                .with_context(|| format!("{name}: {told}"))
        };
        ensure!(number("requested")? >= 100, "{told}");
        ensure!(number("actual")? <= 4, "{told}");
        ensure!(
            number("remaining")? >= 900 && number("limit")? == 1_000,
            "{told}"
        );
        assert_eq!(number("restoreRate")?, 20);
    }
    // Twenty names for the same object are paid twenty times.
    let names: String = (0..20)
        .map(|n| format!("a{n}: viewer {{ tenant {{ id }} }} "))
        .collect();
    let (answered, refusal) = exhaust(&app.key(), &format!("{{ {names} }}"), 200).await?;
    ensure!(
        answered >= 20,
        "40 points each of 1 000, {answered} came through"
    );
    ensure!(
        refusal
            .header("ratelimit-policy")
            .starts_with("\"cost\";q=1000"),
        "{refusal:?}"
    );
    let seconds = retry_after(&refusal)?;
    ensure!(seconds <= 3, "40 points at 20 a second, yet {seconds} s");
    // A cheap operation is let in beside it, and the dear one after the wait.
    assert_eq!(ask(&app.key(), NOTHING).await?.status, 200);
    wait::until("the points are back", seconds + 1, || async {
        Ok(ask(&app.key(), &format!("{{ {names} }}")).await?.status == 200)
    })
    .await?;
    app.close().await
}
