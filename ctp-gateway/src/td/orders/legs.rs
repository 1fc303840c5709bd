//! Combinations: one order, trades of two instruments.

use ctp_types::Text;

/// Returns the legs of a combination's id, `SP m2601&m2605`: both are of the first word after the kind. `None` for
/// what is no combination.
pub(in crate::td) fn legs(instrument_id: Text<81>) -> Option<[Text<81>; 2]> {
    if !instrument_id.as_bytes().contains(&b'&') {
        return None;
    }
    let id = instrument_id.to_str();
    let (first, second) = id.split_once('&')?;
    let first = first.rsplit(' ').next()?;
    Some([Text::new(first).ok()?, Text::new(second.trim()).ok()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_combination_names_its_legs() {
        let text = |id: &str| Text::new(id).unwrap();
        assert_eq!(legs(text("SP m2601&m2605")), Some([text("m2601"), text("m2605")]));
        assert_eq!(legs(text("SPD SR601&SR605")), Some([text("SR601"), text("SR605")]));
        assert_eq!(legs(text("rb2601")), None);
    }
}
