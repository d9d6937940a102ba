use super::*;
use crate::genesis::NamedHead;
use crate::merkle::TreeHead;

fn broken() -> Report {
    let point = |size| Point {
        size,
        at: Time::from_micros(1_750_000_000_000_000).ok(),
    };
    Report {
        verdict: Verdict::Broken,
        assurance: Assurance::A1,
        origin: "audit.strongroom.local/0a1b2c3d/system/e0".to_owned(),
        size: 700,
        root: Some(Hash([1; 32])),
        end: 700,
        whole: true,
        disclosures: Disclosures::All,
        harm: Some(Harm {
            damage: Damage::ContentAltered,
            seq: Some(200),
            reason: "the bytes say \"<b>\" & more".to_owned(),
            file: None,
            recorded: Some(Hash([2; 32])),
            recomputed: Some(Hash([3; 32])),
            last_good: Some(point(100)),
            first_bad: Some(Point {
                size: 300,
                at: None,
            }),
            affected: 2,
        }),
        obstacle: None,
        ..Report::inconclusive("")
    }
}

#[test]
fn a_verdict_always_carries_its_assurance() {
    let point = Point { size: 5, at: None };
    let intact = Report {
        verdict: Verdict::IntactWithDocumentedGaps,
        pruned: 12,
        redacted: 1,
        compared: Some(point),
        obstacle: None,
        ..broken()
    };
    let words: Vec<String> = [Assurance::A0, Assurance::A1, Assurance::A2, Assurance::A3]
        .into_iter()
        .map(|assurance| {
            Report {
                assurance,
                ..intact.clone()
            }
            .to_string()
        })
        .collect();
    assert_eq!(
        words,
        [
            "INTACT_WITH_DOCUMENTED_GAPS (12 pruned, 1 redacted) (A0: chain and tree only, no signature checked)",
            "INTACT_WITH_DOCUMENTED_GAPS (12 pruned, 1 redacted) (A1: signed by a trusted key)",
            "INTACT_WITH_DOCUMENTED_GAPS (12 pruned, 1 redacted) (A2: consistent with your receipt of 5 entries)",
            "INTACT_WITH_DOCUMENTED_GAPS (12 pruned, 1 redacted) (A3: equals the newest external anchor, of 5 entries)",
        ]
    );
    assert_eq!(
        Report::inconclusive("x").to_string(),
        "INCONCLUSIVE (A0: chain and tree only, no signature checked)"
    );
}

#[test]
fn json_has_every_key_in_order() {
    let json = broken().to_json();
    assert_eq!(
        json.to_string(),
        format!(
            concat!(
                r#"{{"affectedCount":2,"assurance":"A1","assuranceText":"signed by a trusted key","compared":null,"#,
                r#""cosignedAt":null,"damage":"CONTENT_ALTERED","disclosures":"all","end":700,"file":null,"first":0,"#,
                r#""firstBadCheckpoint":{{"at":null,"size":300}},"firstBadSeq":200,"#,
                r#""lastGoodCheckpoint":{{"at":"2025-06-15T15:06:40.000000Z","size":100}},"#,
                r#""origin":"audit.strongroom.local/0a1b2c3d/system/e0","previous":null,"pruned":0,"#,
                r#""reason":"the bytes say \"<b>\" & more","recomputedHash":"{}","recordedHash":"{}","redacted":0,"#,
                r#""root":"{}","signedBy":null,"size":700,"verdict":"BROKEN","whole":true}}"#
            ),
            "03".repeat(32),
            "02".repeat(32),
            "01".repeat(32),
        )
    );
    let keys = |report: Report| report.to_json().as_object().map(|keys| keys.len());
    assert_eq!(keys(broken()), keys(Report::inconclusive("x")));
}

#[test]
fn a_page_shows_what_was_found_and_runs_nothing() {
    let page = broken().to_html();
    for text in [
        "BROKEN (A1: signed by a trusted key)",
        "<th>First bad entry</th><td>200</td>",
        "the bytes say &quot;&lt;b&gt;&quot; &amp; more",
        "<th>Entries checked</th><td>0 to 699, all there are</td>",
    ] {
        assert!(page.contains(text), "{text}\n{page}");
    }
    assert!(!page.contains("<script") && !page.contains("http"));
}

#[test]
fn a_recovered_log_shows_what_its_genesis_names() {
    let head = |size| NamedHead {
        origin: "audit.strongroom.local/0a1b2c3d/system/e0".to_owned(),
        tree: TreeHead {
            size,
            root: Hash([4; 32]),
        },
    };
    let recovered = Report {
        previous: Some(Previous {
            kept: head(5),
            known: Some(head(9)),
        }),
        ..broken()
    };
    let json = recovered.to_json();
    assert_eq!(json.pointer("/previous/lost"), Some(&4.into()));
    assert_eq!(json.pointer("/previous/known/size"), Some(&9.into()));
    let row = "<th>Epoch before</th><td>audit.strongroom.local/0a1b2c3d/system/e0, 5 entries kept, 4 known to be lost</td>";
    assert!(recovered.to_html().contains(row));
}
