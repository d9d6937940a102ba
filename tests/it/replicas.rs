//! Several replicas: what one of them revokes or counts, the others know.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use rstest::rstest;
use serde_json::{Value, json};
use tests::{
    Client,
    client::mutation,
    replicas::{Messages, REPLICAS, Replicas},
    wait,
};
use tokio::{sync::mpsc, task::JoinSet};

const OWN: &str = "{ viewer { tenant { id } } }";

/// What is promised, on every replica.
fn promised(messages: Messages) -> Duration {
    match messages {
        Messages::Heard => Duration::from_secs(1),
        Messages::Dropped | Messages::Stopped => Duration::from_secs(2),
    }
}

/// A client of one replica that stays signed in there.
async fn owner_at(replicas: &Replicas, replica: usize) -> anyhow::Result<Client> {
    let owner = replicas.app.owner().await?;
    Ok(replicas
        .app
        .client_at(replica, owner.token().context("no token")?))
}

async fn step(replicas: &Replicas, field: &str) -> anyhow::Result<Value> {
    let operator = replicas.app.operator().await?;
    let operator = replicas
        .app
        .client_at(0, operator.token().context("no token")?);
    let input =
        json!({ "tenantId": replicas.app.first_run.tenant_id, "reason": "as the test says" });
    let (query, variables) = mutation(field, input, "tenant { status }");
    let data = operator.operator_data(&query, variables).await?;
    ensure!(data[field]["userErrors"] == json!([]), "{data}");
    Ok(data)
}

#[rstest]
#[case::with_redis(Messages::Heard)]
#[case::with_messages_lost(Messages::Dropped)]
#[case::without_redis(Messages::Stopped)]
#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_is_known_to_every_replica_under_load(
    #[case] messages: Messages,
) -> anyhow::Result<()> {
    let mut replicas = Replicas::start(&[]).await?;
    replicas.set(messages).await?;
    let load = replicas.load(2 * REPLICAS);
    let mut latencies = replicas.revoke_keys(4).await?;

    // A session that ends.
    let leaving = owner_at(&replicas, 0).await?;
    let token = leaving.token().context("no token")?.to_owned();
    for replica in 0..REPLICAS {
        let there = replicas.app.client_at(replica, &token);
        assert_eq!(there.graphql(OWN, json!({})).await?.status, 200);
    }
    let logout = leaving.data("mutation { logout { userErrors { code } } }", json!({}));
    latencies.extend(replicas.until_refused(&token, logout).await?);

    // A tenant that is suspended, with everybody in it.
    drop(load);
    let key = replicas.app.first_run.api_key.clone();
    let suspend = step(&replicas, "tenantSuspend");
    latencies.extend(replicas.until_refused(&key, suspend).await?);

    let worst = latencies.iter().max().context("nothing was measured")?;
    ensure!(*worst <= promised(messages), "{messages:?}: {latencies:?}");
    replicas.app.close().await
}

/// An upload that has begun and waits for more.
async fn begin_upload(
    replicas: &Replicas,
    token: &str,
) -> anyhow::Result<(
    mpsc::Sender<anyhow::Result<Vec<u8>>>,
    JoinSet<anyhow::Result<(u16, Instant)>>,
)> {
    let (mouth, body) = mpsc::channel::<anyhow::Result<Vec<u8>>>(1);
    let body = futures_util::stream::unfold(body, |mut body| async {
        body.recv().await.map(|piece| (piece, body))
    });
    let client = replicas.app.client_at(REPLICAS - 1, token);
    let mut upload = JoinSet::new();
    upload.spawn(async move {
        let body = reqwest::Body::wrap_stream(body);
        let answer = client.put("workspace/doc/o/cut.txt", body).await?;
        anyhow::Ok((answer.status.as_u16(), Instant::now()))
    });
    mouth.send(Ok(vec![b'a'; 64 * 1024])).await?;
    wait::until("the upload is open", 20, || async {
        let open = "SELECT state FROM upload WHERE state = 'open'";
        Ok(!replicas.app.database.look(open).await?.is_empty())
    })
    .await?;
    Ok((mouth, upload))
}

#[rstest]
#[case::with_redis(Messages::Heard)]
#[case::without_redis(Messages::Stopped)]
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_elsewhere_ends_with_its_key_and_with_its_tenant(
    #[case] messages: Messages,
) -> anyhow::Result<()> {
    let mut replicas = Replicas::start(&[]).await?;
    replicas.set(messages).await?;
    let owner = owner_at(&replicas, 0).await?;
    let (token, id) = replicas.known_key(&owner).await?;
    let (mouth, mut upload) = begin_upload(&replicas, &token).await?;
    owner
        .mutate("apiKeyRevoke", json!({ "id": id }), "apiKey { id }")
        .await?;
    let revoked = Instant::now();
    let (status, at) = upload.join_next().await.context("no upload")???;
    assert_eq!(status, 401);
    ensure!(at - revoked <= promised(messages), "{:?}", at - revoked);
    drop(mouth);

    let (token, _) = replicas.known_key(&owner).await?;
    let (mouth, mut upload) = begin_upload(&replicas, &token).await?;
    step(&replicas, "tenantSuspend").await?;
    let suspended = Instant::now();
    let (status, at) = upload.join_next().await.context("no upload")???;
    assert_eq!(status, 403);
    ensure!(at - suspended <= promised(messages), "{:?}", at - suspended);
    drop(mouth);
    replicas.app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_chosen_on_one_replica_is_chosen_on_all() -> anyhow::Result<()> {
    let replicas = Replicas::start(&[]).await?;
    let here = owner_at(&replicas, 0).await?;
    let there = replicas.app.client_at(1, here.token().context("no token")?);
    // As for a person with several tenants, who has chosen none yet.
    replicas
        .app
        .database
        .tamper("UPDATE session SET tenant_id = NULL")
        .await?;
    let shown =
        async || anyhow::Ok(there.data(OWN, json!({})).await?["viewer"]["tenant"].is_object());
    ensure!(!shown().await?, "nothing is chosen");
    let choose = json!({ "tenantId": replicas.app.first_run.tenant_id });
    here.mutate("sessionTenantSelect", choose, "__typename")
        .await?;
    wait::until("the other replica has looked again", 2, shown).await?;
    replicas.app.close().await
}

/// Requests a client has had answered, and refused.
#[derive(Debug, Default, Clone, Copy)]
struct Count {
    passed: u32,
    refused: u32,
}

/// Asks all replicas in turn until so many requests were refused; anything but an answer or a refusal is an error.
async fn press(client: &Client, refusals: u32, count: &mut Count) -> anyhow::Result<()> {
    let end = count.refused + refusals;
    while count.refused < end {
        let answer = client.graphql(OWN, json!({})).await?;
        match answer.status.as_u16() {
            200 => count.passed += 1,
            429 => count.refused += 1,
            other => anyhow::bail!("{other} {}", answer.text()),
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_hold_while_redis_goes_and_comes_back() -> anyhow::Result<()> {
    const BURST: u32 = 60;
    const RATE: u32 = 5;
    let mut replicas = Replicas::start(&[
        ("STRONGROOM_REQUEST_BURST", "60"),
        ("STRONGROOM_REQUEST_BURST_PER_SECOND", "5"),
        ("STRONGROOM_REQUESTS_PER_HOUR_PROFESSIONAL", "18000"),
    ])
    .await?;
    let (client, mut count) = (replicas.app.key(), Count::default());
    let began = Instant::now();
    let allowed = |began: Instant| {
        let seconds = u32::try_from(began.elapsed().as_secs()).unwrap_or(u32::MAX) + 1;
        BURST + RATE * seconds
    };
    press(&client, 50, &mut count).await?;
    ensure!(
        count.passed >= BURST,
        "the burst is one allowance over all replicas: {count:?}"
    );
    ensure!(
        count.passed <= allowed(began),
        "counted together: {count:?}"
    );
    replicas.redis.stop().await?;
    press(&client, 100, &mut count).await?;
    replicas.until_redis_is("0").await?;
    press(&client, 100, &mut count).await?;
    replicas.redis.resume().await?;
    press(&client, 50, &mut count).await?;
    replicas.until_redis_is("1").await?;
    press(&client, 100, &mut count).await?;
    ensure!(
        count.passed <= 2 * allowed(began),
        "{count:?} in {:?}",
        began.elapsed()
    );
    replicas.app.close().await
}
