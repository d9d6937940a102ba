//! Documents that abort, stall or drain a server that parses first and counts later.

use std::fmt::Write;

use rstest::rstest;
use serde_json::json;

use super::super::{Limits, code, scan};
use super::{judge, judge_with, on_a_small_stack, quickly, refused, refused_as};

const LEVELS: [usize; 6] = [33, 500, 1_000, 2_000, 7_000, 20_000];

fn nest(before: &str, open: &str, middle: &str, close: &str, after: &str, levels: usize) -> String {
    format!(
        "{before}{}{middle}{}{after}",
        open.repeat(levels),
        close.repeat(levels)
    )
}

#[rstest]
#[case::lists("{ node(x: ", "[", "", "]", ") { id } }")]
#[case::lists_never_closed("{ node(x: ", "[", "", "", "")]
#[case::objects("{ node(x: ", "{a:", "1", "}", ") { id } }")]
#[case::selections("", "{a", "", "}", "")]
#[case::inline_fragments("{", "...{", "a", "}", "}")]
#[case::typed_inline_fragments("{", "...on Query{", "a", "}", "}")]
#[case::types("query($v: ", "[", "Int", "]", ") { a }")]
#[case::types_never_closed("query($v: ", "[", "Int", "", "")]
#[case::variable_defaults("query($v: Int = ", "[", "1", "]", ") { a }")]
#[case::default_objects("query($v: I = ", "{a:", "1", "}", ") { a }")]
#[case::directive_arguments("{ a @d(x: ", "[", "1", "]", ") }")]
#[case::operation_directives("query @d(x: ", "{a:", "1", "}", ") { a }")]
#[case::parentheses("{ a", "(", "", ")", "}")]
#[case::mixed("{ a(x: ", "[{a:", "1", "}]", ") }")]
#[case::closers_between("{ a(x: ", "[[]", "", "]", ") }")]
fn nested_brackets_are_refused_before_any_parser_sees_them(
    #[case] before: &str,
    #[case] open: &str,
    #[case] middle: &str,
    #[case] close: &str,
    #[case] after: &str,
) {
    for levels in LEVELS {
        let bomb = nest(before, open, middle, close, after, levels);
        let expected = if bomb.len() > Limits::default().document_byte_len {
            413
        } else {
            400
        };
        let refusal = quickly(|| scan(&bomb, &Limits::default())).unwrap_err();
        assert_eq!(refusal.status, expected, "{levels} levels");
        assert!(
            [code::QUERY_TOO_DEEP, code::QUERY_TOO_LARGE].contains(&refusal.code),
            "{levels} levels: {refusal:?}"
        );
    }
}

#[rstest]
#[case::lists("{ node(x: ", "[", "", "]", ") { id } }", 30)]
#[case::objects("{ node(x: ", "{a:", "1", "}", ") { id } }", 30)]
#[case::selections("", "{a", "", "}", "", 32)]
#[case::inline_fragments("{", "...{", "a", "}", "}", 31)]
#[case::types("query($v: ", "[", "Int", "]", ") { a }", 31)]
fn the_deepest_brackets_let_through_fit_a_server_stack(
    #[case] before: &str,
    #[case] open: &str,
    #[case] middle: &str,
    #[case] close: &str,
    #[case] after: &str,
    #[case] levels: usize,
) {
    let document = nest(before, open, middle, close, after, levels);
    assert_eq!(
        scan(&document, &Limits::default()).unwrap().nesting,
        32,
        "the case sits on the bound"
    );
    on_a_small_stack(|| super::super::parse(&document).unwrap());
}

/// `count` fragments, each spreading the next `width` times: width ^ count selections.
fn exponential(count: usize, width: usize) -> String {
    let mut document = "{ ...F0 }".to_owned();
    for index in 0..count {
        let spreads = format!("...F{} ", index + 1).repeat(width);
        let _ = write!(document, "fragment F{index} on Query{{{spreads}}}");
    }
    let _ = write!(document, "fragment F{count} on Query{{__typename}}");
    document
}

#[rstest]
#[case(20, 2)]
#[case(10, 10)]
#[case(28, 60)]
#[case(5, 300)]
fn an_exponential_fragment_bomb_costs_only_its_length(#[case] count: usize, #[case] width: usize) {
    let bomb = exponential(count, width);
    assert_eq!(
        quickly(|| refused_as(&bomb)),
        if scan(&bomb, &Limits::default()).is_ok() {
            code::QUERY_TOO_EXPENSIVE
        } else {
            code::QUERY_TOO_LARGE
        }
    );
}

#[test]
fn a_fragment_bomb_that_no_operation_reaches_is_refused_as_well() {
    let bomb = exponential(20, 2).replacen("...F0", "__typename", 1);
    assert_eq!(quickly(|| refused_as(&bomb)), code::QUERY_TOO_EXPENSIVE);
}

#[test]
fn a_fragment_bomb_in_the_operation_that_is_not_run_is_refused_as_well() {
    let bomb = exponential(20, 2).replacen('{', "query A { viewer { id } } query B {", 1);
    let refusal = super::super::admit(
        &bomb,
        Some("A"),
        &async_graphql::Variables::default(),
        &Limits::default(),
        &super::Facts::default(),
        true,
    )
    .unwrap_err();
    assert_eq!(refusal.code, code::QUERY_TOO_EXPENSIVE);
}

#[rstest]
#[case::itself("{ ...A } fragment A on Query { ...A }")]
#[case::through_another("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }")]
#[case::below_a_field("{ ...A } fragment A on Query { viewer { ...A } }")]
#[case::inline("{ ...A } fragment A on Query { ... { ... { ...A } } }")]
#[case::unreached("{ __typename } fragment A on Query { ...A }")]
fn a_fragment_cycle_is_a_validation_error(#[case] document: &str) {
    let refusal = on_a_small_stack(|| quickly(|| refused(document)));
    assert_eq!(refusal.code, code::GRAPHQL_VALIDATION_FAILED);
    assert!(refusal.is_request_error());
    assert!(refusal.position.is_some());
}

#[test]
fn a_long_chain_of_fragments_is_too_deep() {
    let chain = exponential(150, 1);
    assert_eq!(
        on_a_small_stack(|| quickly(|| refused_as(&chain))),
        code::QUERY_TOO_DEEP
    );
}

#[test]
fn a_chain_reached_again_from_deeper_down_is_measured_from_there() {
    let chain = exponential(20, 1).replacen(
        "{ ...F0 }",
        &nest("{ ...F0 ", "...{", "...F0", "}", "}", 20),
        1,
    );
    assert_eq!(refused_as(&chain), code::QUERY_TOO_DEEP);
}

#[test]
fn an_alias_flood_is_refused() {
    let flood: String = (0..400).fold(String::new(), |mut text, index| {
        let _ = write!(text, "a{index}: __typename ");
        text
    });
    assert_eq!(
        quickly(|| refused_as(&format!("{{ {flood} }}"))),
        code::QUERY_TOO_MANY_ALIASES
    );
}

#[test]
fn identical_fields_count_as_often_as_they_are_written() {
    let copies = "viewer { id } ".repeat(400);
    assert_eq!(
        quickly(|| refused_as(&format!("{{ {copies} }}"))),
        code::QUERY_TOO_MANY_ROOT_FIELDS
    );
    let nested = "files(first: 10) { id } ".repeat(91);
    assert_eq!(
        judge(&format!("{{ viewer {{ {nested} }} }}"))
            .unwrap()
            .complexity,
        92
    );
}

#[rstest]
#[case::literal("{ a(first: 4294967296) { b(first: 4294967296) { c { id } } } }")]
#[case::beyond_64_bits(
    "{ a(first: 99999999999999999999) { b(first: 99999999999999999999) { c { id } } } }"
)]
#[case::ids("{ a(first: 100) { b(first: 100) { c { id } } } }")]
fn nested_pages_do_not_wrap_around(#[case] document: &str) {
    assert_eq!(refused_as(document), code::QUERY_TOO_EXPENSIVE);
}

#[test]
fn nested_pages_in_variables_do_not_wrap_around() {
    let document = "query($n: Int!) { a(first: $n) { b(first: $n) { c { id } } } }";
    for first in [json!(4_294_967_296_u64), json!(u64::MAX), json!(1e300)] {
        let refusal = judge_with(document, json!({ "n": first })).unwrap_err();
        assert_eq!(refusal.code, code::QUERY_TOO_EXPENSIVE);
    }
}

#[test]
fn complexity_saturates_instead_of_wrapping() {
    let deep = nest("{ a", " { a(first: 100)", " { id }", "}", "}", 25);
    let limits = Limits {
        depth: u64::MAX,
        complexity: u64::MAX - 1,
        ..Limits::default()
    };
    let refusal = super::super::admit(
        &deep,
        None,
        &async_graphql::Variables::default(),
        &limits,
        &super::Facts::default(),
        true,
    )
    .unwrap_err();
    assert_eq!(refusal.code, code::QUERY_TOO_EXPENSIVE);
}

#[test]
fn a_long_list_variable_named_many_times_is_not_copied_each_time() {
    let ids: Vec<String> = (0..20_000).map(|id| format!("fil_{id}")).collect();
    let nodes = "nodes(ids: $ids) { id } ".repeat(15);
    let document = format!("query($ids: [ID!]!) {{ {nodes} }}");
    let variables = async_graphql::Variables::from_json(json!({ "ids": ids }));
    let refusal = quickly(|| {
        super::super::admit(
            &document,
            None,
            &variables,
            &Limits::default(),
            &super::Facts::default(),
            true,
        )
    })
    .map(|admitted| admitted.approved);
    assert_eq!(refusal.unwrap().complexity, 15);
}
