//! The error of the crate.

use jiff::civil::Date;

/// Why the reference data have no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MarketError {
    /// A data file is not what it should be.
    #[error("reference data {file}: {reason}")]
    Data {
        /// The file's name.
        file: &'static str,
        /// What is wrong, with the line where the reader knows it.
        reason: String,
    },
    /// A date is outside the calendar.
    #[error("{date} is outside the calendar, which covers {first} to {last}")]
    OutsideCalendar {
        /// The date asked for.
        date: Date,
        /// The first date covered.
        first: Date,
        /// The last date covered.
        last: Date,
    },
    /// A text is not shaped like a futures contract's id.
    #[error(
        "not a futures contract: {0:?} (expected letters and three or four digits, as rb2701, SR701, IF2612)"
    )]
    ContractCode(String),
    /// A product is not known.
    #[error("no such product: {0}")]
    UnknownProduct(String),
}
