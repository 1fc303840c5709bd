//! Market data records: what a tick says (CTP behaviour notes §4.2–§4.4).

use ctp_market::{Date, Exchange};
use ctp_types::{DepthMarketDataField, NO_PRICE, SpecificInstrumentField, Text};

use crate::clock;
use crate::market::Market;
use crate::market::instrument::Class;
use crate::matching::book::{Book, Level};
use crate::text::resize;

/// Returns the record of a market's present state as the market-data front sends it: without `ExchangeID`.
///
/// `book` is the crowd's book with the clients' orders in it.
pub(crate) fn depth_market_data(market: &Market, book: &Book, trading_day: Date) -> DepthMarketDataField {
    let price = |ticks: Option<i64>| ticks.map_or(NO_PRICE, |ticks| market.price(ticks));
    let stats = &market.stats;
    let local = clock::local(market.updated);
    let rules = &market.instrument.rules;
    let delta = match market.instrument.class {
        Class::Option { .. } => f64::from(market.reference.delta) / 10_000.0,
        _ => NO_PRICE,
    };
    let mut record = DepthMarketDataField {
        trading_day: clock::date_text(rules.tick_trading_day(trading_day, local.date())),
        action_day: clock::date_text(rules.tick_action_day(trading_day, local.date())),
        update_time: clock::time_text(market.updated),
        update_millisec: rules.milliseconds.of(i32::from(local.millisecond())),
        instrument_id: market.instrument.id,
        reserve1: resize(&market.instrument.id),
        last_price: price(stats.last),
        pre_settlement_price: market.price(market.reference.settlement),
        pre_close_price: market.price(market.reference.close),
        pre_open_interest: market.reference.open_interest as f64,
        open_price: price(stats.open),
        highest_price: price(stats.high),
        lowest_price: price(stats.low),
        volume: stats.volume,
        turnover: stats.turnover.to_f64(),
        open_interest: stats.open_interest as f64,
        close_price: NO_PRICE,
        settlement_price: NO_PRICE,
        upper_limit_price: market.price(market.reference.upper),
        lower_limit_price: market.price(market.reference.lower),
        pre_delta: delta,
        curr_delta: delta,
        average_price: average_price(market),
        banding_upper_price: NO_PRICE,
        banding_lower_price: NO_PRICE,
        ..DepthMarketDataField::default()
    };
    fill_levels(&mut record, market, book);
    record
}

/// Returns the answer to a subscription of one id.
pub(crate) fn specific_instrument(id: &Text<81>) -> SpecificInstrumentField {
    SpecificInstrumentField { reserve1: resize(id), instrument_id: *id }
}

/// §4.3: turnover by volume, to be divided by the multiplier; CZCE sends a true price rounded to the tick.
fn average_price(market: &Market) -> f64 {
    let stats = &market.stats;
    if stats.volume == 0 {
        return NO_PRICE;
    }
    let by_volume = stats.turnover.to_f64() / f64::from(stats.volume);
    if market.instrument.exchange == Exchange::Czce {
        let tick = market.instrument.tick.to_f64();
        market.price((by_volume / f64::from(market.instrument.multiplier) / tick).round() as i64)
    } else {
        by_volume
    }
}

fn fill_levels(record: &mut DepthMarketDataField, market: &Market, book: &Book) {
    let levels = |levels: &[Level]| -> [(f64, i32); 5] {
        std::array::from_fn(|depth| match levels.get(depth) {
            Some(level) if depth < usize::from(market.instrument.rules.depth_levels) => {
                (market.price(level.price), level.volume)
            }
            _ => (NO_PRICE, 0),
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
