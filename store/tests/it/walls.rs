//! Two walls between tenants on Postgres, the finders' condition and row-level security: each holds without the other.

mod look_ups;
mod plans;
mod rows;

use std::collections::BTreeMap;

use entity::TenantId;
use policy::Action;
use secrecy::ExposeSecret;
use store::{
    RequestContext,
    testing::{Database, TestingError, Throwaway, another_tenant},
};

use crate::scene::{Scene, commit};

/// Tables with a tenant that row-level security does not close, each with the reason.
const OPEN: &[(&str, &str)] = &[(
    "session",
    "it is a person's: its tenant is the one that is selected in it, and may be none",
)];

/// A policy as every table has it, but for the column.
const POLICY: &str = "((COLUMN = ( SELECT (NULLIF(NULLIF(current_setting('app.tenant_id'::text, true), ''::text), \
     '*'::text))::uuid AS \"nullif\")) OR ( SELECT (current_setting('app.tenant_id'::text, true) = '*'::text)))";

/// What a table lacks, told to whoever has made it.
async fn complaints(db: &Throwaway) -> anyhow::Result<Vec<String>> {
    let sql = format!(
        "SELECT c.relname || ' ' || CASE \
           WHEN NOT c.relrowsecurity THEN 'has no row-level security' \
           WHEN NOT c.relforcerowsecurity THEN 'does not bind its owner' \
           WHEN array_length(p.policies, 1) IS DISTINCT FROM 1 THEN 'has not exactly one policy' \
           WHEN regexp_replace(p.policies[1], '\\s+', ' ', 'g') <> \
             replace('{policy}', 'COLUMN', a.attname) THEN 'has another policy: ' || p.policies[1] \
           ELSE '' END \
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped \
         AND a.attname = CASE c.relname WHEN 'tenant' THEN 'id' ELSE 'tenant_id' END \
         CROSS JOIN LATERAL (SELECT array_agg(pg_get_expr(polqual, polrelid)) AS policies \
           FROM pg_policy WHERE polrelid = c.oid AND polcmd = '*' AND polpermissive \
           AND polroles = '{{0}}' AND polwithcheck IS NULL) p \
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1",
        policy = POLICY.replace('\'', "''")
    );
    let found = db.look(&sql).await?.into_iter().flatten();
    let faults: BTreeMap<String, String> = found
        .filter_map(|line| {
            let (table, fault) = line.split_once(' ')?;
            Some((table.to_owned(), fault.trim().to_owned()))
        })
        .collect();
    anyhow::ensure!(
        faults.len() > 20,
        "hardly any table is a tenant's: {faults:?}"
    );
    let is_open = |table: &str| OPEN.iter().any(|(open, _)| *open == table);
    let stale = OPEN.iter().filter(|(open, _)| {
        let fault = faults.get(*open);
        fault.is_none_or(String::is_empty)
    });
    let stale =
        stale.map(|(open, _)| format!("`{open}` is no exception any more; take it from OPEN"));
    let lacking = faults
        .iter()
        .filter(|(table, fault)| !fault.is_empty() && !is_open(table));
    let lacking = lacking.map(|(table, fault)| {
        format!(
            "`{table}` {fault}; put the paragraph {{row_level_security {table}}} behind its CREATE TABLE \
             (see migration/src/row_level_security.rs)"
        )
    });
    Ok(lacking.chain(stale).collect())
}

#[tokio::test]
async fn every_tenant_table_is_closed_by_row_level_security() -> anyhow::Result<()> {
    let scene = Scene::new(Database::Postgres).await?;
    assert_eq!(complaints(&scene.db).await?, Vec::<String>::new());
    Ok(scene.db.close().await?)
}

#[tokio::test]
async fn a_table_that_is_not_closed_is_named() -> anyhow::Result<()> {
    let scene = Scene::new(Database::Postgres).await?;
    scene
        .db
        .tamper(
            "CREATE TABLE folder (tenant_id uuid NOT NULL); \
             ALTER TABLE file NO FORCE ROW LEVEL SECURITY; \
             CREATE POLICY generous ON job USING (true); \
             DROP POLICY own_rows ON member; CREATE POLICY own_rows ON member USING (true)",
        )
        .await?;
    let complaints = complaints(&scene.db).await?;
    let begins: Vec<_> = complaints
        .iter()
        .filter_map(|complaint| complaint.split([';', ':']).next())
        .collect();
    let expected = [
        "`file` does not bind its owner",
        "`folder` has no row-level security",
        "`job` has not exactly one policy",
        "`member` has another policy",
    ];
    assert_eq!(begins, expected);
    assert!(complaints[1].contains("{row_level_security folder}"));
    Ok(scene.db.close().await?)
}

/// What the finders find in a view of the first tenant, by table.
async fn found(scene: &Scene) -> anyhow::Result<BTreeMap<&'static str, u64>> {
    let snapshot = scene.db.store.snapshot(&scene.owner()).await?;
    let counts = snapshot.view(Action::TenantRead)?.count_each().await?;
    Ok(counts.into_iter().collect())
}

/// A scene in which a second tenant has a row in every table.
async fn with_a_neighbour() -> anyhow::Result<(Scene, TenantId)> {
    let scene = Scene::new(Database::Postgres).await?;
    let (neighbour, _) = another_tenant(&scene.db.store, &scene.seed).await?;
    scene.db.sequence_all().await?;
    rows::add(&scene.db, neighbour).await?;
    for (table, column) in rows::tables(&scene.db).await? {
        let sql = format!(
            "SELECT 'row' FROM {table} WHERE {column} = '{}'",
            neighbour.uuid()
        );
        anyhow::ensure!(
            !scene.db.look(&sql).await?.is_empty(),
            "nothing of the neighbour in {table}"
        );
    }
    Ok((scene, neighbour))
}

#[tokio::test]
async fn without_the_finders_condition_the_second_wall_holds_table_by_table() -> anyhow::Result<()>
{
    let (scene, _) = with_a_neighbour().await?;
    let store = &scene.db.store;
    let own = found(&scene).await?;
    for table in own.keys() {
        store.remove_tenant_filter(&[table]);
        assert_eq!(
            found(&scene).await?,
            own,
            "without the condition on {table}"
        );
    }
    store.remove_tenant_filter(&["*"]);
    assert_eq!(found(&scene).await?, own, "without any condition");
    Ok(scene.db.close().await?)
}

#[tokio::test]
async fn without_row_level_security_the_first_wall_holds_and_nothing_else() -> anyhow::Result<()> {
    let (scene, _) = with_a_neighbour().await?;
    let store = &scene.db.store;
    let own = found(&scene).await?;
    rows::open_every_table(&scene.db).await?;
    assert_eq!(found(&scene).await?, own, "with the finders' conditions");
    for table in own.keys() {
        store.remove_tenant_filter(&[table]);
        let now = found(&scene).await?;
        let wrong: Vec<_> = own
            .keys()
            .filter(|name| now.get(*name) != own.get(*name))
            .collect();
        assert_eq!(wrong, [table], "without either wall around {table}");
        assert!(now.get(table) > own.get(table), "{table} shows fewer rows");
    }
    Ok(scene.db.close().await?)
}

#[tokio::test]
async fn a_statement_reaches_the_rows_of_the_tenant_that_was_entered() -> anyhow::Result<()> {
    let (scene, neighbour) = with_a_neighbour().await?;
    let (db, own) = (&scene.db, scene.seed.tenant.uuid());
    for (table, column) in rows::tables(db).await? {
        let owners = format!("SELECT DISTINCT CAST({column} AS text) FROM {table}");
        // As a connection has it that never entered one, and as one that has: empty, not null.
        for nothing in ["RESET app.tenant_id", "SET app.tenant_id = ''"] {
            let seen = db.look_as_application(nothing, &owners).await?;
            assert!(seen.is_empty(), "{table} after {nothing}: {seen:?}");
        }
        let entered = format!("SET app.tenant_id = '{own}'");
        let seen = db.look_as_application(&entered, &owners).await?;
        assert!(
            seen.iter().flatten().all(|of| *of == own.to_string()),
            "{table}: {seen:?}"
        );
        let every = db
            .look_as_application("SET app.tenant_id = '*'", &owners)
            .await?;
        assert!(
            every.contains(&Some(neighbour.uuid().to_string())),
            "{table}: {every:?}"
        );
        // The owner of the tables is bound as well.
        let theirs = format!("{column} = '{}'", neighbour.uuid());
        for change in [
            format!("DELETE FROM {table} WHERE {theirs}"),
            format!("UPDATE {table} SET {column} = {column} WHERE {theirs}"),
        ] {
            let touched = db.tamper(&format!("{entered}; {change}")).await?;
            assert_eq!(touched, 0, "{change}");
        }
        let insert = rows::insert(&table, &column, neighbour);
        let refused = db.tamper(&format!("{entered}; {insert}")).await;
        assert!(is_refused(&refused), "{table}: {refused:?}");
        let give = format!("UPDATE {table} SET {column} = '{}'", neighbour.uuid());
        let given = db.tamper(&format!("{entered}; {give}")).await;
        // Without a row of its own, the tenant had nothing to give.
        assert!(
            is_refused(&given) || matches!(given, Ok(0)),
            "{table}: {given:?}"
        );
    }
    Ok(scene.db.close().await?)
}

fn is_refused<T>(outcome: &Result<T, TestingError>) -> bool {
    let error = outcome.as_ref().err().map(ToString::to_string);
    error.is_some_and(|error| error.contains("violates row-level security"))
}

#[tokio::test]
async fn the_wall_stands_where_the_server_connects_as_the_owner() -> anyhow::Result<()> {
    let mut scene = Scene::new(Database::Postgres).await?;
    let (neighbour, _) = another_tenant(&scene.db.store, &scene.seed).await?;
    scene.db.sequence_all().await?;
    scene.db.options = scene.db.owner_options.clone();
    scene.db.store = scene.db.another_store().await?;
    let secret = scene.seed.secret.expose_secret();
    let request = RequestContext::internal();
    let actor = scene.db.store.authenticate_key(secret, request).await?;
    assert_eq!(actor.tenant(), scene.seed.tenant);
    commit(&scene.db.store, &scene.owner(), "as the owner").await?;
    scene.db.sequence_all().await?;
    let own = found(&scene).await?;
    scene.db.store.remove_tenant_filter(&["*"]);
    assert_eq!(found(&scene).await?, own);
    assert_ne!(neighbour, scene.seed.tenant);
    let seen = scene
        .db
        .look_as_application("RESET app.tenant_id", "SELECT slug FROM tenant")
        .await?;
    assert_eq!(seen, Vec::new());
    Ok(scene.db.close().await?)
}
