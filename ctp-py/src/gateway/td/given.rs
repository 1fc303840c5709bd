//! What a caller gives: words, prices and lots, read so that a wrong one is named with what to give instead.

use ctp_types::{
    Direction, Enumeration, HedgeFlag, OffsetFlag, OptSelfCloseFlag, PosiDirection, Text, TextError,
};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use crate::records::{self, Fault, Limit};

/// An enumeration's words: the first of each value is the one that is shown.
pub(crate) type Words<E> = &'static [(&'static str, E)];

pub(crate) const DIRECTIONS: Words<Direction> =
    &[("buy", Direction::BUY), ("sell", Direction::SELL), ("买", Direction::BUY), ("卖", Direction::SELL)];

pub(crate) const OFFSETS: Words<OffsetFlag> = &[
    ("open", OffsetFlag::OPEN),
    ("close", OffsetFlag::CLOSE),
    ("close_today", OffsetFlag::CLOSE_TODAY),
    ("close_yesterday", OffsetFlag::CLOSE_YESTERDAY),
    ("开", OffsetFlag::OPEN),
    ("平", OffsetFlag::CLOSE),
    ("平今", OffsetFlag::CLOSE_TODAY),
    ("平昨", OffsetFlag::CLOSE_YESTERDAY),
];

pub(crate) const HEDGES: Words<HedgeFlag> = &[
    ("speculation", HedgeFlag::SPECULATION),
    ("arbitrage", HedgeFlag::ARBITRAGE),
    ("hedge", HedgeFlag::HEDGE),
    ("market_maker", HedgeFlag::MARKET_MAKER),
    ("投机", HedgeFlag::SPECULATION),
    ("套利", HedgeFlag::ARBITRAGE),
    ("套保", HedgeFlag::HEDGE),
];

pub(crate) const SIDES: Words<PosiDirection> = &[
    ("long", PosiDirection::LONG),
    ("short", PosiDirection::SHORT),
    ("多", PosiDirection::LONG),
    ("空", PosiDirection::SHORT),
];

pub(crate) const SELF_CLOSES: Words<OptSelfCloseFlag> = &[
    ("close_self_option_position", OptSelfCloseFlag::CLOSE_SELF_OPTION_POSITION),
    ("reserve_option_position", OptSelfCloseFlag::RESERVE_OPTION_POSITION),
    ("sell_close_self_future_position", OptSelfCloseFlag::SELL_CLOSE_SELF_FUTURE_POSITION),
    ("reserve_future_position", OptSelfCloseFlag::RESERVE_FUTURE_POSITION),
];

/// Who takes what is given, by the name of its class, which errors tell.
#[derive(Clone, Copy)]
pub(crate) struct Taker(pub(crate) &'static str);

impl Taker {
    /// Reads one of the words, a member of `ctp_py.enums`, or its character.
    pub(crate) fn word<E: Enumeration>(
        self,
        what: &str,
        given: &Bound<'_, PyAny>,
        words: Words<E>,
    ) -> PyResult<E> {
        let text = given.cast::<PyString>().map_err(|_| self.wrong_type(what, given, &choices(words)))?;
        let text = text.to_str().unwrap_or("\u{FFFD}");
        if let [character] = text.as_bytes() {
            let value = E::from_char(*character);
            if E::DESCRIPTOR.value_name(*character).is_some() {
                return Ok(value);
            }
        }
        let plain = |word: &str| -> String {
            word.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
        };
        let wanted = plain(text);
        let found = words.iter().find(|(word, _)| plain(word) == wanted);
        found.map(|(_, value)| *value).ok_or_else(|| self.wrong_value(what, given, &choices(words)))
    }

    /// Reads one word, or two for a combination of two legs.
    pub(crate) fn legs<E: Enumeration>(
        self,
        what: &str,
        given: &Bound<'_, PyAny>,
        words: Words<E>,
    ) -> PyResult<(E, Option<E>)> {
        if given.is_instance_of::<PyString>() {
            return Ok((self.word(what, given, words)?, None));
        }
        let pair = given.cast::<PyTuple>().ok().filter(|pair| pair.len() == 2);
        let pair = pair.ok_or_else(|| self.wrong_type(what, given, &choices(words)))?;
        Ok((self.word(what, &pair.get_item(0)?, words)?, Some(self.word(what, &pair.get_item(1)?, words)?)))
    }

    /// Reads a price in CNY per unit of quotation.
    pub(crate) fn price(self, what: &str, given: &Bound<'_, PyAny>) -> PyResult<f64> {
        let fix = "give a number: CNY per unit of quotation";
        if given.is_none() || is_bool(given) {
            return Err(self.wrong_type(what, given, fix));
        }
        let number: f64 = given.extract().map_err(|_| self.wrong_type(what, given, fix))?;
        // CTP writes "no value" as the largest number.
        if !number.is_finite() || number == f64::MAX {
            return Err(self.wrong_value(what, given, fix));
        }
        Ok(number)
    }

    /// Reads a number of lots.
    pub(crate) fn lots(self, what: &str, given: &Bound<'_, PyAny>) -> PyResult<i32> {
        let fix = "give a whole number of lots";
        if given.is_none() || is_bool(given) {
            return Err(self.wrong_type(what, given, fix));
        }
        given.extract().map_err(|error: PyErr| {
            let is_range = error.is_instance_of::<pyo3::exceptions::PyOverflowError>(given.py());
            if is_range {
                self.wrong_value(what, given, "give at most 2147483647 lots")
            } else {
                self.wrong_type(what, given, fix)
            }
        })
    }

    /// Reads a text that fits a field of `N` bytes.
    pub(crate) fn text<const N: usize>(self, what: &str, given: &Bound<'_, PyAny>) -> PyResult<String> {
        let text = given.cast::<PyString>().map_err(|_| self.wrong_type(what, given, "give a str"))?;
        let text = text.to_str().map_err(|_| self.wrong_value(what, given, "it is not valid text"))?;
        let Err(error) = Text::<N>::new(text) else { return Ok(text.to_owned()) };
        let limit = match error {
            TextError::TooLong { capacity, .. } => Limit::Length(capacity),
            _ => Limit::None,
        };
        let message = format!("{what} {} cannot be sent; {error}", shown(given));
        Err(records::field_error(given.py(), Fault { limit, ..self.fault(what, Some(given), message) }))
    }

    pub(crate) fn wrong_type(self, what: &str, given: &Bound<'_, PyAny>, fix: &str) -> PyErr {
        let found = given.get_type().qualname().map_or_else(|_| "?".to_owned(), |name| name.to_string());
        let message = format!("{what} {} is of type {found}; {fix}", shown(given));
        records::type_error(given.py(), self.fault(what, Some(given), message))
    }

    pub(crate) fn wrong_value(self, what: &str, given: &Bound<'_, PyAny>, fix: &str) -> PyErr {
        let message = format!("{what} {} cannot be sent; {fix}", shown(given));
        records::field_error(given.py(), self.fault(what, Some(given), message))
    }

    /// Values that do not go together.
    pub(crate) fn refused(self, py: Python<'_>, what: &str, message: String) -> PyErr {
        records::field_error(py, self.fault(what, None, message))
    }

    /// A value that is not there.
    pub(crate) fn missing(self, py: Python<'_>, what: &str, message: String) -> PyErr {
        records::type_error(py, self.fault(what, None, message))
    }

    fn fault<'a, 'py>(
        self,
        what: &'a str,
        given: Option<&Bound<'py, PyAny>>,
        message: String,
    ) -> Fault<'a, 'py> {
        Fault { record: self.0, field: what, value: given.cloned(), limit: Limit::None, message }
    }
}

/// Returns the word of a value, or its name in the header.
pub(crate) fn word_of<E: Enumeration>(value: E, words: Words<E>) -> String {
    match words.iter().find(|(_, own)| *own == value) {
        Some((word, _)) => (*word).to_owned(),
        None => E::DESCRIPTOR.value_name(value.as_char()).unwrap_or("?").to_owned(),
    }
}

fn choices<E: Enumeration>(words: Words<E>) -> String {
    let english: Vec<String> =
        words.iter().filter(|(word, _)| word.is_ascii()).map(|(word, _)| format!("{word:?}")).collect();
    format!("give {} or a member of enums.{}", english.join(", "), E::DESCRIPTOR.name)
}

/// A truth value passes for a number in Python, and a price of `True` is a mistake.
fn is_bool(given: &Bound<'_, PyAny>) -> bool {
    given.get_type().name().is_ok_and(|name| name == "bool" || name == "bool_")
}

/// Shows a value, shortened: it may be anything.
pub(crate) fn shown(given: &Bound<'_, PyAny>) -> String {
    let text = given.repr().map_or_else(|_| "?".to_owned(), |shown| shown.to_string());
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
