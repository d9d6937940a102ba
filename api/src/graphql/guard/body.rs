//! The JSON body of a GraphQL-over-HTTP request, read strictly.

use async_graphql::Variables;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::json::scan_json;
use super::limits::Limits;
use super::verdict::{Refusal, code};

/// The parameters of one request (GraphQL over HTTP, section 4.1); `null` is absence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// The document, not yet scanned.
    pub query: String,
    /// Which operation of the document to run.
    pub operation_name: Option<String>,
    /// Values of the operation's variables.
    pub variables: Variables,
    /// Left to the server's own use.
    pub extensions: Map<String, Value>,
}

impl Body {
    /// Reads a body of at most `limits.body_byte_len` bytes; parameters of other names are ignored.
    ///
    /// # Errors
    /// `BODY_TOO_LARGE` (413), `BATCHING_UNSUPPORTED` for an array, `VARIABLES_TOO_DEEP`, and
    /// `BAD_REQUEST` naming the parameter that is missing, given twice or of the wrong type. None of
    /// them depends on what the client accepts.
    pub fn parse(json: &[u8], limits: &Limits) -> Result<Self, Refusal> {
        if json.len() > limits.body_byte_len {
            return Err(too_long(limits));
        }
        if first_byte(json) == Some(b'[') {
            return Err(batch());
        }
        if scan_json(json, limits.variables_nesting + 1).is_none() {
            return Err(too_deep(limits));
        }
        Parameters::read(json)?.into_body()
    }
}

/// Values stay untyped until each can be refused by name.
#[derive(Deserialize)]
struct Parameters {
    query: Option<Value>,
    #[serde(rename = "operationName")]
    operation_name: Option<Value>,
    variables: Option<Value>,
    extensions: Option<Value>,
}

impl Parameters {
    fn read(json: &[u8]) -> Result<Self, Refusal> {
        if json.is_empty() {
            return Err(bad("The request has no body."));
        }
        let unreadable = || bad("The body is not a JSON object in UTF-8, or repeats a parameter.");
        if first_byte(json) != Some(b'{') {
            return Err(unreadable());
        }
        serde_json::from_slice(json).map_err(|_| unreadable())
    }

    fn into_body(self) -> Result<Body, Refusal> {
        Ok(Body {
            query: match self.query {
                Some(Value::String(query)) => query,
                Some(_) => return Err(bad("The parameter query must be a string.")),
                None => return Err(bad("The parameter query is missing.")),
            },
            operation_name: match self.operation_name {
                Some(Value::String(name)) => Some(name),
                None => None,
                Some(_) => return Err(bad("The parameter operationName must be a string.")),
            },
            variables: variables(self.variables)?,
            extensions: match self.extensions {
                Some(Value::Object(extensions)) => extensions,
                None => Map::new(),
                Some(_) => return Err(bad("The parameter extensions must be an object.")),
            },
        })
    }
}

fn variables(given: Option<Value>) -> Result<Variables, Refusal> {
    match given {
        Some(object @ Value::Object(_)) => serde_json::from_value(object)
            .map_err(|_| bad("The parameter variables holds a value that cannot be read.")),
        None => Ok(Variables::default()),
        Some(_) => Err(bad("The parameter variables must be an object.")),
    }
}

fn first_byte(json: &[u8]) -> Option<u8> {
    json.iter()
        .copied()
        .find(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
}

fn bad(message: &str) -> Refusal {
    Refusal::new(code::BAD_REQUEST, message)
}

fn batch() -> Refusal {
    Refusal::new(
        code::BATCHING_UNSUPPORTED,
        "Several operations in one request are not supported: send them one by one.",
    )
}

fn too_long(limits: &Limits) -> Refusal {
    Refusal::too_large(
        code::BODY_TOO_LARGE,
        format!("The body is longer than {} bytes.", limits.body_byte_len),
    )
}

fn too_deep(limits: &Limits) -> Refusal {
    Refusal::new(
        code::VARIABLES_TOO_DEEP,
        format!(
            "Variables nest more than {} levels.",
            limits.variables_nesting
        ),
    )
}
