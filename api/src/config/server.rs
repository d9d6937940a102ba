//! Where and as what the process runs.

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;

use super::origin::Origin;
use super::reader::Reader;

/// `STRONGROOM_ENV`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Development tools are on.
    Development,
    /// Development tools are off, public addresses are encrypted.
    Production,
}

/// The process and its place in the network.
#[derive(Debug, Clone)]
pub struct Server {
    /// `STRONGROOM_ENV`; default development.
    pub mode: Mode,
    /// `STRONGROOM_DATA_DIR`, a path; default `./data`.
    pub data_dir: PathBuf,
    /// `STRONGROOM_LISTEN`, address:port; default 127.0.0.1:8080.
    pub listen: SocketAddr,
    /// `STRONGROOM_PUBLIC_URL`, an origin; default made of `listen`.
    pub public_url: Origin,
    /// `STRONGROOM_CORS_ORIGINS`, origins; default none.
    pub cors_origins: Vec<Origin>,
    /// `TRUSTED_PROXIES`, networks; default none.
    pub trusted_proxies: Vec<IpNet>,
    /// `REPLICAS`, 1 to 1000; default 1.
    pub replicas: u32,
    /// `STRONGROOM_WORKER_THREADS`, 1 to 512; default one per processor.
    pub worker_threads: Option<usize>,
    /// `STRONGROOM_AUDIT_DOMAIN`, a domain; default strongroom.local.
    pub audit_domain: String,
}

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Server> {
    let mode = reader.read("STRONGROOM_ENV", mode);
    let data_dir = reader.text("STRONGROOM_DATA_DIR").map(PathBuf::from);
    let listen = reader.read("STRONGROOM_LISTEN", socket_address);
    let public_url = public_url(reader, mode, listen);
    let cors_origins = reader.list("STRONGROOM_CORS_ORIGINS", origin);
    let trusted_proxies = reader.list("TRUSTED_PROXIES", network);
    let replicas = reader.number("REPLICAS");
    let worker_threads = reader.number("STRONGROOM_WORKER_THREADS");
    let audit_domain = reader.read("STRONGROOM_AUDIT_DOMAIN", domain);
    Some(Server {
        mode: mode?,
        data_dir: data_dir?,
        listen: listen?,
        public_url: public_url?,
        cors_origins,
        trusted_proxies,
        replicas: replicas?,
        worker_threads,
        audit_domain: audit_domain?,
    })
}

fn public_url(
    reader: &mut Reader<'_>,
    mode: Option<Mode>,
    listen: Option<SocketAddr>,
) -> Option<Origin> {
    let was_set = reader.is_set("STRONGROOM_PUBLIC_URL");
    let given = reader.read("STRONGROOM_PUBLIC_URL", origin);
    if mode == Some(Mode::Production) {
        match &given {
            None if !was_set => reader.problem(
                "STRONGROOM_PUBLIC_URL must be set in production: the https address of clients.",
            ),
            Some(url) if !url.is_https() => {
                reader.problem("STRONGROOM_PUBLIC_URL must be an https address in production.");
            }
            _ => {}
        }
    }
    given.or_else(|| Origin::parse(&format!("http://{}", listen?)))
}

fn mode(text: &str) -> Result<Mode, String> {
    match text {
        "development" => Ok(Mode::Development),
        "production" => Ok(Mode::Production),
        _ => Err("one word".to_owned()),
    }
}

pub(super) fn socket_address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "an address such as 127.0.0.1:8080 or [::1]:8080".to_owned())
}

pub(super) fn origin(text: &str) -> Result<Origin, String> {
    Origin::parse(text).ok_or_else(|| "an origin such as https://files.example.com".to_owned())
}

fn network(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from))
        .map(|network| network.trunc())
        .map_err(|_| "networks such as 10.0.0.0/8,fd00::/8".to_owned())
}

fn domain(text: &str) -> Result<String, String> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if text.len() <= 253 && text.split('.').all(label) {
        Ok(text.to_owned())
    } else {
        Err("a domain name such as files.example.com".to_owned())
    }
}
