//! Texts from clients, held to their bounds before they reach the store.

use policy::limit::{NAME_MAX_CHARS, REASON_MAX_CHARS};
use store::{Noun, StoreError};

use crate::error::{Code, Error};

/// The most items in a list of an input.
pub const LIST_MAX: usize = 100;

/// A name without the white space around it.
///
/// # Errors
/// [`Code::Invalid`] on `field` when it is empty, too long, or has control characters.
pub fn name(field: &'static str, text: &str) -> Result<String, Error> {
    let text = text.trim();
    let chars = text.chars().count();
    if chars == 0 || chars > NAME_MAX_CHARS || text.chars().any(char::is_control) {
        let message = format!(
            "{field} must be 1 to {NAME_MAX_CHARS} characters, none of them control characters"
        );
        return Err(Error::invalid(field, message));
    }
    Ok(text.to_owned())
}

/// A reason, if one was given; white space alone is none.
///
/// # Errors
/// [`Code::Invalid`] on `reason` when it is too long or has control characters.
pub fn reason(text: Option<String>) -> Result<Option<String>, Error> {
    let Some(text) = text else {
        return Ok(None);
    };
    let text = text.trim();
    if text.chars().count() > REASON_MAX_CHARS || text.chars().any(char::is_control) {
        let message = format!(
            "reason must have at most {REASON_MAX_CHARS} characters, none of them control characters"
        );
        return Err(Error::invalid("reason", message));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// A reason that must be given.
///
/// # Errors
/// As [`reason`], and when there is none.
pub fn required_reason(text: String) -> Result<String, Error> {
    reason(Some(text))?
        .ok_or_else(|| Error::invalid("reason", "reason must say why, in at least one character"))
}

/// Refuses a list that is longer than a list may be.
///
/// # Errors
/// [`Code::Invalid`] on `field`.
pub fn list<T>(field: &'static str, items: Vec<T>) -> Result<Vec<T>, Error> {
    if items.len() > LIST_MAX {
        let message = format!("{field} may name at most {LIST_MAX}");
        return Err(Error::invalid(field, message));
    }
    Ok(items)
}

/// An id of a certain kind. One of another kind is as unknown as a foreign one.
///
/// # Errors
/// [`Code::NotFound`] on `field`, with the same bytes for every id that leads nowhere.
pub fn id<Id: std::str::FromStr>(field: &'static str, noun: Noun, text: &str) -> Result<Id, Error> {
    text.parse()
        .map_err(|_| Error::from(StoreError::NotFound(noun)).on(field))
}

/// The store's error, on `field` when it says that the thing is not there.
pub fn not_found_on(field: &'static str) -> impl FnOnce(StoreError) -> Error {
    move |error| {
        let error = Error::from(error);
        if error.code() == Code::NotFound {
            error.on(field)
        } else {
            error
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_inner_spaces_and_loses_the_outer_ones() {
        assert_eq!(
            name("name", "  Ana Lima ").ok().as_deref(),
            Some("Ana Lima")
        );
    }

    #[test]
    fn a_name_that_is_too_long_names_its_field_and_the_limit() {
        let error = name("ownerName", &"x".repeat(201)).err();
        let told = error.map(|e| (e.code(), e.field().map(str::to_owned), e.to_string()));
        let message = "ownerName must be 1 to 200 characters, none of them control characters";
        assert_eq!(
            told,
            Some((
                Code::Invalid,
                Some("ownerName".to_owned()),
                message.to_owned()
            ))
        );
    }

    #[test]
    fn a_reason_of_white_space_is_none_and_one_with_a_newline_is_refused() {
        assert_eq!(reason(Some("  ".to_owned())).ok(), Some(None));
        assert!(reason(Some("one\ntwo".to_owned())).is_err());
        assert!(required_reason(" ".to_owned()).is_err());
    }

    #[test]
    fn an_id_of_another_kind_and_an_unknown_one_are_told_the_same() {
        let told = |error: Error| {
            (
                error.code(),
                error.field().map(str::to_owned),
                error.to_string(),
            )
        };
        let unparsable = id::<entity::ApiKeyId>("id", Noun::ApiKey, "fil_x")
            .err()
            .map(told);
        let unknown = not_found_on("id")(StoreError::NotFound(Noun::ApiKey));
        assert_eq!(unparsable, Some(told(unknown)));
    }
}
