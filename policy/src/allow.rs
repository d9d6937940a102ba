//! The question every door asks.

use crate::{Action, KeyNeed, Role, Scopes, needs};

/// Who is asking, as far as rights are concerned. Whoever builds one has checked a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// A person acting inside a tenant.
    Member {
        /// The role in that tenant, as it is now.
        role: Role,
    },
    /// An API key of a tenant.
    Key {
        /// What the key was made for.
        scopes: Scopes,
        /// The role its creator has now: a key never outlives the rights of the person who made it.
        creator: Role,
    },
    /// An operator of the deployment, outside every tenant.
    Operator,
    /// A signed-in person beside every tenant.
    Person,
}

/// Whether `grant` may do `action`. Derived from [`needs`] and from nothing else.
pub fn allow(grant: &Grant, action: Action) -> bool {
    let need = needs(action);
    match *grant {
        Grant::Member { role } => need.person || need.roles.contains(&role),
        Grant::Key { scopes, creator } => {
            need.roles.contains(&creator) && key_suffices(need.key, scopes)
        }
        Grant::Operator => need.operator,
        Grant::Person => need.person,
    }
}

fn key_suffices(need: KeyNeed, scopes: Scopes) -> bool {
    match need {
        KeyNeed::Never => false,
        KeyNeed::Any => true,
        KeyNeed::Scope(scope) => scopes.contains(scope),
    }
}
