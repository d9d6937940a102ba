//! Requests with a name: done once, whatever becomes of their answers.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use chrono::TimeDelta;
use entity::{FileId, UploadId, file};
use policy::{Action, Scope, TenantStatus, TenantStep};
use store::{
    Actor, EventRef, StoreError,
    api_key::NewApiKey,
    event::{
        FileUploadBegun, FileUploaded, LinkCreated,
        class::{Personal, Public, Target},
    },
    idempotency::{Claim, HELD, KEPT},
    system::Reason,
    testing::{Database, key_actor},
    upload::Opened,
};

use crate::ground::{Ground, new_file, on_both, refusal, settled, some_event};

on_both!(
    a_repetition_learns_what_the_first_request_changed,
    nothing_of_a_failed_request_is_kept,
    a_name_is_one_principals_own,
    another_request_under_the_same_name_is_refused,
    what_was_answered_meanwhile_is_never_done_again,
    a_name_is_free_again_after_a_day,
    names_are_forgotten_when_their_time_is_over,
    an_event_without_a_change_has_its_name_too,
    only_the_first_commit_of_a_request_is_its_outcome,
    the_names_of_operators_are_their_own_whatever_the_tenant,
    a_name_goes_with_an_open_upload_until_it_is_settled,
    an_abandoned_upload_frees_its_name,
    a_stream_of_which_nothing_is_heard_loses_its_name,
    a_request_without_a_name_costs_no_statement_more,
);

fn claim(key: &str) -> Claim {
    Claim::new(key.to_owned(), &[b"the same document"])
}

/// The actor as it comes with a named request.
async fn named(g: &Ground, actor: &Actor, key: &str) -> Result<Actor, StoreError> {
    g.store().recall(actor, claim(key)).await
}

async fn change(g: &Ground, actor: &Actor) -> Result<EventRef> {
    let tx = g.store().begin(actor, Action::FileTrash).await?;
    let receipt = tx.commit(some_event()).await?;
    receipt.event().context("an event")
}

/// A transaction that is dropped ends in the database a moment later.
async fn change_once_free(g: &Ground, actor: &Actor) -> Result<EventRef> {
    let freed = async {
        loop {
            match g.store().begin(actor, Action::FileTrash).await {
                Err(StoreError::IdempotencyKeyInUse) => tokio::task::yield_now().await,
                begun => return begun,
            }
        }
    };
    let tx = tokio::time::timeout(Duration::from_secs(10), freed).await??;
    tx.commit(some_event()).await?.event().context("an event")
}

async fn rows(g: &Ground) -> Result<usize> {
    let rows = g.db.look("SELECT client_key FROM idempotency_key").await?;
    Ok(rows.len())
}

async fn events(g: &Ground) -> Result<usize> {
    g.db.sequence_all().await?;
    let tenant = g.tenant().uuid();
    let sql = format!(
        "SELECT action FROM audit_entry WHERE tenant_id = '{tenant}' AND action = 'file.trash'"
    );
    Ok(g.db.look(&sql).await?.len())
}

async fn a_repetition_learns_what_the_first_request_changed(g: &Ground) -> Result<()> {
    let first = named(g, &g.owner(), "k").await?;
    ensure!(first.earlier().is_none());
    let new = NewApiKey {
        name: "one".to_owned(),
        scopes: [Scope::FilesRead].into_iter().collect(),
        expires_at: None,
        cidrs: Vec::new(),
    };
    let made = g.store().create_api_key(&first, new).await?;
    let again = named(g, &g.owner(), "k").await?;
    let earlier = again.earlier().context("it was answered")?;
    assert_eq!(earlier.id::<entity::ApiKeyId>()?, made.key.id);
    assert_eq!(Some(earlier.event().id), made.receipt.event().map(|e| e.id));
    assert_eq!(earlier.asked_at(), g.store().now());
    assert!(earlier.id::<FileId>().is_err(), "the event names no file");
    g.db.sequence_all().await?;
    let later = named(g, &g.owner(), "k").await?;
    let entry = later.earlier().and_then(|earlier| earlier.entry());
    assert_eq!(
        entry.map(|entry| entry.action.as_str()),
        Some("api_key.create")
    );
    Ok(())
}

async fn nothing_of_a_failed_request_is_kept(g: &Ground) -> Result<()> {
    let first = named(g, &g.owner(), "k").await?;
    let tx = g.store().begin(&first, Action::FileTrash).await?;
    assert_eq!(refusal(tx.trash_file(FileId::generate()).await), "no file");
    drop(tx);
    assert_eq!(rows(g).await?, 0);
    // The same request may try once more by itself, and its client may send it again.
    change_once_free(g, &first).await?;
    assert_eq!((rows(g).await?, events(g).await?), (1, 1));
    Ok(())
}

async fn a_name_is_one_principals_own(g: &Ground) -> Result<()> {
    let foreigner = g.foreigner().await?;
    for actor in [g.owner(), g.seed.key_actor(), foreigner] {
        let first = named(g, &actor, "k").await?;
        ensure!(first.earlier().is_none(), "somebody else's outcome");
        change(g, &first).await?;
    }
    assert_eq!(rows(g).await?, 3);
    Ok(())
}

async fn another_request_under_the_same_name_is_refused(g: &Ground) -> Result<()> {
    change(g, &named(g, &g.owner(), "k").await?).await?;
    let other = Claim::new("k".to_owned(), &[b"another document"]);
    let refused = g.store().recall(&g.owner(), other).await;
    assert!(matches!(refused, Err(StoreError::IdempotencyKeyReused)));
    // Whoever has neither this master key nor the one before cannot say that it is the same.
    let rotated =
        g.db.store_with(store::keys::MasterKey::new(2, [7; 32]))
            .await?;
    let refused = rotated.recall(&g.owner(), claim("k")).await;
    assert!(matches!(refused, Err(StoreError::IdempotencyKeyReused)));
    Ok(())
}

/// Both looked before either was answered.
async fn what_was_answered_meanwhile_is_never_done_again(g: &Ground) -> Result<()> {
    let first = named(g, &g.owner(), "k").await?;
    let second = named(g, &g.owner(), "k").await?;
    change(g, &first).await?;
    let refused = g.store().begin(&second, Action::FileTrash).await;
    assert!(matches!(refused, Err(StoreError::IdempotencyKeyInUse)));
    // Nor by a use case that has no answer to a repetition.
    let third = named(g, &g.owner(), "k").await?;
    let refused = g.store().begin(&third, Action::FileTrash).await;
    assert!(matches!(refused, Err(StoreError::IdempotencyKeyInUse)));
    assert_eq!(events(g).await?, 1);
    Ok(())
}

async fn a_name_is_free_again_after_a_day(g: &Ground) -> Result<()> {
    change(g, &named(g, &g.owner(), "k").await?).await?;
    g.db.clock.advance(KEPT - TimeDelta::seconds(1));
    ensure!(named(g, &g.owner(), "k").await?.earlier().is_some());
    g.db.clock.advance(TimeDelta::seconds(1));
    // Also for another request, and before anybody has swept.
    let other = Claim::new("k".to_owned(), &[b"another document"]);
    let other = g.store().recall(&g.owner(), other).await?;
    ensure!(other.earlier().is_none());
    change(g, &other).await?;
    assert_eq!((rows(g).await?, events(g).await?), (1, 2));
    Ok(())
}

async fn names_are_forgotten_when_their_time_is_over(g: &Ground) -> Result<()> {
    for key in ["a", "b", "c"] {
        change(g, &named(g, &g.owner(), key).await?).await?;
        g.db.clock.advance(TimeDelta::hours(1));
    }
    g.db.clock.advance(KEPT - TimeDelta::hours(2));
    let sweep = async |limit| -> Result<u64> {
        let tx = g
            .store()
            .begin_system(Reason::IdempotencyBookkeeping)
            .await?;
        let swept = tx.sweep_claims(tx.now(), limit).await?;
        tx.commit_without_event().await?;
        Ok(swept)
    };
    assert_eq!(
        (sweep(1).await?, sweep(9).await?, sweep(9).await?),
        (1, 1, 0)
    );
    assert_eq!(
        g.db.look("SELECT client_key FROM idempotency_key").await?,
        [Some("c".to_owned())]
    );
    Ok(())
}

async fn an_event_without_a_change_has_its_name_too(g: &Ground) -> Result<()> {
    let issued = || LinkCreated {
        file: Target(FileId::generate()),
        ttl_seconds: Public(60),
        disposition: Public("attachment"),
        reused: Public(false),
    };
    let first = named(g, &g.owner(), "k").await?;
    let event = g
        .store()
        .record(&first, Action::LinkCreate, issued())
        .await?;
    let again = named(g, &g.owner(), "k").await?;
    assert_eq!(
        again.earlier().map(|earlier| earlier.event().id),
        Some(event.id)
    );
    // What a repetition hands out beside its answer is recorded like everything else.
    g.store()
        .record(&again, Action::LinkCreate, issued())
        .await?;
    assert_eq!(rows(g).await?, 1);
    Ok(())
}

async fn only_the_first_commit_of_a_request_is_its_outcome(g: &Ground) -> Result<()> {
    let first = named(g, &g.owner(), "k").await?;
    let event = change(g, &first).await?;
    let beside = change(g, &first).await?;
    let again = named(g, &g.owner(), "k").await?;
    let known = again.earlier().map(|earlier| earlier.event().id);
    assert_eq!(known, Some(event.id));
    assert_ne!(known, Some(beside.id));
    Ok(())
}

async fn the_names_of_operators_are_their_own_whatever_the_tenant(g: &Ground) -> Result<()> {
    let operator = g.seed.operator();
    let first = g.store().recall_operator(&operator, claim("k")).await?;
    let (tenant, receipt) = g
        .store()
        .step_tenant(&first, TenantStep::Suspend, g.tenant())
        .await?;
    assert_eq!(tenant.status.0, TenantStatus::Suspended);
    let again = g.store().recall_operator(&operator, claim("k")).await?;
    let earlier = again.earlier().context("it was answered")?;
    assert_eq!(earlier.id::<entity::TenantId>()?, g.tenant());
    assert_eq!(
        Some(earlier.event().id),
        receipt.event().map(|event| event.id)
    );
    let home =
        g.db.look("SELECT CAST(tenant_id AS text) FROM idempotency_key");
    assert_eq!(home.await?, [Some(uuid::Uuid::nil().to_string())]);
    // The member of the same tenant has another.
    g.store()
        .step_tenant(&operator, TenantStep::Restore, g.tenant())
        .await?;
    ensure!(named(g, &g.owner(), "k").await?.earlier().is_none());
    Ok(())
}

/// Opens an upload as a stream does, under the name.
async fn stream(g: &Ground, actor: &Actor) -> Result<Opened> {
    let tx = g.store().begin(actor, Action::FileUpload).await?;
    let opened = tx
        .open_upload(g.new_upload(new_file("a.txt", 10), true))
        .await?;
    let begun = FileUploadBegun {
        file: Target(opened.file.id),
        upload: Target(opened.upload.id),
        phase: Public("begun"),
        reserved: Public(10),
    };
    tx.commit_holding(opened.upload.id, begun).await?;
    Ok(opened)
}

async fn settle(g: &Ground, actor: &Actor, upload: UploadId) -> Result<file::Model, StoreError> {
    let tx = g.store().begin(actor, Action::FileUpload).await?;
    let file = tx.settle_streamed(upload, &settled(10)).await?;
    let event = FileUploaded {
        file: Target(file.id),
        replaces: None,
        system: Public(file.system.clone()),
        object_type: Public(file.object_type.clone()),
        media_type: Public(file.media_type.clone()),
        byte_len: Public(file.byte_len),
        sha256: Public(String::new()),
        object_id: Personal(file.object_id.clone()),
        filename: Personal(file.filename.clone()),
    };
    tx.commit_held(upload, event).await?;
    Ok(file)
}

async fn a_name_goes_with_an_open_upload_until_it_is_settled(g: &Ground) -> Result<()> {
    let first = named(g, &g.owner(), "k").await?;
    let opened = stream(g, &first).await?;
    let other = Claim::new("k".to_owned(), &[b"another document"]);
    for _ in 0..4 {
        let second = named(g, &g.owner(), "k").await;
        assert!(matches!(second, Err(StoreError::IdempotencyKeyInUse)));
        let second = g.store().recall(&g.owner(), other.clone()).await;
        assert!(matches!(second, Err(StoreError::IdempotencyKeyReused)));
        g.db.clock.advance(HELD - TimeDelta::seconds(1));
        g.store().hold_claim(&first, opened.upload.id).await?;
    }
    // What is committed on the way is not the outcome.
    change(g, &first).await?;
    let file = settle(g, &first, opened.upload.id).await?;
    let again = named(g, &g.owner(), "k").await?;
    let earlier = again.earlier().context("it was answered")?;
    assert_eq!(earlier.id::<FileId>()?, file.id);
    Ok(())
}

async fn an_abandoned_upload_frees_its_name(g: &Ground) -> Result<()> {
    let first = named(g, &g.owner(), "k").await?;
    let opened = stream(g, &first).await?;
    let tx = g.store().begin(&first, Action::FileUpload).await?;
    tx.abandon_upload(opened.upload.id, "it broke off").await?;
    tx.commit(some_event()).await?;
    let second = named(g, &g.owner(), "k").await?;
    ensure!(second.earlier().is_none(), "nothing came of the first");
    let opened = stream(g, &second).await?;
    let file = settle(g, &second, opened.upload.id).await?;
    let third = named(g, &g.owner(), "k").await?;
    let earlier = third.earlier().context("it was answered")?;
    assert_eq!(earlier.id::<FileId>()?, file.id);
    Ok(())
}

async fn a_stream_of_which_nothing_is_heard_loses_its_name(g: &Ground) -> Result<()> {
    let first = named(g, &g.owner(), "k").await?;
    let lost = stream(g, &first).await?;
    g.db.clock.advance(HELD);
    let second = named(g, &g.owner(), "k").await?;
    let opened = stream(g, &second).await?;
    // It was only slow, and comes too late: one of the two counts.
    g.store().hold_claim(&first, lost.upload.id).await?;
    let late = settle(g, &first, lost.upload.id).await;
    assert!(matches!(late, Err(StoreError::IdempotencyKeyInUse)));
    settle(g, &second, opened.upload.id).await?;
    let late = settle(g, &first, lost.upload.id).await;
    assert!(matches!(late, Err(StoreError::IdempotencyKeyInUse)));
    Ok(())
}

async fn a_request_without_a_name_costs_no_statement_more(g: &Ground) -> Result<()> {
    let statements = || g.store().database().statements();
    let mut counted = Vec::new();
    let postgres = g.db.kind() == Database::Postgres;
    for key in [None, Some("k")] {
        let before = statements();
        let actor = match key {
            Some(key) => named(g, &g.owner(), key).await?,
            None => g.owner(),
        };
        change(g, &actor).await?;
        counted.push(statements() - before);
    }
    let [without, with] = counted.as_slice() else {
        anyhow::bail!("{counted:?}");
    };
    // Taking the name and writing the outcome; before them a look, which on Postgres names the tenant.
    assert_eq!(with - without, if postgres { 4 } else { 3 });
    if postgres {
        assert_eq!(*without, 2, "the tenant, and the outbox");
    }
    Ok(())
}

/// On SQLite the second waits for the one writer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_comes_second_is_told_at_once() -> Result<()> {
    crate::ground::run(Database::Postgres, async |g| {
        let first = named(g, &g.owner(), "k").await?;
        let second = named(g, &g.owner(), "k").await?;
        let key = key_actor(
            g.tenant(),
            g.seed.key,
            policy::Scopes::all(),
            policy::Role::Owner,
        );
        let other = named(g, &key, "k").await?;
        let working = g.store().begin(&first, Action::FileTrash).await?;
        let refused = g.store().begin(&second, Action::FileTrash).await;
        assert!(matches!(refused, Err(StoreError::IdempotencyKeyInUse)));
        // Somebody else's request of the same name does not wait either.
        change(g, &other).await?;
        drop(working);
        change_once_free(g, &second).await?;
        Ok(())
    })
    .await
}

/// Twenty at once, each as often as it takes.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_at_once_one_changes_something() -> Result<()> {
    for kind in [Database::Sqlite, Database::Postgres] {
        crate::ground::run(kind, async |g| {
            let mut requests = tokio::task::JoinSet::new();
            for _ in 0..20 {
                let (store, owner) = (g.store().clone(), g.owner());
                requests.spawn(async move {
                    loop {
                        let actor = store.recall(&owner, claim("k")).await?;
                        if let Some(earlier) = actor.earlier() {
                            return Ok::<_, StoreError>((false, earlier.event().id));
                        }
                        let tx = match store.begin(&actor, Action::FileTrash).await {
                            Err(StoreError::IdempotencyKeyInUse | StoreError::Overloaded) => {
                                continue;
                            }
                            tx => tx?,
                        };
                        let receipt = tx.commit(some_event()).await?;
                        let event = receipt.event().ok_or(StoreError::Overloaded)?;
                        return Ok((true, event.id));
                    }
                });
            }
            let answers = requests.join_all().await;
            let answers = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
            let changes = answers.iter().filter(|(changed, _)| *changed).count();
            let events: std::collections::BTreeSet<_> =
                answers.iter().map(|(_, event)| *event).collect();
            assert_eq!((changes, events.len()), (1, 1), "{answers:?}");
            Ok(())
        })
        .await?;
    }
    Ok(())
}
