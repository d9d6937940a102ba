//! Bodies that stream through the server.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use api::error::{Code, Error};
use bytes::Bytes;
use data_encoding::HEXLOWER;
use futures_util::{StreamExt, stream};
use policy::Role;
use rstest::rstest;
use sha2::{Digest, Sha256};
use store::testing::Database::{self, Postgres, Sqlite};

use crate::scene::{body, incoming, scene, scene_with, text};

const MIB: usize = 1 << 20;

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn a_file_is_ready_with_its_own_type_hash_and_place(#[case] kind: Database) {
    let scene = scene(kind).await;
    let bytes = text(20_000);
    let uploaded = scene
        .upload(incoming("café.csv", Some(20_000)), bytes.clone())
        .await
        .unwrap();
    let file = uploaded.file;
    assert_eq!(file.state.0.as_str(), "ready");
    assert_eq!(file.media_type, "text/csv");
    assert_eq!(file.byte_len, 20_000);
    assert_eq!(
        file.sha256.as_deref(),
        Some(Sha256::digest(&bytes).as_slice())
    );
    assert_eq!(scene.keys().await, [store::file::object_key(&file)]);
    assert_eq!(scene.storage("used").await, 20_000);
    assert!(uploaded.event.is_some());
    assert_eq!(scene.actions().await, ["file.upload", "file.upload"]);
    scene.settled(1).await;
    scene.close().await;
}

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn a_file_of_no_bytes_is_a_file_also_without_a_length(#[case] kind: Database) {
    let scene = scene(kind).await;
    for byte_len in [Some(0), None] {
        let uploaded = scene
            .upload(incoming("empty.txt", byte_len), Bytes::new())
            .await
            .unwrap();
        assert_eq!(
            HEXLOWER.encode(uploaded.file.sha256.as_deref().unwrap()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
    scene.settled(2).await;
    scene.close().await;
}

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn a_body_of_unknown_length_holds_storage_step_by_step(#[case] kind: Database) {
    let scene = scene(kind).await;
    let bytes = text(17 * MIB);
    let uploaded = scene.upload(incoming("a.txt", None), bytes).await.unwrap();
    assert_eq!(uploaded.file.byte_len, 17 << 20);
    assert_eq!(scene.storage("used").await, 17 << 20);
    // Begun, one more step, done.
    assert_eq!(scene.actions().await, ["file.upload"; 3]);
    scene.settled(1).await;
    scene.close().await;
}

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn the_last_byte_of_the_quota_is_usable_and_the_next_leaves_nothing(#[case] kind: Database) {
    let scene = scene(kind).await;
    scene.limit_storage(1_100).await;
    let over = scene.upload(incoming("a.txt", Some(1_001)), text(1_001));
    assert_eq!(over.await.unwrap_err(), Code::QuotaExceeded);
    assert_eq!(scene.count("file").await, 1);
    let fits = scene.upload(incoming("a.txt", Some(1_000)), text(1_000));
    assert!(fits.await.is_ok());
    assert_eq!(scene.storage("used").await, 1_100);
    scene.settled(2).await;
    scene.close().await;
}

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn a_quota_that_ends_on_the_way_leaves_nothing_either(#[case] kind: Database) {
    let scene = scene(kind).await;
    scene.limit_storage(18 << 20).await;
    let over = scene.upload(incoming("a.txt", None), text(17 * MIB));
    assert_eq!(over.await.unwrap_err(), Code::QuotaExceeded);
    assert_eq!(scene.count("file WHERE state = 'rejected'").await, 1);
    assert_eq!(scene.storage("used").await, 100);
    scene.settled(1).await;
    scene.close().await;
}

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn lying_and_broken_bodies_leave_nothing(#[case] kind: Database) {
    let scene = scene(kind).await;
    let short = scene.upload(incoming("a.txt", Some(11)), text(10));
    assert_eq!(short.await.unwrap_err(), Code::LengthMismatch);
    let long = scene.upload(incoming("a.txt", Some(9)), text(10));
    assert_eq!(long.await.unwrap_err(), Code::LengthMismatch);
    let broken = stream::iter([Ok(text(9 * MIB)), Err(Error::new(Code::BadRequest))]);
    let broken = scene.upload_body(incoming("a.txt", None), broken);
    assert_eq!(broken.await.unwrap_err(), Code::LengthMismatch);
    let mut promised = incoming("a.txt", None);
    promised.sha256 = Some([7; 32]);
    let other = scene.upload(promised, text(9 * MIB));
    assert_eq!(other.await.unwrap_err(), Code::ChecksumMismatch);
    assert_eq!(scene.count("file WHERE state = 'rejected'").await, 4);
    assert_eq!(scene.actions().await, ["file.upload"; 8]);
    scene.settled(0).await;
    scene.close().await;
}

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn an_endless_body_of_the_wrong_kind_is_refused_by_its_head(#[case] kind: Database) {
    let scene = scene(kind).await;
    let read = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&read);
    let endless = stream::repeat(Bytes::from_static(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0"))
        .map(|chunk| Ok(chunk.repeat(64).into()))
        .inspect(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        });
    let refused = scene.upload_body(incoming("a.txt", None), endless).await;
    assert_eq!(refused.unwrap_err(), Code::MediaTypeRefused);
    assert!(read.load(Ordering::Relaxed) < 64, "the head is 8 chunks");
    scene.settled(0).await;
    scene.close().await;
}

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn an_endless_image_ends_at_the_limit_of_images(#[case] kind: Database) {
    let scene = scene(kind).await;
    let head =
        Bytes::from_static(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0");
    let zeros = stream::repeat(Bytes::from(vec![0; 256 * 1024]));
    let endless = stream::once(async { head }).chain(zeros).map(Ok);
    let refused = scene.upload_body(incoming("a.png", None), endless).await;
    assert_eq!(refused.unwrap_err(), Code::FileTooLarge);
    scene.settled(0).await;
    scene.close().await;
}

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn what_is_certain_from_the_head_is_refused_without_a_row(#[case] kind: Database) {
    let scene = scene(kind).await;
    let never = || stream::pending::<Result<Bytes, Error>>();
    let huge = scene.upload_body(incoming("a.txt", Some(6 << 30)), never());
    assert_eq!(huge.await.unwrap_err(), Code::FileTooLarge);
    let mut elsewhere = incoming("a.txt", Some(1));
    elsewhere.address.system = "nowhere".to_owned();
    let elsewhere = scene.upload_body(elsewhere, never());
    assert_eq!(elsewhere.await.unwrap_err(), Code::NotFound);
    let mut replacing = incoming("a.txt", Some(1));
    replacing.replaces = Some(entity::FileId::generate());
    let replacing = scene.upload_body(replacing, never());
    assert_eq!(replacing.await.unwrap_err(), Code::NotFound);
    let viewer = scene.seed.actor(Role::Viewer);
    let viewer = api::service::upload::stream::receive(
        &scene.app,
        &viewer,
        incoming("a.txt", Some(1)),
        never(),
    );
    assert_eq!(viewer.await.unwrap_err().code(), Code::Forbidden);
    assert_eq!(scene.count("file").await, 0);
    scene.settled(0).await;
    scene.close().await;
}

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn a_client_that_goes_away_leaves_nothing(#[case] kind: Database) {
    let scene = scene(kind).await;
    let (arrived, mut seen) = tokio::sync::mpsc::channel::<()>(1);
    let chunks = body(vec![text(9 * MIB)]).chain(stream::once(async move {
        let _ = arrived.send(()).await;
        std::future::pending::<Result<Bytes, Error>>().await
    }));
    tokio::select! {
        _ = scene.upload_body(incoming("a.txt", None), chunks) => unreachable!("the body never ends"),
        _ = seen.recv() => {}
    }
    scene.app.tasks.close();
    scene.app.tasks.wait().await;
    assert_eq!(scene.count("file WHERE state = 'rejected'").await, 1);
    scene.settled(0).await;
    scene.close().await;
}

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn a_body_that_stands_still_is_given_up(#[case] kind: Database) {
    let scene = scene(kind).await;
    let mut impatient = incoming("a.txt", Some(200));
    impatient.patience = Duration::from_millis(20);
    let chunks = body(vec![text(100)]).chain(stream::pending());
    let stalled = scene.upload_body(impatient, chunks).await;
    assert_eq!(stalled.unwrap_err(), Code::Timeout);
    scene.settled(0).await;
    scene.close().await;
}

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn a_tenant_suspended_on_the_way_is_cut_off(#[case] kind: Database) {
    let scene = scene(kind).await;
    let (arrived, mut seen) = tokio::sync::mpsc::channel::<()>(1);
    let chunks = body(vec![text(9 * MIB)]).chain(stream::once(async move {
        let _ = arrived.send(()).await;
        std::future::pending::<Result<Bytes, Error>>().await
    }));
    let upload = scene.upload_body(incoming("a.txt", None), chunks);
    let suspend = async {
        seen.recv().await;
        scene.set_status("suspended").await;
    };
    let (cut, ()) = tokio::join!(upload, suspend);
    assert_eq!(cut.unwrap_err(), Code::TenantSuspended);
    scene.settled(0).await;
    scene.close().await;
}

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn one_upload_more_than_configured_is_asked_to_come_back(#[case] kind: Database) {
    let scene = scene_with(kind, &[("STRONGROOM_MAX_UPLOADS_IN_FLIGHT", "1")]).await;
    let place = scene
        .app
        .uploads
        .enter(entity::TenantId::generate())
        .unwrap();
    let full = scene.upload(incoming("a.txt", None), text(1)).await;
    assert_eq!(full.unwrap_err(), Code::Overloaded);
    drop(place);
    assert!(scene.upload(incoming("a.txt", None), text(1)).await.is_ok());
    scene.settled(1).await;
    scene.close().await;
}

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn a_tenant_with_its_share_of_uploads_is_told_so_while_others_go_on(#[case] kind: Database) {
    let scene = scene_with(kind, &[("STRONGROOM_MAX_UPLOADS_IN_FLIGHT", "4")]).await;
    let own = scene.app.uploads.enter(scene.seed.tenant).unwrap();
    let over = scene.upload(incoming("a.txt", None), text(1)).await;
    assert_eq!(over.unwrap_err(), Code::RateLimited);
    assert!(
        scene
            .app
            .uploads
            .enter(entity::TenantId::generate())
            .is_ok()
    );
    drop(own);
    assert!(scene.upload(incoming("a.txt", None), text(1)).await.is_ok());
    scene.settled(1).await;
    scene.close().await;
}

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn a_body_that_drips_is_given_up_although_it_never_stands_still(#[case] kind: Database) {
    let pairs = [
        ("STRONGROOM_UPLOAD_GRACE", "1s"),
        ("STRONGROOM_UPLOAD_MIN_BYTES_PER_SECOND", "1000000"),
    ];
    let scene = scene_with(kind, &pairs).await;
    let mut drops = tokio::time::interval(Duration::from_millis(20));
    let drip = stream::poll_fn(move |context| {
        drops
            .poll_tick(context)
            .map(|_| Some(Ok(Bytes::from_static(b"drop"))))
    });
    let slow = scene
        .upload_body(incoming("a.txt", None), drip.take(500))
        .await;
    assert_eq!(slow.unwrap_err(), Code::Timeout);
    scene.settled(0).await;
    scene.close().await;
}
