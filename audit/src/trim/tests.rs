use proptest::prelude::*;
use serde_json::json;

use super::*;

fn one(field: &str, value: Value) -> BTreeMap<String, Value> {
    BTreeMap::from([(field.to_owned(), value)])
}

fn rules(trimmed: &Trimmed) -> Vec<Rule> {
    trimmed
        .trim
        .as_ref()
        .map(|trim| trim.rules.clone())
        .unwrap_or_default()
}

#[test]
fn what_fits_is_left_alone() {
    let mut values = one(
        "extra",
        json!({ "text": "x".repeat(600), "list": vec![1; 30] }),
    );
    assert_eq!(
        trim(values.clone()),
        Trimmed {
            values: values.clone(),
            trim: None
        }
    );
    let room = MAX_BYTE_LEN - size(&values);
    values.insert(
        "extra".to_owned(),
        json!({ "text": "x".repeat(600 + room), "list": vec![1; 30] }),
    );
    assert_eq!(size(&values), MAX_BYTE_LEN);
    assert_eq!(trim(values).trim, None);
}

#[test]
fn the_size_is_that_of_the_decoded_disclosures() {
    let values = BTreeMap::from([
        ("changes".to_owned(), json!({ "name": ["a", "ü"] })),
        ("actor.ip".to_owned(), json!("::1")),
    ]);
    let decoded: usize = values
        .iter()
        .map(|(field, value)| disclosure::disclose([9; 16], field, value).unwrap().text)
        .map(|text| {
            data_encoding::BASE64URL_NOPAD
                .decode(text.as_bytes())
                .unwrap()
                .len()
        })
        .sum();
    assert_eq!(size(&values), decoded);
}

#[test]
fn binary_stands_as_length_and_hash() {
    let trimmed = trim(one("changes", json!({ "logo": bytes(b"\xff\xd8") })));
    assert_eq!(rules(&trimmed), [Rule::Bytes]);
    assert_eq!(
        trimmed.values["changes"],
        json!({ "logo": { "$trim": "bytes", "len": 2, "sha256": Hash::of(b"\xff\xd8").to_hex() } })
    );
}

#[test]
fn long_strings_keep_their_start_at_a_character() {
    let text = "é".repeat(6_000);
    let trimmed = trim(one(
        "extra",
        json!({ "a": format!("x{text}"), "b": "y".repeat(512) }),
    ));
    assert_eq!(rules(&trimmed), [Rule::Strings]);
    let cut = &trimmed.values["extra"]["a"];
    assert_eq!(
        cut["$text"].as_str().unwrap(),
        format!("x{}", "é".repeat(127))
    );
    assert_eq!(cut["$more"], 12_001 - 255);
    assert_eq!(
        cut["sha256"],
        Hash::of(format!("x{text}").as_bytes()).to_hex()
    );
    assert_eq!(trimmed.values["extra"]["b"], "y".repeat(512));
}

#[test]
fn long_arrays_keep_ten_items() {
    let items: Vec<Value> = (0..2_000).map(|n| json!({ "b": n, "a": "item" })).collect();
    let trimmed = trim(one("extra", json!({ "list": items, "short": vec![0; 20] })));
    assert_eq!(rules(&trimmed), [Rule::Arrays]);
    let cut = &trimmed.values["extra"]["list"];
    assert_eq!(cut["$items"], json!(items[..10]));
    assert_eq!(cut["$more"], 1_990);
    assert_eq!(
        cut["sha256"],
        Hash::of(disclosure::sorted(&json!(items)).to_string().as_bytes()).to_hex()
    );
    assert_eq!(trimmed.values["extra"]["short"], json!(vec![0; 20]));
}

#[test]
fn deep_nesting_is_collapsed_within_six_levels() {
    let wide: Value = (0..20)
        .map(|n| (format!("k{n}"), json!({ "v": { "w": "x".repeat(500) } })))
        .collect();
    let trimmed = trim(one(
        "extra",
        json!({ "l2": { "l3": { "l4": { "l5": wide } } } }),
    ));
    assert_eq!(rules(&trimmed), [Rule::Depth]);
    let cut = &trimmed.values["extra"]["l2"]["l3"]["l4"]["l5"];
    assert_eq!(cut["$keys"].as_array().unwrap().len(), 20);
    assert!(!is_deeper(&trimmed.values["extra"], DEPTH_MAX));
}

#[test]
fn changes_keep_their_names_and_the_rest_its_hash() {
    let changes: Value = (0..40)
        .map(|n| (format!("field_{n}"), json!("x".repeat(400))))
        .collect();
    let trimmed = trim(one("changes", changes.clone()));
    assert_eq!(rules(&trimmed), [Rule::Names]);
    assert_eq!(
        trimmed.values["changes"]["$keys"].as_array().unwrap().len(),
        40
    );
    let trimmed = trim(one("extra", changes.clone()));
    assert_eq!(rules(&trimmed), [Rule::Values]);
    let json = disclosure::sorted(&changes).to_string();
    let expected = json!({ "$trim": "value", "len": json.len(), "sha256": Hash::of(json.as_bytes()).to_hex() });
    assert_eq!(trimmed.values["extra"], expected);
}

#[test]
fn what_is_too_deep_to_disclose_is_collapsed_even_when_small() {
    let deep = (0..100).fold(json!(1), |value, _| json!({ "a": value }));
    let trimmed = trim(one("extra", deep));
    assert_eq!(rules(&trimmed), [Rule::Depth]);
    assert!(disclosure::disclose([0; 16], "extra", &trimmed.values["extra"]).is_ok());
}

fn any_json() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,30}".prop_map(Value::from),
        ("\\PC", 100..3_000_usize).prop_map(|(char, count)| Value::from(char.repeat(count))),
        prop::collection::vec(any::<u8>(), 0..9).prop_map(|binary| bytes(&binary)),
    ];
    scalar.prop_recursive(9, 60, 30, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..30).prop_map(Value::from),
            prop::collection::btree_map("\\PC{0,20}", inner, 0..12)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn trimming_is_bounded_and_repeatable_and_changes_nothing_twice(
        values in prop::collection::btree_map("actor\\.(email|ip|ua)|changes|extra|target\\.1?[0-9]\\.name", any_json(), 0..12),
    ) {
        let trimmed = trim(values.clone());
        prop_assert!(size(&trimmed.values) <= MAX_BYTE_LEN);
        prop_assert_eq!(&trim(values.clone()), &trimmed);
        prop_assert_eq!(&trim(trimmed.values.clone()).values, &trimmed.values);
        prop_assert_eq!(trimmed.trim.is_none() , trimmed.values == values && !values.values().any(shape::has_bytes));
        prop_assert!(values.keys().eq(trimmed.values.keys()));
        for (field, value) in &trimmed.values {
            let made = disclosure::disclose([1; 16], field, value).unwrap();
            prop_assert_eq!(&disclosure::check(&made.text, field, &made.digest).unwrap().value, value);
        }
    }

    #[test]
    fn even_every_field_at_once_fits(count in 1..=20_usize, len in 1..4_000_usize) {
        let mut values: BTreeMap<String, Value> =
            (0..count).map(|n| (format!("target.{n}.name"), "n".repeat(len).into())).collect();
        for field in ["actor.email", "actor.ip", "actor.ua", "changes", "extra"] {
            values.insert(field.to_owned(), json!(vec!["v".repeat(len % 512); 40]));
        }
        prop_assert!(size(&trim(values).values) <= MAX_BYTE_LEN);
    }
}
