//! What a tick is made of: it is pickled and compared by that.

use ctp_types::{DepthMarketDataField, Record as _, RecordBox};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::Tick;

/// What of a tick its record does not say, as it is pickled.
type Facts = (i64, u64, u64, Option<i64>, Option<u32>, Option<String>, Option<f64>, u8);

/// What makes a tick of its pickle, and the bytes of its record with the facts.
type Pickled<'py> = (Bound<'py, PyAny>, (Bound<'py, PyBytes>, Facts));

impl Tick {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        RecordBox::new(&self.record).as_ref().append_to(&mut bytes);
        bytes
    }

    fn facts(&self) -> Facts {
        (
            self.received_ns,
            self.sequence,
            self.lost_before,
            self.exchange_ns,
            self.trading_day,
            self.exchange.map(str::to_owned),
            self.average_price,
            self.flags,
        )
    }
}

#[pymethods]
impl Tick {
    fn __eq__(&self, other: &Self) -> bool {
        self.facts() == other.facts() && self.bytes() == other.bytes()
    }

    fn __hash__(&self) -> u64 {
        self.sequence ^ self.received_ns.cast_unsigned().rotate_left(20)
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<Pickled<'py>> {
        let (py, this) = (slf.py(), slf.get());
        let bytes = PyBytes::new(py, &this.bytes());
        Ok((py.get_type::<Self>().getattr("_restore")?, (bytes, this.facts())))
    }

    #[staticmethod]
    fn _restore(record: &[u8], facts: Facts) -> PyResult<Self> {
        let whole = RecordBox::from_bytes(DepthMarketDataField::DESCRIPTOR, record);
        let record = whole.as_ref().and_then(RecordBox::get::<DepthMarketDataField>).copied();
        let record = record.ok_or_else(|| {
            PyValueError::new_err(
                "a tick of another version of ctp-py cannot be read; keep its record instead",
            )
        })?;
        let (received_ns, sequence, lost_before, exchange_ns, trading_day, exchange, average_price, flags) =
            facts;
        let exchange = exchange.and_then(|exchange| {
            ["SHFE", "DCE", "CZCE", "CFFEX", "INE", "GFEX"].into_iter().find(|known| *known == exchange)
        });
        Ok(Self {
            record,
            received_ns,
            sequence,
            lost_before,
            exchange_ns,
            trading_day,
            exchange,
            average_price,
            flags,
        })
    }
}
