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
        let _ = writeln!(text, "/// `ErrorID` {code}.\npub const {name}: i32 = {code};");
    }
    text.push_str("\n/// Symbols in rising order of their codes.\n");
    let _ = writeln!(text, "static SYMBOLS: [(i32, &str); {}] = [", codes.len());
    for error in &codes {
        let _ = writeln!(text, "    ({}, {:?}),", error.code, error.symbol);
    }
    text.push_str("];\n");
    text.push_str(TAIL);
    Some(File { path: "src/errors.rs".to_owned(), text })
}
