use crate::harness::{BUCKET, Harness};

const KEYS: [&str; 7] = ["a", "b/1", "b/2", "b/c/3", "b0", "d/4", "ä"];

async fn seeded() -> Harness {
    let s3 = Harness::start().await;
    for key in KEYS {
        s3.put(key, b"x").await;
    }
    s3
}

#[tokio::test]
async fn keys_are_listed_in_byte_order() {
    let s3 = seeded().await;
    let all = s3.s3.list_objects_v2().bucket(BUCKET).send().await.unwrap();
    assert_eq!(
        all.contents()
            .iter()
            .filter_map(|o| o.key())
            .collect::<Vec<_>>(),
        KEYS
    );
    assert_eq!(
        (all.key_count(), all.is_truncated()),
        (Some(7), Some(false))
    );
    let below = s3
        .s3
        .list_objects_v2()
        .bucket(BUCKET)
        .prefix("b/")
        .start_after("b/1")
        .send()
        .await
        .unwrap();
    assert_eq!(
        below
            .contents()
            .iter()
            .filter_map(|o| o.key())
            .collect::<Vec<_>>(),
        ["b/2", "b/c/3"]
    );
    let none = s3
        .s3
        .list_objects_v2()
        .bucket(BUCKET)
        .max_keys(0)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (none.key_count(), none.is_truncated()),
        (Some(0), Some(false))
    );
}

#[tokio::test]
async fn pages_of_any_size_add_up_to_the_whole_listing() {
    let s3 = seeded().await;
    for size in 1..=8 {
        for (delimiter, expected) in [
            (None, KEYS.to_vec()),
            (Some("/"), vec!["a", "b/", "b0", "d/", "ä"]),
        ] {
            let (mut seen, mut token) = (Vec::new(), None);
            loop {
                let page = s3
                    .s3
                    .list_objects_v2()
                    .bucket(BUCKET)
                    .max_keys(size)
                    .set_continuation_token(token);
                let page = page
                    .set_delimiter(delimiter.map(str::to_owned))
                    .send()
                    .await
                    .unwrap();
                let mut names: Vec<String> = page
                    .contents()
                    .iter()
                    .filter_map(|o| o.key())
                    .map(str::to_owned)
                    .collect();
                names.extend(
                    page.common_prefixes()
                        .iter()
                        .filter_map(|p| p.prefix())
                        .map(str::to_owned),
                );
                assert!(names.len() <= usize::try_from(size).unwrap());
                names.sort_unstable();
                seen.extend(names);
                token = page.next_continuation_token().map(str::to_owned);
                assert_eq!(page.is_truncated(), Some(token.is_some()));
                if token.is_none() {
                    break;
                }
            }
            assert_eq!(seen, expected, "pages of {size}, delimiter {delimiter:?}");
        }
    }
}

#[tokio::test]
async fn the_first_listing_version_pages_by_marker() {
    let s3 = seeded().await;
    let (mut seen, mut marker) = (Vec::new(), None);
    loop {
        let page = s3
            .s3
            .list_objects()
            .bucket(BUCKET)
            .delimiter("/")
            .max_keys(2)
            .set_marker(marker);
        let page = page.send().await.unwrap();
        seen.extend(
            page.contents()
                .iter()
                .filter_map(|o| o.key())
                .map(str::to_owned),
        );
        seen.extend(
            page.common_prefixes()
                .iter()
                .filter_map(|p| p.prefix())
                .map(str::to_owned),
        );
        marker = page.next_marker().map(str::to_owned);
        if marker.is_none() {
            break;
        }
    }
    seen.sort_unstable();
    assert_eq!(seen, ["a", "b/", "b0", "d/", "ä"]);
}
