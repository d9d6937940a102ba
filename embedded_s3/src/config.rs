//! What the endpoint needs to start.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Everything [`start`](crate::start) needs; nothing is read from the environment.
#[derive(Clone)]
pub struct Config {
    /// The directory that holds everything; created when missing, locked while the server runs.
    pub dir: PathBuf,
    /// The address to listen on; must be loopback. Port 0 takes any free port.
    pub listen: SocketAddr,
    /// The access key id of the one credential pair.
    pub access_key: String,
    /// The secret key of the one credential pair.
    pub secret_key: String,
    /// The region answered to `HeadBucket` and `GetBucketLocation`.
    pub region: String,
    /// Buckets that exist after the start; existing ones are left as they are.
    pub buckets: Vec<String>,
    /// Origins whose scripts may use presigned URLs, each exactly as a browser sends it (`https://app.example.com`).
    pub cors_origins: Vec<String>,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("dir", &self.dir)
            .field("listen", &self.listen)
            .field("region", &self.region)
            .field("buckets", &self.buckets)
            .field("cors_origins", &self.cors_origins)
            .finish_non_exhaustive()
    }
}
