use actix_web::body::to_bytes;
use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema};
use rstest::rstest;

use super::*;
use crate::error::{Error, Failure};

struct Query;

const COST: Cost = Cost {
    requested: 5,
    actual: 3,
    bucket: None,
};

#[Object]
impl Query {
    async fn number(&self, x: Option<i32>) -> i32 {
        x.unwrap_or(1)
    }

    async fn maybe(&self, code: String) -> Result<Option<i32>, Failure> {
        let code = Code::ALL.iter().find(|known| known.as_str() == code);
        Err(Error::new(*code.unwrap()).retry_after(3).into())
    }

    async fn broken(&self) -> async_graphql::Result<i32> {
        Err(async_graphql::Error::new("the file /etc/shadow is missing"))
    }

    async fn long(&self) -> String {
        "x".repeat(MOST_BYTES)
    }
}

async fn ask(document: &str, reply: Reply) -> (u16, serde_json::Value, Option<String>) {
    let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
    let response = Answer::of(schema.execute(document).await, COST).respond(reply);
    let status = response.status().as_u16();
    let retry = response.headers().get("retry-after");
    let retry = retry.map(|value| value.to_str().unwrap().to_owned());
    let body = to_bytes(response.into_body()).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap(), retry)
}

#[actix_web::test]
async fn an_answer_has_data_and_its_cost() {
    let (status, body, _) = ask("{ number }", Reply::ApplicationJson).await;
    assert_eq!(status, 200);
    let expected = serde_json::json!({
        "data": { "number": 1 }, "extensions": { "cost": { "requested": 5, "actual": 3 } }
    });
    assert_eq!(body, expected);
}

#[rstest]
#[case(Reply::GraphqlResponseJson, 400)]
#[case(Reply::ApplicationJson, 200)]
#[actix_web::test]
async fn a_document_that_does_not_fit_has_no_data(#[case] reply: Reply, #[case] expected: u16) {
    let (status, body, _) = ask("{ nothing }", reply).await;
    assert_eq!(status, expected);
    assert!(body.get("data").is_none());
    let error = &body["errors"][0];
    assert_eq!(error["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
}

#[rstest]
#[case("UNAUTHENTICATED", 401)]
#[case("TENANT_SUSPENDED", 403)]
#[case("QUOTA_EXCEEDED", 403)]
#[case("RATE_LIMITED", 429)]
#[case("OVERLOADED", 503)]
#[case("UNAVAILABLE", 503)]
#[case("FORBIDDEN", 200)]
#[case("NO_TENANT_SELECTED", 200)]
#[case("INTERNAL", 200)]
#[actix_web::test]
async fn a_request_that_got_nothing_has_the_status_of_its_error(
    #[case] code: &str,
    #[case] expected: u16,
) {
    let document = format!("{{ maybe(code: \"{code}\") }}");
    let (status, body, retry) = ask(&document, Reply::GraphqlResponseJson).await;
    assert_eq!(
        (status, body["errors"][0]["extensions"]["code"].as_str()),
        (expected, Some(code))
    );
    assert_eq!(retry.is_some(), expected != 200);
}

#[actix_web::test]
async fn a_request_of_which_part_is_done_is_200() {
    let document = "{ number maybe(code: \"OVERLOADED\") }";
    let (status, body, _) = ask(document, Reply::GraphqlResponseJson).await;
    assert_eq!(status, 200);
    assert_eq!(body["data"]["number"], 1);
}

#[actix_web::test]
async fn a_mutation_that_may_have_done_something_is_200() {
    let failed = async || {
        let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
        let document = "{ maybe(code: \"OVERLOADED\") }";
        let mut response = schema.execute(document).await;
        response.data = Value::Null;
        Answer::of(response, COST)
    };
    let reply = Reply::GraphqlResponseJson;
    let alone = failed().await.with_several_changes(false).respond(reply);
    assert_eq!(alone.status().as_u16(), 503);
    let beside_others = failed().await.with_several_changes(true).respond(reply);
    assert_eq!(beside_others.status().as_u16(), 200);
}

#[actix_web::test]
async fn an_error_without_a_code_is_masked() {
    let (_, body, _) = ask("{ broken }", Reply::ApplicationJson).await;
    assert_eq!(body["errors"][0]["extensions"]["code"], "INTERNAL");
    assert!(!body.to_string().contains("shadow"));
}

#[actix_web::test]
async fn an_argument_that_cannot_be_read_is_the_clients_fault() {
    let (_, body, _) = ask("{ number(x: 99999999999) }", Reply::ApplicationJson).await;
    assert_eq!(
        body["errors"][0]["extensions"]["code"],
        "GRAPHQL_VALIDATION_FAILED"
    );
}

#[actix_web::test]
async fn few_errors_are_told_and_short_ones() {
    let fields: String = (0..20)
        .map(|n| format!("f{n}{} ", "x".repeat(400)))
        .collect();
    let (_, body, _) = ask(&format!("{{ {fields} }}"), Reply::ApplicationJson).await;
    let errors = body["errors"].as_array().unwrap();
    assert_eq!(errors.len(), MOST_ERRORS);
    assert!(
        errors
            .iter()
            .all(|e| e["message"].as_str().unwrap().len() <= 300)
    );
}

#[actix_web::test]
async fn an_answer_that_is_too_long_is_refused() {
    let (status, body, _) = ask("{ long }", Reply::ApplicationJson).await;
    assert_eq!(
        (status, body["code"].as_str()),
        (400, Some("RESPONSE_TOO_LARGE"))
    );
}
