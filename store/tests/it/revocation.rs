//! What one process revokes, the others stop believing.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use anyhow::{Result, ensure};
use chrono::TimeDelta;
use entity::{ApiKeyId, SessionId, UserId};
use policy::{Action, Role, TenantStep};
use secrecy::{ExposeSecret, SecretString};
use store::{
    RequestContext, Store, StoreError,
    auth::{AuthError, SignInRecord, SignedIn},
    revocation::{News, Revoked, Window},
    system::Reason,
    testing::{Database, Throwaway},
    user::NewUser,
};
use tokio::{sync::broadcast::error::TryRecvError, task::JoinSet};

use crate::ground::{Ground, on_both, run, some_event};

on_both!(
    a_revoked_key_is_refused_elsewhere_after_a_poll,
    a_message_is_as_good_as_a_poll,
    a_key_ends_elsewhere_with_the_membership_of_whoever_made_it,
    a_session_is_the_same_everywhere,
    a_suspended_tenants_people_find_out_everywhere,
    a_poll_tells_each_revocation_once,
    what_is_rolled_back_is_not_told,
    what_everybody_knows_is_removed,
    a_word_of_a_later_version_makes_everybody_look_again,
);

async fn by_key(store: &Store, ground: &Ground) -> Result<bool> {
    let token = ground.seed.secret.expose_secret();
    let context = RequestContext::internal();
    match store.authenticate_key(token, context).await {
        Ok(_) => Ok(true),
        Err(AuthError::Rejected) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

async fn revoke_key(ground: &Ground) -> Result<(), StoreError> {
    let (owner, key) = (ground.owner(), ground.seed.key);
    ground.store().revoke_api_key(&owner, key, None).await?;
    Ok(())
}

async fn a_revoked_key_is_refused_elsewhere_after_a_poll(g: &Ground) -> Result<()> {
    let other = g.db.another_store().await?;
    let mut window = Window::default();
    other.poll_revocations(&mut window).await?;
    assert!(by_key(g.store(), g).await? && by_key(&other, g).await?);
    revoke_key(g).await?;
    assert!(!by_key(g.store(), g).await?, "here it is dead at once");
    assert!(
        by_key(&other, g).await?,
        "nobody has told the other process yet"
    );
    assert_eq!(other.poll_revocations(&mut window).await?, 1);
    assert!(!by_key(&other, g).await?);
    Ok(())
}

async fn a_message_is_as_good_as_a_poll(g: &Ground) -> Result<()> {
    let other = g.db.another_store().await?;
    let mut news = g.store().news();
    assert!(by_key(&other, g).await?);
    revoke_key(g).await?;
    let told = news.recv().await?;
    assert_eq!((told.what, told.is_own), (Revoked::Key(g.seed.key), true));
    other.hear_revocation("nonsense");
    assert!(by_key(&other, g).await?);
    other.hear_revocation(&told.what.to_string());
    assert!(!by_key(&other, g).await?);
    Ok(())
}

/// A second member, who makes no difference to the first one.
async fn join(ground: &Ground, role: Role) -> Result<(entity::MemberId, SignInRecord<UserId>)> {
    let email = "second@example.com";
    let invited = ground
        .store()
        .create_invitation(&ground.owner(), email, role)
        .await?;
    let invited = ground
        .store()
        .find_invitation(invited.token.expose_secret())
        .await?;
    let person = NewUser {
        email: email.to_owned(),
        name: "Second".to_owned(),
        password_hash: "none".to_owned(),
    };
    let context = RequestContext::internal();
    let (member, _) = ground
        .store()
        .accept_invitation(&invited, person, context)
        .await?;
    let record = ground.store().find_sign_in(email).await?;
    Ok((member, record.unwrap()))
}

async fn a_key_ends_elsewhere_with_the_membership_of_whoever_made_it(g: &Ground) -> Result<()> {
    let (member, _) = join(g, Role::Admin).await?;
    let new = store::api_key::NewApiKey {
        name: "theirs".to_owned(),
        scopes: policy::Scopes::all(),
        expires_at: None,
        cidrs: Vec::new(),
    };
    let admin = store::testing::actor(g.tenant(), member, Role::Admin);
    let made = g.store().create_api_key(&admin, new).await?;
    let other = g.db.another_store().await?;
    let come = async |store: &Store| {
        let token = made.secret.expose_secret();
        store
            .authenticate_key(token, RequestContext::internal())
            .await
            .is_ok()
    };
    assert!(come(&other).await && come(g.store()).await);
    g.store().remove_member(&g.owner(), member, None).await?;
    assert!(!come(g.store()).await);
    other.poll_revocations(&mut Window::default()).await?;
    assert!(!come(&other).await);
    assert!(by_key(&other, g).await?, "other people's keys go on");
    Ok(())
}

async fn come(store: &Store, token: &SecretString) -> Option<SignedIn> {
    let context = RequestContext::internal();
    match store
        .authenticate_session(token.expose_secret(), context)
        .await
    {
        Ok(signed_in) => Some(signed_in),
        Err(AuthError::Rejected) => None,
        Err(error) => panic!("{error:?}"),
    }
}

async fn a_session_is_the_same_everywhere(g: &Ground) -> Result<()> {
    let (member, record) = join(g, Role::Member).await?;
    let context = RequestContext::internal();
    let session = g.store().create_session(record, "bearer", context).await?;
    let other = g.db.another_store().await?;
    let mut window = Window::default();
    let (here, there) = (
        come(g.store(), &session.token).await,
        come(&other, &session.token).await,
    );
    let here = here.unwrap();
    assert!(here.actor.is_some() && there.unwrap().actor.is_some());
    // Chosen here, chosen there.
    g.store().select_tenant(&here.person, g.tenant()).await?;
    assert_eq!(other.poll_revocations(&mut window).await?, 1);
    assert!(come(&other, &session.token).await.unwrap().actor.is_some());
    // Out of the tenant, and still signed in.
    g.store().remove_member(&g.owner(), member, None).await?;
    other.poll_revocations(&mut window).await?;
    let beside = come(&other, &session.token).await.unwrap();
    assert!(beside.actor.is_none());
    assert!(come(g.store(), &session.token).await.is_some());
    // Signed out on the one, signed out on the other.
    other.sign_out(&beside.person).await?;
    assert!(come(&other, &session.token).await.is_none());
    assert!(come(g.store(), &session.token).await.is_some());
    g.store().poll_revocations(&mut Window::default()).await?;
    assert!(come(g.store(), &session.token).await.is_none());
    Ok(())
}

async fn a_suspended_tenants_people_find_out_everywhere(g: &Ground) -> Result<()> {
    let (_, record) = join(g, Role::Member).await?;
    let session = g
        .store()
        .create_session(record, "bearer", RequestContext::internal())
        .await?;
    let other = g.db.another_store().await?;
    let mut window = Window::default();
    for (step, is_active) in [(TenantStep::Suspend, false), (TenantStep::Restore, true)] {
        assert_eq!(
            come(&other, &session.token).await.unwrap().tenant_active,
            !is_active
        );
        let operator = g.seed.operator();
        g.store().step_tenant(&operator, step, g.tenant()).await?;
        other.poll_revocations(&mut window).await?;
        assert_eq!(
            come(&other, &session.token).await.unwrap().tenant_active,
            is_active
        );
    }
    Ok(())
}

async fn a_poll_tells_each_revocation_once(g: &Ground) -> Result<()> {
    let (mut window, mut late) = (Window::default(), Window::default());
    g.store().poll_revocations(&mut window).await?;
    for round in 1..4 {
        revoke_key(g).await?;
        assert_eq!(
            g.store().poll_revocations(&mut window).await?,
            1,
            "round {round}"
        );
        assert_eq!(
            g.store().poll_revocations(&mut window).await?,
            0,
            "round {round}"
        );
    }
    assert!(
        g.store().poll_revocations(&mut late).await? >= 3,
        "a process that starts now sees all"
    );
    Ok(())
}

async fn what_is_rolled_back_is_not_told(g: &Ground) -> Result<()> {
    let mut news = g.store().news();
    let mut tx = g.begin().await?;
    tx.revoke(Revoked::Session(SessionId::generate())).await?;
    drop(tx);
    revoke_key(g).await?;
    assert_eq!(news.try_recv()?.what, Revoked::Key(g.seed.key));
    assert_eq!(news.try_recv(), Err(TryRecvError::Empty));
    Ok(())
}

async fn what_everybody_knows_is_removed(g: &Ground) -> Result<()> {
    revoke_key(g).await?;
    g.db.clock.advance(TimeDelta::minutes(20));
    revoke_key(g).await?;
    let tx = g.store().begin_system(Reason::RevocationPrune).await?;
    let before = tx.now() - TimeDelta::minutes(10);
    assert!(tx.prune_revocations(before).await? >= 1);
    tx.commit_without_event().await?;
    let left = g.db.look("SELECT kind FROM revocation").await?;
    assert_eq!(left, [Some("key".to_owned())]);
    Ok(())
}

async fn a_word_of_a_later_version_makes_everybody_look_again(g: &Ground) -> Result<()> {
    let other = g.db.another_store().await?;
    assert!(by_key(&other, g).await?);
    let id = ApiKeyId::generate().uuid();
    g.db.tamper(&format!(
        "UPDATE api_key SET revoked_at = created_at; \
         INSERT INTO revocation (kind, subject_id, created_at) \
         SELECT 'network', '{id}', created_at FROM api_key LIMIT 1"
    ))
    .await?;
    assert!(by_key(&other, g).await?);
    other.poll_revocations(&mut Window::default()).await?;
    assert!(!by_key(&other, g).await?);
    Ok(())
}

/// The number of the first is lower, and it is committed later: `above the last number` would never see it.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_commit_is_seen() -> Result<()> {
    run(Database::Postgres, async |g| {
        let mut window = Window::default();
        g.store().poll_revocations(&mut window).await?;
        let mut slow = g.begin().await?;
        let session = Revoked::Session(SessionId::generate());
        slow.revoke(session).await?;
        revoke_key(g).await?;
        assert_eq!(g.store().poll_revocations(&mut window).await?, 1);
        slow.commit(some_event()).await?;
        let mut news = g.store().news();
        assert_eq!(g.store().poll_revocations(&mut window).await?, 1);
        let seen = News {
            what: session,
            is_own: false,
        };
        assert_eq!(news.try_recv()?, seen);
        Ok(())
    })
    .await
}

/// Holds a look-up between its snapshot and its answer until something has been revoked.
async fn hold_lookups(db: &Throwaway) -> Result<()> {
    db.tamper(
        "DO $$ BEGIN \
           LOCK TABLE member IN ACCESS EXCLUSIVE MODE; \
           WHILE NOT EXISTS (SELECT FROM revocation) LOOP PERFORM pg_sleep(0.005); END LOOP; \
         END $$",
    )
    .await?;
    Ok(())
}

/// The look-up has read a good key, the revocation commits and is told, and then the look-up ends: what it found is
/// not used, neither by whoever asked nor by anybody after.
#[tokio::test(flavor = "multi_thread")]
async fn a_look_up_that_began_before_a_revocation_is_not_believed_after_it() -> Result<()> {
    run(Database::Postgres, async |g| {
        // Whatever the seed revoked must not end the wait below.
        g.db.tamper("DELETE FROM revocation").await?;
        let waiting = async |what: &str| -> Result<()> {
            let sql = format!(
                "SELECT mode FROM pg_locks WHERE relation = 'member'::regclass AND {what} \
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            );
            for _ in 0..2_000 {
                if !g.db.look(&sql).await?.is_empty() {
                    return Ok(());
                }
            }
            anyhow::bail!("nobody holds or waits: {what}")
        };
        let token = g.seed.secret.clone();
        let store = g.store().clone();
        let mut lookups = JoinSet::new();
        let (held, asked) = tokio::join!(hold_lookups(&g.db), async {
            waiting("granted AND mode = 'AccessExclusiveLock'").await?;
            lookups.spawn(async move {
                let context = RequestContext::internal();
                store.authenticate_key(token.expose_secret(), context).await
            });
            waiting("NOT granted").await?;
            revoke_key(g).await?;
            anyhow::Ok(())
        });
        held?;
        asked?;
        let answered = lookups.join_next().await.unwrap()?;
        ensure!(matches!(answered, Err(AuthError::Rejected)), "{answered:?}");
        ensure!(!by_key(g.store(), g).await?, "a stale copy was kept");
        Ok(())
    })
    .await
}

#[test]
fn a_revocation_says_what_it_is_about() {
    let id = UserId::generate();
    assert_eq!(Revoked::User(id).to_string(), format!("user:{}", id.uuid()));
}

#[tokio::test]
async fn only_changes_are_told() -> Result<()> {
    run(Database::Sqlite, async |g| {
        let mut news = g.store().news();
        g.store()
            .begin(&g.owner(), Action::FileUpload)
            .await?
            .commit(some_event())
            .await?;
        assert_eq!(news.try_recv(), Err(TryRecvError::Empty));
        Ok(())
    })
    .await
}
