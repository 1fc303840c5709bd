//! A product: what all its contracts share.

use jiff::civil::Time;
use serde::Deserialize;

use crate::exchange::Exchange;
use crate::last_day::LastDay;
use crate::money::{Money, Rate};
use crate::option::OptionTerms;
use crate::tick::TickSize;

/// A product (品种), for example `rb`: what all its futures share, and the options on them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Product {
    /// The id as CTP writes it (`ProductID`).
    pub id: String,
    /// The Chinese name.
    pub name: String,
    /// Where it trades.
    pub exchange: Exchange,
    /// What a price is a price of, in Chinese (报价单位): `元/吨`.
    pub quote_unit: String,
    /// The currency of prices and money, `CNY` (`TradeCurrencyID`).
    pub currency: String,
    /// Units of the price in one lot (`VolumeMultiple`).
    pub multiplier: i32,
    /// The smallest step of the price (`PriceTick`).
    pub tick: TickSize,
    /// The most lots in a limit order (`MaxLimitOrderVolume`).
    pub largest_limit_order: i32,
    /// The most lots in a market order (`MaxMarketOrderVolume`).
    pub largest_market_order: i32,
    /// Which contract months are listed.
    pub listing: Listing,
    /// When a contract trades for the last time.
    pub last_day: LastDay,
    /// The stretches of continuous trading of an ordinary day, the night first. A day after a holiday has no night, see
    /// [`ReferenceData::timetable`](crate::ReferenceData::timetable).
    pub sessions: Vec<Session>,
    /// Whether the first of them is a night session.
    pub has_night: bool,
    /// Whether only the larger side is charged margin (大边).
    pub one_sided_margin: bool,
    /// Margin as a fraction of the amount; a simulator default.
    pub margin: Rate,
    /// Daily price limit as a fraction of the settlement price before; a simulator default.
    pub limit: Rate,
    /// The commission; a simulator default.
    pub fees: Fees,
    /// A plausible price in ticks, where the simulator starts.
    pub price: i64,
    /// The options on its futures, if there are any.
    pub options: Option<OptionTerms>,
}

/// Which contract months are listed: the `nearest` ones, then the next `cycle_count` months of `cycle`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Listing {
    /// How many months in a row from the nearest one on.
    pub nearest: u8,
    /// Months of the year, 1 to 12, listed beyond those.
    pub cycle: Vec<i8>,
    /// How many of them.
    pub cycle_count: u8,
}

/// A stretch of continuous trading in China's time; `end` before `start` means after midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its first moment.
    pub start: Time,
    /// The moment it is over.
    pub end: Time,
}

/// The commission of one lot: a fraction of its amount plus a fixed sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fees {
    /// Opening, by amount.
    pub open_by_money: Rate,
    /// Opening, per lot.
    pub open_by_volume: Money,
    /// Closing, by amount.
    pub close_by_money: Rate,
    /// Closing, per lot.
    pub close_by_volume: Money,
    /// Closing a lot of the same day, by amount.
    pub close_today_by_money: Rate,
    /// Closing a lot of the same day, per lot.
    pub close_today_by_volume: Money,
}
