//! Half-way states, as crashes leave them, and that they are closed.

use api::{
    adapter::blob::{Description, MultipartWriter},
    service::upload::direct::{NewDirect, create},
    worker::sweep::{sweep_multiparts, sweep_staging, sweep_uploads},
};
use chrono::TimeDelta;
use policy::{Action, ObjectId};
use rstest::rstest;
use store::{
    event::{
        FileUploadBegun,
        class::{Public, Target},
    },
    testing::Database::{self, Postgres, Sqlite},
    upload::{NewFile, NewUpload, Opened},
};

use crate::scene::{Scene, address, scene, text};

impl Scene {
    /// The rows of a stream whose process died right after its intent.
    async fn begun(&self) -> Opened {
        let tx = self.app.store.begin(&self.actor, Action::FileUpload);
        let tx = tx.await.unwrap();
        let opened = tx
            .open_upload(NewUpload {
                file: NewFile {
                    system: "workspace".to_owned(),
                    object_type: "doc".to_owned(),
                    object_id: "7".parse::<ObjectId>().unwrap(),
                    filename: "a.txt".to_owned(),
                    display_name: "a.txt".to_owned(),
                    media_type: "text/plain".to_owned(),
                    byte_len: 100,
                    replaces: None,
                },
                streamed: true,
                declared_sha256: None,
                reserve_bytes: 100,
                expires_at: tx.now() + TimeDelta::minutes(15),
                multipart_id: None,
            })
            .await
            .unwrap();
        let event = FileUploadBegun {
            file: Target(opened.file.id),
            upload: Target(opened.upload.id),
            phase: Public("begun"),
            reserved: Public(100),
        };
        tx.commit(event).await.unwrap();
        opened
    }
}

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn a_stream_that_died_anywhere_is_closed_after_its_time(#[case] kind: Database) {
    let scene = scene(kind).await;
    // After the intent; with parts in the store; with the whole object in its place.
    scene.begun().await;
    let parts = store::file::object_key(&scene.begun().await.file);
    let mut writer = MultipartWriter::begin(&scene.app.blob, parts, Description::of("text/plain"));
    writer.write(text(9 << 20)).await.unwrap();
    assert!(writer.upload_id().is_some());
    drop(writer);
    let whole = store::file::object_key(&scene.begun().await.file);
    let put = scene.app.blob.put_small(&whole, text(100), "text/plain");
    put.await.unwrap();

    scene.advance(TimeDelta::seconds(15 * 60 + 59));
    assert_eq!(sweep_uploads(&scene.app).await.unwrap(), 0);
    assert_eq!(scene.storage("reserved").await, 300);
    scene.advance(TimeDelta::seconds(2));
    assert_eq!(sweep_uploads(&scene.app).await.unwrap(), 3);
    assert_eq!(sweep_uploads(&scene.app).await.unwrap(), 0);
    assert_eq!(scene.count("file WHERE state = 'rejected'").await, 3);
    let expired = scene.actions().await;
    let expired = expired.iter().filter(|a| *a == "file.upload_expire");
    assert_eq!(expired.count(), 3);
    scene.settled(0).await;
    scene.close().await;
}

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn a_direct_upload_nobody_completes_is_closed_with_its_bytes(#[case] kind: Database) {
    let scene = scene(kind).await;
    let new = NewDirect {
        address: address("a.txt"),
        media_type: "text/plain".to_owned(),
        byte_len: 100,
        sha256: None,
        replaces: None,
    };
    let created = create(&scene.app, &scene.actor, new).await.unwrap();
    let key = store::file::staging_key(scene.seed.tenant, created.upload.id);
    let put = scene.app.blob.put_small(&key, text(100), "text/plain");
    put.await.unwrap();
    assert_eq!(sweep_uploads(&scene.app).await.unwrap(), 0);
    scene.advance(TimeDelta::minutes(17));
    assert_eq!(sweep_uploads(&scene.app).await.unwrap(), 1);
    scene.settled(0).await;

    // Bytes that arrive when the upload is over.
    let put = scene.app.blob.put_small(&key, text(100), "text/plain");
    put.await.unwrap();
    assert_eq!(sweep_staging(&scene.app).await.unwrap(), 0);
    scene.advance(TimeDelta::hours(25));
    assert_eq!(sweep_staging(&scene.app).await.unwrap(), 1);
    scene.settled(0).await;
    scene.close().await;
}

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn old_multiparts_go_unless_an_open_upload_or_a_stranger_has_them(#[case] kind: Database) {
    let scene = scene(kind).await;
    let open = store::file::object_key(&scene.begun().await.file);
    let over = store::file::object_key(&scene.file("b.txt").await);
    let stranger = "backup/2026/a.tar".to_owned();
    for key in [&open, &over, &stranger] {
        let mut writer =
            MultipartWriter::begin(&scene.app.blob, key, Description::of("text/plain"));
        writer.write(text(9 << 20)).await.unwrap();
    }
    assert_eq!(sweep_multiparts(&scene.app).await.unwrap(), 0);
    scene.advance(TimeDelta::hours(25));
    assert_eq!(sweep_multiparts(&scene.app).await.unwrap(), 1);
    let left = scene.app.blob.list_multiparts("").await.unwrap();
    let mut left: Vec<String> = left.into_iter().map(|multipart| multipart.key).collect();
    left.sort();
    let mut expected = vec![open, stranger];
    expected.sort();
    assert_eq!(left, expected);
    scene.close().await;
}
