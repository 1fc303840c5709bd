//! What somebody may have meant who wrote an instrument that never ticks.

use ctp_market::{Exchange, ReferenceData};
use ctp_types::Text;

use crate::md::io::Id;

/// Returns an id that is spelt as the exchange of its product spells it, if that differs: fronts take any id without a
/// word, letter case matters, and CZCE writes one digit of the year where the others write two.
pub(crate) fn meant(id: &Id) -> Option<Id> {
    let text = id.to_str();
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (product, rest) = text.split_at(letters);
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    if letters == 0 || digits == 0 {
        return None;
    }
    let reference = ReferenceData::builtin().ok()?;
    // Products that differ in case only do not exist.
    let known = reference.products().iter().find_map(|it| {
        let roots = [Some(it.id.as_str()), it.options.as_ref().map(|options| options.root.as_str())];
        let root = roots.into_iter().flatten().find(|root| root.eq_ignore_ascii_case(product))?;
        Some((root, it.exchange))
    });
    let (root, exchange) = known?;
    let (year_and_month, tail) = rest.split_at(digits);
    let rest = match (exchange, year_and_month.len()) {
        (Exchange::Czce, 4) => format!("{}{tail}", &year_and_month[1..]),
        (Exchange::Czce, _) | (_, 4) => rest.to_owned(),
        // Of the decade nobody said anything: this one.
        (_, 3) => format!("2{rest}"),
        _ => return None,
    };
    // The right of an option is a capital letter everywhere.
    let meant = format!("{root}{}", rest.to_ascii_uppercase());
    (meant != text).then(|| Text::new(&meant).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_year_are_mended() {
        for (wrong, right) in [
            ("RB2610", Some("rb2610")),
            ("if2612", Some("IF2612")),
            ("sr701", Some("SR701")),
            ("SR2701", Some("SR701")),
            ("rb610", Some("rb2610")),
            ("M2701-c-3000", Some("m2701-C-3000")),
            ("io2612-C-4000", Some("IO2612-C-4000")),
            ("sr701c6000", Some("SR701C6000")),
            // Spelt well: perhaps expired.
            ("rb2401", None),
            ("SR701", None),
            ("zz2701", None),
            ("", None),
            ("rb", None),
            ("2701", None),
            ("SP a2109&a2201", None),
            ("螺纹2701", None),
        ] {
            assert_eq!(meant(&Text::new(wrong).unwrap()), right.map(|id| Text::new(id).unwrap()), "{wrong}");
        }
    }
}
