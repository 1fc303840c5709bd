//! What the gateway refuses before it is sent.

use std::collections::HashMap;
use std::sync::Arc;

use ctp_types::{InputOrderField, OrderPriceType, ProductClass, Text, price};

use crate::error::{Denial, Rule};
use crate::td::rows::Instrument;

/// How far a price may lie from a multiple of the tick, as a part of the tick: prices carry binary noise.
const TICK_TOLERANCE: f64 = 1e-6;

/// What is known about instruments, from queries of this session.
#[derive(Debug, Default)]
pub(crate) struct InstrumentTable {
    rows: HashMap<Text<81>, Arc<Instrument>>,
    /// Whether all instruments of the trading day are known.
    complete: bool,
}

impl InstrumentTable {
    /// Takes what an unfiltered query returned: what is not in it does not exist.
    pub(crate) fn replace(&mut self, rows: &[Arc<Instrument>]) {
        self.rows.clear();
        self.add(rows);
        self.complete = !rows.is_empty();
    }

    /// Takes what a filtered query returned.
    pub(crate) fn add(&mut self, rows: &[Arc<Instrument>]) {
        self.rows.extend(rows.iter().map(|row| (row.instrument_id, Arc::clone(row))));
    }

    /// Returns what is known about an instrument.
    pub(crate) fn get(&self, id: &Text<81>) -> Option<&Arc<Instrument>> {
        self.rows.get(id)
    }

    /// Checks an order and fills in its exchange.
    pub(crate) fn check(&self, order: &mut InputOrderField) -> Result<(), Denial> {
        let id = order.instrument_id;
        let instrument = self.rows.get(&id);
        if id.is_empty() {
            return Err(Denial::new(
                Rule::Instrument,
                "the instrument is empty",
                "name one, for example rb2601",
            ));
        }
        if instrument.is_none() && self.complete {
            let fix = "it is not among the instruments of today; ids are case-sensitive, see instruments()";
            return Err(Denial::new(Rule::Instrument, format!("instrument {id} is unknown"), fix));
        }
        check_exchange(order, instrument)?;
        check_volume(order.volume_total_original, instrument)?;
        check_price(order, instrument)
    }
}

fn check_exchange(order: &mut InputOrderField, instrument: Option<&Arc<Instrument>>) -> Result<(), Denial> {
    match instrument {
        Some(known) if order.exchange_id.is_empty() => order.exchange_id = known.exchange_id,
        Some(known) if order.exchange_id != known.exchange_id => {
            let value = format!("exchange {} of {}", order.exchange_id, order.instrument_id);
            return Err(Denial::new(Rule::Exchange, value, format!("it trades at {}", known.exchange_id)));
        }
        None if order.exchange_id.is_empty() => {
            let value = format!("the exchange of {} is unknown", order.instrument_id);
            let fix = "name it with NewOrder::exchange, or query instruments() first";
            return Err(Denial::new(Rule::Exchange, value, fix));
        }
        _ => {}
    }
    Ok(())
}

fn check_volume(volume: i32, instrument: Option<&Arc<Instrument>>) -> Result<(), Denial> {
    if volume <= 0 {
        return Err(Denial::new(Rule::Volume, format!("volume {volume}"), "give at least 1 lot"));
    }
    match instrument.and_then(|known| known.volume_max) {
        Some(most) if volume > most => Err(Denial::new(
            Rule::Volume,
            format!("volume {volume}"),
            format!("give at most {most} lots in one order"),
        )),
        _ => Ok(()),
    }
}

fn check_price(order: &InputOrderField, instrument: Option<&Arc<Instrument>>) -> Result<(), Denial> {
    let raw = order.limit_price;
    if order.order_price_type != OrderPriceType::LIMIT_PRICE && raw == 0.0 {
        return Ok(());
    }
    let Some(limit) = price(raw) else {
        let fix = "give a price in CNY per unit of quotation";
        return Err(Denial::new(Rule::Price, format!("price {raw:e} is no price"), fix));
    };
    if limit <= 0.0 && !is_combination(&order.instrument_id, instrument) {
        return Err(Denial::new(
            Rule::Price,
            format!("price {limit}"),
            "give a price above 0; only spreads go below",
        ));
    }
    let Some(tick) = instrument.and_then(|known| known.price_tick) else { return Ok(()) };
    let steps = limit / tick;
    if (steps - steps.round()).abs() <= TICK_TOLERANCE {
        return Ok(());
    }
    // Rounded, so that the advice has no binary noise.
    let at = |steps: f64| (steps * tick * 1e6).round() / 1e6;
    let fix = format!("the tick is {tick}: give {} or {}", at(steps.floor()), at(steps.ceil()));
    Err(Denial::new(Rule::PriceTick, format!("price {limit} is between two ticks"), fix))
}

/// Combinations are quoted as differences, which may be zero or negative.
fn is_combination(id: &Text<81>, instrument: Option<&Arc<Instrument>>) -> bool {
    match instrument {
        Some(known) => known.product_class == ProductClass::COMBINATION,
        None => id.as_bytes().contains(&b'&'),
    }
}

#[cfg(test)]
mod tests {
    use ctp_types::InstrumentField;

    use super::*;

    fn table(complete: bool) -> InstrumentTable {
        let rows =
            [("rb2601", "SHFE", 1.0, 500), ("IF2512", "CFFEX", 0.2, 20)].map(|(id, exchange, tick, most)| {
                Arc::new(Instrument::new(&InstrumentField {
                    instrument_id: Text::new(id).unwrap(),
                    exchange_id: Text::new(exchange).unwrap(),
                    price_tick: tick,
                    max_limit_order_volume: most,
                    ..InstrumentField::default()
                }))
            });
        let mut table = InstrumentTable::default();
        if complete {
            table.replace(&rows)
        } else {
            table.add(&rows)
        }
        table
    }

    fn order(id: &str, price: f64, volume: i32) -> InputOrderField {
        InputOrderField {
            instrument_id: Text::new(id).unwrap(),
            order_price_type: OrderPriceType::LIMIT_PRICE,
            limit_price: price,
            volume_total_original: volume,
            ..InputOrderField::default()
        }
    }

    fn rule(table: &InstrumentTable, mut order: InputOrderField) -> Option<Rule> {
        table.check(&mut order).err().map(|denial| denial.rule)
    }

    #[test]
    fn good_orders_pass_and_get_their_exchange() {
        let mut good = order("IF2512", 3_900.2, 1);
        table(true).check(&mut good).unwrap();
        assert_eq!(good.exchange_id, "CFFEX");
        // Binary noise, as CTP itself sends it.
        assert_eq!(rule(&table(true), order("rb2601", 5_535.000_000_000_001, 500)), None);
    }

    #[test]
    fn bad_volumes() {
        for volume in [0, -1, i32::MIN, 501] {
            assert_eq!(rule(&table(true), order("rb2601", 3_900.0, volume)), Some(Rule::Volume));
        }
    }

    #[test]
    fn bad_prices() {
        for price in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, 0.0, -1.0] {
            assert_eq!(rule(&table(true), order("rb2601", price, 1)), Some(Rule::Price), "{price}");
        }
        assert_eq!(rule(&table(true), order("rb2601", 3_900.5, 1)), Some(Rule::PriceTick));
        assert_eq!(rule(&table(true), order("IF2512", 3_900.3, 1)), Some(Rule::PriceTick));
        let denial = table(true).check(&mut order("rb2601", 3_900.5, 1)).unwrap_err();
        assert!(denial.to_string().contains("give 3900 or 3901"), "{denial}");
    }

    #[test]
    fn unknown_instruments_are_denied_only_with_the_whole_table() {
        assert_eq!(rule(&table(true), order("RB2601", 3_900.0, 1)), Some(Rule::Instrument));
        let mut unknown = order("hc2601", 3_900.0, 1);
        assert_eq!(rule(&table(false), unknown), Some(Rule::Exchange));
        unknown.exchange_id = Text::new("SHFE").unwrap();
        assert_eq!(rule(&table(false), unknown), None);
        assert_eq!(rule(&table(true), order("", 3_900.0, 1)), Some(Rule::Instrument));
    }

    #[test]
    fn a_wrong_exchange_is_denied() {
        let mut wrong = order("rb2601", 3_900.0, 1);
        wrong.exchange_id = Text::new("DCE").unwrap();
        assert_eq!(rule(&table(true), wrong), Some(Rule::Exchange));
    }

    #[test]
    fn spreads_may_be_negative() {
        let mut spread = order("SP m2601&m2605", -12.0, 1);
        spread.exchange_id = Text::new("DCE").unwrap();
        assert_eq!(rule(&table(false), spread), None);
    }
}
