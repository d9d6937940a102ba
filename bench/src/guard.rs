//! What judging a document costs, before anything is run.

use std::{fmt::Write as _, hint::black_box, time::Duration};

use api::graphql::guard::{Facts, Limits, admit};
use async_graphql::{Variables, parser::parse_query};

use crate::{
    dashboard,
    table::Row,
    timing::{per_call, us},
};

pub(crate) fn measure() -> Vec<Row> {
    let parser = us(per_call(2_000, || {
        black_box(parse_query(dashboard::QUERY).is_ok());
    }));
    let documents = [
        ("dashboard document", dashboard::QUERY.to_owned()),
        ("4 KB of `[`", format!("{{ node(x: {}", "[".repeat(4_096))),
        ("fragment bomb of 955 bytes", fragment_bomb()),
    ];
    let rows = documents.iter().map(|(name, document)| {
        let guard = us(judged(document));
        Row::new(format!("guard, {name}"), format!("{guard:.1} µs"))
            .beside(format!(
                "the parser on the dashboard document: {parser:.1} µs"
            ))
            .times(guard, parser)
    });
    rows.collect()
}

fn judged(document: &str) -> Duration {
    let (limits, facts) = (Limits::default(), Facts::default());
    let variables = Variables::from_json(dashboard::variables());
    per_call(2_000, || {
        let verdict = admit(black_box(document), None, &variables, &limits, &facts, true);
        black_box(verdict.is_ok());
    })
}

/// Each fragment spreads the next one twice; written out it has 2²⁴ selections.
fn fragment_bomb() -> String {
    let mut document = "{ ...F0 }".to_owned();
    for index in 0..24 {
        let next = index + 1;
        let _ = write!(
            document,
            "fragment F{index} on Query{{...F{next} ...F{next} }}"
        );
    }
    document.push_str("fragment F24 on Query{__typename}");
    document
}
