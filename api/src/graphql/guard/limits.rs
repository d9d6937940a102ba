//! The numbers a request is held to, and which root fields are special.

/// Upper bounds for one request; every bound is inclusive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// HTTP body, bytes.
    pub body_byte_len: usize,
    /// Document, bytes.
    pub document_byte_len: usize,
    /// Lexical tokens of the document.
    pub tokens: usize,
    /// Open brackets of any kind at once in the document.
    pub bracket_nesting: usize,
    /// Open brackets at once in each of the JSON `variables` and `extensions`.
    pub variables_nesting: usize,
    /// Selections after fragment expansion, over all operations.
    pub selections: u64,
    /// Aliases after fragment expansion.
    pub aliases: u64,
    /// Directives after fragment expansion.
    pub directives: u64,
    /// Selection sets, inline fragments and spreads inside one another.
    pub levels: u64,
    /// Root fields of a query.
    pub query_roots: u64,
    /// Root fields of a mutation.
    pub mutation_roots: u64,
    /// Root fields of a subscription.
    pub subscription_roots: u64,
    /// Fields inside one another.
    pub depth: u64,
    /// Objects a query may ask for.
    pub complexity: u64,
    /// Largest `first` that is counted; a larger one is the resolver's error.
    pub page_size: u64,
    /// Fields inside one another below `__schema` or `__type`.
    pub introspection_depth: u64,
    /// Schema elements an introspection may ask for, by the estimate of `multiplier`.
    pub introspection_complexity: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_byte_len: 256 * 1024,
            document_byte_len: 32 * 1024,
            tokens: 2_000,
            bracket_nesting: 32,
            variables_nesting: 32,
            selections: 1_000,
            aliases: 30,
            directives: 20,
            levels: 32,
            query_roots: 20,
            mutation_roots: 5,
            subscription_roots: 1,
            depth: 10,
            complexity: 1_000,
            page_size: 100,
            introspection_depth: 20,
            introspection_complexity: 200_000,
        }
    }
}

/// Root fields that are treated apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Fields that must be the only root field of a document: they guess or mint secrets.
    pub sensitive: &'static [&'static str],
    /// Fields that may be asked without a credential.
    pub public: &'static [&'static str],
    /// Prefix of a family of fields that are both sensitive and public.
    pub recovery_prefix: &'static str,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            sensitive: &[
                "login",
                "operatorLogin",
                "invitationAccept",
                "apiKeyCreate",
                "apiKeyRotate",
            ],
            public: &["login", "operatorLogin", "invitationAccept", "__typename"],
            recovery_prefix: "passwordReset",
        }
    }
}

impl Facts {
    /// Whether `field` must stand alone in its document.
    #[must_use]
    pub fn is_sensitive(&self, field: &str) -> bool {
        self.sensitive.contains(&field) || field.starts_with(self.recovery_prefix)
    }

    /// Whether `field` may be asked by someone without a credential.
    #[must_use]
    pub fn is_public(&self, field: &str) -> bool {
        self.public.contains(&field) || field.starts_with(self.recovery_prefix)
    }
}
