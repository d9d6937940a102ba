use reqwest::Response;
use serde_json::{Value, json};

use super::served::{Served, header, served};

const PLAIN: &str = "text/plain";
const JSON: &str = "application/json";

impl Served {
    async fn receipt(&self) -> String {
        let url = format!("{}/v1/audit/checkpoint", self.url);
        let request = self.http.get(url).bearer_auth(&self.made.api_key);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        assert!(header(&answer, "content-type").starts_with("text/plain"));
        assert_eq!(header(&answer, "cache-control"), "no-store");
        answer.text().await.unwrap()
    }

    async fn verify(&self, content_type: &str, body: String) -> Response {
        let url = format!("{}/v1/audit/verify", self.url);
        let request = self.http.post(url).bearer_auth(&self.made.api_key);
        let request = request.header("content-type", content_type).body(body);
        request.send().await.unwrap()
    }
}

#[tokio::test]
async fn a_receipt_is_handed_out_and_brought_back() {
    let served = served(&[]).await;
    let receipt = served.receipt().await;
    assert!(receipt.starts_with("audit.strongroom.local/"), "{receipt}");
    for (content_type, body) in [
        (PLAIN, receipt.clone()),
        ("text/plain; charset=utf-8", receipt.clone()),
        (
            JSON,
            json!({ "full": true, "receipt": receipt }).to_string(),
        ),
    ] {
        let answer = served.verify(content_type, body).await;
        assert_eq!(answer.status().as_u16(), 200, "{content_type}");
        let run: Value = answer.json().await.unwrap();
        assert_eq!(run["assurance"], "A2", "{run}");
        assert_eq!(run["full"], content_type == JSON);
        assert!(run["receipt"]["size"].as_u64() < run["size"].as_u64());
        assert!(run["checkpoint"].as_str().unwrap().contains("/e0\n"));
    }
    let answer = served.verify(JSON, String::new()).await;
    assert_eq!(answer.status().as_u16(), 200, "without a receipt");
}

#[tokio::test]
async fn what_is_no_receipt_is_refused() {
    let served = served(&[]).await;
    let receipt = served.receipt().await;
    // Another size under the same signature.
    let mut lines: Vec<&str> = receipt.lines().collect();
    lines[1] = "900";
    let forged = lines.join("\n") + "\n";
    let foreign = receipt.replacen("strongroom.local", "other.local", 1);
    let cases = [
        (PLAIN, forged, 422, "INVALID"),
        (PLAIN, foreign, 422, "INVALID"),
        (PLAIN, "hello\n".to_owned(), 422, "INVALID"),
        (JSON, json!({ "receipt": "x" }).to_string(), 422, "INVALID"),
        (
            JSON,
            json!({ "reciept": "x" }).to_string(),
            400,
            "BAD_REQUEST",
        ),
        ("text/html", receipt, 415, "UNSUPPORTED_MEDIA_TYPE"),
        (PLAIN, "x".repeat(40_000), 413, "BODY_TOO_LARGE"),
    ];
    for (content_type, body, status, code) in cases {
        let told = format!("{content_type} {:.60}", body);
        let answer = served.verify(content_type, body).await;
        assert_eq!(answer.status().as_u16(), status, "{told}");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["code"], code, "{told}");
    }
}
