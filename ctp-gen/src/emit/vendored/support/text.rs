//! Text of the API: fixed arrays of GBK bytes.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::error::Error;
use std::fmt;
use std::hash::{Hash, Hasher};

use encoding_rs::{GB18030, GBK};

/// A `char[N]` field: GBK text of at most `N - 1` bytes, ended by a NUL.
///
/// Comparison, hashing and decoding look at the bytes before the first NUL; what stands behind it
/// (old library builds leave stale bytes there) is reachable by [`raw`](Self::raw).
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct Text<const N: usize>([u8; N]);

/// Why a text was not put into a field.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TextError {
    /// It is longer than the field.
    TooLong {
        /// Bytes that the text takes in GBK.
        needed: usize,
        /// Bytes that the field holds, without the final NUL.
        capacity: usize,
    },
    /// It has a character that GBK lacks.
    Unencodable {
        /// The first such character.
        character: char,
    },
    /// It has a NUL, which would end it early.
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
        if let Some(position) = bytes.iter().position(|byte| *byte == 0) {
            return Err(TextError::Nul { position });
        }
        if bytes.len() >= N {
            return Err(TextError::TooLong {
                needed: bytes.len(),
                capacity: N.saturating_sub(1),
            });
        }
        let mut field = [0; N];
        field[..bytes.len()].copy_from_slice(bytes);
        Ok(Self(field))
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
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(N);
        &self.0[..end]
    }

    /// Returns the whole field.
    #[must_use]
    pub fn raw(&self) -> &[u8; N] {
        &self.0
    }

    /// Returns the decoded text. Bytes that are not GB18030 become U+FFFD; decoding never fails.
    #[must_use]
    pub fn to_str(&self) -> Cow<'_, str> {
        decode(self.as_bytes())
    }

    /// Returns whether there is no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }
}

/// Decodes GB18030, of which GBK is a part. Bytes that are not become U+FFFD; decoding never fails.
#[must_use]
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
    let (bytes, _, has_unencodable) = GBK.encode(text);
    if !has_unencodable {
        return Ok(bytes);
    }
    let lacks = |character: &char| GBK.encode(character.encode_utf8(&mut [0; 4])).2;
    let character = text.chars().find(lacks);
    Err(TextError::Unencodable {
        character: character.unwrap_or(char::REPLACEMENT_CHARACTER),
    })
}

impl fmt::Display for TextError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { needed, capacity } => write!(
                formatter,
                "text of {needed} GBK bytes does not fit a field of {capacity}; shorten it"
            ),
            Self::Unencodable { character } => write!(
                formatter,
                "character {character:?} cannot be written in GBK; replace it"
            ),
            Self::Nul { position } => {
                write!(formatter, "text has a NUL at byte {position}; remove it")
            }
        }
    }
}

impl Error for TextError {}

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
        self.as_bytes() == other.as_bytes()
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
        self.as_bytes().cmp(other.as_bytes())
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
