//! Products as the files write them.

use std::collections::BTreeMap;

use jiff::civil::{Time, time};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use crate::exchange::Exchange;
use crate::last_day::LastDay;
use crate::money::{Money, Rate};
use crate::option::{ExerciseStyle, OptionMonths, OptionTerms, StrikeStep};
use crate::product::{Fees, Listing, Product, Session};
use crate::tick::{TickSize, parse_decimal};

/// When every night session starts.
const NIGHT_START: Time = time(21, 0, 0, 0);
/// Two years: no product lists more months.
const MOST_MONTHS: u8 = 24;

/// The products of one exchange, `data/products/*.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProductFile {
    pub(crate) exchange: Exchange,
    currency: String,
    largest_limit_order: i32,
    largest_market_order: i32,
    product: Vec<Row>,
}

/// The hours of the day sessions by name.
pub(crate) type DaySessions = BTreeMap<String, Vec<Session>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    name: String,
    quote_unit: String,
    multiplier: i32,
    tick: TickSize,
    largest_limit_order: Option<i32>,
    largest_market_order: Option<i32>,
    listing: Listing,
    last_day: LastDay,
    day: Option<String>,
    #[serde(default, deserialize_with = "optional_time")]
    night_end: Option<Time>,
    one_sided_margin: Option<bool>,
    margin: f64,
    limit: f64,
    fee_by_money: Option<[f64; 3]>,
    fee_by_volume: Option<[f64; 3]>,
    price: String,
    options: Option<OptionRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OptionRow {
    ids: [String; 2],
    root: Option<String>,
    name: String,
    multiplier: i32,
    tick: TickSize,
    largest_limit_order: i32,
    style: ExerciseStyle,
    futures: Option<u8>,
    listing: Option<Listing>,
    sparse_from: Option<u8>,
    last_day: LastDay,
    #[serde(default, deserialize_with = "optional_time")]
    closing_auction: Option<Time>,
    coverage: f64,
    strikes: Vec<StepRow>,
    fee_by_money: Option<[f64; 3]>,
    fee_by_volume: Option<[f64; 3]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepRow {
    up_to: Option<String>,
    step: String,
}

impl ProductFile {
    /// Returns the products, checked. `is_one_sided` is the exchange's rule.
    pub(crate) fn products(self, days: &DaySessions, is_one_sided: bool) -> Result<Vec<Product>, String> {
        let Self { exchange, currency, largest_limit_order, largest_market_order, product } = self;
        let products = product.into_iter().map(|row| {
            let id = row.id.clone();
            let product = Product {
                exchange,
                currency: currency.clone(),
                largest_limit_order: row.largest_limit_order.unwrap_or(largest_limit_order),
                largest_market_order: row.largest_market_order.unwrap_or(largest_market_order),
                one_sided_margin: is_one_sided && row.one_sided_margin.unwrap_or(true),
                ..row.product(exchange, days).map_err(|reason| format!("product {id}: {reason}"))?
            };
            if product.largest_limit_order <= 0 || product.largest_market_order < 0 {
                return Err(format!("product {id}: order sizes must be positive"));
            }
            Ok(product)
        });
        products.collect()
    }
}

impl Row {
    /// Returns the product as far as the row says it; the file fills in the rest.
    fn product(self, exchange: Exchange, days: &DaySessions) -> Result<Product, String> {
        let is_upper = matches!(exchange, Exchange::Czce | Exchange::Cffex);
        let is_letter =
            |byte: u8| if is_upper { byte.is_ascii_uppercase() } else { byte.is_ascii_lowercase() };
        if self.id.is_empty() || !self.id.bytes().all(is_letter) {
            let case = if is_upper { "upper" } else { "lower" };
            return Err(format!("ids of {exchange} are {case}-case letters"));
        }
        if self.multiplier <= 0 {
            return Err(format!("multiplier must be positive, found {}", self.multiplier));
        }
        check_listing(&self.listing)?;
        if !(0.0..1.0).contains(&self.margin) || !(0.0..1.0).contains(&self.limit) {
            return Err("margin and limit are fractions from 0 to 1".to_owned());
        }
        let day = self.day.as_deref().unwrap_or("commodity");
        let day = days.get(day).ok_or_else(|| format!("day {day:?} does not stand in [sessions]"))?;
        let night = self.night_end.map(|end| Session { start: NIGHT_START, end });
        let units =
            parse_decimal(&self.price).ok_or_else(|| format!("price {:?} is not a decimal", self.price))?;
        let price = self.tick.ticks(Money(units).to_f64()).map_err(|error| error.to_string())?;
        let options = self.options.map(|row| row.terms(&self.id)).transpose();
        let options = options.map_err(|reason| format!("options: {reason}"))?;
        Ok(Product {
            exchange,
            currency: String::new(),
            quote_unit: self.quote_unit,
            name: self.name,
            multiplier: self.multiplier,
            tick: self.tick,
            largest_limit_order: 0,
            largest_market_order: 0,
            listing: self.listing,
            last_day: self.last_day,
            has_night: night.is_some(),
            sessions: night.into_iter().chain(day.iter().copied()).collect(),
            one_sided_margin: false,
            margin: Rate::from_f64(self.margin),
            limit: Rate::from_f64(self.limit),
            fees: fees(self.fee_by_money, self.fee_by_volume),
            price,
            options,
            id: self.id,
        })
    }
}

impl OptionRow {
    fn terms(self, product: &str) -> Result<OptionTerms, String> {
        if self.multiplier <= 0 || self.largest_limit_order <= 0 || !(0.0..=10.0).contains(&self.coverage) {
            return Err("multiplier, order size and coverage must be positive".to_owned());
        }
        let months = match (self.futures, self.listing) {
            (Some(count @ 1..=MOST_MONTHS), None) => OptionMonths::Futures(count),
            (None, Some(listing)) => {
                check_listing(&listing)?;
                OptionMonths::Own(listing)
            }
            _ => return Err(format!("either futures, 1 to {MOST_MONTHS}, or listing stands there")),
        };
        let [call_id, put_id] = self.ids;
        Ok(OptionTerms {
            call_id,
            put_id,
            root: self.root.unwrap_or_else(|| product.to_owned()),
            name: self.name,
            style: self.style,
            multiplier: self.multiplier,
            tick: self.tick,
            largest_limit_order: self.largest_limit_order,
            months,
            last_day: self.last_day,
            strike_steps: strike_steps(&self.strikes, self.sparse_from.is_some())?,
            sparse_from: self.sparse_from,
            coverage: Rate::from_f64(self.coverage),
            closing_auction: self.closing_auction,
            fees: fees(self.fee_by_money, self.fee_by_volume),
        })
    }
}

/// Steps rise, each ends on a strike of its own, and the last one has no end.
fn strike_steps(rows: &[StepRow], is_sparse_somewhere: bool) -> Result<Vec<StrikeStep>, String> {
    let price = |text: &str| {
        let units = parse_decimal(text).filter(|units| *units > 0);
        units.map(Money).ok_or_else(|| format!("{text:?} is not a positive decimal"))
    };
    let mut steps: Vec<StrikeStep> = Vec::new();
    for row in rows {
        let step = price(&row.step)?;
        let up_to = row.up_to.as_deref().map(price).transpose()?;
        let widest = if is_sparse_somewhere { step.0 * 2 } else { step.0 };
        let before = steps.last().map(|before| before.up_to.unwrap_or(Money(i64::MAX)));
        if up_to.is_some_and(|up_to| up_to.0 % widest != 0)
            || before.is_some_and(|before| up_to.unwrap_or(Money(i64::MAX)) <= before)
        {
            return Err(format!("strikes of step {}: up_to must rise and be a strike", row.step));
        }
        steps.push(StrikeStep { up_to, step });
    }
    match steps.last() {
        Some(StrikeStep { up_to: None, .. }) => Ok(steps),
        _ => Err("the last of the strikes must have no up_to".to_owned()),
    }
}

fn check_listing(listing: &Listing) -> Result<(), String> {
    if listing.cycle.iter().any(|month| !(1..=12).contains(month)) {
        return Err("a listing's cycle holds months from 1 to 12".to_owned());
    }
    let months = listing.nearest.saturating_add(listing.cycle_count);
    if !(1..=MOST_MONTHS).contains(&months) || listing.cycle.is_empty() != (listing.cycle_count == 0) {
        return Err(format!(
            "a listing has 1 to {MOST_MONTHS} months, and a cycle where it has a cycle_count"
        ));
    }
    Ok(())
}

fn fees(by_money: Option<[f64; 3]>, by_volume: Option<[f64; 3]>) -> Fees {
    let [open, close, today] = by_money.unwrap_or_default().map(Rate::from_f64);
    let [open_lot, close_lot, today_lot] =
        by_volume.unwrap_or_default().map(|yuan| Money((yuan * 10_000.0).round() as i64));
    Fees {
        open_by_money: open,
        open_by_volume: open_lot,
        close_by_money: close,
        close_by_volume: close_lot,
        close_today_by_money: today,
        close_today_by_volume: today_lot,
    }
}

fn optional_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Time>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let time =
        text.parse().map_err(|_| D::Error::custom(format!("not a time: {text:?} (expected as 23:00)")))?;
    Ok(Some(time))
}

impl<'de> Deserialize<'de> for Session {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let session = text.split_once('-').and_then(|(start, end)| {
            Some(Self { start: start.parse().ok()?, end: end.parse().ok()? }).filter(|it| it.start < it.end)
        });
        session.ok_or_else(|| D::Error::custom(format!("not a session: {text:?} (expected as 09:00-10:15)")))
    }
}
