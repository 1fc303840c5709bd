//! How one field is carried into another of the same or of another type.
//!
//! What fits always arrives. What may not fit is tried: a text that is longer than the other side's field, a
//! number that the other type cannot hold. Text and numbers are never turned into each other.

use crate::api::ScalarType;

/// Returns how the object `to` is set from the object `from`, each with its type; `None` when the two types have
/// nothing to do with each other.
pub(super) fn assignment(from: (&str, ScalarType), to: (&str, ScalarType)) -> Option<Assignment> {
    use ScalarType::{Char, Text};
    let ((source, from), (target, to)) = (from, to);
    Some(match (from, to) {
        (Text(short), Text(long)) if short <= long => {
            Assignment::Always(format!("memcpy({target}, {source}, sizeof {source});"))
        }
        (Text(_), Text(_)) => {
            Assignment::Tried(format!("ctp_copy_text({target}, sizeof {target}, {source}, sizeof {source})"))
        }
        (Char, Text(_)) => {
            Assignment::Tried(format!("ctp_copy_text({target}, sizeof {target}, &{source}, 1)"))
        }
        (Text(_), Char) => Assignment::Tried(format!("ctp_copy_char({target}, {source}, sizeof {source})")),
        (Char, _) | (_, Char) if from != to => return None,
        (Text(_), _) | (_, Text(_)) => return None,
        (from, to) if from == to || is_widening(from, to) => {
            Assignment::Always(format!("{target} = {source};"))
        }
        (from, to) => {
            let helper = if from == ScalarType::Double { "ctp_copy_real" } else { "ctp_copy_whole" };
            let (low, high) = range(to)?;
            Assignment::Tried(format!("{helper}({target}, {source}, {low}, {high})"))
        }
    })
}

/// A field's way to the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Assignment {
    /// A statement; every value fits.
    Always(String),
    /// An expression that is false when the value does not fit.
    Tried(String),
}

/// Returns whether every number of type `from` is one of type `to`.
fn is_widening(from: ScalarType, to: ScalarType) -> bool {
    use ScalarType::{Double, Int, LongLong, Short, UnsignedInt};
    matches!((from, to), (Short, Int | LongLong | Double) | (Int | UnsignedInt, LongLong | Double))
}

/// Returns the range of whole numbers that a type holds without loss, as C++ writes it.
fn range(to: ScalarType) -> Option<(&'static str, &'static str)> {
    Some(match to {
        ScalarType::Short => ("-32768", "32767"),
        ScalarType::Int => ("-2147483648LL", "2147483647"),
        ScalarType::UnsignedInt => ("0", "4294967295LL"),
        // A double holds every whole number up to here; where the source is one, it is no limit that matters.
        ScalarType::LongLong | ScalarType::Double => ("-(1LL << 53)", "1LL << 53"),
        ScalarType::Char | ScalarType::Text(_) => return None,
    })
}

/// The helpers, each with the text by which its use is known.
pub(super) const HELPERS: [(&str, &str); 4] = [
    (
        "ctp_copy_text(",
        // Cuts at a whole GBK character, so that no half character is left before the NUL.
        r"static inline bool ctp_copy_text(char *to, size_t to_size, const char *from, size_t from_size) {
    size_t length = strnlen(from, from_size);
    size_t end = 0;
    while (end < length) {
        size_t width = (unsigned char)from[end] >= 0x81 && end + 1 < length ? 2 : 1;
        if (end + width >= to_size) break;
        end += width;
    }
    memcpy(to, from, end);
    return end == length;
}
",
    ),
    (
        "ctp_copy_char(",
        r"static inline bool ctp_copy_char(char &to, const char *from, size_t from_size) {
    if (strnlen(from, from_size) > 1) return false;
    to = from[0];
    return true;
}
",
    ),
    (
        "ctp_copy_whole(",
        r"template <typename To> static inline bool ctp_copy_whole(To &to, long long from, long long low, long long high) {
    if (from < low || from > high) return false;
    to = static_cast<To>(from);
    return true;
}
",
    ),
    (
        "ctp_copy_real(",
        // A comparison with NaN is false, so NaN does not fit; nor does a fraction, nor DBL_MAX, which is no value.
        r"template <typename To> static inline bool ctp_copy_real(To &to, double from, long long low, long long high) {
    if (!(from >= low && from <= high)) return false;
    to = static_cast<To>(from);
    return to == from;
}
",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use ScalarType::{Char, Double, Int, LongLong, Short, Text, UnsignedInt};

    #[test]
    fn what_always_fits_is_not_tried() {
        for (from, to) in [(Int, Int), (Char, Char), (Text(9), Text(9)), (Text(9), Text(10))] {
            assert!(matches!(assignment(("a", from), ("b", to)), Some(Assignment::Always(_))), "{from} {to}");
        }
        for (from, to) in [(Short, Int), (Int, LongLong), (Int, Double), (UnsignedInt, Double)] {
            assert!(matches!(assignment(("a", from), ("b", to)), Some(Assignment::Always(_))), "{from} {to}");
            assert!(matches!(assignment(("a", to), ("b", from)), Some(Assignment::Tried(_))), "{to} {from}");
        }
        for (from, to) in [(Int, UnsignedInt), (LongLong, Double), (Text(10), Text(9)), (Char, Text(2))] {
            assert!(matches!(assignment(("a", from), ("b", to)), Some(Assignment::Tried(_))), "{from} {to}");
            assert!(
                matches!(assignment(("a", to), ("b", from)), Some(Assignment::Tried(_))) || from == Text(10)
            );
        }
    }

    #[test]
    fn text_never_becomes_a_number() {
        for other in [Short, Int, UnsignedInt, LongLong, Double] {
            for text in [Char, Text(9)] {
                assert_eq!(assignment(("a", text), ("b", other)), None);
                assert_eq!(assignment(("a", other), ("b", text)), None);
            }
        }
    }
}
