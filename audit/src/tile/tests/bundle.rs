use super::*;

fn read(bundle: &[u8]) -> Result<Vec<&[u8]>, BundleError> {
    entries(bundle).collect()
}

#[test]
fn an_entry_stands_behind_its_length() {
    let bundle = write_bundle([b"ab".as_slice(), b"", b"c"]).unwrap();
    assert_eq!(bundle, b"\x00\x02ab\x00\x00\x00\x01c");
    assert_eq!(read(&bundle), Ok(vec![b"ab".as_slice(), b"", b"c"]));
    assert_eq!(read(&[]), Ok(Vec::new()));
    assert_eq!(write_bundle([]), Ok(Vec::new()));
}

#[test]
fn a_cut_bundle_says_where() {
    let cut = |entry, at| Err(BundleError::Cut { entry, at });
    assert_eq!(read(b"\x00"), cut(0, 0));
    assert_eq!(read(b"\x00\x01"), cut(0, 0));
    assert_eq!(read(b"\x00\x01a\x00"), cut(1, 3));
    assert_eq!(read(b"\x00\x01a\xff\xffb"), cut(1, 3));
    let mut rest = entries(b"\x00\x01a\xff\xffb");
    assert_eq!(rest.next(), Some(Ok(b"a".as_slice())));
    assert!(rest.next().is_some_and(|entry| entry.is_err()));
    assert_eq!(rest.next(), None);
}

#[test]
fn a_bundle_holds_256_entries_of_65535_bytes() {
    let longest = vec![7; 65_535];
    let bundle = write_bundle([longest.as_slice(); 256]).unwrap();
    assert_eq!(bundle.len(), MAX_BUNDLE_LEN);
    assert_eq!(read(&bundle).map(|entries| entries.len()), Ok(256));
    assert_eq!(
        write_bundle([b"".as_slice(); 257]),
        Err(BundleError::TooMany)
    );
    assert_eq!(read(&[0; 514]), Err(BundleError::TooMany));
    assert_eq!(
        write_bundle([b"".as_slice(), &[0; 65_536]]),
        Err(BundleError::TooLong { entry: 1 })
    );
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(written in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..=256)) {
        let bundle = write_bundle(written.iter().map(Vec::as_slice)).unwrap();
        prop_assert_eq!(read(&bundle).unwrap(), written);
    }

    #[test]
    fn what_is_read_is_written_again(bundle in prop::collection::vec(0_u8..4, 0..600)) {
        if let Ok(entries) = read(&bundle) {
            prop_assert_eq!(write_bundle(entries).unwrap(), bundle);
        }
    }
}
