//! Why the endpoint did not start; each sentence names the remedy.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// A refusal to start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address would be reachable from other hosts.
    #[error(
        "the embedded object store listens on loopback only, not on {listen}: \
         set its `listen` address to 127.0.0.1 or [::1], or configure a real S3 store"
    )]
    NotLoopback {
        /// The refused address.
        listen: SocketAddr,
    },
    /// Another program has the port.
    #[error(
        "{listen} is in use: stop the program that listens there, \
         or give the embedded object store another `listen` address"
    )]
    PortInUse {
        /// The wanted address.
        listen: SocketAddr,
    },
    /// The address cannot be bound for another reason.
    #[error("the embedded object store cannot listen on {listen}: choose another `listen` address")]
    Listen {
        /// The wanted address.
        listen: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The directory cannot be created, read or written.
    #[error(
        "the embedded object store cannot use {}: make it readable and writable, or set another `dir`", path.display()
    )]
    Directory {
        /// The file or directory that failed.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process has the directory open.
    #[error(
        "{} is used by another running server: stop it, or set another `dir` for the embedded object store", path.display()
    )]
    DirectoryInUse {
        /// The locked directory.
        path: PathBuf,
    },
    /// The directory was written by a newer version.
    #[error(
        "{} has layout {found}, newer than the {known} this version knows: start the newer version, \
         or set another `dir`", path.display()
    )]
    NewerLayout {
        /// The marker file.
        path: PathBuf,
        /// The version found.
        found: u32,
        /// The newest version known here.
        known: u32,
    },
    /// A record cannot be read back. Nothing was deleted.
    #[error(
        "the record {} is damaged: restore it from a backup, or move it out of the directory to go on without it",
        path.display()
    )]
    Damaged {
        /// The unreadable record.
        path: PathBuf,
        /// What the parser said.
        source: serde_json::Error,
    },
    /// A configured bucket has a name S3 does not allow.
    #[error(
        "`{name}` is not a bucket name: use 3 to 63 lower-case letters, digits, dots and hyphens in `buckets`"
    )]
    BucketName {
        /// The refused name.
        name: String,
    },
    /// The credential pair has an empty half.
    #[error("the embedded object store needs an `access_key` and a `secret_key`: set both")]
    NoCredentials,
    /// A configured origin can never equal what a browser sends.
    #[error(
        "`{origin}` is not an origin: write it in `cors_origins` as scheme://host[:port], without a path or `*`"
    )]
    Origin {
        /// The refused value.
        origin: String,
    },
}
