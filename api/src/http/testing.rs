//! What tests of this layer start from.

use crate::config::Config;

/// A configuration with everything at its default but `pairs`.
pub(crate) fn config(pairs: &[(&str, &str)]) -> Config {
    Config::from_pairs(pairs.iter().copied()).unwrap()
}
