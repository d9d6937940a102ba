//! Listening, serving and draining.

mod patience;

pub(crate) use self::patience::STALLED;

use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use self::patience::{PatientBody, PatientStream};
use crate::config::Config;
use crate::disk::Disk;
use crate::door::{Cors, Door};
use crate::error::StartError;
use crate::s3::{Endpoint, protocol_config};
use crate::store::Store;

/// Connections served at once; more wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 512;
/// How long a connection may take for a request's head, also when idle between requests.
const HEAD_PATIENCE: Duration = Duration::from_secs(60);
/// How long a body may stand still, in either direction.
const BODY_PATIENCE: Duration = Duration::from_secs(30);
/// How long to wait after the system refused a connection, say for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Opens the directory, repairs what a crash left, listens, and serves until [`Server::shutdown`].
pub async fn start(config: Config) -> Result<Server, StartError> {
    let cors = check(&config)?;
    let tasks = TaskTracker::new();
    let listener = bind(config.listen).await?;
    let local_addr = listener.local_addr().map_err(|source| StartError::Listen {
        listen: config.listen,
        source,
    })?;
    let store = open_store(&config, &tasks).await?;
    let door = Arc::new(build_door(&config, cors, store));
    let (stop, kill) = (CancellationToken::new(), CancellationToken::new());
    tasks.spawn(accept(
        listener,
        door,
        tasks.clone(),
        stop.clone(),
        kill.clone(),
    ));
    Ok(Server {
        local_addr,
        tasks,
        stop: stop.drop_guard(),
        kill: kill.drop_guard(),
    })
}

/// A running endpoint. Dropping it cuts every connection; [`Server::shutdown`] lets requests finish first.
#[derive(Debug)]
pub struct Server {
    local_addr: SocketAddr,
    tasks: TaskTracker,
    stop: DropGuard,
    kill: DropGuard,
}

impl Server {
    /// The address an S3 client takes as its endpoint, with path-style buckets: `http://127.0.0.1:9000`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.local_addr)
    }

    /// Where it listens, with the port the system chose if the configured one was 0.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Stops accepting, lets running requests finish for `grace`, then cuts what is left.
    ///
    /// Afterwards the directory is closed and may be opened again.
    pub async fn shutdown(self, grace: Duration) {
        drop(self.stop);
        self.tasks.close();
        if tokio::time::timeout(grace, self.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("cutting requests that did not finish in time");
        }
        drop(self.kill);
        self.tasks.wait().await;
    }
}

fn check(config: &Config) -> Result<Cors, StartError> {
    if !config.listen.ip().is_loopback() {
        return Err(StartError::NotLoopback {
            listen: config.listen,
        });
    }
    if config.access_key.is_empty() || config.secret_key.is_empty() {
        return Err(StartError::NoCredentials);
    }
    if let Some(name) = config
        .buckets
        .iter()
        .find(|name| !s3s::path::check_bucket_name(name))
    {
        return Err(StartError::BucketName { name: name.clone() });
    }
    Cors::new(&config.cors_origins)
}

async fn bind(listen: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(listen)
        .await
        .map_err(|source| match source.kind() {
            ErrorKind::AddrInUse => StartError::PortInUse { listen },
            _ => StartError::Listen { listen, source },
        })
}

async fn open_store(config: &Config, tasks: &TaskTracker) -> Result<Arc<Store>, StartError> {
    let (dir, buckets, tracker) = (config.dir.clone(), config.buckets.clone(), tasks.clone());
    let open = move || {
        let store = Store::open(Disk::open(&dir)?, tracker)?;
        for name in &buckets {
            let path = dir.join("objects").join(name);
            store
                .create_bucket(name)
                .map_err(|source| StartError::Directory { path, source })?;
        }
        Ok(Arc::new(store))
    };
    let opened = tasks.spawn_blocking(open).await;
    let lost = |error| StartError::Directory {
        path: config.dir.clone(),
        source: std::io::Error::other(error),
    };
    opened.map_err(lost)?
}

fn build_door(config: &Config, cors: Cors, store: Arc<Store>) -> Door {
    let endpoint = Endpoint::new(store, config.region.clone(), config.cors_origins.clone());
    let mut builder = S3ServiceBuilder::new(endpoint);
    builder.set_auth(SimpleAuth::from_single(
        config.access_key.as_str(),
        config.secret_key.as_str(),
    ));
    builder.set_config(protocol_config());
    Door::new(builder.build(), cors)
}

async fn accept(
    listener: TcpListener,
    door: Arc<Door>,
    tasks: TaskTracker,
    stop: CancellationToken,
    kill: CancellationToken,
) {
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let accepted = stop.run_until_cancelled(async {
        loop {
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
                return;
            };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let connection = serve(stream, Arc::clone(&door), stop.clone(), permit);
                    let kill = kill.clone();
                    tasks.spawn(async move { kill.run_until_cancelled(connection).await });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    });
    accepted.await;
}

async fn serve(
    stream: TcpStream,
    door: Arc<Door>,
    stop: CancellationToken,
    _permit: OwnedSemaphorePermit,
) {
    // Answers are written whole; waiting to fill a packet only delays them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps Nagle's algorithm");
    }
    let service = service_fn(move |request: Request<Incoming>| {
        let door = Arc::clone(&door);
        async move { Ok::<_, Infallible>(answer(&door, request).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE)
        .max_buf_size(512 * 1024);
    let connection = http.serve_connection(
        TokioIo::new(PatientStream::new(stream, BODY_PATIENCE)),
        service,
    );
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn answer(door: &Door, request: Request<Incoming>) -> Response<s3s::Body> {
    let request =
        request.map(|body| s3s::Body::http_body_unsync(PatientBody::new(body, BODY_PATIENCE)));
    door.answer(request).await
}
