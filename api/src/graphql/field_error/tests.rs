use async_graphql::{EmptyMutation, EmptySubscription, Error, Object, Schema};
use rstest::rstest;
use serde_json::{Value, json};

use super::*;

struct Thing;

#[Object]
impl Thing {
    async fn id(&self) -> i32 {
        1
    }

    async fn thing(&self) -> Thing {
        Thing
    }

    async fn maybe(&self) -> Option<Thing> {
        Some(Thing)
    }

    async fn things(&self) -> Vec<Thing> {
        vec![Thing, Thing]
    }

    async fn maybe_things(&self) -> Vec<Option<Thing>> {
        vec![Some(Thing), None, Some(Thing)]
    }

    async fn maybe_list(&self) -> Option<Vec<Thing>> {
        Some(vec![Thing])
    }

    async fn fails(&self) -> Result<i32, Error> {
        Err(Error::new("no"))
    }

    async fn may_fail(&self) -> Result<Option<i32>, Error> {
        Err(Error::new("no"))
    }
}

async fn ask(document: &str) -> (Value, Vec<Value>) {
    let schema = Schema::new(Thing, EmptyMutation, EmptySubscription);
    let mut response = schema.execute(document).await;
    put_nulls(&mut response, &Types::of(&schema.sdl()), document, None);
    let answer = serde_json::to_value(response).unwrap();
    let errors = answer["errors"].as_array().cloned().unwrap_or_default();
    let paths = errors.iter().map(|error| error["path"].clone()).collect();
    (answer["data"].clone(), paths)
}

#[rstest]
#[case::itself("{ id mayFail }", json!({ "id": 1, "mayFail": null }))]
#[case::alone("{ maybe { mayFail } }", json!({ "maybe": { "mayFail": null } }))]
#[case::parent("{ id maybe { id fails } }", json!({ "id": 1, "maybe": null }))]
#[case::aliased("{ id a: maybe { b: fails } }", json!({ "id": 1, "a": null }))]
#[case::grandparent("{ id maybe { thing { fails } } }", json!({ "id": 1, "maybe": null }))]
#[case::root("{ id fails }", Value::Null)]
#[case::up_to_the_root("{ id thing { thing { id fails } } }", Value::Null)]
#[case::list("{ id maybe { things { fails } } }", json!({ "id": 1, "maybe": null }))]
#[case::items("{ maybeThings { fails } }", json!({ "maybeThings": [null, null, null] }))]
#[case::fields_of_items("{ maybeThings { mayFail } }",
    json!({ "maybeThings": [{ "mayFail": null }, null, { "mayFail": null }] }))]
#[case::lists_that_may_be_null("{ id maybeList { fails } }", json!({ "id": 1, "maybeList": null }))]
#[case::outer_wins("{ id maybe { mayFail fails } }", json!({ "id": 1, "maybe": null }))]
#[case::fragments("{ ...A ...B } fragment A on Thing { maybe { id } } fragment B on Thing { maybe { fails } }",
    json!({ "maybe": null }))]
#[case::inline("{ maybe { ... on Thing { ... { id fails } } } }", json!({ "maybe": null }))]
#[case::nothing_failed("{ maybe { id } maybeThings { id } }",
    json!({ "maybe": { "id": 1 }, "maybeThings": [{ "id": 1 }, null, { "id": 1 }] }))]
#[tokio::test]
async fn a_failed_field_is_null_or_the_nearest_around_it_that_may_be(
    #[case] document: &str,
    #[case] expected: Value,
) {
    let (data, _) = ask(document).await;
    assert_eq!(data, expected, "{document}");
}

#[tokio::test]
async fn errors_keep_their_paths() {
    let (_, paths) = ask("{ maybe { thing { a: fails } } maybeThings { mayFail } }").await;
    let expected = [
        json!(["maybe", "thing", "a"]),
        json!(["maybeThings", 0, "mayFail"]),
        json!(["maybeThings", 2, "mayFail"]),
    ];
    for path in &expected {
        assert!(paths.contains(path), "{path} is not in {paths:?}");
    }
    assert_eq!(paths.len(), expected.len());
}
