//! Orders that cannot be right: fields that contradict what is known of the instrument.

use ctp_types::{ContingentCondition, InputOrderField, OrderPriceType, ProductClass, Text, price};

use crate::error::{Denial, Rule};
use crate::td::rows::Instrument;

/// How far a price may lie from a multiple of the tick, as a part of the tick: prices carry binary noise.
const TICK_TOLERANCE: f64 = 1e-6;

/// Checks an order and fills in its exchange. `complete` tells that an instrument without a row does not exist.
pub(super) fn check(
    order: &mut InputOrderField,
    instrument: Option<&Instrument>,
    complete: bool,
) -> Result<(), Denial> {
    let id = order.instrument_id;
    if id.is_empty() {
        return Err(Denial::new(Rule::Instrument, "the instrument is empty", "name one, for example rb2601"));
    }
    if instrument.is_none() && complete {
        let fix = "it is not among the instruments of today; ids are case-sensitive, see instruments()";
        return Err(Denial::new(Rule::Instrument, format!("instrument {id} is unknown"), fix));
    }
    check_exchange(order, instrument)?;
    check_volume(order, instrument)?;
    check_prices(order, instrument)
}

fn check_exchange(order: &mut InputOrderField, instrument: Option<&Instrument>) -> Result<(), Denial> {
    match instrument {
        Some(known) if order.exchange_id.is_empty() => order.exchange_id = known.exchange_id,
        Some(known) if order.exchange_id != known.exchange_id => {
            let value = format!("exchange {} of {}", order.exchange_id, order.instrument_id);
            let denial = Denial::new(Rule::Exchange, value, format!("it trades at {}", known.exchange_id));
            return Err(denial.limit(known.exchange_id.to_str()));
        }
        None if order.exchange_id.is_empty() => {
            let value = format!("the exchange of {} is unknown", order.instrument_id);
            let fix = "name it in the order's exchange, or query instruments() first";
            return Err(Denial::new(Rule::Exchange, value, fix));
        }
        _ => {}
    }
    Ok(())
}

fn check_volume(order: &InputOrderField, instrument: Option<&Instrument>) -> Result<(), Denial> {
    let volume = order.volume_total_original;
    if volume <= 0 {
        return Err(Denial::new(Rule::Volume, format!("volume {volume}"), "give at least 1 lot"));
    }
    let most = match order.order_price_type == OrderPriceType::LIMIT_PRICE {
        true => instrument.and_then(|known| known.volume_max),
        false => instrument.map(|known| known.record.max_market_order_volume).filter(|most| *most > 0),
    };
    match most {
        Some(most) if volume > most => {
            let limit = format!("at most {most} lots in one order");
            let denial = Denial::new(Rule::Volume, format!("volume {volume}"), format!("give {limit}"));
            Err(denial.limit(limit))
        }
        _ => Ok(()),
    }
}

fn check_prices(order: &InputOrderField, instrument: Option<&Instrument>) -> Result<(), Denial> {
    if has_trigger(order) {
        check_price("stop price", order.stop_price, order, instrument)?;
    }
    if order.order_price_type == OrderPriceType::LIMIT_PRICE {
        return check_price("price", order.limit_price, order, instrument);
    }
    // Other types name no price, but what stands in the field must be a number.
    match price(order.limit_price) {
        Some(_) => Ok(()),
        None => Err(no_price("price", order.limit_price)),
    }
}

/// Returns whether an order waits for a price before it goes to the market.
pub(super) fn has_trigger(order: &InputOrderField) -> bool {
    let condition = order.contingent_condition;
    condition != ContingentCondition::IMMEDIATELY
        && condition != ContingentCondition::PARKED_ORDER
        && condition != ContingentCondition::default()
}

fn no_price(what: &str, raw: f64) -> Denial {
    let fix = "give a price in CNY per unit of quotation";
    Denial::new(Rule::Price, format!("{what} {raw:e} is no price"), fix).limit("a number")
}

fn check_price(
    what: &str,
    raw: f64,
    order: &InputOrderField,
    instrument: Option<&Instrument>,
) -> Result<(), Denial> {
    let Some(limit) = price(raw) else { return Err(no_price(what, raw)) };
    if limit <= 0.0 && !is_combination(&order.instrument_id, instrument) {
        let value = format!("{what} {limit}");
        return Err(Denial::new(Rule::Price, value, "give a price above 0; only spreads go below"));
    }
    let Some(tick) = instrument.and_then(|known| known.price_tick) else { return Ok(()) };
    let steps = limit / tick;
    if (steps - steps.round()).abs() <= TICK_TOLERANCE {
        // Next to nothing is a multiple of the tick too: of none.
        return match steps.round() == 0.0 && !is_combination(&order.instrument_id, instrument) {
            true => {
                let denial =
                    Denial::new(Rule::Price, format!("{what} {limit:e}"), format!("give at least {tick}"));
                Err(denial.limit(format!("at least {tick}")))
            }
            false => Ok(()),
        };
    }
    // Rounded, so that the advice has no binary noise.
    let at = |steps: f64| (steps * tick * 1e6).round() / 1e6;
    let fix = format!("the tick is {tick}: give {} or {}", at(steps.floor()), at(steps.ceil()));
    let denial = Denial::new(Rule::PriceTick, format!("{what} {limit} is between two ticks"), fix);
    Err(denial.limit(format!("a multiple of {tick}")))
}

/// Combinations are quoted as differences, which may be zero or negative.
pub(super) fn is_combination(id: &Text<81>, instrument: Option<&Instrument>) -> bool {
    match instrument {
        Some(known) => known.product_class == ProductClass::COMBINATION,
        None => id.as_bytes().contains(&b'&'),
    }
}

#[cfg(test)]
mod tests {
    use ctp_types::InstrumentField;

    use super::*;

    fn row(id: &str) -> Option<Instrument> {
        let known = [("rb2601", "SHFE", 1.0, 500), ("IF2512", "CFFEX", 0.2, 20)];
        let (id, exchange, tick, most) = known.into_iter().find(|(known, ..)| *known == id)?;
        Some(Instrument::new(&InstrumentField {
            instrument_id: Text::new(id).unwrap(),
            exchange_id: Text::new(exchange).unwrap(),
            price_tick: tick,
            max_limit_order_volume: most,
            ..InstrumentField::default()
        }))
    }

    fn order(id: &str, price: f64, volume: i32) -> InputOrderField {
        InputOrderField {
            instrument_id: Text::new(id).unwrap(),
            limit_price: price,
            order_price_type: OrderPriceType::LIMIT_PRICE,
            volume_total_original: volume,
            ..InputOrderField::default()
        }
    }

    fn checked(complete: bool, order: &mut InputOrderField) -> Result<(), Denial> {
        check(order, row(&order.instrument_id.to_str()).as_ref(), complete)
    }

    fn rule(complete: bool, mut order: InputOrderField) -> Option<Rule> {
        checked(complete, &mut order).err().map(|denial| denial.rule)
    }

    #[test]
    fn good_orders_pass_and_get_their_exchange() {
        let mut good = order("IF2512", 3_900.2, 1);
        checked(true, &mut good).unwrap();
        assert_eq!(good.exchange_id, "CFFEX");
        // Binary noise, as CTP itself sends it.
        assert_eq!(rule(true, order("rb2601", 5_535.000_000_000_001, 500)), None);
    }

    #[test]
    fn bad_volumes() {
        for volume in [0, -1, i32::MIN, 501] {
            assert_eq!(rule(true, order("rb2601", 3_900.0, volume)), Some(Rule::Volume));
        }
    }

    #[test]
    fn bad_prices() {
        for price in
            [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, 0.0, -1.0, 1e-9, f64::MIN_POSITIVE]
        {
            assert_eq!(rule(true, order("rb2601", price, 1)), Some(Rule::Price), "{price}");
        }
        assert_eq!(rule(true, order("rb2601", 3_900.5, 1)), Some(Rule::PriceTick));
        assert_eq!(rule(true, order("IF2512", 3_900.3, 1)), Some(Rule::PriceTick));
        let denial = checked(true, &mut order("rb2601", 3_900.5, 1)).unwrap_err();
        assert!(denial.to_string().contains("give 3900 or 3901"), "{denial}");
        assert_eq!(denial.limit, "a multiple of 1");
    }

    #[test]
    fn other_types_name_no_price_and_triggers_are_prices_too() {
        let market = |price| InputOrderField {
            order_price_type: OrderPriceType::ANY_PRICE,
            ..order("rb2601", price, 1)
        };
        assert_eq!(rule(true, market(0.0)), None);
        assert_eq!(rule(true, market(f64::NAN)), Some(Rule::Price));
        let stop = |price| InputOrderField {
            contingent_condition: ContingentCondition::TOUCH,
            stop_price: price,
            ..order("rb2601", 3_900.0, 1)
        };
        assert_eq!(rule(true, stop(3_890.0)), None);
        assert_eq!(rule(true, stop(3_890.5)), Some(Rule::PriceTick));
        assert_eq!(rule(true, stop(f64::INFINITY)), Some(Rule::Price));
        assert_eq!(rule(true, stop(0.0)), Some(Rule::Price));
    }

    #[test]
    fn unknown_instruments_are_denied_only_with_the_whole_table() {
        assert_eq!(rule(true, order("RB2601", 3_900.0, 1)), Some(Rule::Instrument));
        let mut unknown = order("hc2601", 3_900.0, 1);
        assert_eq!(rule(false, unknown), Some(Rule::Exchange));
        unknown.exchange_id = Text::new("SHFE").unwrap();
        assert_eq!(rule(false, unknown), None);
        assert_eq!(rule(true, order("", 3_900.0, 1)), Some(Rule::Instrument));
    }

    #[test]
    fn a_wrong_exchange_is_denied() {
        let mut wrong = order("rb2601", 3_900.0, 1);
        wrong.exchange_id = Text::new("DCE").unwrap();
        assert_eq!(rule(true, wrong), Some(Rule::Exchange));
    }

    #[test]
    fn spreads_may_be_negative() {
        let mut spread = order("SP m2601&m2605", -12.0, 1);
        spread.exchange_id = Text::new("DCE").unwrap();
        assert_eq!(rule(false, spread), None);
    }
}
