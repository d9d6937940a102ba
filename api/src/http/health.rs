//! What machines that watch the process ask: does it live, should requests come here, how is it doing.

mod readiness;

use actix_web::{HttpRequest, HttpResponse, http::header::CONTENT_TYPE, web};
use serde_json::json;

use super::{problem::Problem, state::Front};
use crate::{error::Error, telemetry};
pub use readiness::Readiness;

/// `GET /livez`: 200 while the process can answer at all. Looks at nothing else, so that a database
/// that is down does not get every replica restarted.
pub(super) async fn livez() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// `GET /readyz`: 200 when requests should come here; 503 with the reasons when not.
pub(super) async fn readyz(front: web::Data<Front>) -> HttpResponse {
    let reasons = front.readiness.reasons(&front.app).await;
    if reasons.is_empty() {
        HttpResponse::Ok().json(json!({ "status": "ready" }))
    } else {
        HttpResponse::ServiceUnavailable()
            .insert_header(("Retry-After", "1"))
            .json(json!({ "status": "not ready", "reasons": reasons }))
    }
}

/// `GET /metrics`: the figures of this process for Prometheus. No label holds anything of a tenant's.
///
/// # Errors
/// When metrics could not be set up.
pub(super) async fn metrics(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let front = Front::of(&request)?;
    let handle = telemetry::metrics().map_err(Error::internal)?;
    metrics::gauge!("strongroom_http_requests_in_flight").set(gauge(front.in_flight.count()));
    metrics::gauge!("strongroom_background_tasks").set(gauge(front.app.tasks.len()));
    if let Some(redis) = &front.app.redis {
        metrics::gauge!("strongroom_redis_up").set(gauge(usize::from(redis.is_connected())));
    }
    metrics::counter!("strongroom_database_statements_total")
        .absolute(front.app.store.database().statements());
    if let Some(pending) = front.readiness.pending_events(&front.app).await {
        metrics::gauge!("strongroom_audit_events_pending")
            .set(gauge(usize::try_from(pending).unwrap_or(usize::MAX)));
    }
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"))
        .body(handle.render()))
}

/// Counts are far below where a float loses units.
fn gauge(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
