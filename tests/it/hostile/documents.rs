//! Documents that overflow stacks, burn time or wrap counters in a server that trusts its parser.

use serde_json::json;
use tests::{App, Stack};

use super::{Expected, lives, refused};

const LEVELS: &[usize] = &[500, 2_000, 7_000, 20_000];
const DOCUMENT_BYTES: usize = 32 * 1024;

/// One construct inside itself; also cut off, because a parser recurses before it misses the end.
fn nested(
    before: &str,
    open: &str,
    inside: &str,
    close: &str,
    after: &str,
    n: usize,
) -> [String; 2] {
    let opened = format!("{before}{}", open.repeat(n));
    let whole = format!("{opened}{inside}{}{after}", close.repeat(n));
    [whole, opened]
}

/// Every place of the grammar that holds itself.
fn family(n: usize) -> Vec<(&'static str, [String; 2])> {
    vec![
        (
            "lists",
            nested("{ node(id: ", "[", "1", "]", ") { id } }", n),
        ),
        (
            "objects",
            nested("{ node(id: ", "{a:", "1", "}", ") { id } }", n),
        ),
        (
            "mixed values",
            nested("{ node(id: ", "[{a:", "1", "}]", ") { id } }", n),
        ),
        ("selections", nested("", "{a", "", "}", "", n)),
        ("inline fragments", nested("{ a ", "...{", "a", "}", "}", n)),
        (
            "list types",
            nested("query($x: ", "[", "Int", "]", ") { a }", n),
        ),
        (
            "variable defaults",
            nested("query($x: Int = ", "[", "1", "]", ") { a }", n),
        ),
        (
            "object defaults",
            nested("query($x: Int = ", "{a:", "1", "}", ") { a }", n),
        ),
        (
            "field directives",
            nested("{ a @b(c: ", "[", "1", "]", ") }", n),
        ),
        (
            "operation directives",
            nested("query @b(c: ", "{a:", "1", "}", ") { a }", n),
        ),
        (
            "fragment directives",
            nested("fragment f on A @b(c: ", "[", "1", "]", ") { a }", n),
        ),
        ("only closers", nested("{ a ", "}", "", "]", "", n)),
    ]
}

/// The byte limit is looked at before the nesting; a closer too many is a syntax error.
fn expected(what: &str, document: &str) -> Expected {
    if document.len() > DOCUMENT_BYTES {
        return Expected(413, "QUERY_TOO_LARGE");
    }
    if what == "only closers" {
        return Expected(400, "");
    }
    Expected(400, "QUERY_TOO_DEEP")
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_nesting_is_refused_with_and_without_a_credential() -> anyhow::Result<()> {
    let mut app = App::start(Stack::Sqlite).await?;
    for client in [app.anonymous(), app.key()] {
        for n in LEVELS {
            for (what, documents) in family(*n) {
                for document in documents {
                    let name = format!("{n} {what}");
                    let expected = expected(what, &document);
                    refused(&client, &name, &document, json!({}), expected).await?;
                }
            }
        }
    }
    lives(&mut app).await?;
    app.close().await
}

/// Each fragment spreads the next one twice.
fn bomb(fragments: usize) -> String {
    let mut document = "{ ...f0 }".to_owned();
    for n in 0..fragments {
        let next = n + 1;
        document.push_str(&format!(
            " fragment f{n} on Query {{ ...f{next} ...f{next} }}"
        ));
    }
    document + &format!(" fragment f{fragments} on Query {{ __typename }}")
}

/// The same field under many names.
fn aliases(n: usize) -> String {
    let fields: Vec<String> = (0..n).map(|i| format!("a{i}: __typename")).collect();
    format!("{{ {} }}", fields.join(" "))
}

const PAGES: &str = "{ viewer { tenant { files(first: 4294967296) { nodes { \
    files(first: 4294967296) { nodes { id } } } } } } }";
const ONE_PAGE: &str = "{ viewer { tenant { files(first: 4294967296) { nodes { id } } } } }";

#[tokio::test(flavor = "multi_thread")]
async fn hostile_documents_are_priced_before_they_run() -> anyhow::Result<()> {
    let mut app = App::start(Stack::Sqlite).await?;
    let expensive = Expected(400, "QUERY_TOO_EXPENSIVE");
    let invalid = Expected(400, "GRAPHQL_VALIDATION_FAILED");
    let cases = [
        ("a fragment bomb of 2^12", bomb(12), expensive),
        ("a fragment bomb of 2^25", bomb(25), expensive),
        (
            "a deep fragment bomb",
            bomb(100),
            Expected(400, "QUERY_TOO_DEEP"),
        ),
        (
            "a fragment in itself",
            "{ ...a } fragment a on Query { ...a }".to_owned(),
            invalid,
        ),
        (
            "two fragments in each other",
            "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }".to_owned(),
            invalid,
        ),
        (
            "31 aliases",
            aliases(31),
            Expected(400, "QUERY_TOO_MANY_ALIASES"),
        ),
        (
            "400 aliases",
            aliases(400),
            Expected(400, "QUERY_TOO_MANY_ALIASES"),
        ),
        (
            "400 copies of a field",
            format!("{{ {} }}", "__typename ".repeat(400)),
            Expected(400, "QUERY_TOO_MANY_ROOT_FIELDS"),
        ),
        (
            "400 copies of a tree",
            format!("{{ {} }}", "viewer{tenant{id}}".repeat(400)),
            Expected(400, "QUERY_TOO_LARGE"),
        ),
        (
            "200 copies of a wider tree",
            format!("{{ viewer {{ {} }} }}", "tenant{id a b c d}".repeat(200)),
            expensive,
        ),
        (
            "21 directives",
            format!("{{ __typename {} }}", "@include(if: true)".repeat(21)),
            Expected(400, "QUERY_TOO_MANY_DIRECTIVES"),
        ),
        (
            "two passwords in one document",
            "mutation { a: login(input: {email: \"a\", password: \"b\"}) { token } \
             b: login(input: {email: \"a\", password: \"c\"}) { token } }"
                .to_owned(),
            Expected(400, "SENSITIVE_FIELD_NOT_ALONE"),
        ),
        (
            "six mutations",
            format!(
                "mutation {{ {} }}",
                "logout { userErrors { code } } ".repeat(6)
            ),
            Expected(400, "QUERY_TOO_MANY_ROOT_FIELDS"),
        ),
        (
            "endless pages inside endless pages",
            PAGES.to_owned(),
            expensive,
        ),
        (
            "2 001 tokens",
            format!("{{ {} }}", "a ".repeat(2_001)),
            Expected(400, "QUERY_TOO_LARGE"),
        ),
        (
            "no end of a string",
            "{ a(b: \"".to_owned(),
            Expected(400, "GRAPHQL_PARSE_FAILED"),
        ),
        (
            "nothing",
            String::new(),
            Expected(400, "GRAPHQL_PARSE_FAILED"),
        ),
        (
            "eleven fields deep",
            "{a".repeat(11) + &"}".repeat(11),
            Expected(400, "QUERY_TOO_DEEP"),
        ),
    ];
    let mut wrong = Vec::new();
    for client in [app.anonymous(), app.key()] {
        for (what, document, expected) in &cases {
            let answered = refused(&client, what, document, json!({}), *expected).await;
            wrong.extend(answered.err().map(|error| format!("{error:#}")));
        }
    }
    anyhow::ensure!(wrong.is_empty(), "{wrong:#?}");
    let unauthenticated = Expected(401, "UNAUTHENTICATED");
    refused(
        &app.anonymous(),
        "one page",
        ONE_PAGE,
        json!({}),
        unauthenticated,
    )
    .await?;
    lives(&mut app).await?;
    app.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_pages_and_cursors_are_arguments_that_are_not_valid() -> anyhow::Result<()> {
    let mut app = App::start(Stack::Sqlite).await?;
    let query = "query($first: Int!, $after: String) { viewer { tenant { \
        files(first: $first, after: $after) { nodes { id } } } } }";
    for (first, after) in [
        (0, None),
        (101, None),
        (-1, None),
        (i64::from(i32::MIN), None),
        (5, Some("")),
        (5, Some("not a cursor")),
        (5, Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
        (5, Some("' OR 1=1 --")),
    ] {
        let what = format!("first {first}, after {after:?}");
        let variables = json!({ "first": first, "after": after });
        refused(
            &app.key(),
            &what,
            query,
            variables,
            Expected(200, "INVALID"),
        )
        .await?;
    }
    for first in [
        json!(4_294_967_296_u64),
        json!(1.5),
        json!("5"),
        json!(null),
        json!([]),
    ] {
        let what = format!("first {first}");
        let variables = json!({ "first": first });
        let answer = app.key().graphql(query, variables).await?;
        anyhow::ensure!(
            answer.json()?["errors"].is_array(),
            "{what}: {}",
            answer.text()
        );
    }
    lives(&mut app).await?;
    app.close().await
}
