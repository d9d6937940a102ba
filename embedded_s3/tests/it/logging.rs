use std::io;
use std::sync::{Arc, Mutex};

use tracing_subscriber::EnvFilter;

use crate::harness::{BUCKET, Harness};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What one presigned and one refused download write to the log under `filter`.
fn log_under(filter: &str) -> String {
    let captured = Captured::default();
    let writer = captured.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(move || writer.clone());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    tracing::subscriber::with_default(subscriber.finish(), || {
        runtime.block_on(async {
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
        });
    });
    let bytes = captured.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn the_directive_keeps_signatures_out_of_the_log() {
    let careless = log_under("off,s3s=trace,embedded_s3=trace");
    assert!(
        careless.contains("X-Amz-Signature"),
        "without the directive the leak would not be seen here"
    );
    let careful = log_under(&format!(
        "off,hyper=trace,embedded_s3=trace,{}",
        embedded_s3::TRACING_DIRECTIVE
    ));
    for secret in ["X-Amz-Signature", "Signature=", crate::harness::SECRET] {
        assert!(!careful.contains(secret), "{careful}");
    }
    assert!(careful.contains("opened the embedded object store"));
}
