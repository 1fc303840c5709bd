//! What a conditional order waits for.

use ctp_gateway::td;
use pyo3::prelude::*;

use super::given::Taker;

/// Each condition's name, and how the gateway makes it.
type Kind = (&'static str, fn(f64) -> td::Condition);

const KINDS: [Kind; 12] = [
    ("last_above", td::Condition::last_above),
    ("last_at_least", td::Condition::last_at_least),
    ("last_below", td::Condition::last_below),
    ("last_at_most", td::Condition::last_at_most),
    ("ask_above", td::Condition::ask_above),
    ("ask_at_least", td::Condition::ask_at_least),
    ("ask_below", td::Condition::ask_below),
    ("ask_at_most", td::Condition::ask_at_most),
    ("bid_above", td::Condition::bid_above),
    ("bid_at_least", td::Condition::bid_at_least),
    ("bid_below", td::Condition::bid_below),
    ("bid_at_most", td::Condition::bid_at_most),
];

/// A price of the market against a stop price, both in CNY per unit of quotation: what a conditional order (条件单)
/// waits for, in the counter. C: `ContingentCondition`, `StopPrice`.
#[pyclass(frozen, eq, from_py_object, module = "ctp_py")]
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Condition {
    kind: usize,
    stop_price: f64,
}

impl Condition {
    pub(crate) fn of_gateway(self) -> td::Condition {
        KINDS[self.kind].1(self.stop_price)
    }

    fn named(kind: &str, stop_price: &Bound<'_, PyAny>) -> PyResult<Self> {
        let Some(kind) = KINDS.iter().position(|(name, _)| *name == kind) else {
            let names: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
            let message = format!("condition {kind:?} is none; give one of {}", names.join(", "));
            return Err(pyo3::exceptions::PyValueError::new_err(message));
        };
        Ok(Self { kind, stop_price: Taker("Condition").price("stop_price", stop_price)? })
    }
}

macro_rules! conditions {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        #[pymethods]
        impl Condition {
            /// Makes a condition by its name, for example `Condition("last_at_least", 3950.0)`.
            #[new]
            fn new(kind: &str, stop_price: &Bound<'_, PyAny>) -> PyResult<Self> {
                Self::named(kind, stop_price)
            }

            /// The name, for example `last_at_least`.
            #[getter]
            fn kind(&self) -> &'static str {
                KINDS[self.kind].0
            }

            /// The price that is waited for, in CNY per unit of quotation.
            #[getter]
            fn stop_price(&self) -> f64 {
                self.stop_price
            }

            fn __repr__(&self) -> String {
                format!("Condition.{}({:?})", KINDS[self.kind].0, self.stop_price)
            }

            fn __hash__(&self) -> u64 {
                self.stop_price.to_bits() ^ self.kind as u64
            }

            fn __getnewargs__(&self) -> (&'static str, f64) {
                (KINDS[self.kind].0, self.stop_price)
            }

            $($(#[$doc])*
            #[staticmethod]
            fn $name(stop_price: &Bound<'_, PyAny>) -> PyResult<Self> {
                Self::named(stringify!($name), stop_price)
            })*
        }
    };
}

conditions! {
    /// The last price is above the stop price (最新价大于条件价).
    last_above;
    /// The last price is at the stop price or above (最新价大于等于条件价).
    last_at_least;
    /// The last price is below the stop price (最新价小于条件价).
    last_below;
    /// The last price is at the stop price or below (最新价小于等于条件价).
    last_at_most;
    /// The best ask is above the stop price (卖一价大于条件价).
    ask_above;
    /// The best ask is at the stop price or above (卖一价大于等于条件价).
    ask_at_least;
    /// The best ask is below the stop price (卖一价小于条件价).
    ask_below;
    /// The best ask is at the stop price or below (卖一价小于等于条件价).
    ask_at_most;
    /// The best bid is above the stop price (买一价大于条件价).
    bid_above;
    /// The best bid is at the stop price or above (买一价大于等于条件价).
    bid_at_least;
    /// The best bid is below the stop price (买一价小于条件价).
    bid_below;
    /// The best bid is at the stop price or below (买一价小于等于条件价).
    bid_at_most;
}
