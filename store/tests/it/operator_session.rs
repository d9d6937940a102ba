//! Sessions of operators: how long they last, and how they end.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use anyhow::Result;
use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};
use store::{
    Operator, RequestContext,
    auth::{AuthError, SignInRecord},
};

use crate::ground::{Ground, on_both};

on_both!(
    a_session_ends_after_thirty_minutes_without_use,
    a_session_in_use_lasts_twelve_hours,
    who_has_signed_out_is_out,
);

async fn sign_in(ground: &Ground) -> Result<SecretString> {
    let record = SignInRecord {
        id: ground.seed.operator,
        email: "operator@example.com".to_owned(),
        password_hash: String::new(),
    };
    let store = &ground.db.store;
    let session = store.create_operator_session(record, RequestContext::internal());
    Ok(session.await?.token)
}

async fn come(ground: &Ground, token: &SecretString) -> Option<Operator> {
    let store = &ground.db.store;
    let context = RequestContext::internal();
    match store
        .authenticate_operator(token.expose_secret(), context)
        .await
    {
        Ok(operator) => Some(operator),
        Err(AuthError::Rejected) => None,
        Err(error) => panic!("{error:?}"),
    }
}

async fn a_session_ends_after_thirty_minutes_without_use(ground: &Ground) -> Result<()> {
    let token = sign_in(ground).await?;
    ground.db.clock.advance(TimeDelta::minutes(29));
    assert!(come(ground, &token).await.is_some());
    ground.db.store.flush_uses().await?;
    ground.db.clock.advance(TimeDelta::minutes(29));
    assert!(come(ground, &token).await.is_some());
    ground.db.store.flush_uses().await?;
    ground.db.clock.advance(TimeDelta::minutes(30));
    assert!(come(ground, &token).await.is_none());
    Ok(())
}

async fn a_session_in_use_lasts_twelve_hours(ground: &Ground) -> Result<()> {
    let token = sign_in(ground).await?;
    let mut minutes = 0;
    while come(ground, &token).await.is_some() {
        ground.db.store.flush_uses().await?;
        ground.db.clock.advance(TimeDelta::minutes(20));
        minutes += 20;
    }
    assert_eq!(minutes, 12 * 60);
    Ok(())
}

async fn who_has_signed_out_is_out(ground: &Ground) -> Result<()> {
    let (token, other) = (sign_in(ground).await?, sign_in(ground).await?);
    let operator = come(ground, &token).await.unwrap();
    ground.db.store.sign_out_operator(&operator).await?;
    assert!(come(ground, &token).await.is_none());
    assert!(come(ground, &other).await.is_some());
    Ok(())
}
