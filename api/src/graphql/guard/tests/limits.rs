//! One test per row of the limits, on both sides of the bound.

use async_graphql::Variables;
use async_graphql::parser::types::OperationType;
use rstest::rstest;
use serde_json::json;

use super::super::{Facts, Limits, admit, code};
use super::{judge, judge_with, refused, refused_as};

/// What the dashboard's front page asks.
pub(super) const DASHBOARD: &str = "query Dashboard($files: Int!, $after: String) {
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

#[test]
fn the_dashboard_passes_with_room_to_spare() {
    let approved = judge_with(DASHBOARD, json!({ "files": 20 })).unwrap();
    assert_eq!(approved.operation_type, OperationType::Query);
    assert_eq!(approved.root_fields, ["viewer"]);
    // viewer, tenant, quotas, auditChain; files: 1 + 20 × (edges, node, createdBy, pageInfo);
    // auditEntries: 1 + 10 × (nodes, actor)
    assert_eq!(approved.complexity, 4 + 1 + 20 * 4 + 1 + 10 * 2);
    assert_eq!(approved.depth, 7);
    assert!(approved.needs_credential());
    assert!(!approved.introspects());
    assert!(!approved.sensitive);
}

#[rstest]
#[case::ten("{ a { a { a { a { a { a { a { a { a { a } } } } } } } } } }", None)]
#[case::eleven(
    "{ a { a { a { a { a { a { a { a { a { a { a } } } } } } } } } } }",
    Some(code::QUERY_TOO_DEEP)
)]
#[case::through_fragments(
    "{ a { a { a { a { a { ...F } } } } } } fragment F on Q { a { a { a { a { a { a } } } } } }",
    Some(code::QUERY_TOO_DEEP)
)]
fn depth_is_at_most_ten(#[case] document: &str, #[case] expected: Option<&str>) {
    assert_eq!(judge(document).err().map(|refusal| refusal.code), expected);
}

#[rstest]
#[case::aliases(30, "{{ v {{ {} }} }}", "a: b ", code::QUERY_TOO_MANY_ALIASES)]
#[case::directives(
    20,
    "{{ v {{ {} }} }}",
    "b @skip(if: false) ",
    code::QUERY_TOO_MANY_DIRECTIVES
)]
#[case::spread_directives(
    19,
    "{{ v {{ ...F @a {} }} }} fragment F on Q {{ b }}",
    "... @a { b } ",
    code::QUERY_TOO_MANY_DIRECTIVES
)]
#[case::query_roots(20, "{{ {} }}", "b ", code::QUERY_TOO_MANY_ROOT_FIELDS)]
#[case::mutation_roots(5, "mutation {{ {} }}", "b ", code::QUERY_TOO_MANY_ROOT_FIELDS)]
#[case::subscription_roots(1, "subscription {{ {} }}", "b ", code::QUERY_TOO_MANY_ROOT_FIELDS)]
#[case::selections(999, "{{ v {{ {} }} }}", "b ", code::QUERY_TOO_EXPENSIVE)]
fn each_count_passes_at_its_limit_and_not_beyond(
    #[case] limit: usize,
    #[case] template: &str,
    #[case] unit: &str,
    #[case] expected: &str,
) {
    let (before, after) = template.split_once("{}").unwrap();
    let unescape = |text: &str| text.replace("{{", "{").replace("}}", "}");
    let document = |times| {
        format!(
            "{}{}{}",
            unescape(before),
            unit.repeat(times),
            unescape(after)
        )
    };
    judge(&document(limit)).unwrap();
    assert_eq!(refused_as(&document(limit + 1)), expected);
}

#[test]
fn counts_multiply_through_fragments() {
    let aliases = "{ v { ...F ...F ...F ...F } } fragment F on Q { a: b c: b d: b e: b \
                   f: b g: b h: b i: b }";
    assert_eq!(refused_as(aliases), code::QUERY_TOO_MANY_ALIASES);
    let directives =
        "{ v { ...F ...F ...F } } fragment F on Q @x { a @x b @x c @x d @x e @x f @x }";
    assert_eq!(refused_as(directives), code::QUERY_TOO_MANY_DIRECTIVES);
    let roots = "{ ...F ...F ...F } fragment F on Query { a b c d e f g }";
    assert_eq!(refused_as(roots), code::QUERY_TOO_MANY_ROOT_FIELDS);
}

#[test]
fn directives_on_variables_and_operations_count() {
    let many = " @x".repeat(11);
    let document = format!("query($v: Int{many}) {many} {{ a }}");
    assert_eq!(refused_as(&document), code::QUERY_TOO_MANY_DIRECTIVES);
}

#[rstest]
#[case::scalars("{ a b c }", 0)]
#[case::objects("{ a { b } c { d { e } } }", 3)]
#[case::connection("{ files(first: 20) { edges { node { id } } } }", 1 + 20 * 2)]
#[case::nested("{ a(first: 5) { b(first: 7) { c { id } } } }", 1 + 5 * (1 + 7))]
#[case::nothing_asked("{ a(first: 0) { b { id } } }", 1)]
#[case::negative("{ a(first: -5) { b { id } } }", 1)]
#[case::over_a_page("{ a(first: 101) { b { id } } }", 101)]
#[case::default_value("query($n: Int = 3) { a(first: $n) { b { id } } }", 4)]
#[case::no_value("query($n: Int) { a(first: $n) { b { id } } }", 101)]
#[case::not_a_number("{ a(first: \"1\") { b { id } } }", 101)]
#[case::ids("{ nodes(ids: [\"a\", \"b\", \"c\"]) { b { id } } }", 4)]
#[case::fragment("{ a(first: 2) { ...F } } fragment F on A { b { id } c { id } }", 5)]
fn complexity_counts_objects(#[case] document: &str, #[case] expected: u64) {
    assert_eq!(judge(document).unwrap().complexity, expected);
}

#[test]
fn a_page_size_may_come_from_a_variable() {
    let document = "query($n: Int = 50, $ids: [ID!]) { a(first: $n) { b { id } } \
                    nodes(ids: $ids) { c { id } } }";
    let approved = judge_with(document, json!({ "n": 2, "ids": ["x", "y", "z"] })).unwrap();
    assert_eq!(approved.complexity, (1 + 2) + (1 + 3));
}

#[test]
fn a_thousand_objects_pass_and_one_more_does_not() {
    let document = |extra| {
        format!(
            "{{ a(first: 99) {{ {} }} {extra} }}",
            "b { id } ".repeat(10)
        )
    };
    assert_eq!(judge(&document("")).unwrap().complexity, 991);
    let nine = "c { id } ".repeat(9);
    assert_eq!(judge(&document(&nine)).unwrap().complexity, 1_000);
    assert_eq!(
        refused_as(&document(&format!("{nine} d {{ id }}"))),
        code::QUERY_TOO_EXPENSIVE
    );
}

#[rstest]
#[case::twice("mutation { login(input: 1) { token } login(input: 2) { token } }")]
#[case::aliased("mutation { a: login { token } b: login { token } }")]
#[case::with_typename("mutation { __typename login { token } }")]
#[case::in_a_fragment("mutation { ...F ...F } fragment F on Mutation { login { token } }")]
#[case::inline("mutation { ... { login { token } } ... on Mutation { logout { ok } } }")]
#[case::in_another_operation("mutation A { login { token } } mutation B { login { token } }")]
#[case::reset("mutation { passwordResetConfirm { ok } passwordReset { ok } }")]
#[case::keys("mutation { apiKeyCreate { secret } fileTrash { file { id } } }")]
fn a_sensitive_field_stands_alone(#[case] document: &str) {
    let refusal = admit(
        document,
        document.contains("mutation A").then_some("A"),
        &Variables::default(),
        &Limits::default(),
        &Facts::default(),
        true,
    )
    .unwrap_err();
    assert_eq!(
        (refusal.status, refusal.code),
        (400, code::SENSITIVE_FIELD_NOT_ALONE)
    );
}

#[rstest]
#[case("mutation { login { token } }", true, false)]
#[case("mutation { operatorLogin { token } }", true, false)]
#[case("mutation { invitationAccept { user { id } } }", true, false)]
#[case("mutation { passwordResetRequest { ok } }", true, false)]
#[case("mutation { apiKeyCreate { secret } }", true, true)]
#[case("mutation { apiKeyRotate { secret } }", true, true)]
#[case("mutation { logout { ok } }", false, true)]
#[case("{ __typename }", false, false)]
#[case("{ t: __typename }", false, false)]
#[case("{ login: viewer { id } }", false, true)]
#[case("{ __typename viewer { id } }", false, true)]
#[case("{ ...F } fragment F on Query { viewer { id } }", false, true)]
#[case(
    "{ ... @include(if: false) { ... on Query { viewer { id } } } }",
    false,
    true
)]
#[case("{ __schema { queryType { name } } }", false, true)]
#[case("{ __type(name: \"File\") { name } }", false, true)]
fn who_may_ask_depends_on_every_root_field(
    #[case] document: &str,
    #[case] sensitive: bool,
    #[case] needs_credential: bool,
) {
    let approved = judge(document).unwrap();
    assert_eq!(approved.sensitive, sensitive);
    assert_eq!(approved.needs_credential(), needs_credential);
}

#[test]
fn the_operation_is_chosen_by_name() {
    let document = "query A { a } mutation B { b }";
    let choose = |name| {
        admit(
            document,
            name,
            &Variables::default(),
            &Limits::default(),
            &Facts::default(),
            true,
        )
        .map(|admitted| admitted.approved)
    };
    assert_eq!(choose(Some("A")).unwrap().root_fields, ["a"]);
    assert_eq!(
        choose(Some("B")).unwrap().operation_type,
        OperationType::Mutation
    );
    for missing in [None, Some("C")] {
        let refusal = choose(missing).unwrap_err();
        assert_eq!(refusal.code, code::GRAPHQL_VALIDATION_FAILED);
        assert!(refusal.is_request_error());
    }
    assert_eq!(
        judge("query Only { a }").unwrap().operation_type,
        OperationType::Query
    );
}

#[test]
fn an_unknown_fragment_is_left_to_validation() {
    assert_eq!(judge("{ a ...Nowhere }").unwrap().root_fields, ["a"]);
}

#[test]
fn every_refusal_uses_a_documented_code() {
    for document in ["{", "{ ...A } fragment A on Q { ...A }", "{ a } { b }"] {
        assert!(code::ALL.contains(&refused(document).code));
    }
    let mut sorted = code::ALL.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), code::ALL.len());
}
