use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::hash::Hash;
use crate::report::Disclosures;

#[test]
fn files_have_one_order_and_no_other_paths() {
    let paths = [
        "checkpoint",
        "log.vkey",
        "anchors/a-1.note",
        "anchors/b.note",
        "disclosures.ndjson",
        "tile/entries/000",
        "tile/0/000",
        "tile/entries/001",
        "tile/0/001",
        "tile/entries/255",
        "tile/0/255",
        "tile/1/000",
        "tile/0/256",
        "tile/0/x065/535",
        "tile/1/255",
        "tile/2/000",
        "tile/entries/x065/536.p/7",
        "tile/0/x065/536.p/7",
        "tile/1/256.p/1",
        "tile/3/000.p/1",
        "report.html",
        "report.json",
        "VERIFY.md",
        "verify.py",
        "manifest.json",
        "manifest.note",
    ];
    let places: Vec<Place> = paths.iter().map(|path| Place::of(path).unwrap()).collect();
    assert!(places.is_sorted_by(|one, other| one < other), "{places:#?}");
    for path in [
        "",
        "Checkpoint",
        "./checkpoint",
        "anchors/x",
        "anchors/x.note/",
        "tile/0/0",
        "tile/8/000",
    ] {
        assert_eq!(Place::of(path), None, "{path}");
    }
}

fn manifest() -> Manifest {
    let file = |path: &str| FileDigest {
        path: path.to_owned(),
        len: 3,
        sha256: Hash::of(b"abc"),
    };
    Manifest {
        origin: "audit.strongroom.local/0a1b2c3d/system/e4".to_owned(),
        epoch: 4,
        size: 700,
        root: Hash::of(b""),
        first: 256,
        end: 512,
        whole: false,
        extra: vec![0, 2],
        disclosures: Disclosures::All,
        files: vec![file("checkpoint"), file("tile/0/000")],
    }
}

#[test]
fn a_manifest_has_these_bytes() {
    let abc = Hash::of(b"abc");
    assert_eq!(
        String::from_utf8(manifest().to_bytes()).unwrap(),
        format!(
            concat!(
                r#"{{"disclosures":"all","end":512,"epoch":4,"extra":[0,2],"files":["#,
                r#"{{"len":3,"path":"checkpoint","sha256":"{}"}},{{"len":3,"path":"tile/0/000","sha256":"{}"}}],"#,
                r#""first":256,"format":"bundle/1","origin":"audit.strongroom.local/0a1b2c3d/system/e4","#,
                r#""root":"{}","scope":"range","size":700}}"#
            ),
            abc,
            abc,
            Hash::of(b"")
        )
    );
    assert_eq!(seal_text("x", b"abc"), format!("x/bundle\n{abc}\n"));
}

#[test]
fn a_manifest_is_read_as_it_was_written_whatever_its_length() {
    let mut long = manifest();
    long.files = (0..4096)
        .map(|index| FileDigest {
            path: format!("tile/0/x{index}"),
            len: index,
            sha256: Hash::ZERO,
        })
        .collect();
    for manifest in [manifest(), long] {
        assert_eq!(Manifest::parse(&manifest.to_bytes()), Ok(manifest));
    }
    let bytes = manifest().to_bytes();
    assert!(Manifest::parse(&bytes[1..]).is_err());
    assert!(Manifest::parse(&[bytes.as_slice(), b"\n"].concat()).is_err());
    let text = String::from_utf8(bytes)
        .unwrap()
        .replace("bundle/1", "bundle/2");
    assert_eq!(
        Manifest::parse(text.as_bytes()),
        Err(ManifestError::Value("format"))
    );
}

#[test]
fn a_line_has_one_spelling() {
    let mut out = Vec::new();
    push_line(&mut out, 0, &[]);
    push_line(&mut out, 12, &["WyJ-", "_x"]);
    assert_eq!(
        out,
        b"{\"seq\":0,\"d\":[]}\n{\"seq\":12,\"d\":[\"WyJ-\",\"_x\"]}\n"
    );
    let line = read_line(b"{\"seq\":12,\"d\":[\"WyJ-\",\"_x\"]}").unwrap();
    assert_eq!(
        (line.seq, line.texts().collect::<Vec<_>>()),
        (12, vec!["WyJ-", "_x"])
    );
    for other in [
        r#"{"seq":1,"d":[]} "#,
        r#"{"seq":01,"d":[]}"#,
        r#"{"seq": 1,"d":[]}"#,
        r#"{"seq":1,"d":[""]}"#,
        r#"{"seq":1,"d":["a",]}"#,
        r#"{"seq":1,"d":["a""b"]}"#,
        r#"{"seq":1,"d":[a]}"#,
        r#"{"seq":1,"d":["a\u0041"]}"#,
        r#"{"seq":1,"d":["a"],"d":["b"]}"#,
        r#"{"d":[],"seq":1}"#,
    ] {
        assert_eq!(read_line(other.as_bytes()), None, "{other}");
    }
}

proptest! {
    #[test]
    fn lines_that_are_read_are_written_again(line in r#"\{"seq":[0-9]{1,3},"d":\[("[a-zA-Z_-]{0,3}",?){0,3}\]\}"#) {
        if let Some(read) = read_line(line.as_bytes()) {
            let mut out = Vec::new();
            push_line(&mut out, read.seq, &read.texts().collect::<Vec<_>>());
            prop_assert_eq!(out, line.into_bytes().into_iter().chain(*b"\n").collect::<Vec<_>>());
        }
    }

    #[test]
    fn files_in_memory_are_walked_in_their_order(paths in proptest::collection::vec("(tile/[012]/00[0-3](.p/[1-3])?|checkpoint|verify.py|x)", 0..9)) {
        let files = Files(paths.into_iter().map(|path| (path, vec![1])).collect::<BTreeMap<_, _>>());
        let mut walk = files.walk().unwrap();
        let mut places = Vec::new();
        while let Some(head) = walk.next().unwrap() {
            places.push(Place::of(&head.path));
        }
        prop_assert_eq!(places.len(), files.0.len());
        let known: Vec<_> = places.iter().flatten().collect();
        prop_assert!(known.is_sorted());
        prop_assert!(places.iter().skip(known.len()).all(Option::is_none));
    }
}
