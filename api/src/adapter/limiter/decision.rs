//! What a limit says, and how a client is told.

/// The outcome of one limit for one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Whether the request may go on.
    pub allowed: bool,
    /// The limit's name, as clients see it.
    pub policy: &'static str,
    /// Requests that may come at once.
    pub quota: u32,
    /// Seconds until a spent quota is whole again.
    pub window_seconds: u64,
    /// Requests that may still come now.
    pub remaining: u32,
    /// Seconds until the quota is whole again; when refused, until one request may come.
    pub reset_seconds: u64,
    /// Seconds to wait after a refusal, rounded up; 0 when allowed.
    pub retry_after_seconds: u64,
}

impl Decision {
    /// The one that matters more: a refusal, the longer wait, or the smaller part that is left.
    #[must_use]
    pub fn stricter(self, other: Self) -> Self {
        let left = |one: Self, of: Self| u64::from(one.remaining) * u64::from(of.quota);
        let other_is_stricter = match (self.allowed, other.allowed) {
            (true, true) => left(other, self) < left(self, other),
            (false, false) => other.retry_after_seconds > self.retry_after_seconds,
            (self_allowed, _) => self_allowed,
        };
        if other_is_stricter { other } else { self }
    }

    /// Header names, lower-case, and values: the policy, what is left of it, and after a refusal how long to wait.
    ///
    /// Structured fields (RFC 9651) as the HTTP working group's draft on rate-limit fields has them.
    #[must_use]
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let Self {
            policy,
            quota,
            window_seconds,
            remaining,
            reset_seconds,
            ..
        } = self;
        let mut headers = vec![
            (
                "ratelimit-policy",
                format!("\"{policy}\";q={quota};w={window_seconds}"),
            ),
            (
                "ratelimit",
                format!("\"{policy}\";r={remaining};t={reset_seconds}"),
            ),
        ];
        if !self.allowed {
            headers.push(("retry-after", self.retry_after_seconds.to_string()));
        }
        headers
    }
}
