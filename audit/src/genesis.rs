//! The first entry of a log, the log's name, and its key.

use std::collections::BTreeMap;

use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::SigningKey;

use crate::entry::{Actor, Draft, Outcome, Req, Time};
use crate::hash::Hash;
use crate::value::Value;

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

/// The Ed25519 signature type of C2SP signed notes.
const ED25519: u8 = 0x01;

/// The key id of C2SP signed notes: the first 4 bytes of `SHA-256(name || 0x0A || 0x01 || public)`.
pub fn key_id(name: &str, public: &[u8; 32]) -> [u8; 4] {
    let bytes = [name.as_bytes(), &[b'\n', ED25519], public].concat();
    let [a, b, c, d, ..] = Hash::of(&bytes).0;
    [a, b, c, d]
}

/// The verifier key of C2SP signed notes: `<name>+<hex key id>+<base64(0x01 || public)>`.
///
/// The format separates by `+` and lines, so `name` holds neither `+` nor white space; names made by [`origin`] do not.
pub fn vkey(name: &str, public: &[u8; 32]) -> String {
    let key = [&[ED25519], public.as_slice()].concat();
    format!(
        "{name}+{}+{}",
        HEXLOWER.encode(&key_id(name, public)),
        BASE64.encode(&key)
    )
}

/// The signing key of one log; its seed is wiped from memory when it is dropped.
pub struct LogKey(SigningKey);

impl LogKey {
    /// The key of a seed, 32 random bytes. The caller wipes its own copy.
    pub fn from_seed(seed: &[u8; 32]) -> LogKey {
        LogKey(SigningKey::from_bytes(seed))
    }

    /// The Ed25519 public key.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }
}

impl std::fmt::Debug for LogKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogKey")
            .field("public", &HEXLOWER.encode(&self.public()))
            .finish_non_exhaustive()
    }
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
}

impl Genesis {
    /// The draft of entry 0.
    pub fn draft(self) -> Draft {
        let policy = Value::object([
            ("entry_days", self.entry_days.into()),
            ("payload_days", self.payload_days.into()),
        ]);
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
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
            trim: None,
        }
    }
}

#[cfg(test)]
mod tests;
