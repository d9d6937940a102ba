//! Numbers that several floors must agree on.

use std::ops::RangeInclusive;

/// How many nodes one page of a list may have.
pub const PAGE_SIZE: RangeInclusive<u32> = 1..=100;

/// How long a signed link may live, in seconds, whoever asks.
pub const LINK_TTL_SECONDS: RangeInclusive<u32> = 60..=3_600;

/// How long a file may stay in the trash, in days.
pub const TRASH_RETENTION_DAYS: RangeInclusive<u32> = 1..=3_650;

/// The largest file any catalogue may accept, in bytes: what an S3 object may weigh.
pub const FILE_MAX_BYTES: u64 = 5 << 40;

/// The longest cleaned file name, in bytes of UTF-8.
pub const FILENAME_MAX_BYTES: usize = 255;

/// The longest name of anything that people name, in characters.
pub const NAME_MAX_CHARS: usize = 200;

/// The longest reason for a change, in characters.
pub const REASON_MAX_CHARS: usize = 1_000;

/// How long an invitation can be accepted, in days.
pub const INVITATION_TTL_DAYS: u32 = 7;

/// How long an API key lives when its maker names no end, in days.
pub const API_KEY_TTL_DAYS: u32 = 365;

/// The step in which a streamed upload of unknown length reserves storage, in bytes.
pub const STREAM_RESERVATION_STEP_BYTES: u64 = 16 << 20;

/// How many domains a tenant may name whose addresses may be invited.
pub const SETTING_DOMAINS_MAX: usize = 50;
