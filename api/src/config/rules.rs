//! What no variable can say alone.

use super::database::Database;
use super::reader::Reader;
use super::server::Server;
use super::store::ObjectStore;

/// Adds a problem for each rule that the parts break; a part that could not be read breaks none.
pub(super) fn hold(
    reader: &mut Reader<'_>,
    server: Option<&Server>,
    database: Option<&Database>,
    store: Option<&ObjectStore>,
) {
    let is_external = matches!(database, Some(Database::External(_)));
    if is_external && !reader.is_set("STRONGROOM_MASTER_KEY") {
        reader.problem(
            "STRONGROOM_MASTER_KEY must be set beside an external database: \
             make one with `openssl rand -base64 32` and keep it.",
        );
    }
    if server.is_none_or(|server| server.replicas == 1) {
        return;
    }
    if matches!(database, Some(Database::Embedded(_))) {
        reader.problem("REPLICAS above 1 needs a DATABASE_URL that all processes share.");
    }
    if matches!(store, Some(ObjectStore::Embedded(_))) {
        reader.problem("REPLICAS above 1 needs an object store that all processes share.");
    }
}
