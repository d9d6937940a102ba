use rstest::rstest;

use super::{MIB, Store, is_not_found, pattern, read};
use crate::adapter::blob::copy::CopyLimits;
use crate::adapter::blob::{BlobError, Copy, Description};

const IN_PARTS: CopyLimits = CopyLimits {
    single_byte_len: 6 * 1024 * 1024,
    part_byte_len: 5 * 1024 * 1024,
};
const AT_ONCE: CopyLimits = CopyLimits {
    single_byte_len: u64::MAX,
    part_byte_len: 1,
};

#[rstest]
#[case::at_once(AT_ONCE)]
#[case::in_parts(IN_PARTS)]
#[tokio::test]
async fn a_copy_has_the_bytes_and_its_own_description(#[case] limits: CopyLimits) {
    let store = Store::start().await;
    let bytes = pattern(12 * MIB);
    let put = store
        .blob
        .put_small("staging/ä b+c", bytes.clone(), "text/html");
    let put = put.await.unwrap();
    let description = Description::of("image/png").disposed("inline");
    let copy = Copy {
        from: "staging/ä b+c",
        to: "final",
        if_match_etag: &put.etag,
        byte_len: put.byte_len,
        description: &description,
    };
    let copied = store.blob.copy_within(&copy, limits).await.unwrap();
    let head = store.blob.head("final").await.unwrap();
    assert_eq!((copied.etag, copied.byte_len), (head.etag, put.byte_len));
    assert_eq!(head.media_type.as_deref(), Some("image/png"));
    assert!(read(&store.blob, "final").await == bytes);
}

#[rstest]
#[case::at_once(AT_ONCE)]
#[case::in_parts(IN_PARTS)]
#[tokio::test]
async fn a_source_that_changed_is_not_copied(#[case] limits: CopyLimits) {
    let store = Store::start().await;
    let inspected = store.blob.put_small("staging", pattern(12 * MIB), "a/b");
    let inspected = inspected.await.unwrap();
    let swapped = pattern(12 * MIB).slice(1..);
    let swapped = store.blob.put_small("staging", swapped, "a/b");
    swapped.await.unwrap();
    let description = Description::of("a/b");
    let copy = Copy {
        from: "staging",
        to: "final",
        if_match_etag: &inspected.etag,
        byte_len: inspected.byte_len - 1,
        description: &description,
    };
    let refused = store.blob.copy_within(&copy, limits).await;
    assert!(
        matches!(refused, Err(BlobError::PreconditionFailed(_))),
        "{refused:?}"
    );
    assert!(is_not_found(&store.blob.head("final").await));
    assert_eq!(store.blob.list_multiparts("").await.unwrap(), []);
}

#[tokio::test]
async fn a_source_that_does_not_exist_is_not_found() {
    let store = Store::start().await;
    let description = Description::of("a/b");
    let copy = Copy {
        from: "staging",
        to: "final",
        if_match_etag: "\"x\"",
        byte_len: 1,
        description: &description,
    };
    assert!(is_not_found(&store.blob.copy(&copy).await));
}
