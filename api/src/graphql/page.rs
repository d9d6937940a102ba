//! Relay connections.

use async_graphql::SimpleObject;

/// Where a page stands in its list.
#[derive(Debug, Clone, SimpleObject)]
pub struct PageInfo {
    /// Whether there is more behind this page.
    pub has_next_page: bool,
    /// Always false: lists are read forwards.
    pub has_previous_page: bool,
    /// The cursor of the first edge.
    pub start_cursor: Option<String>,
    /// The cursor of the last edge; `after` of the next page.
    pub end_cursor: Option<String>,
}

/// Declares a connection and its edge for a lens: `connection!(FileConnection, FileEdge, File, "files")`.
/// Made with `FileConnection::new(page, |row| (cursor, lens))`.
macro_rules! connection {
    ($connection:ident, $edge:ident, $node:ty, $nouns:literal) => {
        #[doc = concat!("A page of ", $nouns, ".")]
        #[derive(Debug)]
        pub struct $connection {
            edges: Vec<$edge>,
            has_next: bool,
        }

        #[doc = concat!("One of the ", $nouns, " and its place in the list.")]
        #[derive(Debug, async_graphql::SimpleObject)]
        pub struct $edge {
            /// `after` for the page that begins behind this one.
            pub cursor: String,
            /// What stands here.
            pub node: $node,
        }

        impl $connection {
            pub(crate) fn new<R>(
                page: store::page::Page<R>,
                mut edge: impl FnMut(R) -> (String, $node),
            ) -> Self {
                let has_next = page.has_next;
                let edges = page.rows.into_iter().map(|row| {
                    let (cursor, node) = edge(row);
                    $edge { cursor, node }
                });
                Self {
                    edges: edges.collect(),
                    has_next,
                }
            }
        }

        #[doc = concat!("A page of ", $nouns, ".")]
        #[async_graphql::Object]
        impl $connection {
            /// The page with a cursor for each.
            async fn edges(&self) -> &[$edge] {
                &self.edges
            }

            /// The page.
            async fn nodes(&self) -> Vec<&$node> {
                self.edges.iter().map(|edge| &edge.node).collect()
            }

            /// Where the page stands in its list.
            async fn page_info(&self) -> crate::graphql::page::PageInfo {
                crate::graphql::page::PageInfo {
                    has_next_page: self.has_next,
                    has_previous_page: false,
                    start_cursor: self.edges.first().map(|edge| edge.cursor.clone()),
                    end_cursor: self.edges.last().map(|edge| edge.cursor.clone()),
                }
            }
        }
    };
}
pub(crate) use connection;
