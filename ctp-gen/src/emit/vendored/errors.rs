//! The error codes.

use std::fmt::Write as _;

use super::{Emission, File};

const TAIL: &str = "
/// Returns the vendor's symbol of an `ErrorID`, or `None` for a code that `error.xml` lacks.
#[must_use]
pub fn symbol(code: i32) -> Option<&'static str> {
    let position = SYMBOLS.binary_search_by_key(&code, |(known, _)| *known);
    position.ok().map(|position| SYMBOLS[position].1)
}
";

/// Writes a constant per code and the way from code to symbol; nothing where the headers came without codes.
pub(super) fn file(emission: &Emission<'_>) -> Option<File> {
    let mut codes: Vec<_> = emission.api.errors.iter().collect();
    if codes.is_empty() {
        return None;
    }
    codes.sort_by_key(|error| error.code);
    let mut text = emission.head();
    text.push_str("//! `RspInfo.ErrorID`: codes and the vendor's symbols (`error.xml`).\n\n");
    for error in &codes {
        let (name, code) = (error.symbol.to_ascii_uppercase(), error.code);
        let _ = writeln!(text, "/// `ErrorID` {code}.\npub const {name}: i32 = {};", literal(code));
    }
    text.push_str("\n/// Symbols in rising order of their codes.\n");
    let _ = writeln!(text, "static SYMBOLS: [(i32, &str); {}] = [", codes.len());
    for error in &codes {
        let _ = writeln!(text, "    ({}, {:?}),", literal(error.code), error.symbol);
    }
    text.push_str("];\n");
    text.push_str(TAIL);
    Some(File { path: "src/errors.rs".to_owned(), text })
}

/// Returns a number as people write it: `999_999`.
fn literal(code: i32) -> String {
    let digits = code.unsigned_abs().to_string();
    if digits.len() <= 5 {
        return code.to_string();
    }
    let mut text = if code < 0 { "-".to_owned() } else { String::new() };
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::literal;

    #[test]
    fn long_numbers_are_grouped() {
        for (code, text) in [(0, "0"), (99999, "99999"), (999_999, "999_999"), (-1_234_567, "-1_234_567")] {
            assert_eq!(literal(code), text);
        }
    }
}
