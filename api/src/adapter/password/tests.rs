use std::time::{Duration, Instant};

use rstest::rstest;

use super::*;

const GOOD: &str = "correct horse battery";

#[tokio::test]
async fn a_password_has_its_own_hash_only() {
    let passwords = Passwords::new();
    let hash = passwords.hash(GOOD).await.unwrap();
    assert!(
        hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{hash}"
    );
    assert!(passwords.verify(Some(&hash), GOOD).await.unwrap());
    assert!(
        !passwords
            .verify(Some(&hash), "correct horse")
            .await
            .unwrap()
    );
    assert_ne!(hash, passwords.hash(GOOD).await.unwrap());
}

#[tokio::test]
async fn nobody_is_compared_as_long_and_never_let_in() {
    let passwords = Passwords::new();
    let hash = passwords.hash(GOOD).await.unwrap();
    let somebody = fastest(|| passwords.verify(Some(&hash), "wrong password")).await;
    let nobody = fastest(|| passwords.verify(None, "wrong password")).await;
    let ratio = nobody.as_secs_f64() / somebody.as_secs_f64();
    assert!((0.5..2.0).contains(&ratio), "{ratio}");
}

async fn fastest<F>(verify: impl Fn() -> F) -> Duration
where
    F: Future<Output = Result<bool, PasswordError>>,
{
    let mut fastest = Duration::MAX;
    for _ in 0..5 {
        let started_at = Instant::now();
        assert!(!verify().await.unwrap());
        fastest = fastest.min(started_at.elapsed());
    }
    fastest
}

#[test]
fn the_hash_of_nobody_has_the_cost_of_a_new_one() {
    let nobody = password_hash::phc::PasswordHash::new(NOBODY).unwrap();
    let hash = argon2().unwrap().hash_password(GOOD.as_bytes()).unwrap();
    assert_eq!(nobody.algorithm, hash.algorithm);
    assert_eq!(nobody.version, hash.version);
    assert_eq!(nobody.params, hash.params);
    let len = |hash: &password_hash::phc::PasswordHash| hash.hash.map(|output| output.len());
    assert_eq!(len(&nobody), len(&hash));
}

#[tokio::test]
async fn a_hash_that_is_none_is_an_error() {
    let passwords = Passwords::new();
    let refused = passwords
        .verify(Some("plain text"), GOOD)
        .await
        .unwrap_err();
    assert!(matches!(refused, PasswordError::Failed(_)));
    assert_eq!(refused.to_string(), "The password could not be checked.");
}

#[tokio::test]
async fn who_finds_the_queue_full_is_sent_away_at_once() {
    let passwords = Passwords::with_permits(1, 1, Duration::from_secs(60));
    let running = passwords.turn().await.unwrap();
    let mut waiting = std::pin::pin!(passwords.turn());
    assert!(futures_util::poll!(waiting.as_mut()).is_pending());
    let refused = passwords.verify(None, GOOD).await;
    assert!(matches!(refused, Err(PasswordError::Busy)));
    drop(running);
    assert!(waiting.await.is_some());
}

#[tokio::test]
async fn who_waits_too_long_is_sent_away() {
    let passwords = Passwords::with_permits(1, 1, Duration::from_millis(1));
    let _running = passwords.turn().await.unwrap();
    let refused = passwords.hash(GOOD).await;
    assert!(matches!(refused, Err(PasswordError::Busy)));
}

#[tokio::test]
async fn a_password_that_is_too_long_is_nobodys() {
    let passwords = Passwords::with_permits(0, 0, Duration::ZERO);
    assert!(!passwords.verify(None, &"x".repeat(1_025)).await.unwrap());
}

#[rstest]
#[case::short("eleven char", Some("newPassword must have at least 12 characters."))]
#[case::short_in_many_bytes("äöüäöüäöüäö", Some("newPassword must have at least 12 characters."))]
#[case::enough("twelve chars", None)]
#[case::enough_in_any_script("пароль-пароль", None)]
fn length_is_the_only_rule(#[case] password: &str, #[case] said: Option<&str>) {
    let flaw = check_rules("newPassword", password).err();
    assert_eq!(flaw.map(|flaw| flaw.to_string()).as_deref(), said);
}

#[test]
fn a_password_has_at_most_1_024_bytes() {
    assert_eq!(check_rules("password", &"x".repeat(1_024)), Ok(()));
    let flaw = check_rules("password", &"x".repeat(1_025)).unwrap_err();
    assert_eq!(flaw.to_string(), "password must have at most 1024 bytes.");
    assert_eq!(flaw.field(), "password");
}
