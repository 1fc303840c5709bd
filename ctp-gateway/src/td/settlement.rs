//! The settlement statement: a text that comes in slices.

use ctp_types::{SettlementInfoField, Text, decode};

use crate::error::{Denial, Rule};

/// Checks the day or month of a statement: empty, `yyyymmdd` or `yyyymm`.
pub(super) fn period(text: &str) -> Result<Text<9>, Denial> {
    let is_date = text.bytes().all(|byte| byte.is_ascii_digit()) && matches!(text.len(), 0 | 6 | 8);
    let month = text.get(4..6).and_then(|month| month.parse().ok()).unwrap_or(1);
    let day = text.get(6..8).and_then(|day| day.parse().ok()).unwrap_or(1);
    let fix = "write a day as yyyymmdd, a month as yyyymm, or nothing for the last statement";
    if !is_date || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return Err(Denial::new(Rule::Date, format!("day {text:?}"), fix));
    }
    Text::new(text).map_err(|_| Denial::new(Rule::Date, format!("day {text:?}"), fix))
}

/// Joins the slices of a statement and decodes them: a character may be cut between two of them.
pub(super) fn join(slices: &[SettlementInfoField]) -> Option<String> {
    if slices.is_empty() {
        return None;
    }
    let mut slices: Vec<&SettlementInfoField> = slices.iter().collect();
    // Stable, so that slices without numbers stay as they came.
    slices.sort_by_key(|slice| (slice.settlement_id, slice.sequence_no));
    let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.content.as_bytes()).copied().collect();
    Some(decode(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use ctp_types::encode;
    use proptest::prelude::*;

    use super::*;

    fn slice(sequence_no: i32, bytes: &[u8]) -> SettlementInfoField {
        SettlementInfoField {
            sequence_no,
            content: Text::from_bytes(bytes).unwrap(),
            ..SettlementInfoField::default()
        }
    }

    #[test]
    fn periods_are_days_months_or_nothing() {
        for good in ["", "20261120", "202611"] {
            assert_eq!(period(good).unwrap().to_str(), good);
        }
        for bad in ["2026112", "2026-11-20", "20261320", "20261100", "202600", "二〇二六", "today"] {
            assert_eq!(period(bad).unwrap_err().rule, Rule::Date, "{bad}");
        }
    }

    #[test]
    fn no_slices_are_no_statement() {
        assert_eq!(join(&[]), None);
        assert_eq!(join(&[slice(1, b"")]).as_deref(), Some(""));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// F66: wherever the slices are cut and in whatever order they come.
        #[test]
        fn f66_slices_join_without_loss(text in "[a-z 结算单交易日手续费\n]{0,400}", size in 1..100_usize, seed: u64) {
            let bytes = encode(&text).unwrap();
            let mut slices: Vec<_> =
                bytes.chunks(size).zip(1..).map(|(bytes, number)| slice(number, bytes)).collect();
            fastrand::Rng::with_seed(seed).shuffle(&mut slices);
            prop_assert_eq!(join(&slices).unwrap_or_default(), text);
        }
    }
}
