//! Which files a list shows.

use async_graphql::InputObject;

use super::FileState;
use crate::graphql::scalar::DateTime;

/// Which files. Every part that is given must hold.
#[derive(Debug, Clone, Default, InputObject)]
pub struct FileFilter {
    /// System of the catalogue.
    pub system: Option<String>,
    /// Type of the catalogue.
    pub object_type: Option<String>,
    /// The client's own id.
    pub object_id: Option<String>,
    /// Purged files are listed only when this asks for them.
    pub state: Option<FileState>,
    /// Exactly this media type.
    pub media_type: Option<String>,
    /// How the name begins; case matters.
    pub filename_prefix: Option<String>,
    /// Made later than this.
    pub created_after: Option<DateTime>,
    /// Made earlier than this.
    pub created_before: Option<DateTime>,
}

impl From<FileFilter> for store::file::FileFilter {
    fn from(filter: FileFilter) -> Self {
        Self {
            system: filter.system,
            object_type: filter.object_type,
            object_id: filter.object_id,
            state: filter.state.map(Into::into),
            media_type: filter.media_type,
            filename_prefix: filter.filename_prefix,
            created_after: filter.created_after.map(|at| at.0),
            created_before: filter.created_before.map(|at| at.0),
        }
    }
}
