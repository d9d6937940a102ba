//! Revocations: what copies of credentials depend on has changed, and every process must look again.
//!
//! A key, session, member or tenant is read from the database at most every thirty seconds and kept in memory between.
//! Whoever changes one of them says so with [`Tx::revoke`] in the same transaction. Then:
//!
//! 1. the commit itself marks it in this process, so the copy is not used again;
//! 2. subscribers of [`Store::news`] hear of it, and one of them may tell other processes at once;
//! 3. every process polls the table each second ([`Store::poll_revocations`]), so a message that was lost, or never
//!    sent because the process died after its commit, costs a second and no more;
//! 4. if even that fails, a copy is used for thirty seconds from before it was read, and no longer.
//!
//! A revocation only makes a process look again; it says nothing about what will be found. So one too many is
//! harmless, and whoever can forge them gains nothing. That is why restoring a tenant or choosing another one in a
//! session is told in the same way.
//!
//! The race that a plain "delete it from the cache" loses:
//!
//! ```text
//! look-up:     reads the row ───────────────────────────────▶ puts the copy into the cache
//! revocation:                  commit ─▶ cache is emptied                        (30 s too late)
//! ```
//!
//! Here nothing is deleted. Each copy remembers the generation at which its look-up *began*, and a mark gets the next
//! generation after the commit ([`crate::auth`]). A copy is used while nothing that it depends on has a mark of a
//! later generation:
//!
//! ```text
//! look-up:     generation 7, reads the row ─────────▶ copy of generation 7, kept
//! revocation:                  commit ─▶ mark 8                     next use: 8 > 7, look again
//! look-up:                                  generation 8, reads what was committed ─▶ copy of generation 8, good
//! ```
//!
//! A look-up that begins after the mark reads after the commit, whatever the order in which they end.

mod window;

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use entity::{ApiKeyId, BareId, MemberId, SessionId, TenantId, UserId, revocation};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter};
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::{Store, StoreError, Tx, system::SystemTx};
pub use window::Window;

/// News that a subscriber may be behind; the poll makes up for what it misses.
const NEWS: usize = 4_096;

/// What has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Revoked {
    /// One API key: ended, or its scopes or networks are others.
    Key(ApiKeyId),
    /// One session: ended, or another tenant is selected in it.
    Session(SessionId),
    /// Everything a person has: sessions, and keys of all memberships.
    User(UserId),
    /// A membership: removed or in another role, with its sessions and the keys it made.
    Member(MemberId),
    /// A tenant: its state or its tier, with everybody in it.
    Tenant(TenantId),
}

impl Revoked {
    /// The word used in rows and messages.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Key(_) => "key",
            Self::Session(_) => "session",
            Self::User(_) => "user",
            Self::Member(_) => "member",
            Self::Tenant(_) => "tenant",
        }
    }

    /// Which one.
    #[must_use]
    pub fn uuid(self) -> Uuid {
        match self {
            Self::Key(id) => id.uuid(),
            Self::Session(id) => id.uuid(),
            Self::User(id) => id.uuid(),
            Self::Member(id) => id.uuid(),
            Self::Tenant(id) => id.uuid(),
        }
    }

    fn of(kind: &str, id: Uuid) -> Option<Self> {
        Some(match kind {
            "key" => Self::Key(ApiKeyId(id)),
            "session" => Self::Session(SessionId(id)),
            "user" => Self::User(UserId(id)),
            "member" => Self::Member(MemberId(id)),
            "tenant" => Self::Tenant(TenantId(id)),
            _ => return None,
        })
    }
}

/// As `kind:uuid`, the form of messages.
impl fmt::Display for Revoked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind(), self.uuid())
    }
}

/// A message that is not one of ours, or of a later version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a revocation")]
pub struct NotARevocation;

impl FromStr for Revoked {
    type Err = NotARevocation;

    fn from_str(text: &str) -> Result<Self, NotARevocation> {
        let (kind, id) = text.split_once(':').ok_or(NotARevocation)?;
        let id = Uuid::parse_str(id).map_err(|_| NotARevocation)?;
        Self::of(kind, id).ok_or(NotARevocation)
    }
}

/// A revocation and how this process came to know of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct News {
    /// What has changed.
    pub what: Revoked,
    /// Whether it was this process that changed it; others may not know yet.
    pub is_own: bool,
}

/// Tells this process, and with it everybody who listens.
#[derive(Debug)]
pub(crate) struct Desk(broadcast::Sender<News>);

impl Default for Desk {
    fn default() -> Self {
        Self(broadcast::Sender::new(NEWS))
    }
}

/// Tells what a transaction has revoked when it is dropped: after the commit, and also when the commit's answer never
/// came, because then it may have happened.
pub(crate) struct Announcement<'a> {
    store: &'a Store,
    revoked: Vec<Revoked>,
}

impl Drop for Announcement<'_> {
    fn drop(&mut self) {
        for what in self.revoked.drain(..) {
            self.store.tell(News { what, is_own: true });
        }
    }
}

impl Tx {
    /// Says, as part of this transaction, that copies of `what` are out of date. Told by the commit.
    ///
    /// # Errors
    /// As the database says.
    pub async fn revoke(&mut self, what: Revoked) -> Result<(), StoreError> {
        let statement = self.conn().sql(
            "INSERT INTO revocation (kind, subject_id, created_at) VALUES ($1, $2, $3)",
            [what.kind().into(), what.uuid().into(), self.now().into()],
        );
        self.conn().execute_raw(statement).await?;
        self.note_revoked(what);
        Ok(())
    }
}

impl SystemTx {
    /// Removes what every process has long polled; says how many.
    ///
    /// # Errors
    /// As the database says.
    pub async fn prune_revocations(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let deleted = revocation::Entity::delete_many()
            .filter(revocation::Column::CreatedAt.lt(before))
            .exec(self.conn())
            .await?;
        Ok(deleted.rows_affected)
    }
}

#[derive(FromQueryResult)]
struct Row {
    id: i64,
    kind: String,
    subject_id: BareId,
}

impl Store {
    /// Reads what was committed since the last poll and marks it; says how much of it was new. Each process has one
    /// `window` for as long as it runs, and a connection that nobody else takes.
    ///
    /// # Errors
    /// As the database says; the next poll makes up for it.
    pub async fn poll_revocations(&self, window: &mut Window) -> Result<usize, StoreError> {
        let conn = self.database().begin_watch().await?;
        let statement = conn.sql(
            "SELECT id, kind, subject_id FROM revocation WHERE id > $1 ORDER BY id",
            [window.begin().into()],
        );
        let rows = Row::find_by_statement(statement).all(&conn).await?;
        conn.rollback().await?;
        let mut new = 0;
        for row in &rows {
            if window.is_new(row.id) {
                new += 1;
                self.hear(&row.kind, row.subject_id.uuid());
            }
        }
        window.close(rows.last().map(|row| row.id));
        Ok(new)
    }

    /// Marks what another process says has changed.
    pub fn hear_revocation(&self, message: &str) {
        match message.parse() {
            Ok(what) => self.tell(News {
                what,
                is_own: false,
            }),
            Err(NotARevocation) => tracing::debug!("a message was no revocation"),
        }
    }

    /// What is revoked from now on, by whomever. Who is behind misses some.
    #[must_use]
    pub fn news(&self) -> broadcast::Receiver<News> {
        self.desk().0.subscribe()
    }

    fn hear(&self, kind: &str, id: Uuid) {
        match Revoked::of(kind, id) {
            Some(what) => self.tell(News {
                what,
                is_own: false,
            }),
            // A later version knows more kinds; what they concern is not known here.
            None => self.credentials().marks().mark_all(),
        }
    }

    fn tell(&self, news: News) {
        self.credentials().marks().mark(news.what);
        // Nobody listens in a process that only runs a command.
        let _ = self.desk().0.send(news);
    }

    pub(crate) fn announce(&self, revoked: Vec<Revoked>) -> Announcement<'_> {
        Announcement {
            store: self,
            revoked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_what_it_was_made_of() {
        let id = Uuid::now_v7();
        for what in [
            Revoked::Key(ApiKeyId(id)),
            Revoked::Session(SessionId(id)),
            Revoked::User(UserId(id)),
            Revoked::Member(MemberId(id)),
            Revoked::Tenant(TenantId(id)),
        ] {
            assert_eq!(what.to_string().parse(), Ok(what));
        }
        for junk in [
            "",
            "key",
            "key:",
            "key:1",
            "lock:00000000-0000-0000-0000-000000000000",
        ] {
            assert_eq!(junk.parse::<Revoked>(), Err(NotARevocation), "{junk}");
        }
    }
}
