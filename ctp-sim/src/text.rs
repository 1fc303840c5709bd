//! Texts of our own making in CTP's fixed fields.

use ctp_types::Text;

/// Returns `value` as a CTP text, cut where it would not fit.
///
/// For texts that the exchange makes; a client's text is never cut but refused.
pub(crate) fn text<const N: usize>(value: &str) -> Text<N> {
    let mut kept = value;
    loop {
        match Text::new(kept) {
            Ok(text) => return text,
            Err(_) => {
                let Some((last, _)) = kept.char_indices().next_back() else {
                    return Text::default();
                };
                kept = &kept[..last];
            }
        }
    }
}

/// Returns a CTP text in a field of another length, cut where it would not fit.
pub(crate) fn resize<const N: usize, const M: usize>(value: &Text<N>) -> Text<M> {
    let bytes = value.as_bytes();
    Text::from_bytes(&bytes[..bytes.len().min(M - 1)]).unwrap_or_default()
}

/// Returns one of our own ids in a shorter field. Nothing stands behind its NUL, so nothing has to be searched.
pub(crate) fn shortened<const N: usize, const M: usize>(id: &Text<N>) -> Text<M> {
    Text::from_raw(&id.raw()[..M.min(N) - 1]).unwrap_or_default()
}

/// Returns a number right-aligned in 12 columns, as CTP writes its ids.
pub(crate) fn aligned<const N: usize>(number: u64) -> Text<N> {
    let mut columns = [b' '; 20];
    let start = write_digits(&mut columns, number);
    Text::from_bytes(&columns[start.min(columns.len() - 12)..]).unwrap_or_default()
}

/// Writes a number against the end and returns where it begins.
fn write_digits(columns: &mut [u8; 20], number: u64) -> usize {
    let mut left = number;
    for (place, column) in columns.iter_mut().enumerate().rev() {
        *column = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            return place;
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_at_a_character() {
        let cut: Text<6> = text("螺纹钢");
        assert_eq!(cut.to_str(), "螺纹");
    }

    #[test]
    fn numbers_are_right_aligned() {
        for (number, columns) in [
            (0, "           0"),
            (2338, "        2338"),
            (123_456_789_012, "123456789012"),
            (u64::MAX, "18446744073709551615"),
        ] {
            assert_eq!(aligned::<21>(number).to_str(), columns);
        }
    }
}
