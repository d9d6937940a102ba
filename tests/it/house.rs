//! The house rules that can be read off the files: paths in the prose exist, imports point one way.

use std::{collections::BTreeSet, path::Path};

/// Everything internal a crate may import.
const ARROWS: &[(&str, &[&str])] = &[
    ("audit", &[]),
    ("media", &[]),
    ("policy", &[]),
    ("entity", &["policy"]),
    ("migration", &[]),
    ("embedded_s3", &[]),
    ("store", &["audit", "entity", "migration", "policy"]),
    (
        "api",
        &["audit", "embedded_s3", "entity", "media", "policy", "store"],
    ),
    ("tests", &["entity", "policy", "store"]),
    (
        "bench",
        &["api", "audit", "entity", "policy", "store", "tests"],
    ),
];

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_default()
}

/// Names under `[dependencies]` of a manifest.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let section = manifest
        .split("\n[")
        .find(|section| section.starts_with("dependencies]"))
        .unwrap_or_default();
    section
        .lines()
        .skip(1)
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .filter(|name| !name.is_empty() && !name.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_crate_imports_only_what_its_arrow_allows() {
    for (name, allowed) in ARROWS {
        let manifest = read(&format!("{name}/Cargo.toml"));
        assert!(!manifest.is_empty(), "{name} has no manifest");
        for (internal, _) in ARROWS {
            let imports = dependencies(&manifest).contains(*internal);
            assert!(
                !imports || allowed.contains(internal),
                "{name} → {internal}"
            );
        }
    }
}

#[test]
fn every_crate_of_the_workspace_has_an_arrow() {
    let manifest = read("Cargo.toml");
    let members = manifest
        .lines()
        .find(|line| line.starts_with("members"))
        .unwrap_or_default();
    assert_eq!(members.matches('"').count() / 2, ARROWS.len(), "{members}");
}

#[test]
fn the_api_cannot_name_the_orm() {
    let names = dependencies(&read("api/Cargo.toml"));
    assert!(
        !names.contains("sea-orm") && !names.contains("sqlx"),
        "{names:?}"
    );
}

#[test]
fn the_pure_crates_have_no_clock_network_or_database() {
    for name in ["audit", "media", "policy"] {
        let names = dependencies(&read(&format!("{name}/Cargo.toml")));
        for impure in [
            "tokio",
            "sea-orm",
            "reqwest",
            "getrandom",
            "chrono",
            "rand",
            "hyper",
        ] {
            assert!(!names.contains(impure), "{name} → {impure}");
        }
    }
}

/// Words in backticks and link targets that look like paths of this repository.
fn paths(text: &str) -> Vec<String> {
    let quoted = text.split('`').skip(1).step_by(2);
    let linked = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    quoted
        .filter(|word| !word.contains([' ', '*', '<', '{', '…', '\n', '$', '~', ':']))
        .filter(|word| word.contains('/') && !word.starts_with('/') && !word.starts_with("./"))
        .filter(|word| !word.contains('=') && !word.starts_with("foo") && !is_media_type(word))
        .chain(linked.filter(|target| !target.contains("://") && !target.starts_with('#')))
        .map(|path| path.trim_end_matches('/').to_owned())
        .collect()
}

fn is_media_type(word: &str) -> bool {
    word.starts_with("application/") || word.starts_with("text/")
}

#[test]
fn every_path_in_the_prose_exists() {
    for (document, base) in [
        ("ARCHITECTURE.md", ""),
        ("README.md", ""),
        ("CONTRIBUTING.md", ""),
        ("SECURITY.md", ""),
        ("docs/developer-guide.md", "docs/"),
        ("docs/runbook.md", "docs/"),
        ("docs/trust.md", "docs/"),
    ] {
        let text = read(document);
        assert!(!text.is_empty(), "{document} is missing");
        for path in paths(&text) {
            let places = [
                root().join(&path),
                root().join(base).join(&path),
                root().join("api/src").join(&path),
            ];
            assert!(
                places.iter().any(|place| place.exists()),
                "{document} names {path}"
            );
        }
    }
}
