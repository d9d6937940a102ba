//! What a contact must be like.

use policy::limit::NAME_MAX_CHARS;

use super::{Address, Contact, ContactKind};
use crate::{StoreError, user::normal_email};

const PHONE_MAX_CHARS: usize = 32;
const TAX_NUMBER_MAX_CHARS: usize = 40;
const POSTAL_CODE_MAX_CHARS: usize = 16;

type Change = Option<Option<Contact>>;

/// The change with its contact in normal form.
pub(super) fn checked(kind: ContactKind, change: Change) -> Result<Change, StoreError> {
    match change {
        Some(Some(contact)) => Ok(Some(Some(contact.checked(kind)?))),
        other => Ok(other),
    }
}

/// The path of a field in the input: errors name it.
macro_rules! path {
    ($kind:expr, $field:literal) => {
        match $kind {
            ContactKind::General => concat!("contact.", $field),
            ContactKind::Billing => concat!("billingContact.", $field),
        }
    };
}

impl Contact {
    /// The contact in its normal form.
    fn checked(self, kind: ContactKind) -> Result<Self, StoreError> {
        let email = normal_email(path!(kind, "email"), &self.email)?;
        if !email
            .split_once('@')
            .is_some_and(|(_, domain)| domain.contains('.'))
        {
            let field = path!(kind, "email");
            let message = format!("{field} must be an e-mail address such as ana@example.com");
            return Err(StoreError::invalid(field, message));
        }
        Ok(Self {
            name: text(path!(kind, "name"), &self.name, NAME_MAX_CHARS)?,
            email,
            phone: phone(path!(kind, "phone"), self.phone)?,
            company: optional(path!(kind, "company"), self.company, NAME_MAX_CHARS)?,
            tax_number: optional(
                path!(kind, "taxNumber"),
                self.tax_number,
                TAX_NUMBER_MAX_CHARS,
            )?,
            address: self
                .address
                .map(|address| address.checked(kind))
                .transpose()?,
        })
    }
}

impl Address {
    fn checked(self, kind: ContactKind) -> Result<Self, StoreError> {
        let postal_code = path!(kind, "address.postalCode");
        Ok(Self {
            line1: text(path!(kind, "address.line1"), &self.line1, NAME_MAX_CHARS)?,
            line2: optional(path!(kind, "address.line2"), self.line2, NAME_MAX_CHARS)?,
            postal_code: optional(postal_code, self.postal_code, POSTAL_CODE_MAX_CHARS)?,
            city: text(path!(kind, "address.city"), &self.city, NAME_MAX_CHARS)?,
            region: optional(path!(kind, "address.region"), self.region, NAME_MAX_CHARS)?,
            country: country(path!(kind, "address.country"), &self.country)?,
        })
    }
}

fn text(field: &'static str, text: &str, most: usize) -> Result<String, StoreError> {
    let text = text.trim();
    let chars = text.chars().count();
    if chars == 0 || chars > most || text.chars().any(char::is_control) {
        let message =
            format!("{field} must be 1 to {most} characters, none of them control characters");
        return Err(StoreError::invalid(field, message));
    }
    Ok(text.to_owned())
}

/// White space alone is nothing.
fn optional(
    field: &'static str,
    value: Option<String>,
    most: usize,
) -> Result<Option<String>, StoreError> {
    let value = value.filter(|value| !value.trim().is_empty());
    value.map(|value| text(field, &value, most)).transpose()
}

fn phone(field: &'static str, value: Option<String>) -> Result<Option<String>, StoreError> {
    let Some(value) = optional(field, value, PHONE_MAX_CHARS)? else {
        return Ok(None);
    };
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let known = |b: u8| b.is_ascii_digit() || b"+ ()./-".contains(&b);
    if digits >= 3 && value.bytes().all(known) {
        return Ok(Some(value));
    }
    let message = format!("{field} must be a telephone number such as +41 44 123 45 67");
    Err(StoreError::invalid(field, message))
}

fn country(field: &'static str, value: &str) -> Result<String, StoreError> {
    let code = value.trim().to_ascii_uppercase();
    if code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase()) {
        return Ok(code);
    }
    let message = format!("{field} must be two letters of ISO 3166-1, such as CH");
    Err(StoreError::invalid(field, message))
}
