//! How often anybody may ask.

use super::reader::Reader;

/// Rates of requests; see [`policy::Tiers`] for the hourly ones of tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateLimits {
    /// `STRONGROOM_SHIELD_PER_SECOND`, requests of one address; default 20.
    pub shield_per_second: u32,
    /// `STRONGROOM_SHIELD_BURST`, requests of one address at once; default 100.
    pub shield_burst: u32,
    /// `STRONGROOM_ANONYMOUS_PER_HOUR`, requests of one address without credential; default 100.
    pub anonymous_per_hour: u32,
    /// `STRONGROOM_FAILED_CREDENTIALS_PER_MINUTE`, of one address; default 10.
    pub failed_credentials_per_minute: u32,
    /// `STRONGROOM_REQUEST_BURST_PER_SECOND`, requests of one principal; default 10.
    pub request_burst_per_second: u32,
    /// `STRONGROOM_REQUEST_BURST`, requests of one principal at once; default 50.
    pub request_burst: u32,
    /// `STRONGROOM_COST_PER_SECOND`, points of one tenant; default 100.
    pub cost_per_second: u32,
    /// `STRONGROOM_COST_BUCKET`, points of one tenant at once, at least 1000; default 2000.
    pub cost_bucket: u32,
}

pub(super) fn read(reader: &mut Reader<'_>) -> Option<RateLimits> {
    let shield_per_second = reader.number("STRONGROOM_SHIELD_PER_SECOND");
    let shield_burst = reader.number("STRONGROOM_SHIELD_BURST");
    let anonymous_per_hour = reader.number("STRONGROOM_ANONYMOUS_PER_HOUR");
    let failed_credentials_per_minute = reader.number("STRONGROOM_FAILED_CREDENTIALS_PER_MINUTE");
    let request_burst_per_second = reader.number("STRONGROOM_REQUEST_BURST_PER_SECOND");
    let request_burst = reader.number("STRONGROOM_REQUEST_BURST");
    let cost_per_second = reader.number("STRONGROOM_COST_PER_SECOND");
    let cost_bucket = reader.number("STRONGROOM_COST_BUCKET");
    Some(RateLimits {
        shield_per_second: shield_per_second?,
        shield_burst: shield_burst?,
        anonymous_per_hour: anonymous_per_hour?,
        failed_credentials_per_minute: failed_credentials_per_minute?,
        request_burst_per_second: request_burst_per_second?,
        request_burst: request_burst?,
        cost_per_second: cost_per_second?,
        cost_bucket: cost_bucket?,
    })
}
