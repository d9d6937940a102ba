//! The one secret: given, or made beside the embedded database on the first start.

use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use data_encoding::BASE64;
use secrecy::ExposeSecret;
use store::keys::{MasterKey, MasterKeys};
use zeroize::Zeroizing;

use super::StartError;
use crate::config::Config;

const FILE: &str = "master.key";

/// The configured keys; else, as the current one, the one in the data directory, made if there is none.
pub(super) fn load(config: &Config) -> Result<MasterKeys, StartError> {
    let number = i32::from(config.master_key.number);
    let previous = config.master_key.previous.as_ref();
    let previous = previous.map(|bytes| MasterKey::new(number - 1, *bytes.expose_secret()));
    Ok(MasterKeys::new(current(config)?, previous))
}

fn current(config: &Config) -> Result<MasterKey, StartError> {
    let number = i32::from(config.master_key.number);
    if let Some(bytes) = &config.master_key.bytes {
        return Ok(MasterKey::new(number, *bytes.expose_secret()));
    }
    let path = config.server.data_dir.join(FILE);
    let bytes = match fs::read_to_string(&path) {
        Ok(text) => decode(&Zeroizing::new(text)).ok_or_else(|| StartError::KeyFile {
            path: path.display().to_string(),
        })?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => make(&path)?,
        Err(cause) => {
            return Err(StartError::data_dir(
                format!("cannot read {}", path.display()),
                cause,
            ));
        }
    };
    Ok(MasterKey::new(number, *bytes))
}

fn decode(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let bytes = Zeroizing::new(BASE64.decode(text.trim().as_bytes()).ok()?);
    Some(Zeroizing::new(bytes.as_slice().try_into().ok()?))
}

/// Written whole and synced before its name exists: a half-written key would lock the data away.
fn make(path: &Path) -> Result<Zeroizing<[u8; 32]>, StartError> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut_slice()).map_err(StartError::Randomness)?;
    let text = Zeroizing::new(format!("{}\n", BASE64.encode(bytes.as_slice())));
    let temporary = path.with_extension("new");
    write(&temporary, text.as_bytes())
        .and_then(|()| fs::rename(&temporary, path))
        .map_err(|cause| StartError::data_dir(format!("cannot write {}", path.display()), cause))?;
    Ok(bytes)
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
