//! Ticks as columns: `TickBatch`, which NumPy takes without a copy and Arrow's readers through capsules.
//!
//! The ticks of a batch lie one behind the other in rows of a fixed layout ([`Row`]), which is the layout of
//! a NumPy structured array. Arrow wants each column by itself: its buffers are made when they are asked for,
//! in one pass. Neither library is needed, both are only spoken to through their protocols.

mod arrow;
mod batch;
mod build;
mod capsule;
mod column;
mod row;

use std::sync::Arc;

use ctp_types::DepthMarketDataField;
use pyo3::prelude::*;

pub(crate) use batch::TickBatch;

use row::Row;

/// Ticks on their way into a batch. Needs no interpreter: a thread of ours may fill it.
pub(crate) struct Rows(Vec<Row>);

impl Rows {
    pub(crate) fn with_capacity(count: usize) -> Self {
        Self(Vec::with_capacity(count))
    }

    /// Appends a tick. `receive_ns` and `exchange_ns` are nanoseconds since the Unix epoch.
    pub(crate) fn push(
        &mut self,
        tick: &DepthMarketDataField,
        receive_ns: Option<i64>,
        exchange_ns: Option<i64>,
    ) {
        self.0.push(Row::new(tick, receive_ns, exchange_ns));
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Makes a batch of ticks; they are not copied.
pub(crate) fn batch(py: Python<'_>, rows: Rows) -> PyResult<Bound<'_, TickBatch>> {
    Bound::new(py, TickBatch::from(rows))
}

/// Some rows of a buffer that several batches, columns and arrays share.
#[derive(Clone)]
struct Shared {
    buffer: Arc<Vec<Row>>,
    start: usize,
    count: usize,
}

impl Shared {
    fn rows(&self) -> &[Row] {
        // Both were checked when they were made.
        self.buffer.get(self.start..self.start + self.count).unwrap_or_default()
    }

    /// Returns rows `start..end` of these.
    fn part(&self, start: usize, end: usize) -> Self {
        let start = start.min(self.count);
        let count = end.clamp(start, self.count) - start;
        Self { buffer: Arc::clone(&self.buffer), start: self.start + start, count }
    }
}

impl From<Vec<Row>> for Shared {
    fn from(rows: Vec<Row>) -> Self {
        let count = rows.len();
        Self { buffer: Arc::new(rows), start: 0, count }
    }
}

pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<TickBatch>()?;
    module.add_class::<column::TickColumn>()?;
    module.add_function(wrap_pyfunction!(arrow::_arrow_exports, module)?)
}
