//! Who asks, and the one view of the data the request reads through.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use secrecy::SecretString;
use store::{
    Actor, Operator, Person, RequestContext, Snapshot, Store, StoreError,
    auth::SignedIn,
    idempotency::{Claim, Earlier},
};
use tokio::sync::OnceCell;

use crate::{
    app::App,
    error::{Code, Error},
};

/// Whoever the credential says. Made in `http::auth` and nowhere else.
#[derive(Debug, Clone)]
pub enum Caller {
    /// Nobody known.
    Anonymous,
    /// An API key.
    Key(Actor),
    /// A person with a session, in a tenant or beside one.
    Person(Box<SignedIn>),
    /// An operator with a session; exists on the operator API only.
    Operator(Operator),
}

impl Caller {
    /// The actor inside the active tenant.
    ///
    /// # Errors
    /// [`Code::Unauthenticated`], [`Code::NoTenantSelected`] or [`Code::TenantSuspended`].
    pub fn actor(&self) -> Result<&Actor, Error> {
        match self {
            Self::Key(actor) => Ok(actor),
            Self::Person(signed_in) => match &signed_in.actor {
                Some(_) if !signed_in.tenant_active => Err(Error::new(Code::TenantSuspended)),
                Some(actor) => Ok(actor),
                None => Err(Error::new(Code::NoTenantSelected)),
            },
            Self::Anonymous | Self::Operator(_) => Err(no_credential()),
        }
    }

    /// The person, in a tenant or beside one.
    ///
    /// # Errors
    /// [`Code::Forbidden`] for a key, [`Code::Unauthenticated`] for nobody.
    pub fn person(&self) -> Result<&Person, Error> {
        match self {
            Self::Person(signed_in) => Ok(&signed_in.person),
            Self::Key(_) => Err(Error::with_message(
                Code::Forbidden,
                "this takes a signed-in person, not an API key",
            )),
            Self::Anonymous | Self::Operator(_) => Err(no_credential()),
        }
    }

    /// The same caller, carrying the name of the request. Whoever is in no tenant cannot be told from
    /// others, and carries none.
    ///
    /// # Errors
    /// As [`Store::recall`].
    pub async fn recalling(self, store: &Store, claim: Claim) -> Result<Self, StoreError> {
        Ok(match self {
            Self::Key(actor) => Self::Key(store.recall(&actor, claim).await?),
            Self::Person(mut signed_in) => {
                if let Some(actor) = &signed_in.actor {
                    signed_in.actor = Some(store.recall(actor, claim).await?);
                }
                Self::Person(signed_in)
            }
            Self::Operator(operator) => {
                Self::Operator(store.recall_operator(&operator, claim).await?)
            }
            Self::Anonymous => Self::Anonymous,
        })
    }

    /// What came of the request the first time, when this one repeats it.
    #[must_use]
    pub fn earlier(&self) -> Option<&Earlier> {
        match self {
            Self::Key(actor) => actor.earlier(),
            Self::Person(signed_in) => signed_in.actor.as_ref()?.earlier(),
            Self::Operator(operator) => operator.earlier(),
            Self::Anonymous => None,
        }
    }

    /// The operator.
    ///
    /// # Errors
    /// [`Code::Unauthenticated`] for anybody else.
    pub fn operator(&self) -> Result<&Operator, Error> {
        match self {
            Self::Operator(operator) => Ok(operator),
            _ => Err(no_credential()),
        }
    }
}

/// The answer to whoever showed nothing.
pub(crate) fn no_credential() -> Error {
    Error::with_message(
        Code::Unauthenticated,
        "no credential was sent; send one in the header `Authorization: Bearer <token>`",
    )
}

/// What a mutation wants done to the session cookie once the response is written.
#[derive(Debug)]
pub enum CookieChange {
    /// Set it to this token.
    Set(SecretString),
    /// Remove it.
    Clear,
}

/// One request: its caller, and what it has read so far.
#[derive(Debug)]
pub struct Request {
    /// The application.
    pub app: Arc<App>,
    /// Who asks.
    pub caller: Caller,
    /// For the records.
    pub context: RequestContext,
    /// A mutation reads what it has just changed, so it gets a fresh view each time.
    fresh_views: bool,
    snapshot: OnceCell<Arc<Snapshot>>,
    cookie: Mutex<Option<CookieChange>>,
    wrong_password: AtomicBool,
}

impl Request {
    /// A request whose reads all see the same data (a query), or with `fresh_views` each see the
    /// latest (a mutation).
    #[must_use]
    pub fn new(app: Arc<App>, caller: Caller, context: RequestContext, fresh_views: bool) -> Self {
        Self {
            app,
            caller,
            context,
            fresh_views,
            snapshot: OnceCell::new(),
            cookie: Mutex::new(None),
            wrong_password: AtomicBool::new(false),
        }
    }

    /// The view of the active tenant's data. Begun when first needed.
    ///
    /// # Errors
    /// As [`Caller::actor`], or as the store says.
    pub async fn snapshot(&self) -> Result<Arc<Snapshot>, Error> {
        let actor = self.caller.actor()?;
        if self.fresh_views {
            return Ok(Arc::new(self.app.store.snapshot(actor).await?));
        }
        let snapshot = self
            .snapshot
            .get_or_try_init(|| async { self.app.store.snapshot(actor).await.map(Arc::new) })
            .await?;
        Ok(Arc::clone(snapshot))
    }

    /// Asks for a change of the session cookie.
    pub fn change_cookie(&self, change: CookieChange) {
        *self.cookie.lock().unwrap_or_else(PoisonError::into_inner) = Some(change);
    }

    /// Passes the result of a sign-in on, and remembers whether a password was wrong.
    ///
    /// # Errors
    /// The result's own.
    pub fn noting_wrong_password<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        if matches!(&result, Err(error) if error.code() == Code::InvalidCredentials) {
            self.wrong_password.store(true, Ordering::Relaxed);
        }
        result
    }

    /// Whether a password was wrong, for whoever counts that by address.
    pub fn has_wrong_password(&self) -> bool {
        self.wrong_password.load(Ordering::Relaxed)
    }

    /// What was asked for, for whoever writes the response.
    pub fn take_cookie_change(&self) -> Option<CookieChange> {
        self.cookie
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}
