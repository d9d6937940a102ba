//! The closed word lists.

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was tried and went wrong.
    Failure,
    /// The principal was not allowed to.
    Denied,
    /// It is not known whether it was done.
    Unknown,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Outcome; 4] = [
        Outcome::Success,
        Outcome::Failure,
        Outcome::Denied,
        Outcome::Unknown,
    ];

    /// The word in the entry.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Success => "success",
            Outcome::Failure => "failure",
            Outcome::Denied => "denied",
            Outcome::Unknown => "unknown",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Outcome> {
        Outcome::ALL
            .into_iter()
            .find(|outcome| outcome.as_str() == text)
    }
}

/// What sort of principal acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ActorKind {
    /// A member of the tenant, named by the membership, so that nobody can be followed across tenants.
    User,
    /// An API key.
    ApiKey,
    /// An operator of the deployment.
    Operator,
    /// The service itself, for a named reason.
    System,
    /// Nobody known.
    Anonymous,
}

impl ActorKind {
    /// Every kind.
    pub const ALL: [ActorKind; 5] = [
        ActorKind::User,
        ActorKind::ApiKey,
        ActorKind::Operator,
        ActorKind::System,
        ActorKind::Anonymous,
    ];

    /// The word in the entry.
    pub fn as_str(self) -> &'static str {
        match self {
            ActorKind::User => "user",
            ActorKind::ApiKey => "api_key",
            ActorKind::Operator => "operator",
            ActorKind::System => "system",
            ActorKind::Anonymous => "anonymous",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<ActorKind> {
        ActorKind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}
