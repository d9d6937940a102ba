use aws_sdk_s3::types::{ChecksumAlgorithm, MetadataDirective};

use crate::harness::{BUCKET, Harness, bytes, code, pattern, status};

#[tokio::test]
async fn a_copy_has_the_bytes_the_etag_and_the_metadata() {
    let s3 = Harness::start().await;
    let put = s3
        .s3
        .put_object()
        .bucket(BUCKET)
        .key("staging/ä b+c")
        .body(bytes(b"bytes"));
    put.content_type("text/plain")
        .metadata("a", "1")
        .send()
        .await
        .unwrap();
    let source = format!("{BUCKET}/staging/%C3%A4%20b%2Bc");
    let copy = s3
        .s3
        .copy_object()
        .bucket(BUCKET)
        .key("final")
        .copy_source(source)
        .send()
        .await
        .unwrap();
    assert_eq!(
        copy.copy_object_result().unwrap().e_tag(),
        Some("\"4b3a6218bb3e3a7303e8a171a60fcf92\"")
    );
    let head = s3
        .s3
        .head_object()
        .bucket(BUCKET)
        .key("final")
        .send()
        .await
        .unwrap();
    assert_eq!(head.content_type(), Some("text/plain"));
    assert_eq!(head.metadata().unwrap()["a"], "1");
    assert_eq!(s3.get("final").await, b"bytes");
}

#[tokio::test]
async fn a_copy_lives_on_when_its_source_is_replaced_or_deleted() {
    let s3 = Harness::start().await;
    s3.put("source", b"old").await;
    let copy = s3
        .s3
        .copy_object()
        .bucket(BUCKET)
        .key("copy")
        .copy_source(format!("{BUCKET}/source"));
    copy.send().await.unwrap();
    assert_eq!(s3.leftovers(), (1, 0), "a copy shares the bytes");
    s3.put("source", b"new").await;
    assert_eq!(s3.get("copy").await, b"old");
    s3.s3
        .delete_object()
        .bucket(BUCKET)
        .key("source")
        .send()
        .await
        .unwrap();
    let s3 = s3.restart().await;
    assert_eq!(s3.get("copy").await, b"old");
    s3.s3
        .delete_object()
        .bucket(BUCKET)
        .key("copy")
        .send()
        .await
        .unwrap();
    assert_eq!(s3.leftovers(), (0, 0));
}

#[tokio::test]
async fn a_copy_of_a_changed_source_is_refused() {
    let s3 = Harness::start().await;
    let etag = s3.put("source", b"declared").await;
    s3.put("source", b"swapped").await;
    let copy = s3
        .s3
        .copy_object()
        .bucket(BUCKET)
        .key("copy")
        .copy_source(format!("{BUCKET}/source"));
    let refused = copy
        .clone()
        .copy_source_if_match(&etag)
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        (status(&refused), code(&refused)),
        (412, "PreconditionFailed".to_owned())
    );
    assert!(!s3.exists("copy").await);
    let now = s3
        .s3
        .head_object()
        .bucket(BUCKET)
        .key("source")
        .send()
        .await
        .unwrap();
    copy.clone()
        .copy_source_if_match(now.e_tag().unwrap())
        .send()
        .await
        .unwrap();
    let unchanged = copy
        .copy_source_if_none_match(now.e_tag().unwrap())
        .send()
        .await
        .unwrap_err();
    assert_eq!(status(&unchanged), 412);
}

#[tokio::test]
async fn metadata_is_replaced_only_when_asked() {
    let s3 = Harness::start().await;
    s3.put("k", b"x").await;
    let onto_itself = s3
        .s3
        .copy_object()
        .bucket(BUCKET)
        .key("k")
        .copy_source(format!("{BUCKET}/k"));
    assert_eq!(status(&onto_itself.clone().send().await.unwrap_err()), 400);
    let replaced = onto_itself
        .metadata_directive(MetadataDirective::Replace)
        .content_type("image/png");
    replaced.metadata("b", "2").send().await.unwrap();
    let head = s3
        .s3
        .head_object()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    assert_eq!(head.content_type(), Some("image/png"));
    assert_eq!(head.metadata().unwrap()["b"], "2");
    assert_eq!(s3.get("k").await, b"x");
}

#[tokio::test]
async fn a_copy_can_gain_a_checksum() {
    let s3 = Harness::start().await;
    s3.put("k", b"hello").await;
    let copy = s3
        .s3
        .copy_object()
        .bucket(BUCKET)
        .key("c")
        .copy_source(format!("{BUCKET}/k"));
    let copy = copy
        .checksum_algorithm(ChecksumAlgorithm::Sha256)
        .send()
        .await
        .unwrap();
    let sha256 = copy.copy_object_result().unwrap().checksum_sha256();
    assert_eq!(sha256, Some("LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="));
}

#[tokio::test]
async fn parts_can_be_ranges_of_objects() {
    let s3 = Harness::start().await;
    let body = pattern(12 * 1024 * 1024, 9);
    s3.put("source", &body).await;
    let split = 6 * 1024 * 1024;
    let id = crate::multipart::create(&s3, "joined").await;
    let copy = |number, first: usize, last: usize| {
        let part = s3
            .s3
            .upload_part_copy()
            .bucket(BUCKET)
            .key("joined")
            .upload_id(&id)
            .part_number(number);
        part.copy_source(format!("{BUCKET}/source"))
            .copy_source_range(format!("bytes={first}-{last}"))
            .send()
    };
    let mut etags = Vec::new();
    for (number, first, last) in [(1, split, body.len() - 1), (2, 0, split - 1)] {
        let part = copy(number, first, last).await.unwrap();
        etags.push((
            number,
            part.copy_part_result().unwrap().e_tag().unwrap().to_owned(),
        ));
    }
    assert_eq!(status(&copy(3, 0, body.len()).await.unwrap_err()), 400);
    crate::multipart::complete(&s3, "joined", &id, &etags)
        .await
        .unwrap();
    assert!(s3.get("joined").await == [&body[split..], &body[..split]].concat());
}
