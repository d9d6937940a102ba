//! Where a file belongs and what it is called, as far as a client may choose.

use media::Filename;
use policy::{Catalogue, ObjectId, ObjectType};

use crate::error::{Code, Error};

/// Where a client wants a file, in the client's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// System of the catalogue.
    pub system: String,
    /// Type of the catalogue.
    pub object_type: String,
    /// The client's id for what the file belongs to.
    pub object_id: String,
    /// The name.
    pub filename: String,
}

/// An address that exists.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) object_type: ObjectType,
    pub(crate) object_id: ObjectId,
    pub(crate) filename: Filename,
}

impl Address {
    /// Looks the address up.
    ///
    /// # Errors
    /// [`Code::NotFound`] for a system or type the catalogue does not have, [`Code::Invalid`] for an
    /// `objectId` or a name that cannot be one.
    pub(crate) fn place(&self, catalogue: &Catalogue) -> Result<Place, Error> {
        Ok(Place {
            object_type: self.object_type(catalogue)?.clone(),
            object_id: self
                .object_id
                .parse()
                .map_err(|error: policy::ObjectIdError| {
                    Error::invalid("objectId", error.to_string())
                })?,
            filename: Filename::clean(&self.filename)
                .map_err(|error| Error::invalid("filename", error.to_string()))?,
        })
    }

    fn object_type<'a>(&self, catalogue: &'a Catalogue) -> Result<&'a ObjectType, Error> {
        if let Some(found) = catalogue.find(&self.system, &self.object_type) {
            return Ok(found);
        }
        let types: Vec<&str> = catalogue
            .types()
            .filter(|known| known.system == self.system)
            .map(|known| known.name.as_str())
            .collect();
        let (field, message) = if types.is_empty() {
            let systems = systems(catalogue).join(", ");
            // What was sent is not repeated: it may have come here by mistake, and errors end in logs.
            let message = format!("there is no such system; there are {systems}");
            ("system", message)
        } else {
            let (system, types) = (&self.system, types.join(", "));
            let message = format!("system {system} has no such type; it has {types}");
            ("objectType", message)
        };
        Err(Error::with_message(Code::NotFound, message).on(field))
    }
}

/// Each once, in order.
fn systems(catalogue: &Catalogue) -> Vec<&str> {
    let mut systems: Vec<&str> = catalogue.types().map(|ty| ty.system.as_str()).collect();
    systems.dedup();
    systems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(system: &str, object_type: &str, object_id: &str, filename: &str) -> Address {
        Address {
            system: system.to_owned(),
            object_type: object_type.to_owned(),
            object_id: object_id.to_owned(),
            filename: filename.to_owned(),
        }
    }

    fn refusal(address: &Address) -> (Code, String) {
        let error = address.place(&Catalogue::default()).unwrap_err();
        (error.code(), error.field().unwrap_or_default().to_owned())
    }

    #[test]
    fn an_address_of_the_catalogue_is_found() {
        let place = address("accounting", "receipt", "R-1", "a.pdf")
            .place(&Catalogue::default())
            .unwrap();
        assert_eq!(place.object_type.link_ttl_seconds, 600);
        assert_eq!(place.filename.stored(), "a.pdf");
    }

    #[test]
    fn each_part_is_refused_by_name() {
        let cases = [
            (
                address("nope", "receipt", "1", "a"),
                Code::NotFound,
                "system",
            ),
            (
                address("accounting", "nope", "1", "a"),
                Code::NotFound,
                "objectType",
            ),
            (
                address("accounting", "receipt", "..", "a"),
                Code::Invalid,
                "objectId",
            ),
            (
                address("accounting", "receipt", "1", "a/b"),
                Code::Invalid,
                "filename",
            ),
        ];
        for (address, code, field) in cases {
            assert_eq!(refusal(&address), (code, field.to_owned()));
        }
    }

    #[test]
    fn a_refusal_tells_what_there_is() {
        let told = |address: Address| {
            let refused = address.place(&Catalogue::default());
            refused.unwrap_err().to_string()
        };
        assert_eq!(
            told(address("nope", "receipt", "1", "a")),
            "there is no such system; there are accounting, app-builder, communications, media, workspace"
        );
        assert_eq!(
            told(address("accounting", "nope", "1", "a")),
            "system accounting has no such type; it has export, invoice, receipt"
        );
    }

    #[test]
    fn what_a_client_wrote_is_not_repeated() {
        let error = address("4111-1111", "x", "1", "a")
            .place(&Catalogue::default())
            .unwrap_err();
        assert!(!error.to_string().contains("4111"));
    }
}
