//! The first entry of a log, and the log's name.

use std::collections::BTreeMap;

use crate::encoding::decimal;
use crate::entry::{Actor, Draft, Outcome, Req, SYSTEM_TENANT, Time, is_uuid};
use crate::value::Value;

mod previous;

pub use crate::note::{LogKey, vkey};
use previous::PREVIOUS;
pub use previous::{NamedHead, Previous};

/// The action of entry 0 and of no other.
pub const ACTION: &str = "audit.genesis";

/// Which log of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Log<'a> {
    /// The log of the tenant with this uuid.
    Tenant(&'a str),
    /// The log of the deployment itself.
    System,
}

impl<'a> Log<'a> {
    /// The tenant that its entries name.
    pub fn tenant(self) -> &'a str {
        match self {
            Log::Tenant(tenant) => tenant,
            Log::System => SYSTEM_TENANT,
        }
    }
}

/// The name of a log: `audit.<domain>/<deployment>/t/<uuid>/e<epoch>`, or `…/system/e<epoch>`.
///
/// `domain` is a DNS name and `deployment` 8 hex digits, both fixed when the deployment was made: the name is
/// signed with every tree head, so it may never follow from an address that can change.
pub fn origin(domain: &str, deployment: &str, log: Log<'_>, epoch: u32) -> String {
    match log {
        Log::Tenant(tenant) => format!("audit.{domain}/{deployment}/t/{tenant}/e{epoch}"),
        Log::System => format!("audit.{domain}/{deployment}/system/e{epoch}"),
    }
}

/// Reads the log and the epoch out of a name that [`origin`] made.
pub fn read_origin(origin: &str) -> Option<(Log<'_>, u32)> {
    let (log, epoch) = origin.strip_prefix("audit.")?.rsplit_once("/e")?;
    let epoch = u32::try_from(decimal(epoch)?).ok()?;
    let log = match log.rsplit_once("/t/") {
        Some((_, tenant)) if is_uuid(tenant) => Log::Tenant(tenant),
        _ if log.ends_with("/system") => Log::System,
        _ => return None,
    };
    Some((log, epoch))
}

/// What the first entry of a log states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Genesis {
    /// The tenant's uuid; [`crate::entry::SYSTEM_TENANT`] for the system log.
    pub tenant: String,
    /// The event's uuid v7.
    pub id: String,
    /// When.
    pub at: Time,
    /// Who made the log.
    pub actor: Actor,
    /// In which request.
    pub req: Req,
    /// The log's name; see [`origin`].
    pub origin: String,
    /// The log's first key; see [`vkey`].
    pub vkey: String,
    /// 8 hex digits, fixed when the deployment was made.
    pub deployment: String,
    /// Days after which disclosures may go.
    pub payload_days: u32,
    /// Days after which entries may go.
    pub entry_days: u32,
    /// The epoch before this one, in a log that was recovered.
    pub previous: Option<Previous>,
}

impl Genesis {
    /// The draft of entry 0.
    pub fn draft(self) -> Draft {
        let policy = Value::object([
            ("entry_days", self.entry_days.into()),
            ("payload_days", self.payload_days.into()),
        ]);
        let previous = self.previous.as_ref().map(Previous::to_value);
        let meta = [
            ("deployment", self.deployment.into()),
            ("origin", self.origin.into()),
            ("policy", policy),
            ("vkey", self.vkey.into()),
        ];
        Draft {
            tenant: self.tenant,
            id: self.id,
            at: self.at,
            action: ACTION.to_owned(),
            outcome: Outcome::Success,
            actor: self.actor,
            targets: Vec::new(),
            req: self.req,
            sd: BTreeMap::new(),
            meta: meta
                .into_iter()
                .chain(previous.map(|previous| (PREVIOUS, previous)))
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
            trim: None,
        }
    }
}

#[cfg(test)]
mod tests;
