//! Which price type, time, volume and trigger go together, and where (ctp-behaviour.md §5.2).
//!
//! Denied is what counter or exchange would certainly refuse. What only some of them refuse passes, and comes back
//! as their refusal.

use ctp_market::Exchange;
use ctp_types::{
    ContingentCondition, Direction, ForceCloseReason, HedgeFlag, InputOrderField, OffsetFlag, OrderPriceType,
    TimeCondition, VolumeCondition, price,
};

use crate::error::{Denial, Rule};

/// Fills in what only the exchange decides, if the record names it, and checks the rest. The session does it once for each
/// order, when its risk gate has named the exchange.
///
/// # Errors
///
/// Returns what cannot be sent, and what can be sent instead.
pub(crate) fn complete(record: &mut InputOrderField) -> Result<(), Denial> {
    let exchange = exchange_of(record);
    let is_open = record.time_condition == TimeCondition::default();
    // Without the exchange it cannot be said.
    if is_open && record.order_price_type == OrderPriceType::ANY_PRICE && !record.exchange_id.is_empty() {
        complete_market(record, exchange);
    }
    check_fields(record)?;
    check_prices(record)?;
    match exchange {
        Some(exchange) => check_exchange(record, exchange),
        None => Ok(()),
    }
}

/// Returns the exchange that the record names; `None` for one that this gateway does not know.
pub(crate) fn exchange_of(record: &InputOrderField) -> Option<Exchange> {
    let id = record.exchange_id.as_bytes();
    Exchange::ALL.into_iter().find(|exchange| exchange.id().as_bytes() == id)
}

/// A market order lasts as its exchange has it.
fn complete_market(record: &mut InputOrderField, exchange: Option<Exchange>) {
    let is_stop = is_exchange_stop(record);
    (record.time_condition, record.volume_condition) = match exchange {
        // An order that waits at the exchange waits for the day.
        Some(Exchange::Dce | Exchange::Gfex) if is_stop => (TimeCondition::GFD, VolumeCondition::AV),
        Some(Exchange::Dce | Exchange::Gfex) => (TimeCondition::IOC, VolumeCondition::CV),
        Some(Exchange::Czce) => (TimeCondition::GFD, VolumeCondition::CV),
        _ => (TimeCondition::IOC, VolumeCondition::AV),
    };
}

fn is_exchange_stop(record: &InputOrderField) -> bool {
    matches!(record.contingent_condition, ContingentCondition::TOUCH | ContingentCondition::TOUCH_PROFIT)
}

/// What no exchange takes.
fn check_fields(record: &InputOrderField) -> Result<(), Denial> {
    if record.direction.name().is_none() {
        return deny(format!("direction {:?}", record.direction), "give Direction::BUY or Direction::SELL");
    }
    let offsets = record.comb_offset_flag.as_bytes();
    let is_investors = |letter: &u8| {
        matches!(
            OffsetFlag::from_char(*letter),
            OffsetFlag::OPEN | OffsetFlag::CLOSE | OffsetFlag::CLOSE_TODAY | OffsetFlag::CLOSE_YESTERDAY
        )
    };
    if offsets.is_empty() || !offsets.iter().all(is_investors) {
        let value = format!("offset {:?}", record.comb_offset_flag);
        return deny(value, "investors open, close, close today's or close yesterday's lots");
    }
    let hedges = record.comb_hedge_flag.as_bytes();
    if hedges.is_empty() || hedges.iter().any(|letter| HedgeFlag::from_char(*letter).name().is_none()) {
        return deny(format!("hedge {:?}", record.comb_hedge_flag), "give the constants of HedgeFlag");
    }
    if record.force_close_reason != ForceCloseReason::NOT_FORCE_CLOSE || record.is_auto_suspend != 0 {
        let value = format!(
            "force close reason {:?}, auto suspend {}",
            record.force_close_reason, record.is_auto_suspend
        );
        return deny(value, "both are 0 for investors: ForceCloseReason::NOT_FORCE_CLOSE and 0");
    }
    if record.contingent_condition == ContingentCondition::PARKED_ORDER {
        return deny("condition PARKED_ORDER", "an order is parked by TdClient::park");
    }
    if record.contingent_condition.name().is_none() {
        return deny(format!("condition {:?}", record.contingent_condition), "give a constant of it");
    }
    check_lasting(record)
}

/// How long, and how much at once.
fn check_lasting(record: &InputOrderField) -> Result<(), Denial> {
    use {OrderPriceType as Price, TimeCondition as Time, VolumeCondition as Volume};
    let is_market = match record.order_price_type {
        Price::ANY_PRICE => true,
        Price::LIMIT_PRICE | Price::BEST_PRICE | Price::FIVE_LEVEL_PRICE => false,
        other => {
            let fix = "exchanges take limit, market, best-price and five-level orders";
            return deny(format!("price type {other:?}"), fix);
        }
    };
    match (record.time_condition, record.volume_condition) {
        (Time::IOC, Volume::AV | Volume::CV) | (Time::GFD | Time::GFS, Volume::AV | Volume::MV) => Ok(()),
        (Time::GFD, Volume::CV) if is_market => Ok(()),
        // Not known before the exchange is.
        (time, _) if time == Time::default() && is_market && record.exchange_id.is_empty() => Ok(()),
        (Time::IOC, Volume::MV) if (1..=record.volume_total_original.max(1)).contains(&record.min_volume) => {
            Ok(())
        }
        (Time::IOC, Volume::MV) => {
            let value = format!("minimum {} of {} lots", record.min_volume, record.volume_total_original);
            deny(value, "the minimum lies between 1 and the order's lots")
        }
        (time @ (Time::GTD | Time::GTC | Time::GFA), _) => {
            deny(format!("time {time:?}"), "exchanges take orders for now (IOC) or for the day (GFD)")
        }
        (time, volume) => {
            let fix = "all or nothing goes with fill_or_kill(); an order for the day fills as it can";
            deny(format!("time {time:?} with volume {volume:?}"), fix)
        }
    }
}

fn check_prices(record: &InputOrderField) -> Result<(), Denial> {
    let has_limit = record.order_price_type == OrderPriceType::LIMIT_PRICE;
    if !has_limit && record.limit_price != 0.0 {
        let value = format!("price {} of an order without a limit", record.limit_price);
        return Err(Denial::new(Rule::Price, value, "leave it at 0, or place a limit order"));
    }
    let waits = record.contingent_condition != ContingentCondition::IMMEDIATELY;
    let stop = record.stop_price;
    if waits && !price(stop).is_some_and(f64::is_finite) {
        let value = format!("stop price {stop:e}");
        return Err(Denial::new(Rule::Price, value, "give a price in CNY per unit of quotation"));
    }
    if !waits && stop != 0.0 {
        let fix = "leave it at 0, or say what it is for: stop_loss, take_profit or when";
        return Err(Denial::new(Rule::Price, format!("stop price {stop} without a trigger"), fix));
    }
    Ok(())
}

/// What the exchange does not take.
fn check_exchange(record: &InputOrderField, exchange: Exchange) -> Result<(), Denial> {
    let id = exchange.id();
    let is_dce_or_gfex = matches!(exchange, Exchange::Dce | Exchange::Gfex);
    match record.order_price_type {
        OrderPriceType::ANY_PRICE => check_market(record, exchange)?,
        OrderPriceType::BEST_PRICE | OrderPriceType::FIVE_LEVEL_PRICE if exchange != Exchange::Cffex => {
            return deny(
                format!("price type {:?} at {id}", record.order_price_type),
                "only CFFEX has best-price and five-level orders; place a limit order",
            );
        }
        _ => {}
    }
    if record.time_condition == TimeCondition::GFS && exchange != Exchange::Dce {
        return deny(
            format!("an order for the section at {id}"),
            "only DCE has them; leave session_only out",
        );
    }
    let is_stop = is_exchange_stop(record);
    if is_stop && !is_dce_or_gfex {
        let fix = "only DCE and GFEX keep them; the counter keeps orders for every exchange: NewOrder::when";
        return deny(format!("a stop loss or take profit at {id}"), fix);
    }
    if is_stop && record.time_condition == TimeCondition::IOC {
        return deny(
            "a stop loss or take profit for now only",
            "it waits for the day: leave FAK and FOK out",
        );
    }
    if record.is_swap_order != 0 {
        check_swap(record, exchange)?;
    }
    let instrument = record.instrument_id.as_bytes();
    let is_option_pair = instrument.starts_with(b"STD ") || instrument.starts_with(b"STG ");
    if exchange == Exchange::Czce && is_option_pair && record.time_condition != TimeCondition::IOC {
        let fix = "CZCE takes combinations of options only with fill_and_kill or fill_or_kill";
        return deny(format!("{} for the day", record.instrument_id), fix);
    }
    Ok(())
}

fn check_market(record: &InputOrderField, exchange: Exchange) -> Result<(), Denial> {
    let form = (record.time_condition, record.volume_condition);
    let is_stop = is_exchange_stop(record);
    let limit = if record.direction == Direction::BUY { "upper" } else { "lower" };
    match exchange {
        Exchange::Dce | Exchange::Gfex if is_stop => Ok(()),
        Exchange::Dce | Exchange::Gfex if form == (TimeCondition::IOC, VolumeCondition::CV) => Ok(()),
        Exchange::Dce | Exchange::Gfex => deny(
            form_of(form, exchange),
            "there a market order fills all or nothing: leave NewOrder::market as it is",
        ),
        Exchange::Czce
            if form.0 == TimeCondition::GFD
                && matches!(form.1, VolumeCondition::AV | VolumeCondition::CV) =>
        {
            Ok(())
        }
        Exchange::Czce => deny(
            form_of(form, exchange),
            "there a market order is for the day and never rests: leave NewOrder::market as it is",
        ),
        Exchange::Cffex => {
            deny("a market order at CFFEX", "it has NewOrder::best_price and NewOrder::five_level instead")
        }
        _ => deny(
            format!("a market order at {}", exchange.id()),
            format!("it has none; place a limit order at the {limit} daily limit with fill_and_kill"),
        ),
    }
}

fn check_swap(record: &InputOrderField, exchange: Exchange) -> Result<(), Denial> {
    let closes =
        record.comb_offset_flag.as_bytes().iter().all(|letter| *letter != OffsetFlag::OPEN.as_char());
    if !matches!(exchange, Exchange::Dce | Exchange::Czce) {
        return deny(format!("a swap order at {}", exchange.id()), "only DCE and CZCE have them");
    }
    if !closes || record.order_price_type != OrderPriceType::LIMIT_PRICE {
        let value = format!("a swap order with offset {:?}", record.comb_offset_flag);
        return deny(value, "it closes at a price: see NewOrder::swap");
    }
    Ok(())
}

fn form_of((time, volume): (TimeCondition, VolumeCondition), exchange: Exchange) -> String {
    format!("a market order with time {time:?} and volume {volume:?} at {}", exchange.id())
}

fn deny(value: impl Into<String>, fix: impl Into<String>) -> Result<(), Denial> {
    Err(Denial::new(Rule::OrderKind, value, fix))
}
