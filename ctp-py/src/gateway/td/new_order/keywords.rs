//! The keywords of an order.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::{KINDS, LASTS, NewOrder, TAKER, Trigger};
use crate::gateway::td::condition::Condition;
use crate::gateway::td::given;

const KEYWORDS: &[&str] = &[
    "kind",
    "lasts",
    "min_volume",
    "exchange",
    "hedge",
    "stop_loss",
    "take_profit",
    "when",
    "memo",
    "invest_unit",
];

/// The positional parts, which `replace` takes by name.
const PARTS: &[&str] = &["instrument_id", "direction", "offset", "volume", "price"];

impl NewOrder {
    /// Takes keywords. `None` is what stands there without the keyword.
    pub(super) fn with(mut self, py: Python<'_>, more: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        for (key, value) in more.into_iter().flatten() {
            let key: String = key.extract()?;
            if !KEYWORDS.contains(&key.as_str()) {
                return Err(unknown(&key, KEYWORDS));
            }
            self.set(&key, &value)?;
        }
        self.finish(py)
    }

    /// Takes parts and keywords by name.
    pub(super) fn changed(mut self, py: Python<'_>, changes: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        for (key, value) in changes.into_iter().flatten() {
            let key: String = key.extract()?;
            match key.as_str() {
                "instrument_id" => self.instrument_id = TAKER.text::<81>("instrument_id", &value)?,
                "direction" => self.direction = TAKER.word("direction", &value, given::DIRECTIONS)?,
                "offset" => self.offsets = TAKER.legs("offset", &value, given::OFFSETS)?,
                "volume" => self.volume = TAKER.lots("volume", &value)?,
                "price" => {
                    self.price = if value.is_none() { None } else { Some(TAKER.price("price", &value)?) };
                }
                keyword if KEYWORDS.contains(&keyword) => self.set(keyword, &value)?,
                _ => return Err(unknown(&key, &[PARTS, KEYWORDS].concat())),
            }
        }
        self.finish(py)
    }

    fn set(&mut self, key: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let given = Some(value).filter(|value| !value.is_none());
        match key {
            "kind" => self.kind = given.map_or(Ok(super::Kind::Limit), |kind| choice("kind", kind, KINDS))?,
            "lasts" => self.lasts = given.map(|lasts| choice("lasts", lasts, LASTS)).transpose()?,
            "min_volume" => {
                self.min_volume = given.map(|lots| TAKER.lots("min_volume", lots)).transpose()?;
            }
            "exchange" => {
                self.exchange = given.map(|id| TAKER.text::<9>("exchange", id)).transpose()?;
            }
            "hedge" => {
                let none = Ok((ctp_types::HedgeFlag::SPECULATION, None));
                self.hedges = given.map_or(none, |hedge| TAKER.legs("hedge", hedge, given::HEDGES))?;
            }
            "memo" => self.memo = given.map(|memo| TAKER.text::<13>("memo", memo)).transpose()?,
            "invest_unit" => {
                self.invest_unit = given.map(|unit| TAKER.text::<17>("invest_unit", unit)).transpose()?;
            }
            trigger => self.set_trigger(trigger, given)?,
        }
        Ok(())
    }

    fn set_trigger(&mut self, key: &str, given: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let Some(value) = given else {
            self.trigger = self.trigger.filter(|trigger| trigger.name() != key);
            return Ok(());
        };
        if let Some(trigger) = self.trigger.filter(|trigger| trigger.name() != key) {
            let other = trigger.name();
            let message = format!("{other} and {key} of one order; give one of them");
            return Err(TAKER.refused(value.py(), key, message));
        }
        self.trigger = Some(match key {
            "stop_loss" => Trigger::StopLoss(TAKER.price("stop_loss", value)?),
            "take_profit" => Trigger::TakeProfit(TAKER.price("take_profit", value)?),
            _ => Trigger::When(condition(value)?),
        });
        Ok(())
    }
}

impl Trigger {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::StopLoss(_) => "stop_loss",
            Self::TakeProfit(_) => "take_profit",
            Self::When(_) => "when",
        }
    }
}

/// Reads what a conditional order waits for.
pub(super) fn condition(given: &Bound<'_, PyAny>) -> PyResult<Condition> {
    let fix = "give a Condition, for example Condition.last_at_least(3950.0)";
    given.extract::<Condition>().map_err(|_| TAKER.wrong_type("when", given, fix))
}

fn choice<T: Copy>(what: &str, given: &Bound<'_, PyAny>, words: &[(&'static str, T)]) -> PyResult<T> {
    let names: Vec<String> = words.iter().map(|(name, _)| format!("{name:?}")).collect();
    let fix = format!("give one of {}", names.join(", "));
    let text = given.cast::<PyString>().map_err(|_| TAKER.wrong_type(what, given, &fix))?;
    let text = text.to_str().unwrap_or_default();
    let found = words.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    found.map(|(_, value)| *value).ok_or_else(|| TAKER.wrong_value(what, given, &fix))
}

fn unknown(key: &str, known: &[&str]) -> PyErr {
    PyTypeError::new_err(format!("NewOrder has no {key:?}; it has {}", known.join(", ")))
}
