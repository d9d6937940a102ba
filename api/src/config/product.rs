//! What tenants get and which files are taken.

use policy::{Catalogue, Tiers};

use super::reader::Reader;

/// The limits of the tiers: built in, then `STRONGROOM_TIERS_FILE`, then
/// `STRONGROOM_REQUESTS_PER_HOUR_*`.
pub(super) fn tiers(reader: &mut Reader<'_>) -> Tiers {
    let mut tiers = reader
        .read("STRONGROOM_TIERS_FILE", |path| load(path, Tiers::from_toml))
        .unwrap_or_default();
    for (variable, tier) in [
        ("STRONGROOM_REQUESTS_PER_HOUR_FREE", &mut tiers.free),
        ("STRONGROOM_REQUESTS_PER_HOUR_BASIC", &mut tiers.basic),
        (
            "STRONGROOM_REQUESTS_PER_HOUR_PROFESSIONAL",
            &mut tiers.professional,
        ),
        (
            "STRONGROOM_REQUESTS_PER_HOUR_ENTERPRISE",
            &mut tiers.enterprise,
        ),
    ] {
        if let Some(requests) = reader.number(variable) {
            tier.requests_per_hour = requests;
        }
    }
    tiers
}

/// The catalogue of `STRONGROOM_CATALOGUE_FILE`, or the built-in one.
pub(super) fn catalogue(reader: &mut Reader<'_>) -> Catalogue {
    reader
        .read("STRONGROOM_CATALOGUE_FILE", |path| {
            load(path, Catalogue::from_toml)
        })
        .unwrap_or_default()
}

fn load<T, E: std::fmt::Display>(
    path: &str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<T, String> {
    let toml = std::fs::read_to_string(path)
        .map_err(|error| format!("a file that can be read ({})", error.kind()))?;
    parse(&toml).map_err(|problem| format!("a file without mistakes ({problem})"))
}
