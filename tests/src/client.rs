//! A client with verbs.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use anyhow::{Context as _, bail, ensure};
use reqwest::{Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::{Value, json};

use crate::lossy;

/// Somebody who asks, with or without a credential. Asks the replicas in turn.
#[derive(Debug, Clone)]
pub struct Client {
    urls: Vec<String>,
    next: Arc<AtomicUsize>,
    token: Option<String>,
    drops: bool,
    http: reqwest::Client,
}

/// An answer, read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Reads an answer whole.
    ///
    /// # Errors
    /// When the connection ends early.
    pub async fn of(response: reqwest::Response) -> anyhow::Result<Self> {
        Ok(Self {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.bytes().await?.to_vec(),
        })
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is not.
    pub fn json(&self) -> anyhow::Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("not JSON: {}", self.text()))
    }

    /// A header as text; empty when absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// The code of the first GraphQL error, or of the problem document; empty when there is none.
    #[must_use]
    pub fn code(&self) -> String {
        let Ok(body) = self.json() else {
            return String::new();
        };
        let graphql = body.pointer("/errors/0/extensions/code");
        let problem = body.get("code");
        graphql
            .or(problem)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    }
}

impl Client {
    pub(crate) fn new(urls: Vec<String>, next: Arc<AtomicUsize>, token: Option<String>) -> Self {
        Self {
            urls,
            next,
            token,
            drops: false,
            http: reqwest::Client::new(),
        }
    }

    /// The same client, which loses the answer to everything it changes, and asks again; see [`crate::lossy`].
    #[must_use]
    pub fn dropping(self) -> Self {
        Self {
            drops: true,
            ..self
        }
    }

    /// Whether it loses the answers to what it changes.
    pub(crate) fn drops(&self) -> bool {
        self.drops && self.token.is_some()
    }

    /// The credential.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The address of one replica, in turn.
    #[must_use]
    pub fn url(&self) -> String {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let index = turn % self.urls.len().max(1);
        self.urls.get(index).cloned().unwrap_or_default()
    }

    /// A request with the credential, for tests that build their own.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url()));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// GET.
    ///
    /// # Errors
    /// When the connection fails.
    pub async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        Answer::of(self.request(Method::GET, path).send().await?).await
    }

    /// A GraphQL request to `/graphql`, answered however it is.
    ///
    /// # Errors
    /// When the connection fails.
    pub async fn graphql(&self, query: &str, variables: Value) -> anyhow::Result<Answer> {
        self.graphql_at("/graphql", query, variables).await
    }

    /// A GraphQL request to any endpoint, answered however it is.
    ///
    /// # Errors
    /// When the connection fails.
    pub async fn graphql_at(
        &self,
        path: &str,
        query: &str,
        variables: Value,
    ) -> anyhow::Result<Answer> {
        let request = || {
            self.request(Method::POST, path)
                .header("accept", "application/graphql-response+json")
                .json(&json!({ "query": query, "variables": variables }))
        };
        if self.drops() && lossy::is_repeatable(query) {
            return lossy::ask_twice(request).await;
        }
        Answer::of(request().send().await?).await
    }

    /// The `data` of a request that must succeed without errors.
    ///
    /// # Errors
    /// When it does not.
    pub async fn data(&self, query: &str, variables: Value) -> anyhow::Result<Value> {
        succeeded(self.graphql(query, variables).await?)
    }

    /// As [`Self::data`], on the operators' endpoint.
    ///
    /// # Errors
    /// When it does not succeed.
    pub async fn operator_data(&self, query: &str, variables: Value) -> anyhow::Result<Value> {
        succeeded(
            self.graphql_at("/operator/graphql", query, variables)
                .await?,
        )
    }

    /// The payload of a mutation that must succeed without user errors.
    ///
    /// # Errors
    /// When it does not.
    pub async fn mutate(
        &self,
        field: &str,
        input: Value,
        selection: &str,
    ) -> anyhow::Result<Value> {
        let payload = self.try_mutate(field, input, selection).await?;
        let errors = payload.get("userErrors").cloned().unwrap_or_default();
        ensure!(
            errors.as_array().is_some_and(Vec::is_empty),
            "{field}: {errors}"
        );
        Ok(payload)
    }

    /// The payload of a mutation that must have no top-level errors; it may have user errors.
    ///
    /// # Errors
    /// When it has.
    pub async fn try_mutate(
        &self,
        field: &str,
        input: Value,
        selection: &str,
    ) -> anyhow::Result<Value> {
        let (query, variables) = mutation(field, input, selection);
        let data = self.data(&query, variables).await?;
        Ok(data.get(field).cloned().unwrap_or_default())
    }

    /// Signs a person in; returns the token.
    ///
    /// # Errors
    /// When the password is wrong.
    pub async fn login(&self, email: &str, password: &str) -> anyhow::Result<String> {
        let query =
            "mutation($i: LoginInput!) { login(input: $i) { token userErrors { code message } } }";
        let input = json!({ "i": { "email": email, "password": password } });
        let data = self.data(query, input).await?;
        text(&data, "/login/token")
    }

    /// Signs an operator in; returns the token.
    ///
    /// # Errors
    /// When the password is wrong.
    pub async fn operator_login(&self, email: &str, password: &str) -> anyhow::Result<String> {
        let query = "mutation($i: OperatorLoginInput!) { operatorLogin(input: $i) { token userErrors { code message } } }";
        let input = json!({ "i": { "email": email, "password": password } });
        let data = self.operator_data(query, input).await?;
        text(&data, "/operatorLogin/token")
    }
}

/// A mutation with one `input`, as document and variables. The input's type follows the field's name.
#[must_use]
pub fn mutation(field: &str, input: Value, selection: &str) -> (String, Value) {
    let mut name = field.to_owned();
    if let Some(first) = name.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    let query = format!(
        "mutation($input: {name}Input!) {{ {field}(input: $input) {{ {selection} userErrors {{ code message path }} }} }}"
    );
    (query, json!({ "input": input }))
}

fn succeeded(answer: Answer) -> anyhow::Result<Value> {
    let body = answer.json()?;
    if answer.status != 200 || body.get("errors").is_some() {
        bail!("{} {body}", answer.status);
    }
    body.get("data").cloned().context("no data")
}

/// The text at a pointer.
///
/// # Errors
/// When there is none.
pub fn text(value: &Value, pointer: &str) -> anyhow::Result<String> {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .with_context(|| format!("no text at {pointer} of {value}"))
}
