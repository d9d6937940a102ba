//! Bodies that go straight into the store.

use api::{
    error::Code,
    service::upload::direct::{Created, NewDirect, complete, create},
    worker::settle,
};
use bytes::Bytes;
use policy::Role;
use rstest::rstest;
use sha2::{Digest, Sha256};
use store::testing::Database::{self, Postgres, Sqlite};

use crate::scene::{Scene, address, scene, text};

fn direct(filename: &str, byte_len: i64) -> NewDirect {
    NewDirect {
        address: address(filename),
        media_type: "text/plain".to_owned(),
        byte_len,
        sha256: None,
        replaces: None,
    }
}

impl Scene {
    async fn create(&self, new: NewDirect) -> Result<Created, Code> {
        let created = create(&self.app, &self.actor, new).await;
        created.map_err(|error| error.code())
    }

    /// Does what a client does with the request.
    async fn send(&self, created: &Created, bytes: &Bytes) -> u16 {
        let put = reqwest::Client::new().put(&created.request.as_ref().unwrap().url);
        let put = created
            .request
            .as_ref()
            .unwrap()
            .headers
            .iter()
            .filter(|(name, _)| name != "host" && name != "content-length")
            .fold(put, |put, (name, value)| put.header(name, value));
        let sent = put.body(bytes.clone()).send().await.unwrap();
        sent.status().as_u16()
    }

    async fn complete(&self, created: &Created) -> Result<bool, Code> {
        let completed = complete(&self.app, &self.actor, created.upload.id).await;
        completed
            .map(|completed| completed.event.is_some())
            .map_err(|error| error.code())
    }

    async fn state(&self, created: &Created) -> String {
        let snapshot = self.app.store.snapshot(&self.actor).await.unwrap();
        let id = created.file.id;
        let file = api::service::file::find(&snapshot, id).await.unwrap();
        file.unwrap().state.0.as_str().to_owned()
    }
}

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn what_a_client_puts_into_the_store_is_copied_read_and_ready(#[case] kind: Database) {
    let scene = scene(kind).await;
    let bytes = text(30_000);
    let mut new = direct("a.txt", 30_000);
    new.sha256 = Some(Sha256::digest(&bytes).into());
    let created = scene.create(new).await.unwrap();
    assert_eq!(scene.storage("reserved").await, 30_000);
    assert_eq!(scene.complete(&created).await, Err(Code::UploadMissing));
    assert_eq!(scene.send(&created, &bytes).await, 200);
    assert_eq!(scene.complete(&created).await, Ok(true));
    assert_eq!(scene.complete(&created).await, Ok(false));
    assert_eq!(scene.state(&created).await, "verifying");
    assert_eq!(settle::work(&scene.app).await.unwrap(), 1);
    assert_eq!(settle::work(&scene.app).await.unwrap(), 0);
    assert_eq!(scene.state(&created).await, "ready");
    assert_eq!(scene.storage("used").await, 30_000);
    let actions = ["file.upload_create", "file.upload_complete", "file.ready"];
    assert_eq!(scene.actions().await, actions);
    scene.settled(1).await;
    scene.close().await;
}

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn settling_twice_or_after_a_crash_comes_to_the_same_end(#[case] kind: Database) {
    let scene = scene(kind).await;
    let (bytes, tenant) = (text(5_000), scene.seed.tenant);
    let created = scene.create(direct("a.txt", 5_000)).await.unwrap();
    scene.send(&created, &bytes).await;
    scene.complete(&created).await.unwrap();
    // A crash after the copy: the final key is taken already.
    let key = store::file::object_key(&created.file);
    let copied = scene.app.blob.put_small(&key, bytes.clone(), "text/plain");
    copied.await.unwrap();
    let (one, two) = tokio::join!(
        settle::settle(&scene.app, tenant, created.file.id),
        settle::settle(&scene.app, tenant, created.file.id),
    );
    one.unwrap();
    two.unwrap();
    // A crash after the verdict: staging is still there.
    scene.send(&created, &bytes).await;
    assert_eq!(scene.keys().await.len(), 2);
    settle::work(&scene.app).await.unwrap();
    assert_eq!(scene.state(&created).await, "ready");
    scene.settled(1).await;
    scene.close().await;
}

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn bytes_that_are_not_what_was_declared_are_rejected_and_removed(#[case] kind: Database) {
    let scene = scene(kind).await;
    let program: Bytes = [b"\x7fELF\x02\x01\x01\0".as_slice(), &[1; 992]]
        .concat()
        .into();
    let created = scene.create(direct("a.txt", 1_000)).await.unwrap();
    assert_eq!(scene.send(&created, &program).await, 200);
    scene.complete(&created).await.unwrap();
    settle::work(&scene.app).await.unwrap();
    assert_eq!(scene.state(&created).await, "rejected");
    assert_eq!(scene.actions().await.last().unwrap(), "file.reject");
    scene.settled(0).await;
    scene.close().await;
}

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn a_suspended_tenants_file_waits(#[case] kind: Database) {
    let scene = scene(kind).await;
    let created = scene.create(direct("a.txt", 10)).await.unwrap();
    scene.send(&created, &text(10)).await;
    scene.complete(&created).await.unwrap();
    scene.set_status("suspended").await;
    assert_eq!(settle::work(&scene.app).await.unwrap(), 0);
    let settled = settle::settle(&scene.app, scene.seed.tenant, created.file.id).await;
    assert_eq!(settled.unwrap_err().code(), Code::TenantSuspended);
    scene.set_status("active").await;
    assert_eq!(settle::work(&scene.app).await.unwrap(), 1);
    scene.settled(1).await;
    scene.close().await;
}

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn what_cannot_be_is_refused_before_a_row(#[case] kind: Database) {
    let scene = scene(kind).await;
    let mut wrong_type = direct("a.txt", 1);
    wrong_type.media_type = "application/x-msdownload".to_owned();
    assert_eq!(
        scene.create(wrong_type).await.unwrap_err(),
        Code::MediaTypeRefused
    );
    let mut no_type = direct("a.txt", 1);
    no_type.media_type = "text".to_owned();
    assert_eq!(scene.create(no_type).await.unwrap_err(), Code::Invalid);
    let negative = scene.create(direct("a.txt", -1)).await;
    assert_eq!(negative.unwrap_err(), Code::Invalid);
    let huge = scene.create(direct("a.txt", 6 << 30)).await;
    assert_eq!(huge.unwrap_err(), Code::FileTooLarge);
    let viewer = scene.seed.actor(Role::Viewer);
    let refused = create(&scene.app, &viewer, direct("a.txt", 1)).await;
    assert_eq!(refused.unwrap_err().code(), Code::Forbidden);
    assert_eq!(scene.count("file").await, 0);
    scene.close().await;
}
