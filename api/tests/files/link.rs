//! Links straight into the store.

use api::{
    error::Code,
    service::{
        file::{restore, trash},
        link::{Issued, NewLink, create},
    },
};
use chrono::TimeDelta;
use entity::{FileId, file};
use media::Disposition;
use rstest::rstest;
use store::testing::Database::{self, Postgres, Sqlite};

use crate::scene::{Scene, scene, text};

impl Scene {
    async fn link(&self, file: FileId, ttl_seconds: Option<i64>) -> Result<Issued, Code> {
        let new = NewLink {
            file,
            disposition: Disposition::Attachment,
            ttl_seconds,
        };
        let issued = create(&self.app, &self.actor, new).await;
        issued.map_err(|error| error.code())
    }

    async fn url(&self, file: &file::Model) -> String {
        self.link(file.id, Some(600)).await.unwrap().link.url
    }
}

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn a_link_serves_the_bytes_under_the_name(#[case] kind: Database) {
    let scene = scene(kind).await;
    let file = scene.file("grüße.txt").await;
    let served = reqwest::get(scene.url(&file).await).await.unwrap();
    assert_eq!(served.status(), 200);
    assert_eq!(served.headers()["content-type"], "text/plain");
    let disposition = served.headers()["content-disposition"].to_str().unwrap();
    assert_eq!(
        disposition,
        "attachment; filename=\"gr__e.txt\"; filename*=UTF-8''gr%C3%BC%C3%9Fe.txt"
    );
    assert_eq!(served.bytes().await.unwrap(), text(100));
    assert_eq!(scene.actions().await.last().unwrap(), "link.create");
    scene.close().await;
}

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn the_same_link_is_handed_out_until_half_its_life_is_over(#[case] kind: Database) {
    let scene = scene(kind).await;
    let file = scene.file("a.txt").await;
    let first = scene.url(&file).await;
    scene.advance(TimeDelta::seconds(290));
    assert_eq!(scene.url(&file).await, first);
    assert_eq!(scene.app.links.stats().hits, 1);
    scene.advance(TimeDelta::seconds(20));
    scene.url(&file).await;
    assert_eq!(scene.app.links.stats().misses, 2);
    // Each was recorded, the one handed out again as well.
    let links = scene.actions().await;
    assert_eq!(links.iter().filter(|a| *a == "link.create").count(), 3);
    scene.close().await;
}

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn a_trashed_file_has_no_link_and_its_old_one_is_forgotten(#[case] kind: Database) {
    let scene = scene(kind).await;
    let file = scene.file("a.txt").await;
    scene.url(&file).await;
    trash(&scene.app, &scene.actor, file.id, None)
        .await
        .unwrap();
    let refused = scene.link(file.id, None).await;
    assert_eq!(refused.unwrap_err(), Code::FileNotReady);
    restore(&scene.app, &scene.actor, file.id, None)
        .await
        .unwrap();
    scene.url(&file).await;
    let stats = scene.app.links.stats();
    assert_eq!((stats.hits, stats.misses, stats.invalidations), (0, 2, 1));
    scene.close().await;
}

#[rstest]
#[case(Sqlite)]
#[case(Postgres)]
#[tokio::test]
async fn what_cannot_be_linked_is_refused_by_name(#[case] kind: Database) {
    let scene = scene(kind).await;
    let file = scene.file("a.txt").await;
    for ttl_seconds in [59, 3_601, -1, i64::MAX] {
        let refused = scene.link(file.id, Some(ttl_seconds)).await;
        assert_eq!(refused.unwrap_err(), Code::Invalid, "{ttl_seconds}");
    }
    for ttl_seconds in [60, 3_600] {
        assert!(scene.link(file.id, Some(ttl_seconds)).await.is_ok());
    }
    let unknown = scene.link(FileId::generate(), None).await;
    assert_eq!(unknown.unwrap_err(), Code::NotFound);
    let inline = NewLink {
        file: file.id,
        disposition: Disposition::Inline,
        ttl_seconds: None,
    };
    let inline = create(&scene.app, &scene.actor, inline).await.unwrap_err();
    assert_eq!(
        (inline.code(), inline.field()),
        (Code::Invalid, Some("disposition"))
    );
    scene.close().await;
}
