//! Ticks from outside: an external feed, a script, a recording.
//!
//! The first of them sends the crowd of its market away; from then on only the outside moves it.

use std::time::Duration;

use ctp_market::{Money, TickSize};
use ctp_types::{DepthMarketDataField, Text, price};
use serde::de::{Deserializer, Error as _};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::config::duration;
use crate::exchange::{Exchange, Task};
use crate::interface::{Delivery, Output, Timestamp};
use crate::market::instrument::MarketIndex;
use crate::market::{Market, Stats};
use crate::matching::TickTrade;
use crate::matching::book::{Level, Side};

/// Levels of a tick's book, a side.
const LEVELS: usize = 5;

/// A tick that a person writes: what is left out stays as it is.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Tick {
    /// The instrument's id. Nothing happens when there is none such.
    pub instrument: String,
    /// When, from now on. Default: at once.
    #[serde(default, deserialize_with = "read_duration", serialize_with = "write_duration")]
    pub after: Duration,
    /// The last price.
    pub last: Option<f64>,
    /// Lots traded since the tick before, at the last price.
    #[serde(default)]
    pub volume: i32,
    /// The bids.
    pub bid: Option<Levels>,
    /// The asks.
    pub ask: Option<Levels>,
    /// The open interest.
    pub open_interest: Option<i64>,
    /// The upper price limit.
    pub upper: Option<f64>,
    /// The lower price limit.
    pub lower: Option<f64>,
    /// The settlement price of the day before.
    pub pre_settlement: Option<f64>,
}

/// One side of a book, best level first, written as `3200x5,3199x3`; empty is a side without orders.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Levels(pub Vec<(f64, i32)>);

impl<'de> Deserialize<'de> for Levels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let levels = text.split(',').filter(|level| !level.is_empty()).map(|level| {
            let (price, volume) = level.split_once('x')?;
            let volume: i32 = volume.parse().ok().filter(|volume| *volume > 0)?;
            Some((price.parse().ok()?, volume))
        });
        levels.collect::<Option<_>>().map(Self).ok_or_else(|| {
            D::Error::custom(format!("not levels: {text:?} (expected price x lots as 3200x5,3199x3)"))
        })
    }
}

impl Serialize for Levels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let levels: Vec<String> = self.0.iter().map(|(price, volume)| format!("{price}x{volume}")).collect();
        serializer.serialize_str(&levels.join(","))
    }
}

fn write_duration<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format!("{}ns", duration.as_nanos()))
}

fn read_duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    duration(&text)
        .ok_or_else(|| D::Error::custom(format!("not a duration: {text:?} (expected 500ms, 2s, 1m)")))
}

impl Exchange {
    /// Carries out a tick that a person wrote, now or later.
    pub(crate) fn take_tick(&mut self, tick: Tick) {
        if !tick.after.is_zero() {
            let at = self.now.after(tick.after);
            self.schedule.add(at, Task::WrittenTick(Box::new(Tick { after: Duration::ZERO, ..tick })));
            return;
        }
        let Some(market) = self.market_named(&tick.instrument) else { return };
        let here = &mut self.markets[market];
        here.crowd.present = false;
        let size = here.instrument.tick;
        let ticks = |value: Option<f64>| value.and_then(|value| in_ticks(size, value));
        if let Some(settlement) = ticks(tick.pre_settlement) {
            here.reference.settlement = settlement;
        }
        if let Some(upper) = ticks(tick.upper) {
            here.reference.upper = upper;
        }
        if let Some(lower) = ticks(tick.lower) {
            here.reference.lower = lower;
        }
        let before = best_prices(here);
        let last = ticks(tick.last);
        let mut traded = None;
        if let Some(price) = last.or(here.stats.last) {
            if tick.volume > 0 {
                here.count_trade(price, tick.volume, 0);
                traded = Some(TickTrade { price, volume: tick.volume, passive: passive(before, price) });
            } else if last.is_some() {
                here.stats.see(price);
            }
        }
        if let Some(open_interest) = tick.open_interest {
            here.stats.open_interest = open_interest;
        }
        for (side, levels) in [(Side::Buy, &tick.bid), (Side::Sell, &tick.ask)] {
            if let Some(Levels(levels)) = levels {
                let levels = levels.iter().filter_map(|(price, volume)| {
                    Some(Level { price: in_ticks(size, *price)?, volume: *volume })
                });
                here.book.quote(side, levels.take(LEVELS));
            }
        }
        here.stamp(self.now);
        self.finish_tick(market, traded);
    }

    /// Takes a tick as CTP writes it. Its time is the exchange's; `at` is the moment that it names.
    pub(crate) fn take_record(&mut self, record: &DepthMarketDataField, at: Option<Timestamp>) {
        let Some(market) = self.market_by_id.get(&record.instrument_id).copied() else { return };
        let here = &mut self.markets[market];
        if std::mem::take(&mut here.crowd.present) {
            here.stats = Stats { open_interest: here.reference.open_interest, ..Stats::default() };
            here.fed = (0, Money::ZERO);
        }
        let traded = here.take_record(record);
        match at {
            Some(at) => here.updated = at,
            None => here.stamp(self.now),
        }
        self.finish_tick(market, traded);
    }

    fn finish_tick(&mut self, market: MarketIndex, traded: Option<TickTrade>) {
        self.accounts.rebase(market, self.markets[market].reference.settlement);
        self.remark(market);
        self.meet_resting_orders(market, traded);
        self.touched.take(market);
        self.send_tick(market);
    }

    /// Lets every subscriber's worker repeat the present snapshot, for measurements.
    pub(crate) fn burst(&mut self, instrument: &str, count: u32, per_second: u32) {
        let Some(market) = self.market_named(instrument) else { return };
        let record = self.snapshot(market);
        for session in self.markets[market].subscribers[0].clone() {
            let callback = ctp_types::MdCallback::OnRtnDepthMarketData;
            let delivery = Delivery::Burst { callback, record: record.clone(), count, per_second };
            self.outbox.push(Output { session, delivery });
        }
    }

    fn market_named(&self, instrument: &str) -> Option<MarketIndex> {
        self.market_by_id.get(&Text::new(instrument).ok()?).copied()
    }
}

impl Market {
    /// Takes over what a record says. Returns what was traded since the one before.
    fn take_record(&mut self, record: &DepthMarketDataField) -> Option<TickTrade> {
        let size = self.instrument.tick;
        let ticks = |value: f64| price(value).and_then(|value| in_ticks(size, value));
        let before = best_prices(self);
        let reference = &mut self.reference;
        set(&mut reference.settlement, ticks(record.pre_settlement_price));
        set(&mut reference.close, ticks(record.pre_close_price));
        // Forwarders that know no limits write 0 (§4.2).
        set(&mut reference.upper, ticks(record.upper_limit_price).filter(|upper| *upper != 0));
        set(&mut reference.lower, ticks(record.lower_limit_price).filter(|lower| *lower != 0));
        set(&mut reference.open_interest, price(record.pre_open_interest).map(|lots| lots as i64));
        let stats = &mut self.stats;
        let volume = record.volume.saturating_sub(self.fed.0).max(0);
        let turnover =
            price(record.turnover).map_or(self.fed.1, |yuan| Money((yuan * 10_000.0).round() as i64));
        stats.volume = stats.volume.saturating_add(volume);
        stats.turnover += turnover - self.fed.1;
        self.fed = (record.volume, turnover);
        let last = ticks(record.last_price);
        stats.last = last.or(stats.last);
        stats.open = ticks(record.open_price).or(stats.open);
        let (high, low) = (ticks(record.highest_price), ticks(record.lowest_price));
        stats.high = stats.high.max(high);
        stats.low = stats.low.into_iter().chain(low).min();
        set(&mut stats.open_interest, price(record.open_interest).map(|lots| lots as i64));
        if let Some(delta) = price(record.curr_delta) {
            stats.delta = (delta * 10_000.0).round() as i32;
        }
        self.close = ticks(record.close_price).or(self.close);
        self.told_settlement = ticks(record.settlement_price).or(self.told_settlement);
        self.settlement = self.told_settlement.or(self.settlement);
        let bids = [
            (record.bid_price1, record.bid_volume1),
            (record.bid_price2, record.bid_volume2),
            (record.bid_price3, record.bid_volume3),
            (record.bid_price4, record.bid_volume4),
            (record.bid_price5, record.bid_volume5),
        ];
        let asks = [
            (record.ask_price1, record.ask_volume1),
            (record.ask_price2, record.ask_volume2),
            (record.ask_price3, record.ask_volume3),
            (record.ask_price4, record.ask_volume4),
            (record.ask_price5, record.ask_volume5),
        ];
        for (levels, side) in [(bids, Side::Buy), (asks, Side::Sell)] {
            let levels =
                levels.into_iter().map_while(|(value, volume)| Some(Level { price: ticks(value)?, volume }));
            self.book.quote(side, levels);
        }
        last.filter(|_| volume > 0).map(|price| TickTrade { price, volume, passive: passive(before, price) })
    }
}

impl Stats {
    /// Notes a last price at which nothing is known to have traded.
    fn see(&mut self, price: i64) {
        self.last = Some(price);
        self.open.get_or_insert(price);
        self.high = self.high.max(Some(price));
        self.low = Some(self.low.map_or(price, |low| low.min(price)));
    }
}

fn set(place: &mut i64, value: Option<i64>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn best_prices(market: &Market) -> [Option<i64>; 2] {
    [Side::Buy, Side::Sell].map(|side| market.book.best(side).map(|level| level.price))
}

/// Returns whose orders waited when something traded at `price` between the quotes of the tick before, where that tells.
fn passive([bid, ask]: [Option<i64>; 2], price: i64) -> Option<Side> {
    match (bid, ask) {
        (Some(bid), _) if price <= bid => Some(Side::Buy),
        (_, Some(ask)) if price >= ask => Some(Side::Sell),
        _ => None,
    }
}

/// Returns a price in ticks; binary noise is forgiven (§4.2), and what lies between two ticks is cut.
fn in_ticks(size: TickSize, value: f64) -> Option<i64> {
    let ticks = size.ticks(value);
    ticks.or_else(|_| size.ticks_truncated(value)).ok()
}
