//! Introspection has bounds of its own.

use async_graphql::Variables;
use rstest::rstest;

use super::super::{Facts, Limits, admit, code};
use super::{judge, refused_as};

/// What GraphiQL and the reference implementation ask.
pub(super) const STANDARD: &str = "query IntrospectionQuery {
  __schema {
    description
    queryType { name kind } mutationType { name kind } subscriptionType { name kind }
    types { ...FullType }
    directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } }
  }
}
fragment FullType on __Type {
  kind name description specifiedByURL isOneOf
  fields(includeDeprecated: true) {
    name description args(includeDeprecated: true) { ...InputValue } type { ...TypeRef }
    isDeprecated deprecationReason
  }
  inputFields(includeDeprecated: true) { ...InputValue }
  interfaces { ...TypeRef }
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
  possibleTypes { ...TypeRef }
}
fragment InputValue on __InputValue {
  name description type { ...TypeRef } defaultValue isDeprecated deprecationReason
}
fragment TypeRef on __Type {
  kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType {
  kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
  } } } } } } } } }
}";

#[test]
fn the_standard_query_passes() {
    let approved = judge(STANDARD).unwrap();
    assert!(approved.introspects() && approved.introspects_only());
    assert_eq!(approved.complexity, 0);
    assert!(approved.needs_credential());
}

#[rstest]
#[case(
    r#"{ __type(name: "File") { name fields { name type { name } } } }"#,
    true
)]
#[case("{ __typename }", false)]
#[case("{ viewer { __typename } }", false)]
#[case(
    "{ ...F } fragment F on Query { __schema { queryType { name } } }",
    true
)]
fn it_is_recognised_wherever_it_stands(#[case] document: &str, #[case] introspects: bool) {
    let result = admit(
        document,
        None,
        &Variables::default(),
        &Limits::default(),
        &Facts::default(),
        false,
    );
    let refused = result.err().map(|refusal| refusal.code);
    assert_eq!(refused, introspects.then_some(code::INTROSPECTION_DISABLED));
}

#[test]
fn beside_data_it_is_not_introspection_only() {
    let approved = judge("{ viewer { id } __schema { queryType { name } } }").unwrap();
    assert!(approved.introspects() && !approved.introspects_only());
    assert_eq!(approved.complexity, 1);
}

#[test]
fn the_circle_of_types_and_fields_is_too_expensive() {
    let circle = "{ __schema { types { fields { type { fields { type { fields { type { fields \
                  { name } } } } } } } } } }";
    assert_eq!(refused_as(circle), code::QUERY_TOO_EXPENSIVE);
}

#[test]
fn a_long_row_of_types_is_too_deep() {
    let row = format!(
        "{{ __schema {{ queryType {}name{} }} }}",
        "{ ofType ".repeat(22) + "{ ",
        " }".repeat(23)
    );
    assert_eq!(refused_as(&row), code::QUERY_TOO_DEEP);
}

#[test]
fn a_fragment_shared_with_data_is_priced_for_each() {
    let shared = "{ viewer { ...F } __schema { ...F } } fragment F on X { types { a { id } } }";
    assert_eq!(judge(shared).unwrap().complexity, 3);
}
