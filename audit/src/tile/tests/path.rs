use super::*;

fn tile(level: u8, index: u64, width: u16) -> Tile {
    Tile {
        level,
        index,
        width,
    }
}

#[test]
fn paths_are_those_of_the_format() {
    for (tile, path) in [
        (tile(0, 0, 256), "tile/0/000"),
        (tile(0, 67, 256), "tile/0/067"),
        (tile(0, 999, 256), "tile/0/999"),
        (tile(0, 1000, 256), "tile/0/x001/000"),
        (tile(0, 1067, 256), "tile/0/x001/067"),
        (tile(2, 1_234_067, 256), "tile/2/x001/x234/067"),
        (tile(0, 273, 112), "tile/0/273.p/112"),
        (tile(1, 1, 17), "tile/1/001.p/17"),
        (tile(1, 1000, 1), "tile/1/x001/000.p/1"),
        (tile(7, 0, 255), "tile/7/000.p/255"),
    ] {
        assert_eq!(tile.path(), path);
        assert_eq!(TilePath::parse(path), Some(TilePath::Hashes(tile)));
    }
    let entries = tile(0, 1_234_067, 5);
    assert_eq!(entries.entries_path(), "tile/entries/x001/x234/067.p/5");
    assert_eq!(
        TilePath::parse("tile/entries/x001/x234/067.p/5"),
        Some(TilePath::Entries(entries))
    );
}

#[test]
fn no_tile_has_a_second_spelling() {
    for path in [
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile//000",
        "/tile/0/000",
        "tile/0/000/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/1000",
        "tile/0/x000",
        "tile/0/x000/067",
        "tile/0/x001",
        "tile/0/001/067",
        "tile/0/x001/x067",
        "tile/0/x1/067",
        "tile/0/X001/067",
        "tile/0/x001//067",
        "tile/0/x001/../067",
        "tile/0/+67",
        "tile/0/-67",
        "tile/0/٠٠٧",
        "tile/00/000",
        "tile/01/000",
        "tile/+1/000",
        "tile/8/000",
        "tile/63/000",
        "tile/256/000",
        "tile/entry/000",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/257",
        "tile/0/000.p/65537",
        "tile/0/000.p/5/",
        "tile/0/000.p/5.p/5",
        "tile/0/000.P/5",
        "tile/0/x001.p/067",
        "tile/7/000",
        "tile/7/001.p/1",
        "tile/0/x072/x057/x594/x037/x927/936",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        "tile/0/000\n",
        " tile/0/000",
    ] {
        assert_eq!(TilePath::parse(path), None, "{path:?}");
    }
    assert!(TilePath::parse("tile/0/x072/x057/x594/x037/x927/935.p/255").is_some());
}

proptest! {
    #[test]
    fn every_tile_has_a_path_of_its_own(level in 0_u8..8, place in any::<u64>(), width in 1_u16..=256) {
        let index = (place >> (u32::from(level) * 8)) / 257;
        let tile = tile(level, index, width);
        prop_assume!(tile.level < 7 || width < 256);
        prop_assert_eq!(TilePath::parse(&tile.path()), Some(TilePath::Hashes(tile)));
        if level == 0 {
            prop_assert_eq!(TilePath::parse(&tile.entries_path()), Some(TilePath::Entries(tile)));
        }
    }

    #[test]
    fn what_is_read_as_a_path_is_written_again(path in "(tile/)?([0-9]|entries)?/?(x[0-9]{3}/){0,3}x?[0-9]{2,4}(\\.p/[0-9]{1,3})?") {
        if let Some(read) = TilePath::parse(&path) {
            prop_assert_eq!(read.to_string(), path);
        }
    }
}
