//! `RspInfo.ErrorID`: codes and the vendor's symbols (`error.xml`).

include!(concat!(env!("OUT_DIR"), "/errors.rs"));

/// Returns the vendor's symbol of an ErrorID, or `None` for a code newer than the model.
pub fn symbol(code: i32) -> Option<&'static str> {
    SYMBOLS.binary_search_by_key(&code, |(known, _)| *known).ok().map(|position| SYMBOLS[position].1)
}

#[cfg(test)]
mod tests {
    #[test]
    fn symbols_are_found_by_code() {
        assert_eq!(super::symbol(42), Some("SETTLEMENT_INFO_NOT_CONFIRMED"));
        assert_eq!(super::symbol(super::INSUFFICIENT_MONEY), Some("INSUFFICIENT_MONEY"));
        assert_eq!(super::symbol(-7), None);
    }
}
