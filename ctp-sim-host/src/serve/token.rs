//! The word that lets clients in.

use crate::wire;

/// The fewest bytes of a server's token.
pub const TOKEN_LENGTH_MIN: usize = 16;

/// A secret that clients and server share. It never shows in any output.
#[derive(Clone, Debug)]
pub struct Token(wire::Token);

impl Token {
    /// Returns the token of a text without the blanks around it; `None` when it has fewer than [`TOKEN_LENGTH_MIN`] or
    /// more than [`wire::Token::LENGTH_MAX`] bytes.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        wire::Token::new(text).filter(|_| text.len() >= TOKEN_LENGTH_MIN).map(Self)
    }

    /// Returns whether a client said it, in a time that does not tell where the two differ.
    pub fn is(&self, said: &wire::Token) -> bool {
        self.0.matches(said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_is_it() {
        let said = |text: &str| wire::Token::new(text).expect("not too long");
        let token = Token::new(" 0123456789abcdef\n").expect("long enough");
        assert!(token.is(&said("0123456789abcdef")));
        for other in ["", "0123456789abcde", "0123456789abcdeg", "0123456789abcdef0"] {
            assert!(!token.is(&said(other)));
        }
        assert!(Token::new("short").is_none() && Token::new(&"x".repeat(257)).is_none());
        assert!(!format!("{token:?}").contains("0123"));
    }
}
