//! The classes of recorded data. What class a field has decides where its value may stand.

use audit::{
    retention::{FieldSet, redact_meta},
    value::Value,
};
use data_encoding::HEXLOWER;
use entity::{
    ApiKeyId, AuditExportId, FileId, HoldId, InvitationId, MemberId, OperatorId, TenantId,
    UploadId, UserId, VerificationId,
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

use super::Event;

/// A classified field of an event. Implemented by the types of this module only.
pub trait Field {
    /// Puts the value where its class allows.
    fn put(self, name: &'static str, event: &mut Event);
}

/// A fact that is nobody's personal data: stands in the entry itself, for good.
#[derive(Debug, Clone)]
pub struct Public<T>(pub T);

/// The thing acted on, by id: a pseudonym, stands in the entry itself.
#[derive(Debug, Clone, Copy)]
pub struct Target<T>(pub T);

/// Personal or chosen by a person: stands in a disclosure, and can be deleted.
#[derive(Debug, Clone)]
pub struct Personal<T>(pub T);

/// A secret: only its HMAC under a key of the deployment is recorded, cut to 16 bytes.
#[derive(Debug, Clone)]
pub struct Secret<'a> {
    /// The secret.
    pub value: &'a [u8],
    /// The sub-key [`crate::keys::Label::AuditSecret`].
    pub key: &'a [u8; 32],
}

/// What stands in an entry's `meta` or in a disclosure.
pub trait IntoValue {
    /// As a value of the restricted profile; `None` leaves the field out.
    fn into_value(self) -> Option<Value>;
}

impl IntoValue for String {
    fn into_value(self) -> Option<Value> {
        Some(Value::string(self))
    }
}

impl IntoValue for &str {
    fn into_value(self) -> Option<Value> {
        Some(Value::string(self))
    }
}

impl IntoValue for bool {
    fn into_value(self) -> Option<Value> {
        Some(Value::Bool(self))
    }
}

impl IntoValue for i64 {
    /// A number the profile cannot hold (negative, or above 2^53-1) is recorded as text.
    fn into_value(self) -> Option<Value> {
        let value = u64::try_from(self)
            .ok()
            .and_then(|n| Value::integer(n).ok());
        Some(value.unwrap_or_else(|| Value::string(self.to_string())))
    }
}

impl IntoValue for u64 {
    /// A number above 2^53-1 is recorded as text.
    fn into_value(self) -> Option<Value> {
        Some(Value::integer(self).unwrap_or_else(|_| Value::string(self.to_string())))
    }
}

impl<T: IntoValue> IntoValue for Option<T> {
    fn into_value(self) -> Option<Value> {
        self.and_then(T::into_value)
    }
}

impl<T: IntoValue> IntoValue for Vec<T> {
    fn into_value(self) -> Option<Value> {
        Some(Value::array(self.into_iter().filter_map(T::into_value)))
    }
}

/// The head of a log, as the system log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectedHead {
    /// The log's name.
    pub origin: String,
    /// How many entries.
    pub size: u64,
    /// The root of their tree, lower-case hex.
    pub root: String,
}

impl IntoValue for CollectedHead {
    fn into_value(self) -> Option<Value> {
        Some(Value::object([
            ("origin", self.origin.into_value()?),
            ("root", self.root.into_value()?),
            ("size", self.size.into_value()?),
        ]))
    }
}

/// Entries and the fields of them that are redacted, in the form that verifiers read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedactedFields(pub Vec<(u64, FieldSet)>);

impl IntoValue for RedactedFields {
    fn into_value(self) -> Option<Value> {
        Some(redact_meta(&self.0))
    }
}

/// A member who agreed to something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Approver(pub MemberId);

impl IntoValue for Approver {
    fn into_value(self) -> Option<Value> {
        Some(Value::object([
            ("id", Value::string(self.0.uuid().to_string())),
            ("type", Value::string("user")),
        ]))
    }
}

impl<T: IntoValue> Field for Public<T> {
    fn put(self, name: &'static str, event: &mut Event) {
        if let Some(value) = self.0.into_value() {
            event.meta.insert(name.to_owned(), value);
        }
    }
}

impl<T: IntoValue> Field for Personal<T> {
    fn put(self, name: &'static str, event: &mut Event) {
        if let Some(value) = self.0.into_value() {
            event.personal.insert(name.to_owned(), json(value));
        }
    }
}

/// Disclosures are ordinary JSON: the profile of the entry does not bind them.
fn json(value: Value) -> serde_json::Value {
    match value {
        Value::Object(members) => members.into_iter().map(|(k, v)| (k, json(v))).collect(),
        Value::Array(items) => items.into_iter().map(json).collect(),
        Value::String(text) => text.into(),
        Value::Bool(flag) => flag.into(),
        Value::Integer(number) => number.into(),
    }
}

impl Field for Secret<'_> {
    fn put(self, name: &'static str, event: &mut Event) {
        let Ok(mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(self.key) else {
            return;
        };
        let tag = mac.chain_update(self.value).finalize().into_bytes();
        let short = tag.get(..16).unwrap_or_default();
        event
            .meta
            .insert(name.to_owned(), Value::string(HEXLOWER.encode(short)));
    }
}

/// An id with the word the log has for its kind.
pub trait TargetId {
    /// The word.
    const KIND: &'static str;
    /// The id.
    fn target_uuid(self) -> Uuid;
    /// The id with that uuid.
    fn of_uuid(uuid: Uuid) -> Self;
}

macro_rules! target_ids {
    ($($id:ident = $kind:literal,)+) => {$(
        impl TargetId for $id {
            const KIND: &'static str = $kind;
            fn target_uuid(self) -> Uuid {
                self.uuid()
            }

            fn of_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }
    )+};
}

target_ids! {
    ApiKeyId = "api_key",
    AuditExportId = "audit_export",
    FileId = "file",
    HoldId = "hold",
    InvitationId = "invitation",
    MemberId = "member",
    OperatorId = "operator",
    TenantId = "tenant",
    UploadId = "upload",
    UserId = "user",
    VerificationId = "verification",
}

impl<T: TargetId> Field for Target<T> {
    fn put(self, _: &'static str, event: &mut Event) {
        event.targets.push((T::KIND, self.0.target_uuid()));
    }
}

impl<T: TargetId> Field for Option<Target<T>> {
    fn put(self, name: &'static str, event: &mut Event) {
        if let Some(target) = self {
            target.put(name, event);
        }
    }
}
