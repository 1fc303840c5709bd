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
        file: String,
        /// What is wrong, with the line where the reader knows it.
        reason: String,
    },
    /// The holidays of a date's year are not known.
    #[error(
        "{date} is outside the calendar, which covers {first} to {last}; add the year's holidays to \
         ctp-market/data/calendar.toml, or take a calendar that assumes weekdays"
    )]
    OutsideCalendar {
        /// The date that was met.
        date: Date,
        /// The first date covered.
        first: Date,
        /// The last date covered.
        last: Date,
    },
    /// A date has no trading, where a trading day is needed.
    #[error("{date} is not a trading day ({reason}); ask the calendar for the next or previous one")]
    NotATradingDay {
        /// The date.
        date: Date,
        /// The holiday's name, or "weekend".
        reason: String,
    },
    /// A text is not shaped like a futures contract's id.
    #[error(
        "not a futures contract: {0:?} (expected letters and three or four digits, as rb2701, SR701, IF2612)"
    )]
    ContractCode(String),
    /// A text is not shaped like an option's id.
    #[error("not an option: {0:?} (expected a shape as m2701-C-3000, SR701C6000, cu2701P78000)")]
    OptionCode(String),
    /// A product is not known.
    #[error("no such product: {0} (ids are case-sensitive; products stand in ctp-market/data/products)")]
    UnknownProduct(String),
}
