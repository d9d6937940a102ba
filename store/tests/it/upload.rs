//! Ways in.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use anyhow::Result;
use chrono::TimeDelta;
use entity::{FileId, UploadId};
use policy::{FileState, JobState, UploadState};
use store::{
    file::{object_key, staging_key},
    job::JobKind,
    system::{Duty, Reason},
};

use crate::ground::{Ground, new_file, on_both, refusal, settled, some_event};

on_both!(
    a_stream_becomes_a_file,
    a_stream_grows_step_by_step,
    a_direct_upload_is_completed_once,
    a_late_completion_is_refused,
    a_file_is_settled_once,
    a_rejected_file_gives_its_bytes_back,
    an_abandoned_upload_leaves_nothing_held,
    an_expired_upload_is_closed_once,
    an_extended_upload_is_not_swept,
    a_file_replaces_only_a_file_of_its_tenant,
    foreign_uploads_are_unknown,
    an_upload_without_room_leaves_nothing,
    the_stores_id_is_remembered_while_open,
);

async fn a_stream_becomes_a_file(g: &Ground) -> Result<()> {
    let opened = g.open(true, 10).await?;
    assert_eq!(opened.file.state.0, FileState::Pending);
    assert_eq!(opened.file.created_by_id.uuid(), g.seed.owner.uuid());
    assert_eq!(opened.leftovers().object_key, object_key(&opened.file));
    assert_eq!(opened.leftovers().staging_key, None);
    let tx = g.begin().await?;
    let file = tx.settle_streamed(opened.upload.id, &settled(8)).await?;
    assert_eq!(
        refusal(tx.settle_streamed(opened.upload.id, &settled(8)).await),
        "InvalidState"
    );
    tx.commit(some_event()).await?;
    assert_eq!((file.state.0, file.byte_len), (FileState::Ready, 8));
    assert_eq!(file.sha256, Some(vec![7; 32]));
    let storage = g.storage().await?;
    assert_eq!((storage.used, storage.held), (8, 0));
    g.check_sums().await
}

async fn a_stream_grows_step_by_step(g: &Ground) -> Result<()> {
    g.limit_storage(g.tenant(), 40).await?;
    let opened = g.open(true, 16).await?;
    let tx = g.begin().await?;
    let until = g.in_an_hour();
    tx.extend_upload(opened.upload.id, 16, until).await?;
    let over = tx.extend_upload(opened.upload.id, 16, until).await;
    assert_eq!(refusal(over), "16 of 8 of 40");
    tx.commit(some_event()).await?;
    g.check_sums().await?;
    let tx = g.begin().await?;
    tx.settle_streamed(opened.upload.id, &settled(20)).await?;
    assert_eq!(
        refusal(tx.extend_upload(opened.upload.id, 1, until).await),
        "InvalidState"
    );
    tx.commit(some_event()).await?;
    let storage = g.storage().await?;
    assert_eq!((storage.used, storage.held), (20, 0));
    g.check_sums().await
}

async fn a_direct_upload_is_completed_once(g: &Ground) -> Result<()> {
    let opened = g.open(false, 10).await?;
    let id = opened.upload.id;
    assert_eq!(
        opened.leftovers().staging_key,
        Some(staging_key(g.tenant(), id))
    );
    let tx = g.begin().await?;
    let first = tx.complete_upload(id).await?;
    assert!(first.newly);
    assert_eq!(first.file.state.0, FileState::Verifying);
    tx.commit(some_event()).await?;
    let tx = g.begin().await?;
    let second = tx.complete_upload(id).await?;
    assert!(!second.newly);
    assert_eq!(second.file, first.file);
    drop(tx);
    let jobs = g
        .store()
        .claim_jobs(
            &[JobKind::FileSettle],
            10,
            std::time::Duration::from_secs(60),
        )
        .await?;
    let subjects: Vec<_> = jobs.iter().map(|job| job.subject_id.uuid()).collect();
    assert_eq!(subjects, [first.file.id.uuid()]);
    assert_eq!(jobs[0].state.0, JobState::Running);
    g.check_sums().await
}

async fn a_late_completion_is_refused(g: &Ground) -> Result<()> {
    let opened = g.open(false, 10).await?;
    g.db.clock.advance(TimeDelta::hours(1));
    let tx = g.begin().await?;
    let late = tx.complete_upload(opened.upload.id).await;
    assert_eq!(refusal(late), "Expired");
    drop(tx);
    let tx = g.duty(Duty::UploadSweep).await?;
    assert!(tx.expire_upload(opened.upload.id).await?.is_some());
    tx.commit(some_event()).await?;
    let tx = g.begin().await?;
    let later = tx.complete_upload(opened.upload.id).await;
    assert_eq!(refusal(later), "Expired");
    Ok(())
}

async fn a_file_is_settled_once(g: &Ground) -> Result<()> {
    let file = verifying(g).await?;
    let tx = g.duty(Duty::FileSettle).await?;
    let ready = tx.settle_verified(file, &settled(10)).await?;
    assert_eq!(ready.state.0, FileState::Ready);
    tx.commit(some_event()).await?;
    let tx = g.duty(Duty::FileSettle).await?;
    assert_eq!(
        refusal(tx.settle_verified(file, &settled(10)).await),
        "InvalidState"
    );
    assert_eq!(
        refusal(tx.reject_file(file, "It is bad.").await),
        "InvalidState"
    );
    let nobody = tx.settle_verified(FileId::generate(), &settled(10)).await;
    assert_eq!(refusal(nobody), "no file");
    drop(tx);
    let storage = g.storage().await?;
    assert_eq!((storage.used, storage.held), (10, 0));
    g.check_sums().await
}

async fn a_rejected_file_gives_its_bytes_back(g: &Ground) -> Result<()> {
    let file = verifying(g).await?;
    let tx = g.duty(Duty::FileSettle).await?;
    let closed = tx.reject_file(file, "the bytes are a program").await?;
    tx.commit(some_event()).await?;
    assert_eq!(closed.file.state.0, FileState::Rejected);
    assert_eq!(closed.upload.state.0, UploadState::Aborted);
    assert_eq!(
        closed.file.rejection.as_deref(),
        Some("the bytes are a program")
    );
    // Completing it again tells what became of it.
    let tx = g.begin().await?;
    let again = tx.complete_upload(closed.upload.id).await?;
    assert_eq!(
        (again.newly, again.file.state.0),
        (false, FileState::Rejected)
    );
    drop(tx);
    let tx = g.duty(Duty::FileSettle).await?;
    assert_eq!(
        refusal(tx.settle_verified(file, &settled(10)).await),
        "InvalidState"
    );
    drop(tx);
    let storage = g.storage().await?;
    assert_eq!((storage.used, storage.held), (0, 0));
    g.check_sums().await
}

async fn an_abandoned_upload_leaves_nothing_held(g: &Ground) -> Result<()> {
    let opened = g.open(true, 10).await?;
    let tx = g.begin().await?;
    let closed = tx
        .abandon_upload(opened.upload.id, "the body ended early")
        .await?;
    tx.commit(some_event()).await?;
    assert_eq!(closed.file.state.0, FileState::Rejected);
    let tx = g.begin().await?;
    let settled = tx.settle_streamed(opened.upload.id, &settled(10)).await;
    assert_eq!(refusal(settled), "InvalidState");
    assert_eq!(
        refusal(tx.abandon_upload(opened.upload.id, "twice").await),
        "InvalidState"
    );
    assert_eq!(
        refusal(tx.abandon_upload(UploadId::generate(), "none").await),
        "no upload"
    );
    drop(tx);
    assert_eq!(g.storage().await?.held, 0);
    g.check_sums().await
}

async fn an_expired_upload_is_closed_once(g: &Ground) -> Result<()> {
    let opened = g.open(false, 10).await?;
    let store = g.store();
    assert!(store.expired_uploads(store.now(), 10).await?.is_empty());
    g.db.clock.advance(TimeDelta::hours(1));
    let expired = store.expired_uploads(store.now(), 10).await?;
    assert_eq!(expired, std::slice::from_ref(&opened.upload));
    let tx = g.duty(Duty::UploadSweep).await?;
    let closed = tx.expire_upload(opened.upload.id).await?.unwrap();
    assert_eq!(tx.expire_upload(opened.upload.id).await?, None);
    tx.commit(some_event()).await?;
    assert_eq!(closed.file.state.0, FileState::Rejected);
    assert_eq!(closed.upload.state.0, UploadState::Expired);
    assert!(store.expired_uploads(store.now(), 10).await?.is_empty());
    assert_eq!(g.storage().await?.held, 0);
    g.check_sums().await
}

async fn an_extended_upload_is_not_swept(g: &Ground) -> Result<()> {
    let opened = g.open(true, 10).await?;
    g.db.clock.advance(TimeDelta::hours(1));
    let tx = g.begin().await?;
    tx.extend_upload(opened.upload.id, 5, g.in_an_hour())
        .await?;
    tx.commit(some_event()).await?;
    let tx = g.duty(Duty::UploadSweep).await?;
    assert_eq!(tx.expire_upload(opened.upload.id).await?, None);
    drop(tx);
    assert_eq!(g.storage().await?.held, 15);
    g.check_sums().await
}

async fn a_file_replaces_only_a_file_of_its_tenant(g: &Ground) -> Result<()> {
    let first = g.ready(new_file("a.txt", 3)).await?;
    let mut second = new_file("a.txt", 3);
    second.replaces = Some(first.id);
    assert_eq!(g.ready(second.clone()).await?.replaces, Some(first.id));
    let actor = g.foreigner().await?;
    for replaces in [first.id, FileId::generate()] {
        second.replaces = Some(replaces);
        let action = policy::Action::UploadCreate;
        let tx = g.store().begin(&actor, action).await?;
        let refused = tx.open_upload(g.new_upload(second.clone(), true)).await;
        assert_eq!(refusal(refused), "no file");
    }
    Ok(())
}

async fn foreign_uploads_are_unknown(g: &Ground) -> Result<()> {
    let direct = g.open(false, 3).await?.upload.id;
    let streamed = g.open(true, 3).await?.upload.id;
    let actor = g.foreigner().await?;
    let tx = g
        .store()
        .begin(&actor, policy::Action::UploadComplete)
        .await?;
    for id in [direct, streamed, UploadId::generate()] {
        assert_eq!(refusal(tx.complete_upload(id).await), "no upload");
        assert_eq!(refusal(tx.get_upload(id).await), "no upload");
        assert_eq!(refusal(tx.abandon_upload(id, "mine").await), "no upload");
        assert_eq!(tx.expire_upload(id).await?, None);
    }
    drop(tx);
    // A stream is nobody's to complete, not even its own tenant's.
    let tx = g.begin().await?;
    assert_eq!(refusal(tx.complete_upload(streamed).await), "no upload");
    Ok(())
}

async fn an_upload_without_room_leaves_nothing(g: &Ground) -> Result<()> {
    g.limit_storage(g.tenant(), 9).await?;
    assert_eq!(refusal(g.open(true, 10).await), "10 of 9 of 9");
    let tx = g.begin().await?;
    assert_eq!(tx.count::<entity::file::Entity>().await?, 0);
    assert_eq!(tx.count::<entity::upload::Entity>().await?, 0);
    assert_eq!(g.storage().await?.held, 0);
    g.check_sums().await?;
    Ok(())
}

async fn the_stores_id_is_remembered_while_open(g: &Ground) -> Result<()> {
    let opened = g.open(true, 3).await?;
    let tx = g.store().begin_system(Reason::UploadBookkeeping).await?;
    tx.set_multipart(g.tenant(), opened.upload.id, "m-1")
        .await?;
    tx.commit_without_event().await?;
    let tx = g.begin().await?;
    let closed = tx.abandon_upload(opened.upload.id, "broken off").await?;
    assert_eq!(closed.leftovers().multipart_id.as_deref(), Some("m-1"));
    tx.commit(some_event()).await?;
    let tx = g.store().begin_system(Reason::UploadBookkeeping).await?;
    let late = tx.set_multipart(g.tenant(), opened.upload.id, "m-2").await;
    assert_eq!(refusal(late), "no upload");
    Ok(())
}

async fn verifying(g: &Ground) -> Result<FileId> {
    let opened = g.open(false, 10).await?;
    let tx = g.begin().await?;
    let completed = tx.complete_upload(opened.upload.id).await?;
    tx.commit(some_event()).await?;
    Ok(completed.file.id)
}
