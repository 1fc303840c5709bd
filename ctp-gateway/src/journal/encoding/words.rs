//! Records of CTP are mostly zeros: of each 64 bytes a mask says which words of 8 are not, and only those follow.

use super::{CUT, Reason};

const WORD: usize = 8;
const GROUP: usize = 8 * WORD;

/// Appends the bytes without their zero words. Words at the end that are not whole are filled up with zeros.
pub(super) fn pack(plain: &[u8], packed: &mut Vec<u8>) {
    for group in plain.chunks(GROUP) {
        let at = packed.len();
        packed.push(0);
        let (words, rest) = group.as_chunks::<WORD>();
        let mut mask = 0;
        for (index, word) in words.iter().enumerate() {
            if *word != [0; WORD] {
                mask |= 1 << index;
                packed.extend_from_slice(word);
            }
        }
        if rest.iter().any(|byte| *byte != 0) {
            mask |= 1 << words.len();
            packed.extend_from_slice(rest);
            packed.resize(packed.len() + WORD - rest.len(), 0);
        }
        packed[at] = mask;
    }
}

/// Takes `size` bytes that [`pack`] wrote from the front of `packed`.
pub(super) fn unpack(packed: &mut &[u8], size: usize) -> Result<Vec<u8>, Reason> {
    let mut plain = vec![0; size.next_multiple_of(WORD)];
    for group in plain.chunks_mut(GROUP) {
        let (mask, rest) = packed.split_first().ok_or(CUT)?;
        *packed = rest;
        let (words, _) = group.as_chunks_mut::<WORD>();
        if u32::from(*mask) >> words.len() != 0 {
            return Err("a record has more words than the API says");
        }
        for (index, word) in words.iter_mut().enumerate() {
            if mask & 1 << index != 0 {
                let (taken, rest) = packed.split_first_chunk().ok_or(CUT)?;
                *packed = rest;
                *word = *taken;
            }
        }
    }
    if plain[size..].iter().any(|byte| *byte != 0) {
        return Err("a record has more bytes than the API says");
    }
    plain.truncate(size);
    Ok(plain)
}
