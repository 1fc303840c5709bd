//! The word that clients from elsewhere say before anything else.

use std::fmt;

/// The fewest bytes of a token.
pub const TOKEN_LENGTH_MIN: usize = 16;

/// The most bytes of a token.
pub const TOKEN_LENGTH_MAX: usize = 256;

/// A secret that clients and server share. It never shows in any output.
#[derive(Clone)]
pub struct Token(Box<[u8]>);

impl Token {
    /// Returns the token of a text without the blanks around it; `None` when it has fewer than [`TOKEN_LENGTH_MIN`] or
    /// more than [`TOKEN_LENGTH_MAX`] bytes.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim().as_bytes();
        (TOKEN_LENGTH_MIN..=TOKEN_LENGTH_MAX).contains(&text.len()).then(|| Self(text.into()))
    }

    /// Returns whether a client said it. The time that takes tells nothing of where the two differ.
    pub fn is(&self, said: &[u8]) -> bool {
        let differing =
            self.0.iter().enumerate().fold(self.0.len() ^ said.len(), |differing, (place, byte)| {
                differing | usize::from(byte ^ said.get(place).unwrap_or(&!byte))
            });
        std::hint::black_box(differing) == 0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_is_it() {
        let token = Token::new(" 0123456789abcdef\n").expect("long enough");
        assert!(token.is(b"0123456789abcdef"));
        for other in [&b""[..], b"0123456789abcde", b"0123456789abcdeg", b"0123456789abcdef0"] {
            assert!(!token.is(other));
        }
        assert!(Token::new("short").is_none() && Token::new(&"x".repeat(257)).is_none());
        assert_eq!(format!("{token:?}"), "Token(…)");
    }
}
