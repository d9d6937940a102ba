//! The whole table of addresses.

use actix_web::{
    Error, HttpResponse, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::from_fn,
    web,
};

use super::{
    audit, cors::cors, edge::edge, file, gate, graphiql, graphql, health, limit::shield,
    problem::Problem, state::Front, upload,
};
use crate::error::Code;

/// The application of one worker thread, for [`actix_web::HttpServer`] and for tests.
pub fn app(
    front: web::Data<Front>,
) -> actix_web::App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let config = front.app.config.clone();
    actix_web::App::new()
        .app_data(front)
        .configure(|routes| addresses(routes, config.is_production()))
        .default_service(web::to(|| async { refuse(&Problem::new(Code::NotFound)) }))
        .wrap(from_fn(shield))
        .wrap(cors(&config.server.cors_origins))
        .wrap(from_fn(edge))
}

fn addresses(routes: &mut web::ServiceConfig, production: bool) {
    routes
        // Probes: no limits, no credentials.
        .service(only_get("/livez").route(web::get().to(health::livez)))
        .service(only_get("/readyz").route(web::get().to(health::readyz)))
        .service(only_get("/metrics").route(web::get().to(health::metrics)))
        // GraphQL.
        .service(
            only_post("/graphql")
                .route(web::post().to(graphql::tenant))
                .wrap(from_fn(gate::tenant)),
        )
        .service(
            only_post("/operator/graphql")
                .route(web::post().to(graphql::operator))
                .wrap(from_fn(gate::operator)),
        )
        // REST.
        .service(
            only(
                "/v1/files/{system}/{objectType}/{objectId}/{filename}",
                "PUT",
            )
            .route(web::put().to(upload::put))
            .wrap(from_fn(gate::tenant)),
        )
        .service(
            web::resource("/v1/files/{id}")
                .route(web::get().to(file::get))
                .default_service(web::to(|| async {
                    let detail = upload::no_such_address().to_string();
                    refuse(&Problem::method_not_allowed("GET").with_detail(detail))
                }))
                .wrap(from_fn(gate::tenant)),
        )
        .service(
            web::resource(["/v1/files", "/v1/files/{more}*"]).default_service(web::to(|| async {
                refuse(&upload::no_such_address().into())
            })),
        )
        .service(
            only("/v1/audit/verify", "GET, POST")
                .route(web::get().to(audit::verify))
                .route(web::post().to(audit::verify_receipt))
                .wrap(from_fn(gate::tenant)),
        )
        .service(
            only_get("/v1/audit/checkpoint")
                .route(web::get().to(audit::checkpoint))
                .wrap(from_fn(gate::tenant)),
        );
    if !production {
        routes
            .service(only_get("/graphiql").route(web::get().to(graphiql::page)))
            .service(only_get("/graphiql/{part}").route(web::get().to(graphiql::part)));
    }
}

/// Whether errors of this address are GraphQL responses.
#[must_use]
pub fn is_graphql(path: &str) -> bool {
    matches!(path, "/graphql" | "/operator/graphql")
}

/// Whether this address is asked by machines that watch the process, free of every limit.
#[must_use]
pub fn is_probe(path: &str) -> bool {
    matches!(path, "/livez" | "/readyz" | "/metrics")
}

/// Whether this address is an auditor's.
#[must_use]
pub fn is_audit(path: &str) -> bool {
    path.starts_with("/v1/audit/")
}

fn only_get(path: &str) -> actix_web::Resource {
    only(path, "GET")
}

fn only_post(path: &str) -> actix_web::Resource {
    only(path, "POST")
}

/// A resource that answers 405 to every method it has no route for.
fn only(path: &str, allow: &'static str) -> actix_web::Resource {
    web::resource(path).default_service(web::to(move || async move {
        refuse(&Problem::method_not_allowed(allow))
    }))
}

fn refuse(problem: &Problem) -> HttpResponse<BoxBody> {
    problem.error_response()
}
