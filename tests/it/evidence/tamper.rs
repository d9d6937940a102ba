//! Twenty ways to spoil an unpacked bundle, chosen by a seed.

use anyhow::ensure;

use super::bundle::{Bundle, verify};

const SEED: u64 = 0x5EED_0F20;

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> anyhow::Result<usize> {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Ok(usize::try_from(
            (mixed ^ (mixed >> 31)) % u64::try_from(bound)?,
        )?)
    }
}

/// What is done, each to a place that the seed chooses.
#[derive(Debug, Clone, Copy)]
enum Tampering {
    TurnBitOfEntries,
    TurnBitOfHashes,
    TurnBitOfDisclosures,
    DropLineOfDisclosures,
    CutEntries,
    SwapEntries,
    RemoveHashes,
}

const ALL: [Tampering; 7] = [
    Tampering::TurnBitOfEntries,
    Tampering::TurnBitOfHashes,
    Tampering::TurnBitOfDisclosures,
    Tampering::DropLineOfDisclosures,
    Tampering::CutEntries,
    Tampering::SwapEntries,
    Tampering::RemoveHashes,
];

/// Each is judged broken, by class and by entry, and by the script too.
pub(super) async fn twenty_times(whole: &Bundle, key: &str) -> anyhow::Result<()> {
    let mut random = Random(SEED);
    for round in 0..20 {
        let spoilt = whole.path().with_file_name(format!("spoilt-{round}"));
        let spoilt = whole.copy(&spoilt).await?;
        let how = ALL.get(round % ALL.len()).copied();
        let how = how.unwrap_or(Tampering::TurnBitOfEntries);
        spoil(&spoilt, how, &mut random)?;
        let (code, report) = verify(spoilt.path(), key).await?;
        let told = format!("round {round}, {how:?}: {report}");
        ensure!(code == 2 && report["verdict"] == "BROKEN", "{told}");
        ensure!(report["damage"].is_string(), "{told}");
        ensure!(report["firstBadSeq"].is_u64(), "{told}");
        let (code, out) = spoilt.verify_by_script(key).await?;
        ensure!(code == 2 && out.contains("BROKEN"), "{told}: {out}");
    }
    Ok(())
}

fn spoil(bundle: &Bundle, how: Tampering, random: &mut Random) -> anyhow::Result<()> {
    let path = match how {
        Tampering::TurnBitOfEntries | Tampering::CutEntries | Tampering::SwapEntries => {
            bundle.first_in("tile/entries")?
        }
        Tampering::TurnBitOfHashes | Tampering::RemoveHashes => bundle.first_in("tile/0")?,
        Tampering::TurnBitOfDisclosures | Tampering::DropLineOfDisclosures => {
            bundle.path().join("disclosures.ndjson")
        }
    };
    let mut bytes = std::fs::read(&path)?;
    match how {
        Tampering::TurnBitOfEntries
        | Tampering::TurnBitOfHashes
        | Tampering::TurnBitOfDisclosures => {
            let at = random.below(bytes.len())?;
            let bit = random.below(8)?;
            bytes[at] ^= 1 << bit;
        }
        Tampering::CutEntries => bytes.truncate(random.below(bytes.len())?),
        Tampering::SwapEntries => bytes = swapped(&bytes, random)?,
        Tampering::DropLineOfDisclosures => {
            let mut lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
            lines.remove(random.below(lines.len())?);
            bytes = lines.concat();
        }
        Tampering::RemoveHashes => return Ok(std::fs::remove_file(path)?),
    }
    Ok(std::fs::write(path, bytes)?)
}

/// Two neighbours in each other's place.
fn swapped(bytes: &[u8], random: &mut Random) -> anyhow::Result<Vec<u8>> {
    let mut entries = Vec::new();
    let mut rest = bytes;
    while let Some((len, _)) = rest.split_first_chunk::<2>() {
        let (entry, behind) = rest.split_at(2 + usize::from(u16::from_be_bytes(*len)));
        entries.push(entry);
        rest = behind;
    }
    let at = random.below(entries.len() - 1)?;
    entries.swap(at, at + 1);
    Ok(entries.concat())
}
