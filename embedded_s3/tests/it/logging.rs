use std::io;
use std::sync::{Arc, Mutex};

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::harness::{BUCKET, Harness, SECRET};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Captures, from here on and for the whole process, what `filter` lets through.
fn layer<S>(filter: &str, captured: &Captured) -> impl Layer<S>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    let writer = captured.clone();
    fmt::layer()
        .with_writer(move || writer.clone())
        .with_filter(EnvFilter::new(filter))
}

#[tokio::test]
async fn the_directive_keeps_signatures_out_of_the_log() {
    let (careless, careful) = (Captured::default(), Captured::default());
    let directive = format!(
        "off,hyper=trace,embedded_s3=trace,s3s=trace,{}",
        embedded_s3::TRACING_DIRECTIVE
    );
    let registry = tracing_subscriber::registry();
    let registry = registry
        .with(layer("off,s3s=debug", &careless))
        .with(layer(&directive, &careful));
    tracing::subscriber::set_global_default(registry).unwrap();

    let s3 = Harness::start().await;
    s3.put("k", b"x").await;
    let url = s3.presigned_get("k").await;
    assert_eq!(reqwest::get(&url).await.unwrap().status(), 200);
    assert_eq!(
        reqwest::get(&url.replace("/k?", "/other?"))
            .await
            .unwrap()
            .status(),
        403
    );
    s3.s3
        .get_object()
        .bucket(BUCKET)
        .key("none")
        .send()
        .await
        .unwrap_err();

    assert!(
        careless.text().contains("X-Amz-Signature"),
        "a leak must be visible here to be ruled out below"
    );
    for secret in ["X-Amz-Signature", "Signature=", SECRET] {
        assert!(!careful.text().contains(secret));
    }
    assert!(careful.text().contains("opened the embedded object store"));
}
