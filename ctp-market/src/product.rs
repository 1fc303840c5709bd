//! A product: what all its contracts share.

use jiff::civil::{Time, time};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use crate::exchange::Exchange;
use crate::money::{Money, Rate};
use crate::tick::{TickSize, parse_decimal};

/// A product (品种), for example `rb`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Product {
    /// The id as CTP writes it (`ProductID`).
    pub id: String,
    /// The Chinese name.
    pub name: String,
    /// Where it trades.
    pub exchange: Exchange,
    /// Units of the price in one lot (`VolumeMultiple`).
    pub multiplier: i32,
    /// The smallest step of the price.
    pub tick: TickSize,
    /// The most lots in a limit order.
    pub largest_limit_order: i32,
    /// The most lots in a market order.
    pub largest_market_order: i32,
    /// Which contract months are listed.
    pub listing: Listing,
    /// When a contract trades for the last time.
    pub last_day: LastDay,
    /// The hours of the day session.
    pub day: DaySession,
    /// When the night session from 21:00 ends; `None` without one.
    pub night_end: Option<Time>,
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
}

/// Which contract months are listed: the `nearest` ones, then the next `cycle_count` months of `cycle`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Listing {
    /// How many months in a row from the nearest one on.
    pub nearest: u8,
    /// Months of the year, 1 to 12, listed beyond those.
    pub cycle: Vec<i8>,
    /// How many of them.
    pub cycle_count: u8,
}

/// When a contract trades for the last time. "The month" is the delivery month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LastDay {
    /// The 15th, or the next trading day.
    #[serde(rename = "day_15")]
    Day15,
    /// The tenth trading day of the month.
    #[serde(rename = "trading_day_10")]
    TradingDay10,
    /// The last trading day but three of the month.
    FourthLastTradingDay,
    /// The last trading day of the month before.
    LastOfPreviousMonth,
    /// The last Monday of the month.
    LastMonday,
    /// The second Friday of the month, or the next trading day.
    SecondFriday,
    /// The third Friday of the month, or the next trading day.
    ThirdFriday,
}

/// The hours of a day session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DaySession {
    /// 09:00–10:15, 10:30–11:30, 13:30–15:00.
    #[default]
    Commodity,
    /// 09:30–11:30, 13:00–15:00.
    Index,
    /// 09:30–11:30, 13:00–15:15.
    Bond,
}

/// A stretch of continuous trading in the exchange's local time; `end` before `start` means after midnight.
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

impl Product {
    /// Returns the sessions of a trading day, the night first.
    pub fn sessions(&self) -> Vec<Session> {
        let session = |start, end| Session { start, end };
        let mut sessions = Vec::new();
        if let Some(end) = self.night_end {
            sessions.push(session(time(21, 0, 0, 0), end));
        }
        let (morning, noon) = (time(9, 30, 0, 0), time(11, 30, 0, 0));
        match self.day {
            DaySession::Commodity => sessions.extend([
                session(time(9, 0, 0, 0), time(10, 15, 0, 0)),
                session(time(10, 30, 0, 0), noon),
                session(time(13, 30, 0, 0), time(15, 0, 0, 0)),
            ]),
            DaySession::Index => {
                sessions.extend([session(morning, noon), session(time(13, 0, 0, 0), time(15, 0, 0, 0))]);
            }
            DaySession::Bond => {
                sessions.extend([session(morning, noon), session(time(13, 0, 0, 0), time(15, 15, 0, 0))]);
            }
        }
        sessions
    }
}

impl<'de> Deserialize<'de> for Product {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let row = Row::deserialize(deserializer)?;
        row.product().map_err(D::Error::custom)
    }
}

/// A product as the file writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    name: String,
    exchange: Exchange,
    multiplier: i32,
    tick: TickSize,
    largest_limit_order: i32,
    largest_market_order: i32,
    listing: Listing,
    last_day: LastDay,
    #[serde(default)]
    day: DaySession,
    night_end: Option<String>,
    one_sided_margin: Option<bool>,
    margin: f64,
    limit: f64,
    fee_by_money: Option<[f64; 3]>,
    fee_by_volume: Option<[f64; 3]>,
    price: String,
}

impl Row {
    fn product(self) -> Result<Product, String> {
        let id = self.id;
        let wrong = |what: &str| format!("product {id}: {what}");
        if self.multiplier <= 0 || self.largest_limit_order <= 0 || self.largest_market_order < 0 {
            return Err(wrong("multiplier and order sizes must be positive"));
        }
        if self.listing.cycle.iter().any(|month| !(1..=12).contains(month)) {
            return Err(wrong("a listing cycle holds months from 1 to 12"));
        }
        if !(0.0..1.0).contains(&self.margin) || !(0.0..1.0).contains(&self.limit) {
            return Err(wrong("margin and limit are fractions from 0 to 1"));
        }
        let night_end = match self.night_end {
            Some(text) => Some(text.parse().map_err(|_| wrong("night_end is not a time as 23:00"))?),
            None => None,
        };
        let units = parse_decimal(&self.price).ok_or_else(|| wrong("price is not a decimal"))?;
        let price = self.tick.ticks(Money(units).to_f64()).map_err(|error| wrong(&error.to_string()))?;
        let [open, close, today] = self.fee_by_money.unwrap_or_default().map(Rate::from_f64);
        let [open_lot, close_lot, today_lot] =
            self.fee_by_volume.unwrap_or_default().map(|yuan| Money((yuan * 10_000.0).round() as i64));
        Ok(Product {
            name: self.name,
            exchange: self.exchange,
            multiplier: self.multiplier,
            tick: self.tick,
            largest_limit_order: self.largest_limit_order,
            largest_market_order: self.largest_market_order,
            listing: self.listing,
            last_day: self.last_day,
            day: self.day,
            night_end,
            // The exchange's rule is filled in by the reader of the file where the product says nothing.
            one_sided_margin: self.one_sided_margin.unwrap_or(true),
            margin: Rate::from_f64(self.margin),
            limit: Rate::from_f64(self.limit),
            fees: Fees {
                open_by_money: open,
                open_by_volume: open_lot,
                close_by_money: close,
                close_by_volume: close_lot,
                close_today_by_money: today,
                close_today_by_volume: today_lot,
            },
            price,
            id,
        })
    }
}
