//! The limits of the tiers and their overrides.

use policy::{QuotaMetric, Tier, Tiers};

#[test]
fn the_default_limits_are_the_published_ones() {
    let rows: Vec<String> = Tier::ALL
        .iter()
        .map(|tier| {
            let limits = Tiers::default().limits(*tier);
            let metrics: Vec<_> = QuotaMetric::ALL
                .iter()
                .map(|m| format!("{m}={}", limits.limit(*m)))
                .collect();
            format!(
                "{tier}: {} requests/h={}",
                metrics.join(" "),
                limits.requests_per_hour
            )
        })
        .collect();
    insta::assert_snapshot!(rows.join("\n"), @r#"
    free: API_CALLS=10000 AI_TOKENS=50000 STORAGE_BYTES=1073741824 USERS=3 requests/h=1000
    basic: API_CALLS=100000 AI_TOKENS=500000 STORAGE_BYTES=26843545600 USERS=10 requests/h=5000
    professional: API_CALLS=1000000 AI_TOKENS=5000000 STORAGE_BYTES=268435456000 USERS=100 requests/h=20000
    enterprise: API_CALLS=100000000 AI_TOKENS=100000000 STORAGE_BYTES=10995116277760 USERS=10000 requests/h=200000
    "#);
}

#[test]
fn a_partial_file_keeps_the_other_defaults() {
    let tiers = Tiers::from_toml("[free]\nusers = 7\n").unwrap();
    let mut expected = Tiers::default();
    expected.free.users = 7;
    assert_eq!(tiers, expected);
    assert_eq!(Tiers::from_toml("").unwrap(), Tiers::default());
}

#[test]
fn what_is_written_can_be_read_back() {
    let text = toml::to_string(&Tiers::default()).unwrap();
    assert_eq!(Tiers::from_toml(&text).unwrap(), Tiers::default());
}

#[test]
fn unknown_tiers_keys_and_negative_numbers_are_refused() {
    for (text, about) in [
        ("[gold]\nusers = 1\n", "gold"),
        ("[free]\nuser = 1\n", "user"),
        ("[free]\nusers = -1\n", "-1"),
        ("[free]\nusers = \"many\"\n", "many"),
        ("[free", "free"),
    ] {
        let problem = Tiers::from_toml(text).unwrap_err().to_string();
        assert!(problem.contains(about), "{problem}");
    }
}
