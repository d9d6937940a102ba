//! Which passwords are accepted. Length only: rules on characters make passwords worse.

/// The fewest characters (Unicode scalar values).
pub const MIN_CHARACTERS: usize = 12;
/// The most bytes, so that nobody hashes a film.
pub const MAX_BYTE_LEN: usize = 1_024;

/// Why a password is not accepted; names the field it came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFlaw {
    /// Too few characters.
    #[error("{field} must have at least {MIN_CHARACTERS} characters.")]
    TooShort {
        /// The field's name.
        field: &'static str,
    },
    /// Too many bytes.
    #[error("{field} must have at most {MAX_BYTE_LEN} bytes.")]
    TooLong {
        /// The field's name.
        field: &'static str,
    },
}

impl PasswordFlaw {
    /// The field's name, for the path of a user error.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::TooShort { field } | Self::TooLong { field } => field,
        }
    }
}

/// Whether `password`, which came in `field`, may become somebody's password.
pub fn check_rules(field: &'static str, password: &str) -> Result<(), PasswordFlaw> {
    if password.len() > MAX_BYTE_LEN {
        return Err(PasswordFlaw::TooLong { field });
    }
    if password.chars().count() < MIN_CHARACTERS {
        return Err(PasswordFlaw::TooShort { field });
    }
    Ok(())
}
