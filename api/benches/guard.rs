//! What the guard costs on an ordinary document and on hostile ones.

use std::fmt::Write;
use std::hint::black_box;

use api::graphql::guard::{Body, Facts, Limits, admit};
use async_graphql::Variables;
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::json;

const DASHBOARD: &str = "query Dashboard($files: Int!, $after: String) {
  viewer { tenant {
    id slug name status tier
    quotas { metric limit used held trash available periodEnd }
    files(first: $files, after: $after) {
      edges { node { ...FileRow } } pageInfo { hasNextPage endCursor }
    }
    auditEntries(first: 10) { nodes { seq action outcome actor { type id } occurredAt } }
    auditChain { size headHash pending }
  } }
}
fragment FileRow on File { id filename mediaType byteLen state createdAt createdBy { id name } }";

/// `count` fragments that spread the next one `width` times each.
fn fragment_bomb(count: usize, width: usize) -> String {
    let mut document = "{ ...F0 }".to_owned();
    for index in 0..count {
        let spreads = format!("...F{} ", index + 1).repeat(width);
        let _ = write!(document, "fragment F{index} on Query{{{spreads}}}");
    }
    let _ = write!(document, "fragment F{count} on Query{{__typename}}");
    document
}

fn documents() -> Vec<(&'static str, String)> {
    vec![
        ("dashboard", DASHBOARD.to_owned()),
        ("4 KiB of [", format!("{{ node(x: {}", "[".repeat(4_096))),
        ("fragment bomb, 1 KB", fragment_bomb(24, 2)),
        ("fragment bomb, 2000 tokens", fragment_bomb(44, 19)),
        (
            "400 copies of a field",
            format!("{{ {} }}", "viewer { id } ".repeat(400)),
        ),
        (
            "1 900 selections",
            format!("{{ v {{ {} }} }}", "id ".repeat(1_900)),
        ),
        (
            "32 KiB of zeros",
            format!("{{ a(x: [{}]) }}", "0".repeat(32_000)),
        ),
        (
            "32 KiB of true",
            format!("{{ a(x: [{}]) }}", "true".repeat(8_000)),
        ),
        (
            "32 KiB string",
            format!("{{ a(x: \"{}\") }}", "[".repeat(32_000)),
        ),
        ("32 KiB of spaces", format!("{}{{ a }}", " ".repeat(32_000))),
    ]
}

fn guard(criterion: &mut Criterion) {
    let (limits, facts) = (Limits::default(), Facts::default());
    let variables = Variables::from_json(json!({ "files": 20 }));
    let mut group = criterion.benchmark_group("guard");
    for (name, document) in documents() {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                admit(
                    black_box(&document),
                    None,
                    &variables,
                    &limits,
                    &facts,
                    true,
                )
                .is_ok()
            });
        });
    }
    group.finish();
}

fn body(criterion: &mut Criterion) {
    let limits = Limits::default();
    let ordinary = json!({ "query": DASHBOARD, "variables": { "files": 20 } }).to_string();
    let many = json!({ "query": "{a}", "variables": { "v": vec![1; 120_000] } }).to_string();
    let deep = format!(r#"{{"query":"{{a}}","variables":{}"#, "[".repeat(200_000));
    let mut group = criterion.benchmark_group("body");
    for (name, json) in [
        ("dashboard", ordinary),
        ("256 KiB list", many),
        ("200 KiB of [", deep),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| Body::parse(black_box(json.as_bytes()), &limits).is_ok());
        });
    }
    group.finish();
}

criterion_group!(benches, guard, body);
criterion_main!(benches);
