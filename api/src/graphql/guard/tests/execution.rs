//! What is admitted can be validated and run by the library on a server's stack.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use async_graphql::{
    EmptyMutation, EmptySubscription, Object, Request, Response, Schema, Variables,
};
use rstest::rstest;

use super::super::{Facts, Limits, admit};
use super::introspection::STANDARD;
use super::{on_a_small_stack, quickly};

struct Query;

#[Object]
impl Query {
    async fn number(&self, x: Option<Vec<i32>>) -> usize {
        x.map_or(0, |numbers| numbers.len())
    }

    async fn again(&self) -> Self {
        Self
    }
}

/// Nothing in the schema waits, so one poll is enough.
fn run(document: &str) -> Response {
    let admitted = admit(
        document,
        None,
        &Variables::default(),
        &Limits::default(),
        &Facts::default(),
        true,
    )
    .unwrap();
    let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
    let mut request = Request::new("");
    request.set_parsed_query(admitted.document);
    match pin!(schema.execute(request)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(response) => response,
        Poll::Pending => panic!("nothing in the schema waits"),
    }
}

fn nested(open: &str, close: &str, levels: usize) -> String {
    format!("{{{}number{}}}", open.repeat(levels), close.repeat(levels))
}

fn chain(levels: usize) -> String {
    let mut document = "{ ...F0 }".to_owned();
    for index in 0..levels {
        let next = index + 1;
        document.push_str(&format!("fragment F{index} on Query {{ ...F{next} }} "));
    }
    document + &format!("fragment F{levels} on Query {{ number }}")
}

#[rstest]
#[case::inline_fragments(nested("...{", "}", 31))]
#[case::fields(nested("again{", "}", 9))]
#[case::fields_in_fragments(nested("...{again{", "}}", 9))]
#[case::fragments(chain(30))]
#[case::selections(format!("{{ again {{ {} }} }}", "number ".repeat(990)))]
#[case::introspection(STANDARD.to_owned())]
fn the_largest_documents_admitted_run(#[case] document: String) {
    let response = on_a_small_stack(|| quickly(|| run(&document)));
    assert!(response.errors.is_empty(), "{:?}", response.errors);
}

#[test]
fn a_list_at_the_bound_of_nesting_is_only_a_validation_error() {
    let lists = format!("{{ number(x: {}1{}) }}", "[".repeat(30), "]".repeat(30));
    let response = on_a_small_stack(|| run(&lists));
    assert_eq!(response.errors.len(), 1);
}
