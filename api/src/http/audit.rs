//! `GET /v1/audit/verify`: the twin of `auditVerify` for scripts, which waits to the end.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use entity::verification;
use serde::{Deserialize, Serialize};

use super::{auth, json, problem::Problem, state::Front};
use crate::{
    error::{Code, Error},
    service,
};

/// How long the answer may take; a longer run goes on and is asked for again.
const WAIT: Duration = Duration::from_secs(60);

/// The query string.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameters {
    #[serde(default)]
    full: bool,
}

/// A run of verification as JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    id: String,
    full: bool,
    state: &'a str,
    verdict: Option<&'a str>,
    assurance: Option<&'a str>,
    size: i64,
    pruned: i64,
    redacted: i64,
    first_bad_seq: Option<i64>,
    /// The same word under the name the interface promises, and under the one GraphQL has.
    class: Option<&'a str>,
    damage: Option<&'a str>,
    reason: Option<&'a str>,
    recorded_hash: Option<&'a str>,
    recomputed_hash: Option<&'a str>,
}

/// 200 when the chain is intact; 409 when it is broken, with the run under `verification`; 503 when it
/// could not be read to its end, or not in time.
///
/// # Errors
/// Everything but an intact chain.
pub(super) async fn verify(
    request: HttpRequest,
    parameters: Result<web::Query<Parameters>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let front = Front::of(&request)?;
    let full = parameters
        .map_err(|_| Error::invalid("full", "full is true or false"))?
        .full;
    let caller = auth::caller(&request);
    let verified = service::audit::verify(&front.app, caller.actor()?, full, WAIT).await?;
    answer(&verified.run)
}

fn answer(run: &verification::Model) -> Result<HttpResponse, Problem> {
    let document = Document::of(run);
    let code = match run.verdict.as_deref() {
        Some("INTACT" | "INTACT_WITH_DOCUMENTED_GAPS") => {
            return json::answer(StatusCode::OK, &document);
        }
        Some("BROKEN") => Code::AuditChainBroken,
        _ => Code::AuditInconclusive,
    };
    let mut error = Error::new(code);
    if code == Code::AuditInconclusive {
        error = error.retry_after(5);
    }
    let document = serde_json::to_value(document).map_err(Error::internal)?;
    Err(Problem::from(error).with_member("verification", document))
}

impl<'a> Document<'a> {
    fn of(run: &'a verification::Model) -> Self {
        Self {
            id: run.id.to_string(),
            full: run.full,
            state: &run.state,
            verdict: run.verdict.as_deref(),
            assurance: run.assurance.as_deref(),
            size: run.size,
            pruned: run.pruned,
            redacted: run.redacted,
            first_bad_seq: run.first_bad_seq,
            class: run.damage.as_deref(),
            damage: run.damage.as_deref(),
            reason: run.reason.as_deref(),
            recorded_hash: run.recorded_hash.as_deref(),
            recomputed_hash: run.recomputed_hash.as_deref(),
        }
    }
}
