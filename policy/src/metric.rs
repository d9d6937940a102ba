//! What a quota counts.

use crate::text::text_enum;

text_enum! {
    /// What a quota counts.
    pub enum QuotaMetric: "quota metric" {
        /// Authenticated calls of API keys, per period.
        ApiCalls = "API_CALLS",
        /// Tokens spent through the AI gateway, per period.
        AiTokens = "AI_TOKENS",
        /// Bytes kept, the trash included.
        StorageBytes = "STORAGE_BYTES",
        /// Members of the tenant.
        Users = "USERS",
    }
}

impl QuotaMetric {
    /// Whether the metric counts per period and starts again at zero; the others are levels.
    pub const fn is_flow(self) -> bool {
        match self {
            Self::ApiCalls | Self::AiTokens => true,
            Self::StorageBytes | Self::Users => false,
        }
    }
}
