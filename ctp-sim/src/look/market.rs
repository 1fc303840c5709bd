//! Instruments and their markets.

use ctp_types::{DepthMarketDataField, Text, price};
use serde::{Deserialize, Serialize};

use super::{Page, owned, part, word};
use crate::exchange::Exchange;
use crate::market::Market;
use crate::market::instrument::{Class, MarketIndex};

/// Which instruments are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InstrumentsWanted {
    /// Of one exchange only: `SHFE`.
    pub venue: Option<String>,
    /// Of one product only: `rb`, `m_o`.
    pub product: Option<String>,
    /// Only those whose id has this text in it.
    pub text: Option<String>,
    /// Only those that somebody subscribed to.
    pub subscribed: bool,
    /// How many to leave out.
    pub offset: usize,
    /// How many at most; default 100.
    pub limit: Option<usize>,
}

/// A listed instrument.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Instrument {
    /// `InstrumentID`
    pub id: String,
    /// `InstrumentName`
    pub name: String,
    /// `ExchangeID`
    pub exchange: String,
    /// `ProductID`
    pub product: String,
    /// `future`, `option` or `combination`.
    pub kind: String,
    /// `VolumeMultiple`
    pub multiplier: i32,
    /// `PriceTick`
    pub price_tick: f64,
    /// `closed`, `auction`, `matching`, `continuous` or `break`.
    pub phase: String,
    /// `LastPrice`
    pub last: Option<f64>,
    /// `BidPrice1`
    pub bid: Option<f64>,
    /// `AskPrice1`
    pub ask: Option<f64>,
    /// `Volume`
    pub volume: i32,
    /// `OpenInterest`
    pub open_interest: f64,
    /// How many API objects its ticks go to.
    pub subscribers: usize,
}

/// An instrument's market.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Book {
    /// `InstrumentID`
    pub instrument: String,
    /// `InstrumentName`
    pub name: String,
    /// `ExchangeID`
    pub exchange: String,
    /// `closed`, `auction`, `matching`, `continuous` or `break`.
    pub phase: String,
    /// `PriceTick`
    pub price_tick: f64,
    /// When it last changed, in the exchange's own time.
    pub time: String,
    /// `LastPrice`
    pub last: Option<f64>,
    /// `PreSettlementPrice`
    pub pre_settlement: Option<f64>,
    /// `OpenPrice`
    pub open: Option<f64>,
    /// `HighestPrice`
    pub high: Option<f64>,
    /// `LowestPrice`
    pub low: Option<f64>,
    /// `UpperLimitPrice`
    pub upper: Option<f64>,
    /// `LowerLimitPrice`
    pub lower: Option<f64>,
    /// `SettlementPrice`, once it is known.
    pub settlement: Option<f64>,
    /// `Volume`
    pub volume: i32,
    /// `Turnover` in CNY.
    pub turnover: f64,
    /// `OpenInterest`
    pub open_interest: f64,
    /// The best first, at most five.
    pub bids: Vec<Level>,
    /// The best first, at most five.
    pub asks: Vec<Level>,
}

/// A level of a book.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// Per unit.
    pub price: f64,
    /// Lots.
    pub volume: i32,
}

impl Exchange {
    /// Returns the listed instruments in the exchange's order.
    pub fn look_at_instruments(&self, wanted: &InstrumentsWanted) -> Page<Instrument> {
        let text = wanted.text.as_deref().map(str::to_ascii_lowercase);
        let is_wanted = |market: &Market| {
            let instrument = &market.instrument;
            market.listed
                && wanted.venue.as_deref().is_none_or(|id| id == instrument.exchange.id())
                && wanted.product.as_deref().is_none_or(|id| instrument.product_id == *id)
                && (!wanted.subscribed || !market.subscribers[0].is_empty())
                && text
                    .as_deref()
                    .is_none_or(|text| instrument.id.to_str().to_ascii_lowercase().contains(text))
        };
        let wanted_ones = (0..self.markets.len()).filter(|index| is_wanted(&self.markets[*index]));
        let found = part(wanted_ones, wanted.offset, wanted.limit);
        Page {
            rows: found.rows.into_iter().map(|index| self.instrument_row(index)).collect(),
            more: found.more,
        }
    }

    fn instrument_row(&self, index: MarketIndex) -> Instrument {
        let market = &self.markets[index];
        let instrument = &market.instrument;
        let tick = self.tick_of(index);
        Instrument {
            id: owned(&instrument.id),
            name: owned(&instrument.name),
            exchange: instrument.exchange.id().to_owned(),
            product: owned(&instrument.product_id),
            kind: match instrument.class {
                Class::Future => "future",
                Class::Option { .. } => "option",
                Class::Combination { .. } => "combination",
            }
            .to_owned(),
            multiplier: instrument.multiplier,
            price_tick: instrument.tick.to_f64(),
            phase: word(market.phase),
            last: price(tick.last_price),
            bid: price(tick.bid_price1).filter(|_| tick.bid_volume1 > 0),
            ask: price(tick.ask_price1).filter(|_| tick.ask_volume1 > 0),
            volume: tick.volume,
            open_interest: tick.open_interest,
            subscribers: market.subscribers[0].len(),
        }
    }

    /// Returns an instrument's market; `None` when it is not listed.
    pub fn look_at_book(&self, instrument: &str) -> Option<Book> {
        let index = *self.market_by_id.get(&Text::new(instrument).ok()?)?;
        let market = self.markets.get(index).filter(|market| market.listed)?;
        let tick = self.tick_of(index);
        let bids = [
            (tick.bid_price1, tick.bid_volume1),
            (tick.bid_price2, tick.bid_volume2),
            (tick.bid_price3, tick.bid_volume3),
            (tick.bid_price4, tick.bid_volume4),
            (tick.bid_price5, tick.bid_volume5),
        ];
        let asks = [
            (tick.ask_price1, tick.ask_volume1),
            (tick.ask_price2, tick.ask_volume2),
            (tick.ask_price3, tick.ask_volume3),
            (tick.ask_price4, tick.ask_volume4),
            (tick.ask_price5, tick.ask_volume5),
        ];
        let levels = |levels: [(f64, i32); 5]| {
            let there = levels.into_iter().filter(|(_, volume)| *volume > 0);
            there.filter_map(|(value, volume)| Some(Level { price: price(value)?, volume })).collect()
        };
        Some(Book {
            instrument: owned(&market.instrument.id),
            name: owned(&market.instrument.name),
            exchange: market.instrument.exchange.id().to_owned(),
            phase: word(market.phase),
            price_tick: market.instrument.tick.to_f64(),
            time: format!("{}.{:03}", tick.update_time.to_str(), tick.update_millisec),
            last: price(tick.last_price),
            pre_settlement: price(tick.pre_settlement_price),
            open: price(tick.open_price),
            high: price(tick.highest_price),
            low: price(tick.lowest_price),
            upper: price(tick.upper_limit_price),
            lower: price(tick.lower_limit_price),
            settlement: price(tick.settlement_price),
            volume: tick.volume,
            turnover: tick.turnover,
            open_interest: tick.open_interest,
            bids: levels(bids),
            asks: levels(asks),
        })
    }

    fn tick_of(&self, index: MarketIndex) -> DepthMarketDataField {
        self.snapshot(index).get().cloned().unwrap_or_default()
    }
}
