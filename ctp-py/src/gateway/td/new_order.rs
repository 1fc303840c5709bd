//! Orders to be placed, as Python writes them.

mod class;
mod keywords;
mod named;

use ctp_gateway::td;
use ctp_types::{Direction, HedgeFlag, OffsetFlag};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::condition::Condition;
use super::given::{self, Taker};

/// An order to be placed: what is wanted, and how.
///
/// `NewOrder(instrument_id, direction, offset, volume, price, **more)` is a limit order for the day unless the keywords say
/// otherwise; `NewOrder.limit`, `.market`, `.fak`, `.fok`, `.best_price`, `.five_level`, `.conditional`, `.spread` and
/// `.swap` say it by name. Prices are CNY per unit of quotation, volumes lots.
///
/// Keywords:
///     kind: `limit` (default), `market`, `best_price`, `five_level`, `spread`, `swap`.
///     lasts: `day` (the default of limit orders), `fak` (fill and kill), `fok` (fill or kill), `section` (DCE),
///         `rest_as_limit` (best price and five levels, CFFEX).
///     min_volume: with `fak`: at least so many lots now, or none.
///     exchange: for example `SHFE`; not needed for instruments that `td.instruments()` has returned.
///     hedge: `speculation` (default), `arbitrage`, `hedge`, `market_maker`; a pair for the legs of a combination.
///     stop_loss, take_profit: kept at the exchange until the last price touches this price (DCE, GFEX).
///     when: a `Condition`: the counter keeps the order until it is met (条件单).
///     memo: at most 12 GBK bytes that come back in the order's records.
///     invest_unit: the unit of the account that trades, at most 16 bytes.
///
/// Raises:
///     TypeError: a value is missing or of the wrong type.
///     ValueError: a value cannot be sent; the message names it and what to give.
#[pyclass(frozen, eq, from_py_object, module = "ctp_py")]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NewOrder {
    instrument_id: String,
    direction: Direction,
    /// One per leg.
    offsets: (OffsetFlag, Option<OffsetFlag>),
    volume: i32,
    price: Option<f64>,
    kind: Kind,
    lasts: Option<Lasts>,
    min_volume: Option<i32>,
    trigger: Option<Trigger>,
    exchange: Option<String>,
    hedges: (HedgeFlag, Option<HedgeFlag>),
    memo: Option<String>,
    invest_unit: Option<String>,
}

/// What the price is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Limit,
    Market,
    BestPrice,
    FiveLevel,
    Spread,
    Swap,
}

const KINDS: &[(&str, Kind)] = &[
    ("limit", Kind::Limit),
    ("market", Kind::Market),
    ("best_price", Kind::BestPrice),
    ("five_level", Kind::FiveLevel),
    ("spread", Kind::Spread),
    ("swap", Kind::Swap),
];

/// How long it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lasts {
    Day,
    Fak,
    Fok,
    Section,
    RestAsLimit,
}

const LASTS: &[(&str, Lasts)] = &[
    ("day", Lasts::Day),
    ("fak", Lasts::Fak),
    ("fok", Lasts::Fok),
    ("section", Lasts::Section),
    ("rest_as_limit", Lasts::RestAsLimit),
];

/// What it waits for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Trigger {
    StopLoss(f64),
    TakeProfit(f64),
    When(Condition),
}

/// Who takes what is given.
const TAKER: Taker = Taker("NewOrder");

/// What a caller gave, whatever it is.
type Given<'a, 'py> = &'a Bound<'py, PyAny>;

impl NewOrder {
    /// Takes what every order has; `price` is `None` where there is none.
    fn begin(
        instrument_id: Given<'_, '_>,
        direction: Given<'_, '_>,
        offset: Given<'_, '_>,
        volume: Given<'_, '_>,
        price: Option<Given<'_, '_>>,
        kind: Kind,
    ) -> PyResult<Self> {
        Ok(Self {
            instrument_id: TAKER.text::<81>("instrument_id", instrument_id)?,
            direction: TAKER.word("direction", direction, given::DIRECTIONS)?,
            offsets: TAKER.legs("offset", offset, given::OFFSETS)?,
            volume: TAKER.lots("volume", volume)?,
            price: price.map(|price| TAKER.price("price", price)).transpose()?,
            kind,
            lasts: None,
            min_volume: None,
            trigger: None,
            exchange: None,
            hedges: (HedgeFlag::SPECULATION, None),
            memo: None,
            invest_unit: None,
        })
    }

    /// Checks what must go together, whatever the exchange.
    fn finish(self, py: Python<'_>) -> PyResult<Self> {
        let name = name_of(KINDS, self.kind);
        let wrong = |field: &str, message: String| Err(TAKER.refused(py, field, message));
        let is_pair = matches!(self.kind, Kind::Spread | Kind::Swap);
        match (self.kind, self.price) {
            (Kind::Market | Kind::BestPrice | Kind::FiveLevel, Some(price)) => {
                return wrong(
                    "price",
                    format!("price {price} of a {name} order: leave it out, or place a limit order"),
                );
            }
            (Kind::Limit | Kind::Spread | Kind::Swap, None) => {
                let message = format!("price of a {name} order is missing; give CNY per unit of quotation");
                return Err(TAKER.missing(py, "price", message));
            }
            _ => {}
        }
        if self.offsets.1.is_some() && !is_pair {
            return wrong("offset", format!("two offsets of a {name} order: give one, or place a spread"));
        }
        if self.hedges.1.is_some() && !is_pair {
            return wrong("hedge", format!("two hedges of a {name} order: give one, or place a spread"));
        }
        if self.min_volume.is_some() && self.lasts != Some(Lasts::Fak) {
            return wrong("min_volume", "min_volume goes with lasts=\"fak\" only".to_owned());
        }
        let may_rest = matches!(self.kind, Kind::BestPrice | Kind::FiveLevel);
        if self.lasts == Some(Lasts::RestAsLimit) && !may_rest {
            let fix = "only best_price and five_level orders have it";
            return wrong("lasts", format!("lasts \"rest_as_limit\" of a {name} order: {fix}"));
        }
        if self.lasts == Some(Lasts::Day) && (may_rest || self.kind == Kind::Market) {
            let fix = "leave it out: it lasts as its exchange has it";
            return wrong("lasts", format!("lasts \"day\" of a {name} order: {fix}"));
        }
        Ok(self)
    }

    /// Returns the order as the gateway takes it.
    pub(crate) fn of_gateway(&self) -> td::NewOrder {
        let (id, direction, volume) = (&self.instrument_id, self.direction, self.volume);
        let (first, second) = self.offsets;
        let price = self.price.unwrap_or_default();
        let order = match self.kind {
            Kind::Limit => td::NewOrder::limit(id, direction, first, volume, price),
            Kind::Market => td::NewOrder::market(id, direction, first, volume),
            Kind::BestPrice => td::NewOrder::best_price(id, direction, first, volume),
            Kind::FiveLevel => td::NewOrder::five_level(id, direction, first, volume),
            Kind::Spread => {
                td::NewOrder::spread(id, direction, [first, second.unwrap_or(first)], volume, price)
            }
            Kind::Swap => td::NewOrder::swap(id, direction, volume, price),
        };
        let order = match (self.lasts, self.min_volume) {
            (None | Some(Lasts::Day), _) => order,
            (Some(Lasts::Fak), None) => order.fill_and_kill(),
            (Some(Lasts::Fak), Some(least)) => order.fill_and_kill_at_least(least),
            (Some(Lasts::Fok), _) => order.fill_or_kill(),
            (Some(Lasts::Section), _) => order.session_only(),
            (Some(Lasts::RestAsLimit), _) => order.rest_as_limit(),
        };
        let order = match self.trigger {
            None => order,
            Some(Trigger::StopLoss(price)) => order.stop_loss(price),
            Some(Trigger::TakeProfit(price)) => order.take_profit(price),
            Some(Trigger::When(condition)) => order.when(condition.of_gateway()),
        };
        let order = match self.hedges {
            (hedge, None) => order.hedge(hedge),
            (one, Some(other)) => order.leg_hedges([one, other]),
        };
        let order = match &self.exchange {
            Some(id) => order.exchange(id),
            None => order,
        };
        let order = match &self.memo {
            Some(memo) => order.memo(memo),
            None => order,
        };
        match &self.invest_unit {
            Some(unit) => order.invest_unit(unit),
            None => order,
        }
    }
}

fn name_of<T: PartialEq>(words: &[(&'static str, T)], value: T) -> &'static str {
    words.iter().find(|(_, own)| *own == value).map_or("?", |(name, _)| *name)
}

/// Reads what `place` and its kin take: a `NewOrder`, or its parts.
pub(crate) fn read(parts: &Bound<'_, PyTuple>, more: Option<&Bound<'_, PyDict>>) -> PyResult<NewOrder> {
    let given = parts.get_item(0).ok().and_then(|first| first.extract::<NewOrder>().ok());
    let Some(order) = given else {
        // The class itself reads them, so that there is one rule.
        let made = parts.py().get_type::<NewOrder>().call(parts, more)?;
        return Ok(made.extract::<NewOrder>()?);
    };
    if parts.len() == 1 && more.is_none_or(|more| more.is_empty()) {
        return Ok(order);
    }
    let fix = "give the order alone; order.replace(...) returns a changed one";
    Err(PyTypeError::new_err(format!("a NewOrder and more: {fix}")))
}
