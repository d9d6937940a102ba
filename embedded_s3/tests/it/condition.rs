use std::time::{Duration, SystemTime};

use aws_sdk_s3::primitives::DateTime;

use crate::harness::{BUCKET, Harness, bytes, code, status};

#[tokio::test]
async fn a_key_can_be_written_only_if_it_is_free() {
    let s3 = Harness::start().await;
    let put = |body: &[u8]| {
        s3.s3
            .put_object()
            .bucket(BUCKET)
            .key("k")
            .if_none_match("*")
            .body(bytes(body))
            .send()
    };
    put(b"first").await.unwrap();
    let refused = put(b"second").await.unwrap_err();
    assert_eq!(
        (status(&refused), code(&refused)),
        (412, "PreconditionFailed".to_owned())
    );
    assert_eq!(s3.get("k").await, b"first");
    assert_eq!(s3.leftovers(), (1, 0));
}

#[tokio::test]
async fn of_many_writers_of_a_free_key_one_wins() {
    let s3 = Harness::start().await;
    let put = |_| {
        s3.s3
            .put_object()
            .bucket(BUCKET)
            .key("k")
            .if_none_match("*")
            .body(bytes(b"x"))
            .send()
    };
    let answers = futures_util::future::join_all((0..12).map(put)).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
}

#[tokio::test]
async fn a_key_can_be_replaced_only_if_it_is_unchanged() {
    let s3 = Harness::start().await;
    let etag = s3.put("k", b"one").await;
    let put = |etag: &str| {
        s3.s3
            .put_object()
            .bucket(BUCKET)
            .key("k")
            .if_match(etag)
            .body(bytes(b"two"))
            .send()
    };
    put(&etag).await.unwrap();
    assert_eq!(status(&put(&etag).await.unwrap_err()), 412);
    let missing = s3
        .s3
        .put_object()
        .bucket(BUCKET)
        .key("none")
        .if_match(&etag)
        .body(bytes(b"x"))
        .send()
        .await;
    assert_eq!(status(&missing.unwrap_err()), 404);
    let delete = s3
        .s3
        .delete_object()
        .bucket(BUCKET)
        .key("k")
        .if_match(&etag)
        .send()
        .await;
    assert_eq!(status(&delete.unwrap_err()), 412);
}

#[tokio::test]
async fn reads_obey_their_conditions() {
    let s3 = Harness::start().await;
    let etag = s3.put("k", b"x").await;
    let get = || s3.s3.get_object().bucket(BUCKET).key("k");
    let (past, future) = moments();

    assert_eq!(
        status(&get().if_none_match(&etag).send().await.unwrap_err()),
        304
    );
    assert_eq!(
        status(&get().if_match("\"other\"").send().await.unwrap_err()),
        412
    );
    assert_eq!(
        status(&get().if_modified_since(future).send().await.unwrap_err()),
        304
    );
    assert_eq!(
        status(&get().if_unmodified_since(past).send().await.unwrap_err()),
        412
    );
    get()
        .if_match(&etag)
        .if_unmodified_since(past)
        .send()
        .await
        .unwrap();
    get()
        .if_none_match("\"other\"")
        .if_modified_since(future)
        .send()
        .await
        .unwrap();
    get().if_modified_since(past).send().await.unwrap();

    let head = s3
        .s3
        .head_object()
        .bucket(BUCKET)
        .key("k")
        .if_none_match(&etag)
        .send()
        .await
        .unwrap_err();
    assert_eq!(status(&head), 304);
    assert_eq!(
        head.raw_response().unwrap().headers().get("etag"),
        Some(etag.as_str())
    );
}

fn moments() -> (DateTime, DateTime) {
    let hour = Duration::from_secs(3600);
    (
        DateTime::from(SystemTime::now() - hour),
        DateTime::from(SystemTime::now() + hour),
    )
}

#[tokio::test]
async fn a_resumed_download_of_a_changed_object_starts_over() {
    let s3 = Harness::start().await;
    let etag = s3.put("k", b"0123456789").await;
    let url = s3.presigned_get("k").await;
    let get = |if_range: String| {
        reqwest::Client::new()
            .get(&url)
            .header("range", "bytes=5-")
            .header("if-range", if_range)
            .send()
    };
    let same = get(etag).await.unwrap();
    assert_eq!(
        (same.status().as_u16(), same.text().await.unwrap()),
        (206, "56789".to_owned())
    );
    let changed = get("\"other\"".to_owned()).await.unwrap();
    assert_eq!(
        (changed.status().as_u16(), changed.text().await.unwrap()),
        (200, "0123456789".to_owned())
    );
}

#[tokio::test]
async fn a_range_nobody_understands_is_ignored() {
    let s3 = Harness::start().await;
    s3.put("k", b"0123456789").await;
    let url = s3.presigned_get("k").await;
    for range in ["bytes=0-1,4-5", "lines=1-2", "bytes=x"] {
        let got = reqwest::Client::new()
            .get(&url)
            .header("range", range)
            .send()
            .await
            .unwrap();
        assert_eq!(
            (got.status().as_u16(), got.text().await.unwrap()),
            (200, "0123456789".to_owned())
        );
    }
}
