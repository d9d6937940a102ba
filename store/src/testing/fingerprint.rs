//! Which state of the migrations a template was made from.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use audit::hash::Hash;
use data_encoding::HEXLOWER;

/// Changes with every byte of the migrations, also while one is being written.
pub(super) fn fingerprint() -> std::io::Result<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migration/src");
    let mut files = BTreeMap::new();
    collect(&root, &mut files)?;
    let bytes: Vec<u8> = files.into_values().flatten().collect();
    Ok(HEXLOWER.encode(Hash::of(&bytes).0.get(..8).unwrap_or_default()))
}

fn collect(directory: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.insert(path.clone(), std::fs::read(&path)?);
        }
    }
    Ok(())
}
