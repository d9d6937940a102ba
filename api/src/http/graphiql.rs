//! `GET /graphiql`: GraphiQL from our own copy, in development only. No other address is asked for
//! anything, and the page's policy would not let it.

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    web,
};

use super::problem::Problem;
use crate::error::Code;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      font-src data:; img-src 'self' data:; connect-src 'self'; \
                      frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
const JS: &str = "text/javascript; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";

/// Name, media type, compressed bytes.
const PARTS: [(&str, &str, &[u8]); 4] = [
    (
        "graphiql.min.js",
        JS,
        include_bytes!("../../assets/graphiql/graphiql.min.js.gz"),
    ),
    (
        "graphiql.min.css",
        CSS,
        include_bytes!("../../assets/graphiql/graphiql.min.css.gz"),
    ),
    (
        "react.production.min.js",
        JS,
        include_bytes!("../../assets/graphiql/react.production.min.js.gz"),
    ),
    (
        "react-dom.production.min.js",
        JS,
        include_bytes!("../../assets/graphiql/react-dom.production.min.js.gz"),
    ),
];
const INDEX: &str = include_str!("../../assets/graphiql/index.html");
const START: &str = include_str!("../../assets/graphiql/start.js");

/// The page.
pub(super) async fn page() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .body(INDEX)
}

/// What the page is made of. Every browser reads gzip, and nothing else asks for this.
///
/// # Errors
/// [`Code::NotFound`].
pub(super) async fn part(name: web::Path<String>) -> Result<HttpResponse, Problem> {
    if *name == "start.js" {
        return Ok(HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, JS))
            .body(START));
    }
    let (_, media_type, bytes) = PARTS
        .into_iter()
        .find(|(known, _, _)| *known == name.as_str())
        .ok_or_else(|| Problem::new(Code::NotFound))?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, media_type))
        .insert_header((CONTENT_ENCODING, "gzip"))
        .insert_header((CACHE_CONTROL, "max-age=3600"))
        .body(bytes))
}
