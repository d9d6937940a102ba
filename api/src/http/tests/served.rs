//! A server of one test.

use std::sync::Arc;

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::{
    app::App,
    graphql::schema::{operator_schema, tenant_schema},
    http::{Engine, Engines, ServeError, serve, testing::config},
    start::{self, FirstRun},
};

pub(super) struct Served {
    pub(super) url: String,
    pub(super) app: Arc<App>,
    pub(super) made: FirstRun,
    pub(super) http: reqwest::Client,
    pub(super) ended: JoinHandle<Result<(), ServeError>>,
    _store: Option<start::EmbeddedStore>,
    _dir: tempfile::TempDir,
}

/// Starts everything embedded on free ports, with `pairs` configured beside.
pub(super) async fn served(pairs: &[(&str, &str)]) -> Served {
    let engines = Engines {
        tenant: Engine::new(tenant_schema()),
        operator: Engine::new(operator_schema()),
    };
    served_with(engines, pairs).await
}

/// As [`served`], with other schemas.
pub(super) async fn served_with(engines: Engines, pairs: &[(&str, &str)]) -> Served {
    let dir = tempfile::tempdir().unwrap();
    let data_dir = dir.path().to_str().unwrap().to_owned();
    let mut all = vec![
        ("STRONGROOM_DATA_DIR", data_dir.as_str()),
        ("STRONGROOM_LISTEN", "127.0.0.1:0"),
        ("STRONGROOM_EMBEDDED_S3_LISTEN", "127.0.0.1:0"),
        ("STRONGROOM_PUBLIC_URL", "http://127.0.0.1:8080"),
        ("STRONGROOM_DRAIN_NOTICE", "0s"),
    ];
    all.extend_from_slice(pairs);
    let started = start::start(config(&all)).await.unwrap();
    let serving = serve(Arc::clone(&started.app), engines).unwrap();
    Served {
        url: format!("http://{}", serving.address()),
        made: started.first_run.unwrap(),
        http: reqwest::Client::new(),
        ended: started.app.tasks.spawn(serving.until_stopped()),
        app: started.app,
        _store: started.embedded_store,
        _dir: dir,
    }
}

impl Served {
    pub(super) async fn get(&self, path: &str) -> Response {
        self.http
            .get(format!("{}{path}", self.url))
            .send()
            .await
            .unwrap()
    }

    /// Asks `/graphql`, with a credential or without.
    pub(super) async fn ask(&self, token: Option<&str>, query: &str) -> (StatusCode, Value) {
        let mut request = self
            .http
            .post(format!("{}/graphql", self.url))
            .header("accept", "application/graphql-response+json")
            .json(&json!({ "query": query }));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    /// Posts a body to `/graphql` with these headers.
    pub(super) async fn post(&self, body: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = self
            .http
            .post(format!("{}/graphql", self.url))
            .body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    pub(super) fn key(&self) -> Option<&str> {
        Some(&self.made.api_key)
    }
}

pub(super) fn code(body: &Value) -> &str {
    let graphql = body.pointer("/errors/0/extensions/code");
    graphql
        .or(body.get("code"))
        .and_then(Value::as_str)
        .unwrap_or("none")
}

pub(super) fn header(response: &Response, name: &str) -> String {
    let value = response.headers().get(name);
    value.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
}
