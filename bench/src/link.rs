//! Links, handed out again and signed anew. Both are recorded before they are answered.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::json;
use tests::{Client, client::mutation};

use crate::{
    Measured, deployment,
    table::Row,
    timing::{Load, load, us},
};

const PERIOD: Duration = Duration::from_secs(3);
const FILES: usize = 4_000;

pub(crate) async fn measure() -> Measured {
    let app = deployment::furnished().await?;
    let key = app.key();
    let ids: Arc<[String]> = deployment::file_ids(&key, FILES).await?.into();
    let again = issue(&key, &ids, 1).await?;
    let anew = issue(&key, &ids, FILES).await?;
    let floor = {
        let key = key.clone();
        load(1, PERIOD, move |_| typename(key.clone())).await?
    };
    app.close().await?;
    let (again, anew, floor) = (middle(&again), middle(&anew), middle(&floor));
    let beside = format!("`{{ __typename }}` with the same key: {floor:.0} µs");
    Ok(vec![
        Row::new(
            "link handed out again (cached), Postgres, c = 1",
            format!("{again:.0} µs/request"),
        )
        .beside(beside.clone())
        .times(again, floor),
        Row::new(
            "link signed anew, Postgres, c = 1",
            format!("{anew:.0} µs/request"),
        )
        .beside(beside)
        .times(anew, floor),
    ])
}

/// Asks for links to the first `files` of the files in turn, each once when there are enough.
async fn issue(key: &Client, ids: &Arc<[String]>, files: usize) -> anyhow::Result<Load> {
    let (key, ids) = (key.clone(), Arc::clone(ids));
    // The first file is the one that is asked for again and again.
    let next = Arc::new(AtomicUsize::new(files.min(2) - 1));
    let call = move |_| {
        let turn = next.fetch_add(1, Ordering::Relaxed) % files;
        let id = ids.get(turn).cloned().unwrap_or_default();
        link(key.clone(), id)
    };
    load(1, PERIOD, call).await
}

async fn link(key: Client, id: String) -> anyhow::Result<()> {
    let input = json!({ "fileId": id });
    let (query, variables) = mutation("fileSignedUrlCreate", input, "signedUrl { url expiresAt }");
    deployment::ask(&key, &query, variables).await
}

async fn typename(key: Client) -> anyhow::Result<()> {
    deployment::ask(&key, "{ __typename }", json!({})).await
}

fn middle(load: &Load) -> f64 {
    us(load.percentile(50))
}
