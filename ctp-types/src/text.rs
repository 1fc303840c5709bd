//! Text of the API: fixed arrays of GBK bytes.

use std::{
    borrow::Cow,
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
};

use encoding_rs::{GB18030, GBK};

/// A `char[N]` field: GBK text of at most `N - 1` bytes, ended by a NUL.
///
/// Comparison, hashing and decoding look at the bytes before the first NUL; what stands behind it
/// (old library builds leave stale bytes there) is reachable by [`raw`](Self::raw).
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct Text<const N: usize>([u8; N]);

/// Why a text was not put into a field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// It is longer than the field.
    #[error("text of {needed} GBK bytes does not fit a field of {capacity}; shorten it")]
    TooLong {
        /// Bytes that the text takes in GBK.
        needed: usize,
        /// Bytes that the field holds, without the final NUL.
        capacity: usize,
    },
    /// It has a character that GBK lacks.
    #[error("character {character:?} cannot be written in GBK; replace it")]
    Unencodable {
        /// The first such character.
        character: char,
    },
    /// It has a NUL, which would end it early.
    #[error("text has a NUL at byte {position}; remove it")]
    Nul {
        /// Where, in bytes.
        position: usize,
    },
}

impl<const N: usize> Text<N> {
    /// Encodes `text` to GBK.
    ///
    /// # Errors
    ///
    /// Returns an error when the text does not fit, has a NUL, or a character that GBK lacks.
    pub fn new(text: &str) -> Result<Self, TextError> {
        Self::from_bytes(&encode(text)?)
    }

    /// Takes bytes that are GBK already.
    ///
    /// # Errors
    ///
    /// Returns an error when the bytes do not fit or have a NUL.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TextError> {
        let mut field = Self::default();
        fill(&mut field.0, bytes)?;
        Ok(field)
    }

    /// Takes bytes that are no text, NULs among them: for binary fields, whose length stands in a field of
    /// its own. All of the field may be used.
    ///
    /// # Errors
    ///
    /// Returns an error when the bytes do not fit.
    pub fn from_raw(bytes: &[u8]) -> Result<Self, TextError> {
        let mut field = Self::default();
        let Some(start) = field.0.get_mut(..bytes.len()) else {
            return Err(TextError::TooLong { needed: bytes.len(), capacity: N });
        };
        start.copy_from_slice(bytes);
        Ok(field)
    }

    /// Takes a whole field as it lies in memory.
    #[inline]
    pub const fn of_field(bytes: [u8; N]) -> Self {
        Self(bytes)
    }

    /// Returns the first bytes of the field with NULs from the first NUL on: equal texts become equal bytes.
    #[inline]
    pub fn tidied<const M: usize>(&self) -> [u8; M] {
        const { assert!(M <= N && M.is_multiple_of(8)) };
        let mut tidy = [0; M];
        let mut keep = u64::MAX;
        for (to, from) in tidy.as_chunks_mut::<8>().0.iter_mut().zip(self.0.as_chunks::<8>().0) {
            let word = u64::from_le_bytes(*from) & keep;
            let zeros = zeros(word);
            // All bits below the first zero byte; all of them where there is none.
            let before = (zeros & zeros.wrapping_neg()).wrapping_shr(7).wrapping_sub(1);
            *to = (word & before).to_le_bytes();
            keep = if zeros == 0 { keep } else { 0 };
        }
        tidy
    }

    /// Replaces the text; on error the old one stays.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn set(&mut self, text: &str) -> Result<(), TextError> {
        *self = Self::new(text)?;
        Ok(())
    }

    /// Returns the bytes before the first NUL, as they came.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        until_nul(&self.0)
    }

    /// Returns the whole field.
    #[inline]
    pub fn raw(&self) -> &[u8; N] {
        &self.0
    }

    /// Returns the decoded text. Bytes that are not GB18030 become U+FFFD; decoding never fails.
    pub fn to_str(&self) -> Cow<'_, str> {
        decode(self.as_bytes())
    }

    /// Returns whether there is no text.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.first().is_none_or(|byte| *byte == 0)
    }
}

/// Returns the bytes before the first NUL.
#[inline]
pub fn until_nul(bytes: &[u8]) -> &[u8] {
    &bytes[..nul_position(bytes).unwrap_or(bytes.len())]
}

/// Returns where the first NUL is, eight bytes at a time: orders and ticks are full of short texts.
#[inline]
fn nul_position(bytes: &[u8]) -> Option<usize> {
    let (words, rest) = bytes.as_chunks::<8>();
    for (position, word) in words.iter().enumerate() {
        let zeros = zeros(u64::from_le_bytes(*word));
        if zeros != 0 {
            return Some(position * 8 + zeros.trailing_zeros() as usize / 8);
        }
    }
    rest.iter().position(|byte| *byte == 0).map(|position| words.len() * 8 + position)
}

/// Returns a word whose lowest set bit is that of the first zero byte, 0 where there is none.
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(0x0101_0101_0101_0101) & !word & 0x8080_8080_8080_8080
}

/// Compares two fields up to their NULs.
fn compare<const N: usize>(one: &[u8; N], other: &[u8; N]) -> Ordering {
    let (words, rest) = one.as_chunks::<8>();
    let (other_words, other_rest) = other.as_chunks::<8>();
    for (word, other) in words.iter().zip(other_words) {
        let (word, other) = (u64::from_le_bytes(*word), u64::from_le_bytes(*other));
        let (differing, zeros) = (word ^ other, zeros(word));
        let first = differing.trailing_zeros() / 8;
        if zeros != 0 && zeros.trailing_zeros() / 8 < first {
            return Ordering::Equal;
        }
        if differing != 0 {
            return (word >> (8 * first) & 0xff).cmp(&(other >> (8 * first) & 0xff));
        }
    }
    until_nul(rest).cmp(until_nul(other_rest))
}

/// Decodes GB18030, of which GBK is a part. Bytes that are not become U+FFFD; decoding never fails.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        // ASCII only: two GBK bytes can be valid UTF-8, too.
        Ok(text) if text.is_ascii() => Cow::Borrowed(text),
        _ => GB18030.decode_without_bom_handling(bytes).0,
    }
}

/// Encodes to GBK.
///
/// # Errors
///
/// Returns an error that names the first character that GBK lacks.
pub fn encode(text: &str) -> Result<Cow<'_, [u8]>, TextError> {
    if text.is_ascii() {
        return Ok(Cow::Borrowed(text.as_bytes()));
    }
    let (bytes, _, unmappable) = GBK.encode(text);
    if !unmappable {
        return Ok(bytes);
    }
    let character = text.chars().find(|character| GBK.encode(character.encode_utf8(&mut [0; 4])).2);
    Err(TextError::Unencodable { character: character.unwrap_or(char::REPLACEMENT_CHARACTER) })
}

/// Writes `bytes` and zeroes the rest of `field`.
pub(crate) fn fill(field: &mut [u8], bytes: &[u8]) -> Result<(), TextError> {
    if let Some(position) = nul_position(bytes) {
        return Err(TextError::Nul { position });
    }
    if bytes.len() >= field.len() {
        return Err(TextError::TooLong { needed: bytes.len(), capacity: field.len().saturating_sub(1) });
    }
    field[..bytes.len()].copy_from_slice(bytes);
    field[bytes.len()..].fill(0);
    Ok(())
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> fmt::Display for Text<N> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.to_str())
    }
}

impl<const N: usize> fmt::Debug for Text<N> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_str(), formatter)
    }
}

impl<const N: usize> TryFrom<&str> for Text<N> {
    type Error = TextError;

    fn try_from(text: &str) -> Result<Self, TextError> {
        Self::new(text)
    }
}

impl<const N: usize> PartialEq for Text<N> {
    fn eq(&self, other: &Self) -> bool {
        // Nearly always the bytes behind the NUL are the same, too.
        self.0 == other.0 || self.as_bytes() == other.as_bytes()
    }
}

impl<const N: usize> Eq for Text<N> {}

impl<const N: usize> PartialOrd for Text<N> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<const N: usize> Ord for Text<N> {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0)
    }
}

impl<const N: usize> Hash for Text<N> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl<const N: usize> PartialEq<str> for Text<N> {
    fn eq(&self, other: &str) -> bool {
        self.to_str() == other
    }
}

impl<const N: usize> PartialEq<&str> for Text<N> {
    fn eq(&self, other: &&str) -> bool {
        self.to_str() == *other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_compared_up_to_their_nuls() {
        let fields: Vec<[u8; 13]> = ["", "a", "b", "ab", "abcdefgh", "abcdefg", "abcdefghi", "abcdefghijklm"]
            .iter()
            .flat_map(|text| {
                [0, 1, 0xff].map(|stale| {
                    let mut bytes = [stale; 13];
                    bytes[..text.len()].copy_from_slice(text.as_bytes());
                    if let Some(end) = bytes.get_mut(text.len()) {
                        *end = 0;
                    }
                    bytes
                })
            })
            .chain([[0xff; 13], [0x80; 13]])
            .collect();
        for one in &fields {
            for other in &fields {
                let expected = until_nul(one).cmp(until_nul(other));
                assert_eq!(Text(*one).cmp(&Text(*other)), expected, "{one:?} {other:?}");
                assert_eq!(Text(*one) == Text(*other), expected.is_eq(), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn the_first_nul_is_found_wherever_it_is() {
        for length in 0..40 {
            for first in 0..length {
                for filler in [1, 0x80, 0xff] {
                    let mut bytes = vec![filler; length];
                    bytes[first] = 0;
                    // What stands behind it is anything.
                    for (place, byte) in bytes.iter_mut().enumerate().skip(first + 1) {
                        *byte = (place % 3) as u8;
                    }
                    assert_eq!(until_nul(&bytes).len(), first, "{bytes:?}");
                }
            }
            assert_eq!(until_nul(&vec![0x80; length]).len(), length);
        }
    }

    #[test]
    fn chinese_text_goes_in_and_out_as_gbk() {
        let text = Text::<9>::new("张三").expect("four bytes");
        assert_eq!(text.as_bytes(), b"\xD5\xC5\xC8\xFD");
        assert_eq!(text.to_str(), "张三");
    }

    #[test]
    fn text_that_does_not_fit_is_refused() {
        assert_eq!(Text::<4>::new("abcd"), Err(TextError::TooLong { needed: 4, capacity: 3 }));
        assert_eq!(Text::<4>::new("张三"), Err(TextError::TooLong { needed: 4, capacity: 3 }));
        assert_eq!(Text::<9>::new("a\0b"), Err(TextError::Nul { position: 1 }));
        assert_eq!(Text::<9>::new("a🦀"), Err(TextError::Unencodable { character: '🦀' }));
        let mut field = Text::<4>::new("abc").expect("fits");
        assert!(field.set("abcd").is_err());
        assert_eq!(field, "abc");
    }

    #[test]
    fn cut_and_foreign_bytes_become_replacement_characters() {
        assert_eq!(Text::<4>::from_bytes(b"\xD5\xC5\xC8").expect("fits").to_str(), "张\u{FFFD}");
        assert_eq!(Text::<4>::from_bytes(b"\xFF").expect("fits").to_str(), "\u{FFFD}");
    }

    #[test]
    fn stale_bytes_behind_the_nul_do_not_count() {
        let mut stale = Text::<5>::new("ab").expect("fits");
        stale.0[3] = b'x';
        assert_eq!(stale, Text::new("ab").expect("fits"));
        assert_eq!(stale.raw(), b"ab\0x\0");
    }

    #[test]
    fn a_tidied_field_has_nothing_behind_its_nul() {
        let tidied = |bytes: &[u8; 17]| Text::of_field(*bytes).tidied::<16>();
        assert_eq!(tidied(b"rb2610\0stale\0xyz\0"), *b"rb2610\0\0\0\0\0\0\0\0\0\0");
        assert_eq!(tidied(b"rb2610C3\0stale\0x\0"), *b"rb2610C3\0\0\0\0\0\0\0\0");
        assert_eq!(tidied(b"rb2610C3400-more\0"), *b"rb2610C3400-more");
        assert_eq!(tidied(b"\0tale--stale--x\0\0"), [0; 16]);
        assert_eq!(
            tidied(b"\xC2\xDD\x01\x80\x81\xFF\xFE\x7F\x01\0\x01\xFFxxxx\0")[..9],
            *b"\xC2\xDD\x01\x80\x81\xFF\xFE\x7F\x01"
        );
        for place in 0..17 {
            let mut field = [b'7'; 17];
            field[place] = 0;
            let tidied = tidied(&field);
            assert!(
                tidied.iter().enumerate().all(|(at, byte)| *byte == if at < place { b'7' } else { 0 }),
                "{place}"
            );
        }
    }

    #[test]
    fn binary_bytes_are_kept_as_they_are() {
        assert_eq!(Text::<5>::from_raw(b"a\0b\0c").expect("five bytes").raw(), b"a\0b\0c");
        assert_eq!(Text::<5>::from_raw(b"\0x").expect("two bytes").raw(), b"\0x\0\0\0");
        assert_eq!(Text::<5>::from_raw(&[1; 6]), Err(TextError::TooLong { needed: 6, capacity: 5 }));
    }
}
