use crate::harness::bytes;
use crate::harness::{BUCKET, Harness, code, files, status};

const ODD_KEYS: [&str; 14] = [
    "with spaces and  two",
    "ünïcödé/日本語/🗄️.png",
    "plus+percent%25%2F&amp;<tag>\"'",
    "../../../etc/passwd",
    "a/../../b",
    "..",
    ".",
    "/leading",
    "//double//slashes//",
    "trailing/",
    "bucket.json",
    "C:\\windows\\style",
    "question?mark#hash",
    "~*()!$;:@=,",
];

#[tokio::test]
async fn odd_keys_are_keys_like_any_other() {
    let s3 = Harness::start().await;
    for key in ODD_KEYS {
        s3.put(key, key.as_bytes()).await;
    }
    for key in ODD_KEYS {
        assert_eq!(s3.get(key).await, key.as_bytes(), "{key}");
    }
    let s3 = s3.restart().await;
    let listed = s3.s3.list_objects_v2().bucket(BUCKET).send().await.unwrap();
    let mut expected = ODD_KEYS.to_vec();
    expected.sort_unstable();
    assert_eq!(
        listed
            .contents()
            .iter()
            .filter_map(|object| object.key())
            .collect::<Vec<_>>(),
        expected
    );
    for key in ODD_KEYS {
        s3.s3
            .delete_object()
            .bucket(BUCKET)
            .key(key)
            .send()
            .await
            .unwrap();
    }
    assert_eq!(s3.leftovers(), (0, 0));
}

#[tokio::test]
async fn a_key_has_up_to_1024_bytes() {
    let s3 = Harness::start().await;
    let longest = ["ö".repeat(512), "k/".repeat(512)];
    for key in &longest {
        s3.put(key, b"x").await;
        assert_eq!(s3.get(key).await, b"x");
    }
    let refused = s3
        .s3
        .put_object()
        .bucket(BUCKET)
        .key("k".repeat(1025))
        .body(bytes(b"x"))
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        (status(&refused), code(&refused)),
        (400, "KeyTooLongError".to_owned())
    );
}

#[tokio::test]
async fn no_key_leaves_the_directory_or_names_a_file_in_it() {
    let outer = tempfile::tempdir().unwrap();
    let inner = outer.path().join("store");
    let server = embedded_s3::start(crate::harness::config(&inner))
        .await
        .unwrap();
    let s3 = Harness {
        dir: tempfile::tempdir().unwrap(),
        s3: Harness::start().await.s3,
        server,
    };
    let s3 = Harness {
        s3: s3.presigner(),
        ..s3
    };
    for key in ODD_KEYS {
        s3.put(key, b"x").await;
    }
    assert_eq!(std::fs::read_dir(outer.path()).unwrap().count(), 1);
    for file in files(&inner) {
        let name = file
            .strip_prefix(&inner)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        let known = ["lock", "layout.json", "objects/files/bucket.json"].contains(&name.as_str());
        let hashed = name
            .rsplit('/')
            .next()
            .unwrap()
            .trim_end_matches(".json")
            .bytes()
            .all(|b| b.is_ascii_hexdigit());
        assert!(known || hashed, "{name}");
    }
}

#[tokio::test]
async fn a_key_no_listing_can_carry_is_refused() {
    let s3 = Harness::start().await;
    for key in ["bell\u{7}", "line\nbreak"] {
        let refused = s3
            .s3
            .put_object()
            .bucket(BUCKET)
            .key(key)
            .body(bytes(b"x"))
            .send()
            .await
            .unwrap_err();
        assert_eq!(
            (status(&refused), code(&refused)),
            (400, "InvalidArgument".to_owned())
        );
    }
}
