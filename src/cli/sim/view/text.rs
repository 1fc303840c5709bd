//! Texts in cells of a terminal, where a Chinese letter takes two.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Returns how many cells a text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// Returns a text of exactly so many cells: cut with an ellipsis, or filled up with blanks.
pub(super) fn fit(text: &str, cells: usize, right: bool) -> String {
    let cut = cut(text, cells);
    let blanks = " ".repeat(cells.saturating_sub(cut.width()));
    if right { blanks + &cut } else { cut + &blanks }
}

/// Returns a text of at most so many cells. What moves a cursor becomes a blank.
pub(super) fn cut(text: &str, cells: usize) -> String {
    let clean = |letter: char| if letter.is_control() { ' ' } else { letter };
    let text: String = text.chars().map(clean).collect();
    if text.width() <= cells {
        return text;
    }
    let mut kept = String::new();
    let mut taken = 0;
    for letter in text.chars() {
        let wide = letter.width().unwrap_or(0);
        if taken + wide + 1 > cells {
            break;
        }
        taken += wide;
        kept.push(letter);
    }
    if cells > 0 {
        kept.push('…');
    }
    kept
}

/// Returns a number with separators: `1,234,567`.
pub(super) fn grouped(number: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", number.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let is_zero = text.chars().all(|letter| matches!(letter, '0' | '.'));
    let sign = if number < 0.0 && !is_zero { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{grouped}{point}{fraction}")
}

/// Returns a price with as many decimals as its tick has.
pub(super) fn price(price: f64) -> String {
    let text = format!("{price:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_letters_are_never_cut_in_half() {
        for (cells, expected) in
            [(8, "全部成交"), (7, "全部成…"), (6, "全部… "), (3, "全…"), (2, "… "), (1, "…"), (0, "")]
        {
            let fitted = fit("全部成交", cells, false);
            assert_eq!((fitted.as_str(), width(&fitted)), (expected, cells));
        }
        assert_eq!(fit("a\x1b[2Jb", 8, true), "  a [2Jb");
    }

    #[test]
    fn numbers_are_grouped() {
        for (number, decimals, expected) in [
            (1_234_567.891, 2, "1,234,567.89"),
            (-1000.0, 0, "-1,000"),
            (999.0, 0, "999"),
            (-0.001, 2, "0.00"),
        ] {
            assert_eq!(grouped(number, decimals), expected);
        }
        assert_eq!(
            (price(3200.0), price(0.05), price(-12.5)),
            ("3200".into(), "0.05".into(), "-12.5".into())
        );
    }
}
