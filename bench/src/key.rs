//! A key that was seen before.

use std::time::{Duration, Instant};

use entity::SessionId;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use sha2::Sha256;
use store::{
    RequestContext,
    revocation::Revoked,
    testing::{Database, seed, throwaway},
};

use crate::{
    Measured, deployment,
    table::Row,
    timing::{median, per_call, us},
};

const CALLS: u32 = 20_000;

pub(crate) async fn measure() -> Measured {
    let database = throwaway(Database::Sqlite).await?;
    let seed = seed(&database.store).await?;
    let store = deployment::store_of_sixteen(&database).await?;
    let token = seed.secret.expose_secret();
    // Something else was revoked after the key was read: whether it concerns the key is looked up each time.
    store
        .authenticate_key(token, RequestContext::internal())
        .await?;
    store.hear_revocation(&Revoked::Session(SessionId::generate()).to_string());
    let mut rounds = Vec::new();
    for _ in 0..5 {
        let start = Instant::now();
        for _ in 0..CALLS {
            store
                .authenticate_key(token, RequestContext::internal())
                .await?;
        }
        rounds.push(start.elapsed() / CALLS);
    }
    let ours = us(median(rounds));
    let reference = us(hmac(token)?);
    store.database().clone().close().await?;
    database.close().await?;
    Ok(vec![
        Row::new("cached key authentication", format!("{ours:.1} µs"))
            .beside(format!("one HMAC-SHA-256 of the token: {reference:.2} µs"))
            .times(ours, reference)
            .aim("≤ 20 µs", ours <= 20.0),
    ])
}

fn hmac(token: &str) -> anyhow::Result<Duration> {
    let keyed = <Hmac<Sha256> as KeyInit>::new_from_slice(&[7; 32])?;
    Ok(per_call(CALLS, || {
        let mac = keyed.clone().chain_update(token.as_bytes()).finalize();
        std::hint::black_box(mac);
    }))
}
