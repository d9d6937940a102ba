//! Serves a directory until the process is stopped: `cargo run -p embedded_s3 --example serve -- DIR ADDRESS`.
//!
//! The credential pair is `strongroom` / `strongroom-secret`; the bucket is `files`.

use embedded_s3::{Config, start};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let dir = arguments
        .next()
        .ok_or("the first argument is a directory")?;
    let listen = arguments
        .next()
        .ok_or("the second argument is a loopback address with a port")?;
    let config = Config {
        dir: dir.into(),
        listen: listen.parse()?,
        access_key: "strongroom".to_owned(),
        secret_key: "strongroom-secret".to_owned(),
        region: "us-east-1".to_owned(),
        buckets: vec!["files".to_owned()],
        cors_origins: Vec::new(),
    };
    let server = start(config).await?;
    tokio::signal::ctrl_c().await?;
    server.shutdown(std::time::Duration::from_secs(5)).await;
    Ok(())
}
