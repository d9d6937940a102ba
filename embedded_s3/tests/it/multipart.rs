use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::complete_multipart_upload::{
    CompleteMultipartUploadError, CompleteMultipartUploadOutput,
};
use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumMode, ChecksumType, CompletedMultipartUpload, CompletedPart,
};

use crate::harness::{BUCKET, Harness, bytes, code, pattern, status};

const MIB: usize = 1024 * 1024;

pub(crate) async fn create(s3: &Harness, key: &str) -> String {
    let created = s3
        .s3
        .create_multipart_upload()
        .bucket(BUCKET)
        .key(key)
        .content_type("video/mp4");
    created
        .send()
        .await
        .unwrap()
        .upload_id()
        .unwrap()
        .to_owned()
}

pub(crate) async fn complete(
    s3: &Harness,
    key: &str,
    id: &str,
    parts: &[(i32, String)],
) -> Result<CompleteMultipartUploadOutput, SdkError<CompleteMultipartUploadError>> {
    let parts = parts.iter().map(|(number, etag)| {
        CompletedPart::builder()
            .part_number(*number)
            .e_tag(etag)
            .build()
    });
    let parts = CompletedMultipartUpload::builder()
        .set_parts(Some(parts.collect()))
        .build();
    s3.s3
        .complete_multipart_upload()
        .bucket(BUCKET)
        .key(key)
        .upload_id(id)
        .multipart_upload(parts)
        .send()
        .await
}

async fn put_part(s3: &Harness, key: &str, id: &str, number: i32, body: &[u8]) -> (i32, String) {
    let part = s3
        .s3
        .upload_part()
        .bucket(BUCKET)
        .key(key)
        .upload_id(id)
        .part_number(number)
        .body(bytes(body));
    (
        number,
        part.send().await.unwrap().e_tag().unwrap().to_owned(),
    )
}

#[tokio::test]
async fn parts_become_one_object_in_their_order() {
    let s3 = Harness::start().await;
    let id = create(&s3, "k").await;
    let (one, two) = (pattern(5 * MIB, 1), pattern(MIB, 2));
    // Sent out of order, and one of them twice.
    let second = put_part(&s3, "k", &id, 7, &two).await;
    put_part(&s3, "k", &id, 3, b"replaced").await;
    let first = put_part(&s3, "k", &id, 3, &one).await;
    assert!(!s3.exists("k").await);
    let done = complete(&s3, "k", &id, &[first, second]).await.unwrap();
    assert!(done.e_tag().unwrap().ends_with("-2\""));

    let whole = [one, two].concat();
    assert!(s3.get("k").await == whole);
    let head = s3
        .s3
        .head_object()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (head.e_tag(), head.content_type()),
        (done.e_tag(), Some("video/mp4"))
    );
    let across = format!("bytes={}-{}", 5 * MIB - 10, 5 * MIB + 9);
    let across = s3
        .s3
        .get_object()
        .bucket(BUCKET)
        .key("k")
        .range(across)
        .send()
        .await
        .unwrap();
    assert_eq!(
        across.body.collect().await.unwrap().to_vec(),
        whole[5 * MIB - 10..5 * MIB + 10]
    );
    let part = s3
        .s3
        .get_object()
        .bucket(BUCKET)
        .key("k")
        .part_number(2)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (part.parts_count(), part.content_length()),
        (Some(2), Some(1024 * 1024))
    );
    assert_eq!(s3.leftovers(), (2, 0));
}

#[tokio::test]
async fn a_repeated_completion_gets_the_same_answer() {
    let s3 = Harness::start().await;
    let id = create(&s3, "k").await;
    let part = put_part(&s3, "k", &id, 1, b"only").await;
    let first = complete(&s3, "k", &id, std::slice::from_ref(&part))
        .await
        .unwrap();
    let again = complete(&s3, "k", &id, &[part]).await.unwrap();
    assert_eq!(first.e_tag(), again.e_tag());
    let unknown = complete(
        &s3,
        "k",
        "0198c0de000070008000000000000000",
        &[(1, "x".to_owned())],
    )
    .await
    .unwrap_err();
    assert_eq!(
        (status(&unknown), code(&unknown)),
        (404, "NoSuchUpload".to_owned())
    );
}

#[tokio::test]
async fn wrong_completions_are_refused_and_the_upload_stays() {
    let s3 = Harness::start().await;
    let id = create(&s3, "k").await;
    let small = put_part(&s3, "k", &id, 1, b"small").await;
    let last = put_part(&s3, "k", &id, 2, b"last").await;
    let missing = (3, last.1.clone());
    let changed = (2, "\"00000000000000000000000000000000\"".to_owned());
    for (parts, expected) in [
        (vec![small.clone(), last.clone()], "EntityTooSmall"),
        (vec![last.clone(), small.clone()], "InvalidPartOrder"),
        (vec![last.clone(), missing], "InvalidPart"),
        (vec![changed], "InvalidPart"),
        (vec![], "MalformedXML"),
    ] {
        let refused = complete(&s3, "k", &id, &parts).await.unwrap_err();
        assert_eq!(
            (status(&refused), code(&refused)),
            (400, expected.to_owned()),
            "{parts:?}"
        );
    }
    assert!(!s3.exists("k").await);
    complete(&s3, "k", &id, &[last]).await.unwrap();
    assert_eq!(s3.get("k").await, b"last");
    assert_eq!(s3.leftovers(), (1, 0), "the part that was left out is gone");
}

#[tokio::test]
async fn a_completion_can_demand_a_free_key() {
    let s3 = Harness::start().await;
    let id = create(&s3, "k").await;
    let (number, etag) = put_part(&s3, "k", &id, 1, b"part").await;
    s3.put("k", b"there first").await;
    let part = CompletedPart::builder()
        .part_number(number)
        .e_tag(etag)
        .build();
    let parts = CompletedMultipartUpload::builder().parts(part).build();
    let complete = s3
        .s3
        .complete_multipart_upload()
        .bucket(BUCKET)
        .key("k")
        .upload_id(id)
        .multipart_upload(parts);
    assert_eq!(
        status(&complete.if_none_match("*").send().await.unwrap_err()),
        412
    );
    assert_eq!(s3.get("k").await, b"there first");
}

#[tokio::test]
async fn uploads_and_parts_are_listed_and_survive_a_restart() {
    let s3 = Harness::start().await;
    let mut ids = Vec::new();
    for key in ["t1/a", "t1/a", "t1/b", "t2/c"] {
        ids.push(create(&s3, key).await);
    }
    for number in 1..=3 {
        put_part(&s3, "t2/c", &ids[3], number, &[b'x'; 10]).await;
    }
    let s3 = s3.restart().await;
    let listed = s3
        .s3
        .list_multipart_uploads()
        .bucket(BUCKET)
        .prefix("t1/")
        .send()
        .await
        .unwrap();
    let names: Vec<_> = listed
        .uploads()
        .iter()
        .map(|u| (u.key().unwrap(), u.upload_id().unwrap()))
        .collect();
    assert_eq!(
        names,
        [
            ("t1/a", ids[0].as_str()),
            ("t1/a", &ids[1]),
            ("t1/b", &ids[2])
        ]
    );
    assert!(
        listed
            .uploads()
            .iter()
            .all(|upload| upload.initiated().is_some())
    );

    let (mut seen, mut marker) = (Vec::new(), (None, None));
    loop {
        let page = s3.s3.list_multipart_uploads().bucket(BUCKET).max_uploads(1);
        let page = page
            .set_key_marker(marker.0)
            .set_upload_id_marker(marker.1)
            .send()
            .await
            .unwrap();
        seen.extend(
            page.uploads()
                .iter()
                .filter_map(|u| u.upload_id())
                .map(str::to_owned),
        );
        marker = (
            page.next_key_marker().map(str::to_owned),
            page.next_upload_id_marker().map(str::to_owned),
        );
        if page.is_truncated() != Some(true) {
            break;
        }
    }
    assert_eq!(seen, ids);
    let grouped = s3
        .s3
        .list_multipart_uploads()
        .bucket(BUCKET)
        .delimiter("/")
        .send()
        .await
        .unwrap();
    assert_eq!(
        grouped
            .common_prefixes()
            .iter()
            .filter_map(|p| p.prefix())
            .collect::<Vec<_>>(),
        ["t1/", "t2/"]
    );

    let parts = s3
        .s3
        .list_parts()
        .bucket(BUCKET)
        .key("t2/c")
        .upload_id(&ids[3])
        .max_parts(2)
        .send()
        .await
        .unwrap();
    assert_eq!((parts.parts().len(), parts.is_truncated()), (2, Some(true)));
    let rest = s3
        .s3
        .list_parts()
        .bucket(BUCKET)
        .key("t2/c")
        .upload_id(&ids[3]);
    let rest = rest
        .set_part_number_marker(parts.next_part_number_marker().map(str::to_owned))
        .send()
        .await
        .unwrap();
    assert_eq!(
        rest.parts()
            .iter()
            .filter_map(|part| part.part_number())
            .collect::<Vec<_>>(),
        [3]
    );
    let last = (3, rest.parts()[0].e_tag().unwrap().to_owned());
    complete(&s3, "t2/c", &ids[3], &[last]).await.unwrap();
    assert_eq!(s3.get("t2/c").await, [b'x'; 10]);
}

#[tokio::test]
async fn an_abort_removes_the_bytes() {
    let s3 = Harness::start().await;
    let id = create(&s3, "k").await;
    put_part(&s3, "k", &id, 1, &pattern(MIB, 1)).await;
    put_part(&s3, "k", &id, 2, &pattern(MIB, 2)).await;
    assert_eq!(s3.leftovers(), (2, 0));
    let abort = s3
        .s3
        .abort_multipart_upload()
        .bucket(BUCKET)
        .key("k")
        .upload_id(&id);
    abort.clone().send().await.unwrap();
    assert_eq!(s3.leftovers(), (0, 0));
    let again = abort.send().await.unwrap_err();
    assert_eq!(
        (status(&again), code(&again)),
        (404, "NoSuchUpload".to_owned())
    );
    let late = s3
        .s3
        .upload_part()
        .bucket(BUCKET)
        .key("k")
        .upload_id(&id)
        .part_number(3)
        .body(bytes(b"late"));
    assert_eq!(status(&late.send().await.unwrap_err()), 404);
    let listed = s3
        .s3
        .list_multipart_uploads()
        .bucket(BUCKET)
        .send()
        .await
        .unwrap();
    assert!(listed.uploads().is_empty());
}

#[tokio::test]
async fn a_full_object_checksum_is_that_of_the_whole() {
    let s3 = Harness::start().await;
    let body = [pattern(5 * MIB, 4), pattern(777, 5)].concat();
    for (algorithm, kind) in [
        (ChecksumAlgorithm::Crc32, Some(ChecksumType::FullObject)),
        (ChecksumAlgorithm::Crc32C, Some(ChecksumType::FullObject)),
        (ChecksumAlgorithm::Crc64Nvme, None),
        (ChecksumAlgorithm::Sha256, None),
    ] {
        let whole = s3
            .s3
            .put_object()
            .bucket(BUCKET)
            .key("whole")
            .body(bytes(&body));
        let whole = whole
            .checksum_algorithm(algorithm.clone())
            .send()
            .await
            .unwrap();
        let created = s3
            .s3
            .create_multipart_upload()
            .bucket(BUCKET)
            .key("k")
            .checksum_algorithm(algorithm.clone());
        let created = created.set_checksum_type(kind).send().await.unwrap();
        let id = created.upload_id().unwrap();
        let mut parts = Vec::new();
        for (number, body) in [(1, &body[..5 * MIB]), (2, &body[5 * MIB..])] {
            let part = s3
                .s3
                .upload_part()
                .bucket(BUCKET)
                .key("k")
                .upload_id(id)
                .part_number(number);
            let part = part
                .checksum_algorithm(algorithm.clone())
                .body(bytes(body))
                .send()
                .await
                .unwrap();
            parts.push((number, part.e_tag().unwrap().to_owned()));
        }
        let done = complete(&s3, "k", id, &parts).await.unwrap();
        if algorithm == ChecksumAlgorithm::Sha256 {
            assert_eq!(done.checksum_type(), Some(&ChecksumType::Composite));
            assert!(done.checksum_sha256().unwrap().ends_with("-2"));
        } else {
            assert_eq!(done.checksum_type(), Some(&ChecksumType::FullObject));
            assert_eq!(done.checksum_crc32(), whole.checksum_crc32());
            assert_eq!(done.checksum_crc32_c(), whole.checksum_crc32_c());
            assert_eq!(done.checksum_crc64_nvme(), whole.checksum_crc64_nvme());
        }
        let got = s3
            .s3
            .get_object()
            .bucket(BUCKET)
            .key("k")
            .checksum_mode(ChecksumMode::Enabled)
            .send()
            .await
            .unwrap();
        assert!(
            got.body.collect().await.unwrap().to_vec() == body,
            "{algorithm:?}"
        );
    }
}
