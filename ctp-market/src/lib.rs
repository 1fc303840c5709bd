//! Reference data of the Chinese futures exchanges: products, trading days, hours, contracts, options.
//!
//! The facts stand in TOML files with their sources (`data/`, described in `data/README.md`), embedded in the crate and
//! checked when read: [`ReferenceData::builtin`]. What a real front's instrument query says wins over them.
//!
//! Everything here is a pure function of the files and its arguments; there is no clock. Times are civil times of China
//! ([`china_time`]). The [`Calendar`] knows the years whose holidays are announced: a date outside is
//! [`MarketError::OutsideCalendar`], unless the caller chose to [`assume weekdays`](Calendar::assume_weekdays), and what
//! was reckoned beyond the calendar carries a flag ([`Contract::is_provisional`]).
//!
//! ```
//! use ctp_market::{Phase, ReferenceData};
//!
//! let data = ReferenceData::builtin()?;
//! // Friday night belongs to Monday.
//! let moment = "2026-11-20T21:30:00".parse()?;
//! let day = data.calendar().trading_day_of(moment)?;
//! assert_eq!(day.to_string(), "2026-11-23");
//!
//! let rb = data.product("rb").ok_or("no rb")?;
//! let timetable = data.timetable(rb, day)?;
//! assert_eq!(timetable.phase_at(moment), Phase::Continuous);
//! assert_eq!(data.contracts_of(rb, day)?[0].id, "rb2612");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod calendar;
mod china;
mod code;
mod contract;
mod error;
mod exchange;
mod last_day;
mod money;
mod option;
mod product;
mod reference;
mod row;
mod tick;
mod timetable;

pub use calendar::Calendar;
pub use china::{china_time, unix_nanoseconds};
pub use code::{ContractCode, OptionCode, OptionRight};
pub use contract::{Contract, OptionContract};
pub use error::MarketError;
pub use exchange::{
    Auctions, Exchange, ExchangeRules, Milliseconds, NightDate, OptionId, OrderReports, Statuses,
};
pub use jiff::civil::{Date, DateTime, Time};
pub use last_day::LastDay;
pub use money::{Money, Rate};
pub use option::{ExerciseStyle, OptionMonths, OptionTerms, StrikeStep};
pub use product::{Fees, Listing, Product, Session};
pub use reference::{ReferenceData, Traded};
pub use tick::{PriceError, TickSize};
pub use timetable::{Change, Phase, Span, Timetable};
