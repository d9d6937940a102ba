use std::fs;
use std::time::Duration;

use embedded_s3::{StartError, start};

use crate::harness::{BUCKET, Harness, config, files};

#[tokio::test]
async fn everything_answered_is_there_after_a_restart() {
    let s3 = Harness::start().await;
    let put = s3
        .s3
        .put_object()
        .bucket(BUCKET)
        .key("k")
        .body(crate::harness::bytes(b"bytes"));
    put.content_type("text/plain")
        .metadata("a", "1")
        .send()
        .await
        .unwrap();
    let before = s3
        .s3
        .head_object()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    s3.put("gone", b"x").await;
    s3.s3
        .delete_object()
        .bucket(BUCKET)
        .key("gone")
        .send()
        .await
        .unwrap();
    s3.s3.create_bucket().bucket("second").send().await.unwrap();

    let s3 = s3.restart().await;
    let after = s3
        .s3
        .head_object()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (after.e_tag(), after.last_modified()),
        (before.e_tag(), before.last_modified())
    );
    assert_eq!(
        (after.content_type(), after.metadata()),
        (before.content_type(), before.metadata())
    );
    assert_eq!(s3.get("k").await, b"bytes");
    assert!(!s3.exists("gone").await);
    s3.s3.head_bucket().bucket("second").send().await.unwrap();
}

#[tokio::test]
async fn what_a_crash_left_is_swept_and_nothing_else() {
    let s3 = Harness::start().await;
    s3.put("k", b"kept").await;
    let dir = s3.dir.path().to_path_buf();
    // A body that was on its way, a record that was never renamed, an upload that was never recorded.
    fs::write(
        dir.join("blobs/ab/000000000000400080000000000000ab"),
        b"half a body",
    )
    .unwrap();
    fs::write(dir.join("tmp/000000000000400080000000000000cd"), b"{").unwrap();
    fs::create_dir(dir.join("uploads/files/000000000000400080000000000000ef")).unwrap();
    let s3 = s3.restart().await;
    assert_eq!(s3.leftovers(), (1, 0));
    assert_eq!(fs::read_dir(dir.join("uploads/files")).unwrap().count(), 0);
    assert_eq!(s3.get("k").await, b"kept");
}

#[tokio::test]
async fn a_damaged_record_stops_the_start_and_keeps_the_bytes() {
    let s3 = Harness::start().await;
    s3.put("k", b"kept").await;
    let dir = s3.dir.path().to_path_buf();
    s3.server.shutdown(Duration::from_secs(5)).await;
    let records = files(&dir.join("objects"));
    let record = records
        .iter()
        .find(|path| !path.ends_with("bucket.json"))
        .unwrap();
    fs::write(record, b"{ torn").unwrap();
    let error = start(config(&dir))
        .await
        .expect_err("the record is damaged");
    assert!(
        matches!(&error, StartError::Damaged { path, .. } if path == record),
        "{error:?}"
    );
    assert_eq!(files(&dir.join("blobs")).len(), 1);
}

#[tokio::test]
async fn missing_bytes_are_an_error_not_an_empty_object() {
    let s3 = Harness::start().await;
    s3.put("k", b"bytes").await;
    let blobs = files(&s3.dir.path().join("blobs"));
    fs::remove_file(&blobs[0]).unwrap();
    let url = s3.presigned_get("k").await;
    let answer = reqwest::get(&url).await.unwrap();
    assert_eq!(answer.status(), 500);
    assert!(
        !answer.text().await.unwrap().contains("blobs"),
        "no path reaches a client"
    );
}

#[tokio::test]
async fn a_shutdown_lets_a_download_finish() {
    let s3 = Harness::start().await;
    let body = crate::harness::pattern(16 * 1024 * 1024, 1);
    s3.put("k", &body).await;
    let mut reading = s3
        .s3
        .get_object()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap()
        .body;
    let first = reading.next().await.unwrap().unwrap();
    let (rest, ()) = tokio::join!(
        reading.collect(),
        s3.server.shutdown(Duration::from_secs(30))
    );
    assert!([first.to_vec(), rest.unwrap().to_vec()].concat() == body);
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_ever() {
    let s3 = Harness::start().await;
    let body = crate::harness::pattern(32 * 1024 * 1024, 1);
    s3.put("k", &body).await;
    // A download nobody reads on.
    let stuck = s3
        .s3
        .get_object()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    s3.server.shutdown(Duration::from_millis(10)).await;
    assert!(stuck.body.collect().await.is_err());
}
