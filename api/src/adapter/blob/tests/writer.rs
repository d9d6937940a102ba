use bytes::Bytes;
use rstest::rstest;

use super::{MIB, Store, is_not_found, pattern, plain, read};
use crate::adapter::blob::{BlobError, Description, MultipartWriter};

#[rstest]
#[case::nothing(0, false)]
#[case::one_byte(1, false)]
#[case::a_byte_short_of_a_part(8 * MIB - 1, false)]
#[case::a_part(8 * MIB, false)]
#[case::a_byte_more_than_a_part(8 * MIB + 1, true)]
#[case::several_parts(20 * MIB, true)]
#[tokio::test]
async fn what_is_written_is_read_again(#[case] byte_len: usize, #[case] in_parts: bool) {
    let store = Store::start().await;
    let bytes = pattern(byte_len);
    let mut writer = MultipartWriter::begin(&store.blob, "a/ü b+c", plain());
    for chunk in bytes.chunks(60_000) {
        writer.write(Bytes::copy_from_slice(chunk)).await.unwrap();
    }
    assert_eq!(writer.upload_id().is_some(), in_parts);
    assert_eq!(writer.byte_len(), byte_len as u64);
    let stored = writer.finish().await.unwrap();
    let head = store.blob.head("a/ü b+c").await.unwrap();
    assert_eq!(stored.byte_len, byte_len as u64);
    assert_eq!((stored.etag, stored.byte_len), (head.etag, head.byte_len));
    assert_eq!(head.media_type.as_deref(), Some("text/plain"));
    assert!(read(&store.blob, "a/ü b+c").await == bytes);
    assert_eq!(store.blob.list_multiparts("").await.unwrap(), []);
}

#[tokio::test]
async fn one_chunk_may_be_larger_than_a_part() {
    let store = Store::start().await;
    let bytes = pattern(17 * MIB);
    let mut writer = MultipartWriter::begin(&store.blob, "k", plain());
    writer.write(bytes.clone()).await.unwrap();
    assert_eq!(writer.finish().await.unwrap().byte_len, 17 * MIB as u64);
    assert!(read(&store.blob, "k").await == bytes);
}

#[rstest]
#[case::small(MIB)]
#[case::large(20 * MIB)]
#[tokio::test]
async fn abort_leaves_nothing(#[case] byte_len: usize) {
    let store = Store::start().await;
    let mut writer = MultipartWriter::begin(&store.blob, "k", plain());
    writer.write(pattern(byte_len)).await.unwrap();
    writer.abort().await.unwrap();
    assert!(is_not_found(&store.blob.head("k").await));
    assert_eq!(store.blob.list_multiparts("").await.unwrap(), []);
    assert_eq!(store.files(), 0);
}

#[tokio::test]
async fn a_dropped_writer_is_found_by_listing_and_removed() {
    let store = Store::start().await;
    let mut writer = MultipartWriter::begin(&store.blob, "tenant/k", plain());
    writer.write(pattern(9 * MIB)).await.unwrap();
    let id = writer.upload_id().unwrap().to_owned();
    drop(writer);
    assert_eq!(store.blob.list_multiparts("other/").await.unwrap(), []);
    let found = store.blob.list_multiparts("tenant/").await.unwrap();
    assert_eq!(
        found
            .iter()
            .map(|multipart| (multipart.key.as_str(), multipart.upload_id.as_str()))
            .collect::<Vec<_>>(),
        [("tenant/k", id.as_str())]
    );
    store.blob.abort_multipart("tenant/k", &id).await.unwrap();
    store.blob.abort_multipart("tenant/k", &id).await.unwrap();
    assert_eq!(store.blob.list_multiparts("").await.unwrap(), []);
}

#[tokio::test]
async fn a_broken_writer_cannot_be_finished() {
    let store = Store::start().await;
    let mut writer = MultipartWriter::begin(&store.blob, "k", plain());
    writer.write(pattern(9 * MIB)).await.unwrap();
    let id = writer.upload_id().unwrap().to_owned();
    store.blob.abort_multipart("k", &id).await.unwrap();
    let refused = writer.write(pattern(40 * MIB)).await;
    assert!(is_not_found(&refused), "{refused:?}");
    assert!(matches!(
        writer.write(pattern(1)).await,
        Err(BlobError::Other(_))
    ));
    assert!(matches!(writer.finish().await, Err(BlobError::Other(_))));
    assert!(is_not_found(&store.blob.head("k").await));
}

#[tokio::test]
async fn objects_are_served_under_their_description() {
    let store = Store::start().await;
    let description = Description::of("application/pdf").disposed("attachment; filename=\"a.pdf\"");
    for (key, byte_len) in [("small", 3), ("large", 9 * MIB)] {
        let mut writer = MultipartWriter::begin(&store.blob, key, description.clone());
        writer.write(pattern(byte_len)).await.unwrap();
        writer.finish().await.unwrap();
        let head = store.blob.client().head_object().bucket(super::BUCKET);
        let head = head.key(key).send().await.unwrap();
        assert_eq!(head.content_type(), Some("application/pdf"));
        assert_eq!(
            head.content_disposition(),
            Some("attachment; filename=\"a.pdf\"")
        );
    }
}
