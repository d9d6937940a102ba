//! Why a file is not stored.

/// Why a file is not stored. `Display` is a sentence for the client that names the field and the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The declared type is not what the bytes are.
    #[error(
        "mediaType declares {declared}, but the content is {found}; declare {found}, or leave mediaType out"
    )]
    TypeMismatch {
        /// What was declared, without parameters.
        declared: String,
        /// What the bytes are.
        found: String,
    },
    /// The extension promises something that the bytes are not.
    #[error(
        "filename ends in .{extension}, but the content is {found}; name the file after what it is"
    )]
    ExtensionMismatch {
        /// The extension, in lower case.
        extension: String,
        /// What the bytes are.
        found: String,
    },
    /// The place does not take this type.
    #[error("content of type {found} is not accepted here; accepted are {}", accepted.join(", "))]
    NotAccepted {
        /// What the bytes are.
        found: String,
        /// What the place takes.
        accepted: Vec<String>,
    },
    /// The file could act when opened.
    #[error(
        "content or filename is that of {found}, which can run when opened and is not accepted here; send a format that only shows something"
    )]
    Dangerous {
        /// What the bytes or the extension say.
        found: String,
    },
    /// The extension is that of something that could act when opened; told before there are bytes.
    #[error(
        "filename ends in .{extension}, which is {found} and can run when opened; send a format that only shows something"
    )]
    DangerousExtension {
        /// The extension, in lower case.
        extension: String,
        /// What it stands for.
        found: String,
    },
    /// The place takes nothing of that extension; told before there are bytes.
    #[error(
        "filename ends in .{extension}, which is {promised}; that is not accepted here, accepted are {}",
        accepted.join(", ")
    )]
    ExtensionNotAccepted {
        /// The extension, in lower case.
        extension: String,
        /// What it stands for.
        promised: String,
        /// What the place takes.
        accepted: Vec<String>,
    },
    /// No bytes are both what the name and what the declaration says; told before there are bytes.
    #[error(
        "mediaType declares {declared}, but filename ends in .{extension}, which is {promised}; make them say the same"
    )]
    Contradiction {
        /// The extension, in lower case.
        extension: String,
        /// What it stands for.
        promised: String,
        /// What was declared, without parameters.
        declared: String,
    },
    /// There are no bytes, and the name does not say that the file is text.
    #[error("content is empty, which only a text file may be; send the bytes of the file")]
    Empty,
}

impl Refusal {
    /// A stable word for programs and for the audit log.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TypeMismatch { .. } | Self::Contradiction { .. } => "type_mismatch",
            Self::ExtensionMismatch { .. } => "extension_mismatch",
            Self::NotAccepted { .. } | Self::ExtensionNotAccepted { .. } => "not_accepted",
            Self::Dangerous { .. } | Self::DangerousExtension { .. } => "dangerous",
            Self::Empty => "empty",
        }
    }

    /// The input field the client should look at; none where the bytes themselves are at fault.
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::TypeMismatch { .. } | Self::Contradiction { .. } => Some("mediaType"),
            Self::ExtensionMismatch { .. }
            | Self::ExtensionNotAccepted { .. }
            | Self::DangerousExtension { .. } => Some("filename"),
            Self::NotAccepted { .. } | Self::Dangerous { .. } | Self::Empty => None,
        }
    }
}
