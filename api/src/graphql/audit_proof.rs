//! Proofs that entries are in their log, for all entries of a request at once.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;
use policy::Action;
use store::ledger::Provable;

use crate::{
    error::{Error, Failure},
    request::Request,
};

/// Proofs within the request's own view of its tenant.
#[derive(Debug)]
pub(crate) struct ProofLoader {
    request: Arc<Request>,
}

impl ProofLoader {
    pub(crate) fn new(request: Arc<Request>) -> Self {
        Self { request }
    }

    async fn proofs(&self, entries: &[Provable]) -> Result<HashMap<Provable, String>, Error> {
        let snapshot = self.request.snapshot().await?;
        let view = snapshot.view(Action::AuditRead)?;
        Ok(view.audit_proofs(entries).await?)
    }
}

impl Loader<Provable> for ProofLoader {
    type Value = String;
    type Error = Failure;

    async fn load(&self, entries: &[Provable]) -> Result<HashMap<Provable, String>, Failure> {
        Ok(self.proofs(entries).await?)
    }
}
