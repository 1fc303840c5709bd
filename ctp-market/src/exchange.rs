//! The exchanges and the rules that differ between them.

use std::fmt;

use jiff::civil::Date;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

/// One of the six futures exchanges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Exchange {
    /// Shanghai Futures Exchange (上期所).
    Shfe,
    /// Shanghai International Energy Exchange (上期能源).
    Ine,
    /// Dalian Commodity Exchange (大商所).
    Dce,
    /// Zhengzhou Commodity Exchange (郑商所).
    Czce,
    /// China Financial Futures Exchange (中金所).
    Cffex,
    /// Guangzhou Futures Exchange (广期所).
    Gfex,
}

impl Exchange {
    /// All exchanges, in CTP's usual order.
    pub const ALL: [Self; 6] = [Self::Shfe, Self::Ine, Self::Dce, Self::Czce, Self::Cffex, Self::Gfex];

    /// Returns the id that CTP uses (`ExchangeID`).
    pub const fn id(self) -> &'static str {
        match self {
            Self::Shfe => "SHFE",
            Self::Ine => "INE",
            Self::Dce => "DCE",
            Self::Czce => "CZCE",
            Self::Cffex => "CFFEX",
            Self::Gfex => "GFEX",
        }
    }

    /// Returns the exchange with this `ExchangeID`.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|exchange| exchange.id() == id)
    }
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// What one exchange does differently.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ExchangeRules {
    /// The exchange.
    pub id: Exchange,
    /// Its Chinese name.
    pub name: String,
    /// Whether today's and yesterday's lots are kept and closed apart.
    pub close_today: bool,
    /// How the life of an order reaches CTP.
    pub order_reports: OrderReports,
    /// Digits of the year in a contract's code: 2, or 1 at CZCE.
    pub year_digits: u8,
    /// How an option's code is written.
    pub option_id: OptionId,
    /// Levels of the book on an ordinary market-data front.
    pub depth_levels: u8,
    /// What `UpdateMillisec` holds.
    pub milliseconds: Milliseconds,
    /// What `ActionDay` of a tick holds at night.
    pub night_action_day: NightDate,
    /// What `TradingDay` of a tick holds at night.
    pub night_trading_day: NightDate,
    /// What its instrument status says outside continuous trading.
    pub status: Statuses,
    /// Before which parts of the day it holds an opening auction.
    pub auctions: Auctions,
    /// Whether only the larger side of a product is charged margin (大边); a product may differ.
    pub one_sided_margin: bool,
}

impl ExchangeRules {
    /// Returns what `TradingDay` of a tick holds, for a trading day and the calendar date of the update.
    pub fn tick_trading_day(&self, trading_day: Date, calendar_date: Date) -> Date {
        self.night_trading_day.pick(trading_day, calendar_date)
    }

    /// Returns what `ActionDay` of a tick holds, for a trading day and the calendar date of the update.
    pub fn tick_action_day(&self, trading_day: Date, calendar_date: Date) -> Date {
        self.night_action_day.pick(trading_day, calendar_date)
    }
}

/// How an option's code is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptionId {
    /// `m2701-C-3000`.
    Dashes,
    /// `cu2701C78000`.
    Plain,
}

/// What an exchange's instrument status says outside continuous trading, in the letters of `InstrumentStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statuses {
    /// Before the first auction of the trading day.
    #[serde(deserialize_with = "status")]
    pub opening: u8,
    /// At breaks, and between night and day.
    #[serde(deserialize_with = "status")]
    pub pause: u8,
    /// While an auction is matched.
    #[serde(deserialize_with = "status")]
    pub matching: u8,
}

fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.as_bytes() {
        [letter @ b'0'..=b'7'] => Ok(*letter),
        _ => Err(D::Error::custom(format!("not an instrument status: {text:?} (expected a digit 0 to 7)"))),
    }
}

/// Before which parts of the day an exchange holds an opening auction (集合竞价).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Auctions {
    /// Before the night and before the day.
    EachStart,
    /// Before the first of them.
    FirstStart,
}

/// How the life of an order reaches CTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderReports {
    /// The exchange reports each change of the order; CTP repeats the former state before each.
    Full,
    /// The exchange reports acceptance and trades only; CTP makes up the order's state (DCE, GFEX).
    TradesOnly,
}

/// What `UpdateMillisec` of a tick holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Milliseconds {
    /// 0 or 500.
    Half,
    /// The millisecond.
    Real,
    /// Always 0.
    None,
}

impl Milliseconds {
    /// Returns what `UpdateMillisec` holds for a millisecond of the second.
    pub const fn of(self, millisecond: i32) -> i32 {
        match self {
            Self::Half => millisecond / 500 * 500,
            Self::Real => millisecond,
            Self::None => 0,
        }
    }
}

/// Which date a field of a tick holds at night.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NightDate {
    /// The calendar date.
    Calendar,
    /// The trading day the night belongs to.
    TradingDay,
}

impl NightDate {
    const fn pick(self, trading_day: Date, calendar_date: Date) -> Date {
        match self {
            Self::Calendar => calendar_date,
            Self::TradingDay => trading_day,
        }
    }
}
