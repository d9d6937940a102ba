//! What can be meant and is seldom right.

use super::{Config, Database, ObjectStore};

/// A sentence for each part that is made for one machine, where the process is said to be in production.
pub(super) fn warnings(config: &Config) -> Vec<String> {
    let mut warnings = Vec::new();
    if !config.is_production() {
        return warnings;
    }
    if matches!(config.database, Database::Embedded(_)) {
        warnings.push(
            "STRONGROOM_ENV is production and DATABASE_URL is no Postgres: all rows are in one file of this \
             machine, for one process, with the master key beside it unless STRONGROOM_MASTER_KEY is set."
                .to_owned(),
        );
    }
    if let ObjectStore::Embedded(embedded) = &config.object_store {
        warnings.push(format!(
            "STRONGROOM_ENV is production and no S3_ variable is set: objects are in the data directory, and \
             signed URLs lead to {}, which nobody reaches from another machine.",
            embedded.listen
        ));
    }
    warnings
}
