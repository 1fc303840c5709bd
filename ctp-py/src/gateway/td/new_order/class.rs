//! What Python sees of an order to be placed.

use ctp_types::{Direction, Enumeration, HedgeFlag};
use pyo3::IntoPyObjectExt as _;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::{Given, KINDS, Kind, LASTS, NewOrder, Trigger, name_of};
use crate::gateway::td::condition::Condition;
use crate::gateway::td::given::{self, word_of};
use crate::gateway::td::view::Member;

#[pymethods]
impl NewOrder {
    #[new]
    #[pyo3(signature = (instrument_id, direction, offset, volume, price=None, **more))]
    fn new(
        py: Python<'_>,
        instrument_id: Given<'_, '_>,
        direction: Given<'_, '_>,
        offset: Given<'_, '_>,
        volume: Given<'_, '_>,
        price: Option<Given<'_, '_>>,
        more: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        Self::begin(instrument_id, direction, offset, volume, price, Kind::Limit)?.with(py, more)
    }

    /// Returns the same order with other parts and keywords, by name.
    #[pyo3(signature = (**changes))]
    fn replace(&self, py: Python<'_>, changes: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        self.clone().changed(py, changes)
    }

    /// The instrument, or the combination.
    #[getter]
    fn instrument_id(&self) -> &str {
        &self.instrument_id
    }

    /// Buy or sell.
    #[getter]
    fn direction(&self) -> Member<Direction> {
        self.direction.into()
    }

    /// Open or close; a pair for two legs.
    #[getter]
    fn offset<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        pair(py, self.offsets)
    }

    /// Lots.
    #[getter]
    fn volume(&self) -> i32 {
        self.volume
    }

    /// CNY per unit of quotation; `None` where there is none.
    #[getter]
    fn price(&self) -> Option<f64> {
        self.price
    }

    /// What the price is, for example `limit`.
    #[getter]
    fn kind(&self) -> &'static str {
        name_of(KINDS, self.kind)
    }

    /// How long it lasts; `None`: as usual for its kind and exchange.
    #[getter]
    fn lasts(&self) -> Option<&'static str> {
        self.lasts.map(|lasts| name_of(LASTS, lasts))
    }

    /// The least lots of a FAK order, if it has a least.
    #[getter]
    fn min_volume(&self) -> Option<i32> {
        self.min_volume
    }

    /// The exchange, if it is named.
    #[getter]
    fn exchange(&self) -> Option<&str> {
        self.exchange.as_deref()
    }

    /// The purpose; a pair for two legs.
    #[getter]
    fn hedge<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        pair(py, self.hedges)
    }

    /// The price of a stop loss at the exchange, in CNY.
    #[getter]
    fn stop_loss(&self) -> Option<f64> {
        match self.trigger {
            Some(Trigger::StopLoss(price)) => Some(price),
            _ => None,
        }
    }

    /// The price of a take profit at the exchange, in CNY.
    #[getter]
    fn take_profit(&self) -> Option<f64> {
        match self.trigger {
            Some(Trigger::TakeProfit(price)) => Some(price),
            _ => None,
        }
    }

    /// What a conditional order waits for.
    #[getter]
    fn when(&self) -> Option<Condition> {
        match self.trigger {
            Some(Trigger::When(condition)) => Some(condition),
            _ => None,
        }
    }

    /// The note that comes back in the order's records.
    #[getter]
    fn memo(&self) -> Option<&str> {
        self.memo.as_deref()
    }

    /// The unit of the account that trades.
    #[getter]
    fn invest_unit(&self) -> Option<&str> {
        self.invest_unit.as_deref()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let mut parts = vec![
            format!("{:?}", self.instrument_id),
            format!("{:?}", word_of(self.direction, given::DIRECTIONS)),
            words(py, self.offsets, given::OFFSETS)?,
            self.volume.to_string(),
        ];
        parts.extend(self.price.map(|price| format!("{price:?}")));
        for (key, value) in self.keywords(py)? {
            let shown = match key {
                "hedge" => words(py, self.hedges, given::HEDGES)?,
                _ => value.repr()?.to_string(),
            };
            parts.push(format!("{key}={shown}"));
        }
        Ok(format!("NewOrder({})", parts.join(", ")))
    }

    fn __hash__(&self) -> u64 {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        let mut hasher = DefaultHasher::new();
        (&self.instrument_id, self.direction.as_char(), self.volume).hash(&mut hasher);
        self.price.map(|price| (price + 0.0).to_bits()).hash(&mut hasher);
        hasher.finish()
    }

    fn __getnewargs_ex__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        let more = PyDict::new(py);
        for (key, value) in self.keywords(py)? {
            more.set_item(key, value)?;
        }
        let parts = (&self.instrument_id, self.direction(), self.offset(py)?, self.volume, self.price)
            .into_pyobject(py)?;
        Ok((parts, more))
    }
}

impl NewOrder {
    /// Returns the keywords that make this order, without those that change nothing.
    fn keywords<'py>(&self, py: Python<'py>) -> PyResult<Vec<(&'static str, Bound<'py, PyAny>)>> {
        let mut all: Vec<(&'static str, Bound<'py, PyAny>)> = Vec::new();
        if self.kind != Kind::Limit {
            all.push(("kind", self.kind().into_bound_py_any(py)?));
        }
        if self.hedges != (HedgeFlag::SPECULATION, None) {
            all.push(("hedge", self.hedge(py)?));
        }
        let others = [
            ("lasts", self.lasts().into_bound_py_any(py)?),
            ("min_volume", self.min_volume.into_bound_py_any(py)?),
            ("exchange", self.exchange().into_bound_py_any(py)?),
            ("stop_loss", self.stop_loss().into_bound_py_any(py)?),
            ("take_profit", self.take_profit().into_bound_py_any(py)?),
            ("when", self.when().into_bound_py_any(py)?),
            ("memo", self.memo().into_bound_py_any(py)?),
            ("invest_unit", self.invest_unit().into_bound_py_any(py)?),
        ];
        all.extend(others.into_iter().filter(|(_, value)| !value.is_none()));
        Ok(all)
    }
}

fn pair<E: Enumeration>(py: Python<'_>, legs: (E, Option<E>)) -> PyResult<Bound<'_, PyAny>> {
    match legs {
        (one, None) => Member::from(one).into_bound_py_any(py),
        (one, Some(other)) => (Member::from(one), Member::from(other)).into_bound_py_any(py),
    }
}

fn words<E: Enumeration>(py: Python<'_>, legs: (E, Option<E>), words: given::Words<E>) -> PyResult<String> {
    let shown = match legs {
        (one, None) => word_of(one, words).into_bound_py_any(py)?,
        (one, Some(other)) => (word_of(one, words), word_of(other, words)).into_bound_py_any(py)?,
    };
    Ok(shown.repr()?.to_string())
}
