//! Anchors against the embedded store and a file.

use std::net::{Ipv4Addr, SocketAddr};

use audit::{checkpoint::Checkpoint, genesis::LogKey, merkle::TreeHead};
use chrono::DateTime;
use entity::TenantId;
use tempfile::TempDir;

use super::*;
use crate::adapter::blob::StoreOptions;

const BUCKET: &str = "anchors";
const DEPLOYMENT: &str = "0123abcd";

/// A store, a file, and a process that keeps anchors in both.
struct Place {
    blob: Blob,
    dir: TempDir,
    _server: embedded_s3::Server,
}

impl Place {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = embedded_s3::Config {
            dir: dir.path().join("objects"),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            access_key: "strongroom".to_owned(),
            secret_key: "a-secret-for-tests-only".to_owned(),
            region: "eu-central-1".to_owned(),
            buckets: vec![BUCKET.to_owned()],
            cors_origins: Vec::new(),
        };
        let server = embedded_s3::start(config).await.unwrap();
        let blob = Blob::connect(&StoreOptions {
            endpoint: server.endpoint(),
            public_endpoint: server.endpoint(),
            region: "eu-central-1".to_owned(),
            bucket: BUCKET.to_owned(),
            access_key: "strongroom".into(),
            secret_key: "a-secret-for-tests-only".into(),
            force_path_style: true,
        });
        Self {
            blob,
            dir,
            _server: server,
        }
    }

    fn file(&self) -> std::path::PathBuf {
        self.dir.path().join("anchors.ndjson")
    }

    fn anchors(&self, in_bucket: bool, in_file: bool) -> Anchors {
        let bucket = in_bucket.then(|| AnchorBucket::new(self.blob.clone(), "audit/anchors", 1));
        Anchors {
            bucket,
            file: in_file.then(|| AnchorFile::new(self.file())),
            alarmed: AtomicBool::new(false),
            known: Mutex::default(),
            keeper: Keeper::Anchor,
        }
    }

    async fn objects(&self) -> Vec<String> {
        let listed = self.blob.list("", None, 100).await.unwrap();
        listed.into_iter().map(|object| object.key).collect()
    }
}

/// An anchor of the system log and one tenant's; `fill` makes the root.
fn anchor(size: u64, fill: u8) -> Anchor {
    let head = mark(TenantId::SYSTEM, size, fill);
    let checkpoint = Checkpoint {
        origin: format!("audit.strongroom.local/{DEPLOYMENT}/system/e0"),
        tree: TreeHead {
            size,
            root: head.root,
        },
    };
    let note = checkpoint.sign(&LogKey::from_seed(&[1; 32])).unwrap();
    Anchor {
        deployment: DEPLOYMENT.to_owned(),
        head,
        signed_at: DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
        note: note.to_string(),
        logs: vec![mark(tenant(), size * 10, fill), head],
    }
}

fn mark(tenant: TenantId, size: u64, fill: u8) -> HeadMark {
    HeadMark {
        tenant,
        epoch: 0,
        size,
        root: Hash([fill; 32]),
    }
}

fn tenant() -> TenantId {
    TenantId(uuid::Uuid::from_u128(7))
}

fn fork_of(kept: Result<(), AnchorError>) -> Option<Hash> {
    match kept {
        Err(AnchorError::Fork { found }) => found,
        other => panic!("not a fork: {other:?}"),
    }
}

#[tokio::test]
async fn an_anchor_is_one_object_and_one_line_with_the_same_document() {
    let place = Place::new().await;
    let anchors = place.anchors(true, true);
    anchors.keep(&anchor(5, 1)).await.unwrap();
    let key = "audit/anchors/0123abcd/e0/0000000000000005.note";
    assert_eq!(place.objects().await, [key]);
    let object = place.blob.get_small(key).await.unwrap();
    let file = std::fs::read(place.file()).unwrap();
    assert_eq!(file.strip_suffix(b"\n"), Some(object.as_ref()));
    insta::assert_snapshot!(String::from_utf8_lossy(&object), @r#"{"at":"2023-11-14T22:13:20.000000Z","note":"audit.strongroom.local/0123abcd/system/e0\n5\nAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n\n— audit.strongroom.local/0123abcd/system/e0 d+yW4ChbgmLHyjMUBNMf4KW/4/9Elc6BJziBnySVVL0B3uSwkdMkjCq0fKut2TcxorZWOpv7vIXlhW2kRHFlGLRkIwU=\n","logs":[{"tenant":"00000000-0000-0000-0000-000000000007","epoch":0,"size":50,"root":"0101010101010101010101010101010101010101010101010101010101010101"},{"tenant":"00000000-0000-0000-0000-000000000000","epoch":0,"size":5,"root":"0101010101010101010101010101010101010101010101010101010101010101"}]}"#);
}

#[tokio::test]
async fn the_same_head_is_kept_once_whatever_time_its_note_has() {
    let place = Place::new().await;
    let mut again = anchor(5, 1);
    place.anchors(true, true).keep(&again).await.unwrap();
    again.note = again
        .note
        .replace("\n\n", "\n\n— other.example/time AAAAAAAA\n");
    let anchors = place.anchors(true, true);
    anchors.keep(&again).await.unwrap();
    anchors.keep(&again).await.unwrap();
    assert_eq!(place.objects().await.len(), 1);
    let file = std::fs::read_to_string(place.file()).unwrap();
    assert_eq!(file.lines().count(), 1);
}

#[tokio::test]
async fn another_head_of_the_same_size_is_a_fork() {
    let place = Place::new().await;
    for (in_bucket, in_file) in [(true, false), (false, true)] {
        let (first, other) = (anchor(5, 1), anchor(5, 2));
        place
            .anchors(in_bucket, in_file)
            .keep(&first)
            .await
            .unwrap();
        let found = fork_of(place.anchors(in_bucket, in_file).keep(&other).await);
        assert_eq!(found, Some(Hash([1; 32])));
    }
}

#[tokio::test]
async fn a_file_that_has_gone_further_is_a_fork() {
    let place = Place::new().await;
    place
        .anchors(false, true)
        .keep(&anchor(9, 1))
        .await
        .unwrap();
    let found = fork_of(place.anchors(false, true).keep(&anchor(5, 1)).await);
    assert_eq!(found, Some(Hash([1; 32])));
}

#[tokio::test]
async fn what_is_no_anchor_at_its_place_is_a_fork() {
    let place = Place::new().await;
    let key = "audit/anchors/0123abcd/e0/0000000000000005.note";
    let put = place.blob.put_small(key, "nonsense".into(), "text/plain");
    put.await.unwrap();
    assert_eq!(
        fork_of(place.anchors(true, false).keep(&anchor(5, 1)).await),
        None
    );
}

#[tokio::test]
async fn the_largest_marks_are_read_back() {
    let place = Place::new().await;
    for (in_bucket, in_file) in [(true, false), (false, true)] {
        let anchors = place.anchors(in_bucket, in_file);
        for size in [5, 8, 12] {
            anchors.keep(&anchor(size, 1)).await.unwrap();
        }
        for anchored in [(0, 0), (0, 8), (0, 12), (0, 1_000_000)] {
            let marks = anchors.marks(DEPLOYMENT, anchored).await.unwrap();
            let newest = [mark(TenantId::SYSTEM, 12, 1), mark(tenant(), 120, 1)];
            assert_eq!(marks, newest, "{anchored:?}");
        }
    }
    let none = place.anchors(false, false).marks(DEPLOYMENT, (0, 5)).await;
    assert_eq!(none.unwrap(), []);
    let left_behind = place.anchors(true, true).marks("ffffffff", (0, 0)).await;
    assert_eq!(left_behind.unwrap(), [], "of another deployment");
}

#[tokio::test]
async fn a_line_that_was_cut_off_is_passed_over_and_the_next_one_begins_anew() {
    let place = Place::new().await;
    place
        .anchors(false, true)
        .keep(&anchor(5, 1))
        .await
        .unwrap();
    let mut torn = std::fs::read(place.file()).unwrap();
    torn.extend_from_slice(br#"{"at":"2023-11-14T"#);
    std::fs::write(place.file(), torn).unwrap();
    let anchors = place.anchors(false, true);
    anchors.keep(&anchor(8, 1)).await.unwrap();
    let file = std::fs::read_to_string(place.file()).unwrap();
    assert_eq!(file.lines().count(), 3);
    let marks = anchors.marks(DEPLOYMENT, (0, 0)).await.unwrap();
    assert_eq!(marks, [mark(TenantId::SYSTEM, 8, 1), mark(tenant(), 80, 1)]);
}

#[tokio::test]
async fn a_probe_finds_out_what_the_store_can_do_and_leaves_nothing() {
    let place = Place::new().await;
    assert!(place.blob.refuses_overwriting("audit").await.unwrap());
    assert!(!place.blob.has_object_lock().await.unwrap());
    assert_eq!(place.objects().await, Vec::<String>::new());
}
