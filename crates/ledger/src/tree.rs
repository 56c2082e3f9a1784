//! The Merkle tree as tiles (C2SP tlog-tiles): where each is, what it holds, and the right edge that grows.

use tlog_tiles::{EMPTY_HASH, HASH_SIZE, Hash, node_hash};

use crate::limits::TILE_WIDTH;

/// Levels of a tree of 2^64 entries.
pub(crate) const LEVELS: u8 = 8;

/// A tile's number as path: 1234067 is `x001/x234/067`.
fn number_path(mut number: u64) -> String {
    let mut path = format!("{:03}", number % 1000);
    while number >= 1000 {
        number /= 1000;
        path = format!("x{:03}/{path}", number % 1000);
    }
    path
}

/// The path of a tile of hashes, or with `None` of a bundle of entries, of a width.
pub(crate) fn path(level: Option<u8>, number: u64, width: usize) -> String {
    let level = level.map_or("entries".to_owned(), |level| level.to_string());
    let part = if width == TILE_WIDTH { String::new() } else { format!(".p/{width}") };
    format!("tile/{level}/{}{part}", number_path(number))
}

/// The directory of all partial tiles that became the full tile `number`.
pub(crate) fn partial_directory(level: Option<u8>, number: u64) -> String {
    let full = path(level, number, TILE_WIDTH);
    format!("{full}.p")
}

/// Reads [`path`]: level, number and width.
pub(crate) fn parse_path(text: &str) -> Option<(Option<u8>, u64, usize)> {
    let rest = text.strip_prefix("tile/")?;
    let (level, rest) = rest.split_once('/')?;
    let level = match level {
        "entries" => None,
        digits => Some(digits.parse::<u8>().ok().filter(|level| *level < LEVELS)?),
    };
    let (digits, width) = match rest.split_once(".p/") {
        Some((digits, width)) => (digits, width.parse().ok().filter(|width| (1..TILE_WIDTH).contains(width))?),
        None => (rest, TILE_WIDTH),
    };
    let mut number: u64 = 0;
    for part in digits.split('/') {
        let part: u64 = part.trim_start_matches('x').parse().ok().filter(|part| *part < 1000)?;
        number = number.checked_mul(1000)?.checked_add(part)?;
    }
    // Other spellings of the same tile are refused.
    (path(level, number, width) == text).then_some((level, number, width))
}

/// Tiles, full and partial, that a level has in a tree of `size` entries: how many full ones, and the width of the partial
/// one at the edge (0 for none).
pub(crate) fn extent(size: u64, level: u8) -> (u64, usize) {
    let hashes = size.checked_shr(8 * u32::from(level)).unwrap_or(0);
    (hashes / TILE_WIDTH as u64, (hashes % TILE_WIDTH as u64) as usize)
}

/// The width that tile `number` has in a tree of `size` entries; 0 where it has none.
pub(crate) fn width(size: u64, level: u8, number: u64) -> usize {
    let (full, partial) = extent(size, level);
    match number {
        number if number < full => TILE_WIDTH,
        number if number == full => partial,
        _ => 0,
    }
}

/// The hash of the subtree over `hashes` (RFC 6962, section 2.1); they may stand for subtrees of equal size, the last one also
/// for a smaller one.
pub(crate) fn subtree(hashes: &[Hash]) -> Option<Hash> {
    match hashes {
        [] => None,
        [hash] => Some(*hash),
        _ => {
            // The largest power of two below their number.
            let left = 1 << (hashes.len() - 1).ilog2();
            let (left, right) = hashes.split_at(left);
            Some(node_hash(subtree(left)?, subtree(right)?))
        }
    }
}

/// The bytes of a tile.
pub(crate) fn to_bytes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// Reads the bytes of a tile.
pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Vec<Hash>> {
    let hashes = bytes.chunks_exact(HASH_SIZE);
    if !hashes.remainder().is_empty() {
        return None;
    }
    hashes.map(|hash| hash.try_into().ok().map(Hash)).collect()
}

/// The entries of a bundle; `None` where the bytes are no bundle.
pub(crate) fn entries(bundle: &[u8]) -> Option<Vec<&[u8]>> {
    let (mut rest, mut entries) = (bundle, Vec::new());
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk()?;
        let (entry, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry);
        rest = after;
    }
    Some(entries)
}

/// Adds an entry to a bundle.
pub(crate) fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) {
    let length = u16::try_from(entry.len()).expect("the length was checked");
    bundle.extend(length.to_be_bytes());
    bundle.extend(entry);
}

/// The partial tiles at the right of the tree: all that is needed to go on and to know the root.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Edge {
    /// Of each level the hashes that do not fill a tile yet.
    pub(crate) levels: Vec<Vec<Hash>>,
    /// Entries.
    pub(crate) size: u64,
}

impl Edge {
    /// Adds a leaf; `full` is told of every tile that it completes: its level, number and hashes.
    pub(crate) fn push(&mut self, leaf: Hash, full: impl FnMut(u8, u64, &[Hash])) {
        self.push_at(0, leaf, full);
    }

    /// Adds the hash of a whole subtree that is one hash of `level`; the levels below must be empty.
    pub(crate) fn push_at(&mut self, level: u8, mut hash: Hash, mut full: impl FnMut(u8, u64, &[Hash])) {
        self.size += 1 << (8 * level);
        while self.levels.len() <= usize::from(level) {
            self.levels.push(Vec::new());
        }
        for level in level..LEVELS {
            let index = usize::from(level);
            if self.levels.len() == index {
                self.levels.push(Vec::new());
            }
            let hashes = &mut self.levels[index];
            hashes.push(hash);
            if hashes.len() < TILE_WIDTH {
                return;
            }
            let (count, _) = extent(self.size, level);
            full(level, count - 1, hashes);
            hash = subtree(hashes).unwrap_or(EMPTY_HASH);
            hashes.clear();
        }
    }

    /// The root of the tree.
    pub(crate) fn root(&self) -> Hash {
        let mut right = None;
        for hashes in &self.levels {
            right = match right {
                None => subtree(hashes),
                Some(right) => subtree(&[hashes, &[right][..]].concat()),
            };
        }
        right.unwrap_or(EMPTY_HASH)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tlog_tiles::{Error, HashReader, record_hash, split_stored_hash_index, tree_hash};

    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        assert_eq!(path(Some(0), 1_234_067, 256), "tile/0/x001/x234/067");
        assert_eq!(path(Some(2), 0, 17), "tile/2/000.p/17");
        assert_eq!(path(None, 999, 255), "tile/entries/999.p/255");
        assert_eq!(path(None, 1000, 256), "tile/entries/x001/000");
        for wrong in [
            "tile/0/1",
            "tile/0/001.p/256",
            "tile/0/001.p/0",
            "tile/0/x000/001",
            "tile/8/000",
            "tile/0/../key",
            "tile/0/000.p/01",
            "key",
        ] {
            assert_eq!(parse_path(wrong), None, "{wrong}");
        }
    }

    /// The example of C2SP tlog-tiles: a tree of 70,000 entries.
    #[test]
    fn widths_are_those_of_the_specification() {
        assert_eq!(extent(70_000, 0), (273, 112));
        assert_eq!(extent(70_000, 1), (1, 17));
        assert_eq!(extent(70_000, 2), (0, 1));
        assert_eq!((extent(256, 0), extent(256, 1)), ((1, 0), (0, 1)));
        assert_eq!((width(70_000, 0, 272), width(70_000, 0, 273), width(70_000, 0, 274)), (256, 112, 0));
    }

    proptest! {
        #[test]
        fn every_path_is_read_back(level in proptest::option::of(0..LEVELS), number in any::<u64>(), width in 1..=256_usize) {
            prop_assert_eq!(parse_path(&path(level, number, width)), Some((level, number, width)));
        }
    }

    /// All hashes of a tree, computed from the leaves in the most direct way.
    struct Direct(Vec<Hash>);

    impl HashReader for Direct {
        fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
            let hash = |index: &u64| {
                let (level, number) = split_stored_hash_index(*index);
                let from = (number << level) as usize;
                subtree(&self.0[from..from + (1 << level)]).ok_or(Error::BadMath)
            };
            indexes.iter().map(hash).collect()
        }
    }

    #[test]
    fn the_root_is_that_of_another_implementation() {
        let mut edge = Edge::default();
        let mut all = Direct(Vec::new());
        assert_eq!(edge.root().to_string(), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "SHA-256 of nothing");
        for index in 0..1500_u64 {
            let leaf = record_hash(&index.to_be_bytes());
            all.0.push(leaf);
            edge.push(leaf, |level, number, hashes| {
                assert_eq!((level, hashes.len()), (0, 256));
                assert_eq!(hashes[0], all.0[number as usize * 256]);
            });
            if index % 37 == 0 || index % 256 > 253 || index % 256 < 2 {
                assert_eq!(edge.root(), tree_hash(edge.size, &all).unwrap(), "{} entries", edge.size);
            }
        }
    }
}
