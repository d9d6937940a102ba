use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumMode, Delete, ObjectIdentifier};

use crate::harness::{BUCKET, Harness, bytes, code, pattern, status};

#[tokio::test]
async fn an_object_comes_back_with_its_bytes_type_and_metadata() {
    let s3 = Harness::start().await;
    let put = s3
        .s3
        .put_object()
        .bucket(BUCKET)
        .key("a/b.txt")
        .body(bytes(b"hello"));
    let put = put
        .content_type("text/plain")
        .cache_control("no-store")
        .content_language("de");
    put.metadata("owner", "anna").send().await.unwrap();

    let got = s3
        .s3
        .get_object()
        .bucket(BUCKET)
        .key("a/b.txt")
        .send()
        .await
        .unwrap();
    assert_eq!(got.content_type(), Some("text/plain"));
    assert_eq!(got.cache_control(), Some("no-store"));
    assert_eq!(got.content_language(), Some("de"));
    assert_eq!(
        got.content_encoding(),
        None,
        "the transfer's own aws-chunked is not the object's encoding"
    );
    assert_eq!(got.metadata().unwrap()["owner"], "anna");
    assert_eq!(got.e_tag(), Some("\"5d41402abc4b2a76b9719d911017c592\""));
    assert_eq!(got.body.collect().await.unwrap().to_vec(), b"hello");

    let head = s3
        .s3
        .head_object()
        .bucket(BUCKET)
        .key("a/b.txt")
        .send()
        .await
        .unwrap();
    assert_eq!(head.content_length(), Some(5));
    assert_eq!(head.content_type(), Some("text/plain"));
}

#[tokio::test]
async fn an_empty_object_is_an_object() {
    let s3 = Harness::start().await;
    assert_eq!(
        s3.put("empty", b"").await,
        "\"d41d8cd98f00b204e9800998ecf8427e\""
    );
    assert_eq!(s3.get("empty").await, b"");
    let ranged = s3
        .s3
        .get_object()
        .bucket(BUCKET)
        .key("empty")
        .range("bytes=0-0")
        .send()
        .await
        .unwrap_err();
    assert_eq!(status(&ranged), 416);
}

#[tokio::test]
async fn a_missing_key_and_a_missing_bucket_are_told_apart() {
    let s3 = Harness::start().await;
    let key = s3
        .s3
        .get_object()
        .bucket(BUCKET)
        .key("none")
        .send()
        .await
        .unwrap_err();
    assert_eq!((status(&key), code(&key)), (404, "NoSuchKey".to_owned()));
    let bucket = s3
        .s3
        .get_object()
        .bucket("no-such-bucket")
        .key("none")
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        (status(&bucket), code(&bucket)),
        (404, "NoSuchBucket".to_owned())
    );
    let put = s3
        .s3
        .put_object()
        .bucket("no-such-bucket")
        .key("k")
        .body(bytes(b"x"))
        .send()
        .await
        .unwrap_err();
    assert_eq!((status(&put), code(&put)), (404, "NoSuchBucket".to_owned()));
}

#[tokio::test]
async fn ranges_are_cut_as_asked() {
    let s3 = Harness::start().await;
    s3.put("k", b"0123456789").await;
    for (range, expected, content_range) in [
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-3", "789", "bytes 7-9/10"),
        ("bytes=8-99", "89", "bytes 8-9/10"),
        ("bytes=-99", "0123456789", "bytes 0-9/10"),
    ] {
        let got = s3
            .s3
            .get_object()
            .bucket(BUCKET)
            .key("k")
            .range(range)
            .send()
            .await
            .unwrap();
        assert_eq!(got.content_range(), Some(content_range));
        assert_eq!(
            got.body.collect().await.unwrap().to_vec(),
            expected.as_bytes(),
            "{range}"
        );
    }
    for range in ["bytes=10-", "bytes=-0", "bytes=99-100"] {
        let refused = s3
            .s3
            .get_object()
            .bucket(BUCKET)
            .key("k")
            .range(range)
            .send()
            .await
            .unwrap_err();
        assert_eq!(
            (status(&refused), code(&refused)),
            (416, "InvalidRange".to_owned()),
            "{range}"
        );
        assert_eq!(
            refused
                .raw_response()
                .unwrap()
                .headers()
                .get("content-range"),
            Some("bytes */10")
        );
    }
}

#[tokio::test]
async fn every_checksum_is_verified_and_given_back() {
    let s3 = Harness::start().await;
    for algorithm in [
        ChecksumAlgorithm::Crc32,
        ChecksumAlgorithm::Crc32C,
        ChecksumAlgorithm::Crc64Nvme,
        ChecksumAlgorithm::Sha1,
        ChecksumAlgorithm::Sha256,
    ] {
        let body = pattern(200_000, 3);
        let put = s3
            .s3
            .put_object()
            .bucket(BUCKET)
            .key("k")
            .body(bytes(&body));
        let put = put
            .checksum_algorithm(algorithm.clone())
            .send()
            .await
            .unwrap();
        // With the mode enabled the SDK itself compares what arrives with the stored checksum.
        let get = s3
            .s3
            .get_object()
            .bucket(BUCKET)
            .key("k")
            .checksum_mode(ChecksumMode::Enabled);
        let got = get.send().await.unwrap();
        let pairs = [
            (put.checksum_crc32(), got.checksum_crc32()),
            (put.checksum_crc32_c(), got.checksum_crc32_c()),
            (put.checksum_crc64_nvme(), got.checksum_crc64_nvme()),
            (put.checksum_sha1(), got.checksum_sha1()),
            (put.checksum_sha256(), got.checksum_sha256()),
        ];
        assert!(pairs.iter().all(|(put, got)| put == got));
        assert_eq!(
            pairs.iter().filter(|(put, _)| put.is_some()).count(),
            1,
            "{algorithm:?}"
        );
        assert_eq!(got.body.collect().await.unwrap().to_vec(), body);
    }
}

#[tokio::test]
async fn a_refused_put_keeps_the_old_bytes_and_the_old_etag() {
    let s3 = Harness::start().await;
    let etag = s3.put("k", b"the old bytes").await;
    let wrong = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let put = || {
        s3.presigner()
            .put_object()
            .bucket(BUCKET)
            .key("k")
            .body(bytes(b"other bytes"))
    };
    let sha = put().checksum_sha256(wrong).send().await.unwrap_err();
    assert_eq!((status(&sha), code(&sha)), (400, "BadDigest".to_owned()));
    let md5 = put()
        .content_md5("AAAAAAAAAAAAAAAAAAAAAA==")
        .send()
        .await
        .unwrap_err();
    assert_eq!((status(&md5), code(&md5)), (400, "BadDigest".to_owned()));
    let junk = put().content_md5("not base64").send().await.unwrap_err();
    assert_eq!(
        (status(&junk), code(&junk)),
        (400, "InvalidDigest".to_owned())
    );

    let head = s3
        .s3
        .head_object()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    assert_eq!(head.e_tag(), Some(etag.as_str()));
    assert_eq!(s3.get("k").await, b"the old bytes");
    assert_eq!(s3.leftovers(), (1, 0));
}

#[tokio::test]
async fn replacing_and_deleting_leave_no_bytes_behind() {
    let s3 = Harness::start().await;
    s3.put("k", b"one").await;
    s3.put("k", b"two").await;
    assert_eq!(s3.leftovers(), (1, 0));
    s3.s3
        .delete_object()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    assert!(!s3.exists("k").await);
    assert_eq!(s3.leftovers(), (0, 0));
    s3.s3
        .delete_object()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn many_keys_are_deleted_at_once() {
    let s3 = Harness::start().await;
    for key in ["a", "b", "c & <d>"] {
        s3.put(key, key.as_bytes()).await;
    }
    let named = ["a", "c & <d>", "never existed"]
        .map(|key| ObjectIdentifier::builder().key(key).build().unwrap());
    let delete = Delete::builder()
        .set_objects(Some(named.to_vec()))
        .build()
        .unwrap();
    let answer = s3
        .s3
        .delete_objects()
        .bucket(BUCKET)
        .delete(delete)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.deleted().len(), 3);
    assert!(answer.errors().is_empty());
    assert!(s3.exists("b").await);
    assert!(!s3.exists("a").await && !s3.exists("c & <d>").await);
}

#[tokio::test]
async fn a_large_stream_arrives_whole() {
    let s3 = Harness::start().await;
    let body = pattern(64 * 1024 * 1024, 7);
    s3.put("large", &body).await;
    assert!(s3.get("large").await == body, "64 MiB came back changed");
}

#[tokio::test]
async fn concurrent_writers_of_one_key_leave_one_consistent_object() {
    let s3 = Harness::start().await;
    let put = |seed: u8| {
        let body = pattern(300_000, seed);
        let send = s3
            .s3
            .put_object()
            .bucket(BUCKET)
            .key("k")
            .body(bytes(&body))
            .send();
        async move { send.await.unwrap().e_tag().unwrap().to_owned() }
    };
    let etags = futures_util::future::join_all((0..8).map(put)).await;
    let head = s3
        .s3
        .head_object()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    let winner = etags
        .iter()
        .position(|etag| Some(etag.as_str()) == head.e_tag())
        .expect("one of the writers");
    assert!(s3.get("k").await == pattern(300_000, u8::try_from(winner).unwrap()));
    assert_eq!(s3.leftovers(), (1, 0));
}

#[tokio::test]
async fn a_reader_keeps_the_object_it_began_to_read() {
    let s3 = Harness::start().await;
    let old = pattern(8 * 1024 * 1024, 1);
    s3.put("k", &old).await;
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
    s3.put("k", b"new").await;
    s3.s3
        .delete_object()
        .bucket(BUCKET)
        .key("k")
        .send()
        .await
        .unwrap();
    let rest = reading.collect().await.unwrap().to_vec();
    assert!([first.to_vec(), rest].concat() == old);
}

#[tokio::test]
async fn buckets_answer_what_clients_ask_at_start() {
    let s3 = Harness::start().await;
    s3.s3.create_bucket().bucket(BUCKET).send().await.unwrap();
    s3.s3.create_bucket().bucket("second").send().await.unwrap();
    let head = s3.s3.head_bucket().bucket("second").send().await.unwrap();
    assert_eq!(head.bucket_region(), Some("eu-central-1"));
    let missing = s3
        .s3
        .head_bucket()
        .bucket("no-such-bucket")
        .send()
        .await
        .unwrap_err();
    assert_eq!(status(&missing), 404);
    let listed = s3.s3.list_buckets().send().await.unwrap();
    let names: Vec<_> = listed
        .buckets()
        .iter()
        .filter_map(|bucket| bucket.name())
        .collect();
    assert_eq!(names, [BUCKET, "second"]);
    let location = s3
        .s3
        .get_bucket_location()
        .bucket(BUCKET)
        .send()
        .await
        .unwrap();
    assert_eq!(
        location.location_constraint().unwrap().as_str(),
        "eu-central-1"
    );
    let cors = s3.s3.get_bucket_cors().bucket(BUCKET).send().await.unwrap();
    assert_eq!(
        cors.cors_rules()[0].allowed_origins(),
        [crate::harness::ORIGIN]
    );
}
