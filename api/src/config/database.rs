//! Where rows live.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

use super::reader::Reader;

/// The database and how it is reached.
#[derive(Debug, Clone)]
pub enum Database {
    /// A SQLite file of this process: `DATABASE_URL` with `sqlite://`, or the data directory's own.
    Embedded(PathBuf),
    /// A Postgres server.
    External(ExternalDatabase),
}

/// A Postgres server, by role.
#[derive(Debug, Clone)]
pub struct ExternalDatabase {
    /// `DATABASE_URL`, the application role.
    pub url: SecretString,
    /// `DATABASE_OWNER_URL`, the role that migrates; default the application role.
    pub owner_url: SecretString,
    /// `STRONGROOM_DATABASE_POOL_SIZE`, connections, 1 to 1000; default 16.
    pub pool_size: u32,
}

enum Url {
    Sqlite(PathBuf),
    Postgres(SecretString),
}

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Database> {
    let was_set = reader.is_set("DATABASE_URL");
    let url = reader.read("DATABASE_URL", url);
    let owner_url = reader.read("DATABASE_OWNER_URL", postgres);
    let pool_size = reader.number("STRONGROOM_DATABASE_POOL_SIZE");
    match url {
        Some(Url::Postgres(url)) => Some(Database::External(ExternalDatabase {
            owner_url: owner_url.unwrap_or_else(|| url.clone()),
            url,
            pool_size: pool_size?,
        })),
        _ if was_set && url.is_none() => None,
        embedded => {
            if reader.is_set("DATABASE_OWNER_URL") {
                reader.problem("DATABASE_OWNER_URL needs a DATABASE_URL of postgres:// beside it.");
            }
            embedded_path(reader, embedded).map(Database::Embedded)
        }
    }
}

fn embedded_path(reader: &Reader<'_>, url: Option<Url>) -> Option<PathBuf> {
    match url {
        Some(Url::Sqlite(path)) => Some(path),
        _ => Some(PathBuf::from(reader.peek("STRONGROOM_DATA_DIR")?).join("strongroom.db")),
    }
}

fn url(text: &str) -> Result<Url, String> {
    match text.strip_prefix("sqlite://") {
        Some(path) if !path.is_empty() && !path.contains('?') => Ok(Url::Sqlite(path.into())),
        Some(_) => Err("a path after sqlite://".to_owned()),
        None => postgres(text).map(Url::Postgres),
    }
}

fn postgres(text: &str) -> Result<SecretString, String> {
    let rest = text
        .strip_prefix("postgres://")
        .or_else(|| text.strip_prefix("postgresql://"));
    match rest {
        Some(rest) if !rest.is_empty() => Ok(SecretString::from(text)),
        _ => Err("a database address".to_owned()),
    }
}

impl ExternalDatabase {
    /// Whether migrations run as the application role.
    #[must_use]
    pub fn shares_role(&self) -> bool {
        self.url.expose_secret() == self.owner_url.expose_secret()
    }

    /// The application's role: the user name in `DATABASE_URL`.
    #[must_use]
    pub fn role(&self) -> Option<String> {
        let (_, rest) = self.url.expose_secret().split_once("://")?;
        let (user_info, _) = rest.split_once('@')?;
        let user = user_info.split(':').next().unwrap_or(user_info);
        let decoded = percent_encoding::percent_decode_str(user)
            .decode_utf8()
            .ok()?;
        (!decoded.is_empty()).then(|| decoded.into_owned())
    }
}
