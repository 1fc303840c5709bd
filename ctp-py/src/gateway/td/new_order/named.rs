//! Orders by the names of their kinds.

use pyo3::IntoPyObjectExt as _;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::keywords::condition;
use super::{Given, Kind, Lasts, NewOrder, Trigger};

/// Writes a method for each kind: with a price, or without one.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident($($price:ident)?) = $kind:ident, $lasts:expr;)*) => {
        #[pymethods]
        impl NewOrder {
            $($(#[$doc])*
            #[staticmethod]
            #[pyo3(signature = (instrument_id, direction, offset, volume, $($price,)? **more))]
            fn $name(
                py: Python<'_>,
                instrument_id: Given<'_, '_>,
                direction: Given<'_, '_>,
                offset: Given<'_, '_>,
                volume: Given<'_, '_>,
                $($price: Given<'_, '_>,)?
                more: Option<&Bound<'_, PyDict>>,
            ) -> PyResult<Self> {
                let price = None$(.or(Some($price)))?;
                let order = Self::begin(instrument_id, direction, offset, volume, price, Kind::$kind)?;
                Self { lasts: $lasts, ..order }.with(py, more)
            })*
        }
    };
}

kinds! {
    /// A limit order for the day (限价单): `volume` lots at `price` or better.
    limit(price) = Limit, None;
    /// A market order (市价单): what the market gives, the rest is cancelled. DCE, GFEX, CZCE; the others deny it and say
    /// what they have instead.
    market() = Market, None;
    /// A limit order that fills what it can now and cancels the rest (FAK, 即时成交剩余撤销); with `min_volume` at least so
    /// many lots, or none.
    fak(price) = Limit, Some(Lasts::Fak);
    /// A limit order that fills all lots now or none (FOK, 立即全部成交否则撤销).
    fok(price) = Limit, Some(Lasts::Fok);
    /// An order at the other side's best price (最优价), CFFEX; the rest is cancelled, or with `lasts="rest_as_limit"` left
    /// in the book.
    best_price() = BestPrice, None;
    /// An order that takes at most the other side's best five prices (五档市价), CFFEX; the rest as with `best_price`.
    five_level() = FiveLevel, None;
}

#[pymethods]
impl NewOrder {
    /// A limit order that the counter keeps until a price of the market meets `when` (条件单). What then goes to the
    /// exchange is an order of its own, which names this one as its parent.
    #[staticmethod]
    #[pyo3(signature = (instrument_id, direction, offset, volume, price, when, **more))]
    #[expect(
        clippy::too_many_arguments,
        reason = "what Python writes by position, each with its own meaning"
    )]
    fn conditional(
        py: Python<'_>,
        instrument_id: Given<'_, '_>,
        direction: Given<'_, '_>,
        offset: Given<'_, '_>,
        volume: Given<'_, '_>,
        price: Given<'_, '_>,
        when: Given<'_, '_>,
        more: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let order = Self::begin(instrument_id, direction, offset, volume, Some(price), Kind::Limit)?;
        Self { trigger: Some(Trigger::When(condition(when)?)), ..order }.with(py, more)
    }

    /// An order for a combination of two legs (套利单), for example `SP m2701&m2705`: buying it buys the first leg and
    /// sells the second, at `price` between them, which may be zero or below. DCE and CZCE.
    #[staticmethod]
    #[pyo3(signature = (combination_id, direction, offsets, volume, price, **more))]
    fn spread(
        py: Python<'_>,
        combination_id: Given<'_, '_>,
        direction: Given<'_, '_>,
        offsets: Given<'_, '_>,
        volume: Given<'_, '_>,
        price: Given<'_, '_>,
        more: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        Self::begin(combination_id, direction, offsets, volume, Some(price), Kind::Spread)?.with(py, more)
    }

    /// A swap order (互换单): it closes the two legs of a combination that is held, with somebody who wants the opposite.
    /// DCE and CZCE.
    #[staticmethod]
    #[pyo3(signature = (combination_id, direction, volume, price, **more))]
    fn swap(
        py: Python<'_>,
        combination_id: Given<'_, '_>,
        direction: Given<'_, '_>,
        volume: Given<'_, '_>,
        price: Given<'_, '_>,
        more: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let close = "close".into_bound_py_any(py)?;
        Self::begin(combination_id, direction, &close, volume, Some(price), Kind::Swap)?.with(py, more)
    }
}
