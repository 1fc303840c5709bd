//! The `se` family, which the root of the crate offers: the CTP that people mean when they say CTP.

crate::family::family!("se");

#[cfg(test)]
mod tests {
    use super::errors;

    #[test]
    fn symbols_are_found_by_code() {
        assert_eq!(errors::symbol(42), Some("SETTLEMENT_INFO_NOT_CONFIRMED"));
        assert_eq!(errors::symbol(errors::INSUFFICIENT_MONEY), Some("INSUFFICIENT_MONEY"));
        assert_eq!(errors::symbol(-7), None);
    }
}
