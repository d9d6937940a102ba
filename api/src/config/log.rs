//! What is written about what happens.

use tracing_subscriber::EnvFilter;

use super::reader::Reader;

/// `STRONGROOM_LOG_FORMAT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object per line.
    Json,
    /// Lines for people.
    Text,
}

/// Logging to standard output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// `STRONGROOM_LOG`, a `tracing` filter; default `info`.
    pub filter: String,
    /// `STRONGROOM_LOG_FORMAT`, json or text; default json.
    pub format: LogFormat,
}

pub(super) fn read(reader: &mut Reader<'_>) -> Option<Log> {
    let filter = reader.read("STRONGROOM_LOG", filter);
    let format = reader.read("STRONGROOM_LOG_FORMAT", |text| match text {
        "json" => Ok(LogFormat::Json),
        "text" => Ok(LogFormat::Text),
        _ => Err("one word".to_owned()),
    });
    Some(Log {
        filter: filter?,
        format: format?,
    })
}

fn filter(text: &str) -> Result<String, String> {
    EnvFilter::try_new(text)
        .map(|_| text.to_owned())
        .map_err(|_| "a filter".to_owned())
}
