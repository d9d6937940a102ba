//! What row-level security costs: the same change and the same page, with it and without it.

use policy::{Action, Role};
use store::{
    Actor, Store,
    file::FileFilter,
    page::PageRequest,
    testing::{Database, Throwaway, seed, throwaway},
};

use crate::{
    Measured, deployment,
    table::Row,
    timing::load,
    write::{CLIENTS, PERIOD, furnish, middle, writes},
};

/// With and without take turns, so that both meet the machine in the same moods.
const ROUNDS: usize = 5;
const PAGE: i64 = 50;

pub(crate) async fn measure() -> Measured {
    let database = throwaway(Database::Postgres).await?;
    let seed = seed(&database.store).await?;
    furnish(&database, seed.tenant).await?;
    let store = deployment::store_of_sixteen(&database).await?;
    let actor = seed.actor(Role::Owner);
    let (mut changes, mut pages) = (Sides::default(), Sides::default());
    for _ in 0..ROUNDS {
        wall(&database, "ENABLE").await?;
        changes.with.push(writes(&store, &actor).await?);
        pages.with.push(reads(&store, &actor).await?);
        wall(&database, "DISABLE").await?;
        changes.without.push(writes(&store, &actor).await?);
        pages.without.push(reads(&store, &actor).await?);
    }
    store.database().clone().close().await?;
    database.close().await?;
    Ok(vec![
        changes.row("audited write, c = 16"),
        pages.row("a page of 16 files in a snapshot, c = 16"),
    ])
}

/// Rates with the wall and without it.
#[derive(Debug, Default)]
struct Sides {
    with: Vec<f64>,
    without: Vec<f64>,
}

impl Sides {
    fn row(self, what: &str) -> Row {
        let (with, without) = (middle(self.with), middle(self.without));
        Row::new(
            format!("{what}, with row-level security"),
            format!("{with:.0}/s"),
        )
        .beside(format!(
            "the same with it disabled on every table: {without:.0}/s"
        ))
        .part(with, without)
        .aim("≥ 90 %", with >= 0.9 * without)
    }
}

async fn wall(database: &Throwaway, verb: &str) -> anyhow::Result<()> {
    let tables = database
        .look(
            "SELECT quote_ident(tablename) FROM pg_policies WHERE schemaname = 'public' ORDER BY 1",
        )
        .await?;
    for table in tables.into_iter().flatten() {
        let sql = format!("ALTER TABLE {table} {verb} ROW LEVEL SECURITY");
        database.tamper(&sql).await?;
    }
    Ok(())
}

async fn reads(store: &Store, actor: &Actor) -> anyhow::Result<f64> {
    let (store, actor) = (store.clone(), actor.clone());
    let reading = move |_| page(store.clone(), actor.clone());
    Ok(load(CLIENTS, PERIOD, reading).await?.rate())
}

async fn page(store: Store, actor: Actor) -> anyhow::Result<()> {
    let request = PageRequest::new(PAGE, None)?;
    let snapshot = store.snapshot(&actor).await?;
    let view = snapshot.view(Action::FileList)?;
    let page = view.list_files(&FileFilter::default(), &request).await?;
    anyhow::ensure!(page.rows.len() == CLIENTS, "{} files", page.rows.len());
    Ok(())
}
