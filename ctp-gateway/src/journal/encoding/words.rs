//! Records of CTP are mostly zeros: of each 64 bytes a mask says which words of 8 are not, and only those follow.

use super::{CUT, Reason};

const WORD: usize = 8;
const GROUP: usize = 8 * WORD;

/// Appends the bytes without their zero words. Words at the end that are not whole are filled up with zeros.
pub(super) fn pack(plain: &[u8], packed: &mut Vec<u8>) {
    let (groups, end) = plain.as_chunks::<GROUP>();
    for group in groups {
        let (words, _) = group.as_chunks::<WORD>();
        pack_group(words, packed);
    }
    let (words, rest) = end.as_chunks::<WORD>();
    let (mut last, mut count) = ([[0; WORD]; WORD], words.len());
    last[..count].copy_from_slice(words);
    if !rest.is_empty() {
        last[count][..rest.len()].copy_from_slice(rest);
        count += 1;
    }
    if count > 0 {
        pack_group(&last[..count], packed);
    }
}

/// Looks at all words first: most groups of an order have none or few.
fn pack_group(words: &[[u8; WORD]], packed: &mut Vec<u8>) {
    let kept = |(index, word): (usize, &[u8; WORD])| u8::from(u64::from_ne_bytes(*word) != 0) << index;
    let mask = words.iter().enumerate().map(kept).fold(0, |mask, bit| mask | bit);
    packed.push(mask);
    let mut left = mask;
    while left != 0 {
        packed.extend_from_slice(&words[left.trailing_zeros() as usize]);
        left &= left - 1;
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
