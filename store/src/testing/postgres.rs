//! A database of its own on a shared server, copied from a migrated template.

use data_encoding::HEXLOWER;
use sea_orm::sqlx::{
    AssertSqlSafe, Connection, PgConnection, Row, postgres::PgConnectOptions, raw_sql,
};

use super::{TestingError, fingerprint::fingerprint};
use crate::{Clock, DatabaseOptions, SystemClock, schema};

const VARIABLE: &str = "STRONGROOM_TEST_POSTGRES_URL";
const DEFAULTS: [&str; 2] = [
    "postgres://postgres@127.0.0.1:5432/postgres",
    "postgres://root@127.0.0.1:5432/postgres",
];
const OWNER: &str = "strongroom_test_owner";
const APPLICATION: &str = "strongroom_test_app";
const PASSWORD: &str = "strongroom_test";
/// Whoever holds this advisory lock makes roles and templates.
const LOCK: i64 = 0x7374_726f_6e67;
const KEPT_SECONDS: i64 = 3_600;
const MAX_CONNECTIONS: u32 = 12;

/// A database on the server.
#[derive(Debug)]
pub(super) struct Server {
    admin: PgConnectOptions,
    name: String,
}

impl Server {
    pub(super) async fn create() -> Result<Self, TestingError> {
        let (admin, mut connection) = connect().await?;
        let template = template(&admin, &mut connection).await?;
        sweep(&mut connection).await?;
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|e| TestingError::Server(e.to_string()))?;
        let name = format!(
            "strongroom_test_{}_{}",
            SystemClock.now().timestamp(),
            HEXLOWER.encode(&random)
        );
        let create = format!("CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER}");
        run(&mut connection, create).await?;
        connection.close().await.map_err(server)?;
        Ok(Self { admin, name })
    }

    pub(super) fn application(&self) -> DatabaseOptions {
        options(&self.admin, APPLICATION, &self.name)
    }

    pub(super) fn owner(&self) -> DatabaseOptions {
        options(&self.admin, OWNER, &self.name)
    }

    pub(super) async fn drop_database(self) -> Result<(), TestingError> {
        let mut connection = PgConnection::connect_with(&self.admin)
            .await
            .map_err(server)?;
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        run(&mut connection, drop).await?;
        connection.close().await.map_err(server)
    }
}

fn options(admin: &PgConnectOptions, role: &str, database: &str) -> DatabaseOptions {
    let (host, port) = (admin.get_host(), admin.get_port());
    DatabaseOptions::Postgres {
        url: format!("postgres://{role}:{PASSWORD}@{host}:{port}/{database}").into(),
        max_connections: MAX_CONNECTIONS,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests have no configuration but this one variable"
)]
async fn connect() -> Result<(PgConnectOptions, PgConnection), TestingError> {
    let named = std::env::var(VARIABLE).ok();
    let urls = named.as_deref().map_or(DEFAULTS.to_vec(), |url| vec![url]);
    let mut cause = String::new();
    for url in urls {
        match url.parse::<PgConnectOptions>() {
            Err(error) => cause = error.to_string(),
            Ok(options) => match PgConnection::connect_with(&options).await {
                Ok(connection) => return Ok((options, connection)),
                Err(error) => cause = error.to_string(),
            },
        }
    }
    Err(TestingError::Unreachable(cause))
}

/// The migrated template of the present migrations, made under a lock if there is none.
async fn template(
    admin: &PgConnectOptions,
    connection: &mut PgConnection,
) -> Result<String, TestingError> {
    let name = format!("strongroom_template_{}", fingerprint()?);
    if exists(connection, &name).await? {
        return Ok(name);
    }
    run(connection, format!("SELECT pg_advisory_lock({LOCK})")).await?;
    let made = if exists(connection, &name).await? {
        Ok(())
    } else {
        make_template(admin, connection, &name).await
    };
    run(connection, format!("SELECT pg_advisory_unlock({LOCK})")).await?;
    made.map(|()| name)
}

async fn make_template(
    admin: &PgConnectOptions,
    connection: &mut PgConnection,
    name: &str,
) -> Result<(), TestingError> {
    for role in [OWNER, APPLICATION] {
        let create = format!(
            "DO $$ BEGIN CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'; \
             EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        );
        run(connection, create).await?;
    }
    let draft = format!("{name}_draft");
    run(
        connection,
        format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)"),
    )
    .await?;
    run(connection, format!("CREATE DATABASE {draft} OWNER {OWNER}")).await?;
    schema::migrate(&options(admin, OWNER, &draft), Some(APPLICATION)).await?;
    run(
        connection,
        format!("ALTER DATABASE {draft} RENAME TO {name}"),
    )
    .await
}

async fn exists(connection: &mut PgConnection, name: &str) -> Result<bool, TestingError> {
    Ok(databases(connection, name).await?.iter().any(|n| n == name))
}

/// Removes what failed tests left behind; the name says when.
async fn sweep(connection: &mut PgConnection) -> Result<(), TestingError> {
    let oldest = SystemClock.now().timestamp() - KEPT_SECONDS;
    for name in databases(connection, "strongroom_test_").await? {
        let made = name
            .strip_prefix("strongroom_test_")
            .and_then(|rest| rest.split_once('_'))
            .and_then(|(made, _)| made.parse::<i64>().ok());
        if made.is_some_and(|made| made < oldest) {
            run(
                connection,
                format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            )
            .await?;
        }
    }
    Ok(())
}

async fn databases(
    connection: &mut PgConnection,
    prefix: &str,
) -> Result<Vec<String>, TestingError> {
    let rows = sea_orm::sqlx::query(
        "SELECT datname::text FROM pg_catalog.pg_database WHERE starts_with(datname, $1)",
    )
    .bind(prefix)
    .fetch_all(connection)
    .await
    .map_err(server)?;
    rows.iter()
        .map(|row| row.try_get(0).map_err(server))
        .collect()
}

async fn run(connection: &mut PgConnection, sql: String) -> Result<(), TestingError> {
    raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await
        .map(drop)
        .map_err(server)
}

fn server(error: sea_orm::sqlx::Error) -> TestingError {
    TestingError::Server(error.to_string())
}
