//! Lists of files.

use chrono::{DateTime, Utc};
use entity::{FileId, file};
use policy::FileState;
use sea_orm::{
    ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, Func},
};
use uuid::Uuid;

use crate::{
    StoreError, View,
    page::{Cursors, Page, PageRequest},
};

/// Which files. Every part that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileFilter {
    /// System of the catalogue.
    pub system: Option<String>,
    /// Type of the catalogue.
    pub object_type: Option<String>,
    /// The customer's id.
    pub object_id: Option<String>,
    /// Purged files are listed only when this asks for them.
    pub state: Option<FileState>,
    /// Exactly this media type.
    pub media_type: Option<String>,
    /// How the cleaned name begins; case matters.
    pub filename_prefix: Option<String>,
    /// Made later than this.
    pub created_after: Option<DateTime<Utc>>,
    /// Made earlier than this.
    pub created_before: Option<DateTime<Utc>>,
}

impl FileFilter {
    /// Names the list, so that a cursor of one is no cursor of another.
    fn query(&self) -> String {
        format!("files {self:?}")
    }

    fn condition(&self) -> Condition {
        use file::Column;
        let exact = [
            (Column::System, &self.system),
            (Column::ObjectType, &self.object_type),
            (Column::ObjectId, &self.object_id),
            (Column::MediaType, &self.media_type),
        ];
        let mut all = Condition::all().add(match self.state {
            Some(state) => Column::State.eq(state.as_str()),
            None => Column::State.ne(FileState::Purged.as_str()),
        });
        for (column, value) in exact {
            all = all.add_option(value.as_ref().map(|value| column.eq(value.as_str())));
        }
        all.add_option(self.filename_prefix.as_deref().map(begins_with))
            .add_option(self.created_after.map(|at| Column::CreatedAt.gt(at)))
            .add_option(self.created_before.map(|at| Column::CreatedAt.lt(at)))
    }
}

/// Compared as text, not with LIKE: nothing in a prefix is a wildcard, and SQLite's LIKE would
/// ignore case.
fn begins_with(prefix: &str) -> Expr {
    let chars = i32::try_from(prefix.chars().count()).unwrap_or(i32::MAX);
    let head = Func::cust("substr")
        .arg(Expr::col(file::Column::Filename))
        .arg(1)
        .arg(chars);
    Expr::expr(head).eq(prefix)
}

impl View<'_> {
    /// The files that fit `filter`, newest first.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] when the cursor is not one of this list.
    pub async fn list_files(
        &self,
        filter: &FileFilter,
        page: &PageRequest,
    ) -> Result<Page<file::Model>, StoreError> {
        let query = filter.query();
        let cursors = Cursors::new(self.store(), self.tenant(), &query);
        let mut select = self.find::<file::Entity>().filter(filter.condition());
        if let Some(cursor) = page.after() {
            let position = cursors.decode(cursor)?;
            let last = Uuid::parse_str(&position).map_err(StoreError::internal)?;
            select = select.filter(file::Column::Id.lt(FileId(last)));
        }
        let rows = select
            .order_by_desc(file::Column::Id)
            .limit(page.probe())
            .all(self.conn())
            .await?;
        Ok(page.cut(rows))
    }

    /// The cursor of `file` in the list of `filter`.
    #[must_use]
    pub fn file_cursor(&self, filter: &FileFilter, file: &file::Model) -> String {
        let query = filter.query();
        Cursors::new(self.store(), self.tenant(), &query).encode(&file.id.uuid().to_string())
    }
}
