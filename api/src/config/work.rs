//! Uploads, the trash, background work and the way out.

use std::time::Duration;

use super::reader::Reader;

/// Uploads and what is left of purged files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// `STRONGROOM_UPLOAD_TTL`, 60 s to 1 d; default 15 min.
    pub upload_ttl: Duration,
    /// `STRONGROOM_PURGE_DELAY`, 0 s to 365 d; default 7 d.
    pub purge_delay: Duration,
    /// `STRONGROOM_MAX_UPLOADS_IN_FLIGHT`, 1 to 100 000; default 64.
    pub max_uploads_in_flight: usize,
    /// `STRONGROOM_UPLOAD_GRACE`, 0 s to 1 h; default 60 s.
    pub upload_grace: Duration,
    /// `STRONGROOM_UPLOAD_MIN_BYTES_PER_SECOND`, 1 to 1 GiB; default 16 KiB.
    pub upload_min_bytes_per_second: u32,
}

/// What becomes of tenants that are closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tenants {
    /// `STRONGROOM_TENANT_RETENTION`, 0 s to 3650 d; default 30 d.
    pub retention: Duration,
}

/// Work that repeats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Background {
    /// `STRONGROOM_FLUSH_INTERVAL`, 1 s to 10 min; default 10 s.
    pub flush_interval: Duration,
    /// `STRONGROOM_SWEEP_INTERVAL`, 1 s to 1 d; default 60 s.
    pub sweep_interval: Duration,
}

/// What happens between SIGTERM and the exit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drain {
    /// `STRONGROOM_DRAIN_NOTICE`, 0 s to 5 min; default 5 s.
    pub notice: Duration,
    /// `STRONGROOM_DRAIN_GRACE`, 0 s to 1 h; default 25 s.
    pub grace: Duration,
}

pub(super) fn files(reader: &mut Reader<'_>) -> Option<Files> {
    let upload_ttl = reader.duration("STRONGROOM_UPLOAD_TTL");
    let purge_delay = reader.duration("STRONGROOM_PURGE_DELAY");
    let max_uploads_in_flight = reader.number("STRONGROOM_MAX_UPLOADS_IN_FLIGHT");
    let upload_grace = reader.duration("STRONGROOM_UPLOAD_GRACE");
    let upload_min_bytes_per_second = reader.number("STRONGROOM_UPLOAD_MIN_BYTES_PER_SECOND");
    Some(Files {
        upload_ttl: upload_ttl?,
        purge_delay: purge_delay?,
        max_uploads_in_flight: max_uploads_in_flight?,
        upload_grace: upload_grace?,
        upload_min_bytes_per_second: upload_min_bytes_per_second?,
    })
}

pub(super) fn tenants(reader: &mut Reader<'_>) -> Option<Tenants> {
    let retention = reader.duration("STRONGROOM_TENANT_RETENTION");
    Some(Tenants {
        retention: retention?,
    })
}

pub(super) fn background(reader: &mut Reader<'_>) -> Option<Background> {
    let flush_interval = reader.duration("STRONGROOM_FLUSH_INTERVAL");
    let sweep_interval = reader.duration("STRONGROOM_SWEEP_INTERVAL");
    Some(Background {
        flush_interval: flush_interval?,
        sweep_interval: sweep_interval?,
    })
}

pub(super) fn drain(reader: &mut Reader<'_>) -> Option<Drain> {
    let notice = reader.duration("STRONGROOM_DRAIN_NOTICE");
    let grace = reader.duration("STRONGROOM_DRAIN_GRACE");
    Some(Drain {
        notice: notice?,
        grace: grace?,
    })
}
