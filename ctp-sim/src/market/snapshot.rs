//! Market data records: what a tick says (§4.2–§4.4).

use ctp_market::{Exchange as Venue, NightDate};
use ctp_types::{DepthMarketDataField, NO_PRICE, SpecificInstrumentField, Text};

use crate::exchange::Exchange;
use crate::market::Market;
use crate::market::instrument::Class;
use crate::matching::book::{Book, Level};
use crate::switches::{LastBeforeTrade, NoValue, OnOff};

/// CFFEX's price protection: this share of the last price above and below it.
const BAND_PERCENT: i64 = 2;

/// Returns the record of a market's present state as the market-data front sends it: without `ExchangeID`.
///
/// `book` is the crowd's book with the clients' orders in it.
pub(crate) fn depth_market_data(exchange: &Exchange, market: &Market, book: &Book) -> DepthMarketDataField {
    let switches = &exchange.config.switches;
    let instrument = &market.instrument;
    let price = |ticks: Option<i64>| ticks.map_or(NO_PRICE, |ticks| instrument.price(ticks));
    let stats = &market.stats;
    let rules = &instrument.rules;
    let stamp = exchange.stamp_at(market.updated);
    let trading_day = exchange.trading_day();
    let date = |night: NightDate| match night {
        NightDate::Calendar => stamp.date,
        NightDate::TradingDay => trading_day,
    };
    let millisecond = market.updated.0.div_euclid(1_000_000).rem_euclid(1_000) as i32;
    let mut record = DepthMarketDataField {
        trading_day: date(rules.night_trading_day),
        action_day: date(rules.night_action_day),
        update_time: stamp.time,
        update_millisec: rules.milliseconds.of(millisecond),
        instrument_id: instrument.id,
        last_price: NO_PRICE,
        pre_settlement_price: NO_PRICE,
        pre_close_price: NO_PRICE,
        open_price: NO_PRICE,
        highest_price: NO_PRICE,
        lowest_price: NO_PRICE,
        close_price: NO_PRICE,
        settlement_price: NO_PRICE,
        upper_limit_price: instrument.price(market.reference.upper),
        lower_limit_price: instrument.price(market.reference.lower),
        pre_delta: no_value(switches.no_delta),
        curr_delta: no_value(switches.no_delta),
        average_price: NO_PRICE,
        banding_upper_price: no_value(switches.no_band),
        banding_lower_price: no_value(switches.no_band),
        ..DepthMarketDataField::default()
    };
    fill_levels(&mut record, exchange, market, book);
    // §4.7: quotes of combinations "fill few fields (bid/ask/volume/limits; no last, volume)".
    if instrument.is_combination() {
        return record;
    }
    record.pre_settlement_price = instrument.price(market.reference.settlement);
    record.pre_close_price = instrument.price(market.reference.close);
    record.pre_open_interest = market.reference.open_interest as f64;
    record.open_interest = stats.open_interest as f64;
    record.last_price = price(stats.last.or(match switches.last_before_trade {
        LastBeforeTrade::DblMax => None,
        LastBeforeTrade::PreClose => Some(market.reference.close),
        LastBeforeTrade::PreSettlement => Some(market.reference.settlement),
    }));
    record.open_price = price(stats.open);
    record.highest_price = price(stats.high);
    record.lowest_price = price(stats.low);
    record.volume = stats.volume;
    record.close_price = price(market.close);
    record.settlement_price = price(market.settlement);
    fill_turnover(&mut record, market, switches.czce_turnover_multiplied);
    if let Class::Option { .. } = instrument.class {
        record.pre_delta = f64::from(market.reference.delta) / 10_000.0;
        record.curr_delta = f64::from(stats.delta) / 10_000.0;
    }
    if instrument.exchange == Venue::Cffex {
        let middle = market.mark();
        let width = (middle * BAND_PERCENT / 100).max(1);
        let inside = |ticks: i64| market.reference.inside(ticks);
        record.banding_upper_price = instrument.price(inside(middle + width));
        record.banding_lower_price = instrument.price(inside(middle - width));
    }
    record
}

/// Returns the answer to a subscription of one id.
pub(crate) fn specific_instrument(id: &Text<81>) -> SpecificInstrumentField {
    SpecificInstrumentField { instrument_id: *id, ..SpecificInstrumentField::default() }
}

const fn no_value(switch: NoValue) -> f64 {
    match switch {
        NoValue::DblMax => NO_PRICE,
        NoValue::Zero => 0.0,
    }
}

/// §4.3: CTP computes the average as turnover by volume, so with the multiplier in it. CZCE sends a true price rounded to
/// the tick, and CTP computes the turnover from that: so it can fall.
fn fill_turnover(record: &mut DepthMarketDataField, market: &Market, multiplied: OnOff) {
    let stats = &market.stats;
    record.turnover = stats.turnover.to_f64();
    if stats.volume == 0 {
        return;
    }
    let instrument = &market.instrument;
    if instrument.exchange == Venue::Czce {
        let average = market.average();
        record.average_price = instrument.price(average);
        let multiplier = if multiplied == OnOff::On { instrument.multiplier } else { 1 };
        record.turnover = instrument.tick.amount(average, multiplier).lots(stats.volume).to_f64();
    } else {
        record.average_price = record.turnover / f64::from(stats.volume);
    }
}

fn fill_levels(record: &mut DepthMarketDataField, exchange: &Exchange, market: &Market, book: &Book) {
    let depth = exchange.config.depth_levels.unwrap_or(market.instrument.rules.depth_levels);
    let empty = no_value(exchange.config.switches.empty_level);
    let levels = |levels: &[Level]| -> [(f64, i32); 5] {
        std::array::from_fn(|place| match levels.get(place) {
            Some(level) if place < usize::from(depth) => (market.price(level.price), level.volume),
            _ => (empty, 0),
        })
    };
    let [bid1, bid2, bid3, bid4, bid5] = levels(&book.bids);
    let [ask1, ask2, ask3, ask4, ask5] = levels(&book.asks);
    (record.bid_price1, record.bid_volume1) = bid1;
    (record.bid_price2, record.bid_volume2) = bid2;
    (record.bid_price3, record.bid_volume3) = bid3;
    (record.bid_price4, record.bid_volume4) = bid4;
    (record.bid_price5, record.bid_volume5) = bid5;
    (record.ask_price1, record.ask_volume1) = ask1;
    (record.ask_price2, record.ask_volume2) = ask2;
    (record.ask_price3, record.ask_volume3) = ask3;
    (record.ask_price4, record.ask_volume4) = ask4;
    (record.ask_price5, record.ask_volume5) = ask5;
}
