//! Whom to write to about a tenant.

use async_graphql::{InputObject, SimpleObject};
use store::tenant::contact;

/// A person or a desk.
#[derive(Debug, Clone, SimpleObject)]
pub struct Contact {
    /// How they are called.
    name: String,
    /// Where to write.
    email: String,
    /// Where to call.
    phone: Option<String>,
    /// The legal name of the organisation.
    company: Option<String>,
    /// The number it is taxed under, such as a VAT number.
    tax_number: Option<String>,
    /// Where letters go.
    address: Option<Address>,
}

/// A postal address.
#[derive(Debug, Clone, SimpleObject)]
pub struct Address {
    /// Street and number.
    line1: String,
    /// What more it needs.
    line2: Option<String>,
    /// Postal code.
    postal_code: Option<String>,
    /// City.
    city: String,
    /// State, province or canton.
    region: Option<String>,
    /// Two letters of ISO 3166-1.
    country: String,
}

impl From<contact::Contact> for Contact {
    fn from(contact: contact::Contact) -> Self {
        Self {
            name: contact.name,
            email: contact.email,
            phone: contact.phone,
            company: contact.company,
            tax_number: contact.tax_number,
            address: contact.address.map(|address| Address {
                line1: address.line1,
                line2: address.line2,
                postal_code: address.postal_code,
                city: address.city,
                region: address.region,
                country: address.country,
            }),
        }
    }
}

/// A person or a desk.
#[derive(Debug, InputObject)]
pub struct ContactInput {
    /// How they are called; 1 to 200 characters.
    name: String,
    /// Where to write: an e-mail address such as ana@example.com.
    email: String,
    /// Where to call, such as +41 44 123 45 67; at most 32 characters.
    phone: Option<String>,
    /// The legal name of the organisation; at most 200 characters.
    company: Option<String>,
    /// The number it is taxed under, such as a VAT number; at most 40 characters.
    tax_number: Option<String>,
    /// Where letters go.
    address: Option<AddressInput>,
}

/// A postal address; each line has at most 200 characters.
#[derive(Debug, InputObject)]
pub struct AddressInput {
    /// Street and number.
    line1: String,
    /// What more it needs.
    line2: Option<String>,
    /// Postal code; at most 16 characters.
    postal_code: Option<String>,
    /// City.
    city: String,
    /// State, province or canton.
    region: Option<String>,
    /// Two letters of ISO 3166-1, such as CH.
    country: String,
}

impl From<ContactInput> for contact::Contact {
    fn from(input: ContactInput) -> Self {
        Self {
            name: input.name,
            email: input.email,
            phone: input.phone,
            company: input.company,
            tax_number: input.tax_number,
            address: input.address.map(|address| contact::Address {
                line1: address.line1,
                line2: address.line2,
                postal_code: address.postal_code,
                city: address.city,
                region: address.region,
                country: address.country,
            }),
        }
    }
}
