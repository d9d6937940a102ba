use audit::{note::VerifierKey, proof::TlogProof};

use super::asking::house;

#[tokio::test]
async fn a_run_tells_what_it_read_and_gives_a_receipt_to_bring_back() {
    let house = house().await;
    let fields = "full epoch size beginSize entriesRead checkpoint affectedCount assurance \
                  window { lastGood { size at } } receipt { size at } anchor { size }";
    let verify = async |input: &str| {
        let query = format!(
            "mutation {{ auditVerify(input: {{ {input} }}) {{ verification {{ {fields} }} \
             userErrors {{ message path code }} }} }}"
        );
        house.data(&query).await["auditVerify"].clone()
    };
    let first = verify("full: true").await["verification"].clone();
    assert_eq!((&first["full"], &first["epoch"]), (&true.into(), &0.into()));
    assert_eq!(first["entriesRead"], first["size"]);
    assert_eq!(first["affectedCount"], "0");
    for none in ["window", "receipt", "anchor"] {
        assert!(first[none].is_null(), "{none}: {first}");
    }
    let receipt = serde_json::to_string(&first["checkpoint"]).unwrap();
    let second = verify(&format!("receipt: {receipt}")).await["verification"].clone();
    assert_eq!(second["assurance"], "A2");
    assert_eq!(second["beginSize"], first["size"]);
    assert_eq!(second["receipt"]["size"], first["size"]);
    let refused = verify("receipt: \"x\"").await;
    assert!(refused["verification"].is_null());
    assert_eq!(refused["userErrors"][0]["code"], "INVALID");
    assert_eq!(
        refused["userErrors"][0]["path"],
        serde_json::json!(["input", "receipt"])
    );
}

#[tokio::test]
async fn every_entry_of_a_page_comes_with_its_proof() {
    let house = house().await;
    let query = "{ viewer { tenant { auditChain { publicKey } \
                 auditEntries(first: 20) { nodes { raw proof } } } } }";
    let data = house.data(query).await;
    let tenant = &data["viewer"]["tenant"];
    let key = tenant["auditChain"]["publicKey"].as_str().unwrap();
    let keys = [VerifierKey::parse(key).unwrap()];
    let entries = tenant["auditEntries"]["nodes"].as_array().unwrap();
    assert!(!entries.is_empty());
    for entry in entries {
        let proof = TlogProof::parse(entry["proof"].as_str().unwrap().as_bytes()).unwrap();
        let raw = entry["raw"].as_str().unwrap();
        assert!(proof.verify(raw.as_bytes(), &keys).is_ok());
    }
}
