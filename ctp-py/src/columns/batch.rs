//! `TickBatch`.

use ctp_types::{DepthMarketDataField, Record as _};
use pyo3::IntoPyObjectExt as _;
use pyo3::exceptions::{PyIndexError, PyKeyError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict, PyList, PySlice, PyString, PyTuple};

use super::build::build;
use super::column::{self, TickColumn};
use super::row::{COLUMNS, Column, Row};
use super::{Rows, Shared, arrow, capsule};
use crate::gateway::tick::Tick;
use crate::records;

/// Ticks in one block of memory: a NumPy structured array without a copy (`numpy.asarray(batch)`), and an
/// Arrow table for polars, pyarrow and others (`polars.DataFrame(batch)`).
///
/// Prices are in CNY per unit of quotation, volumes in lots; what CTP has no value for is NaN in NumPy, null
/// in Arrow and `None` in Python. `exchange_time` and `receive_time` are nanoseconds since the Unix epoch.
/// `batch[i]` is a `ctp_py.data.DepthMarketData`, `batch[i:j]` a batch of the same memory, `batch["last_price"]` a column.
#[pyclass(frozen, sequence, module = "ctp_py")]
pub(crate) struct TickBatch(Shared);

impl From<Rows> for TickBatch {
    fn from(rows: Rows) -> Self {
        Self(Shared::from(rows.0))
    }
}

#[pymethods]
impl TickBatch {
    /// Makes a batch of ticks, or of records `DepthMarketData` or `DepthMarketDataField`. A tick brings its times with it; the
    /// times given win, and are those of records.
    #[new]
    #[pyo3(signature = (ticks = None, *, receive_ns = None, exchange_ns = None))]
    fn new(
        ticks: Option<&Bound<'_, PyAny>>,
        receive_ns: Option<Vec<Option<i64>>>,
        exchange_ns: Option<Vec<Option<i64>>>,
    ) -> PyResult<Self> {
        // A hint; whatever has no length is taken as it comes.
        let count = ticks.and_then(|ticks| ticks.len().ok()).unwrap_or_default();
        let mut rows = Rows::with_capacity(count);
        let at = |times: &Option<Vec<Option<i64>>>, index: usize| {
            times.as_ref().and_then(|times| times.get(index).copied().flatten())
        };
        if let Some(ticks) = ticks {
            for (index, tick) in ticks.try_iter()?.enumerate() {
                let tick = tick?;
                if let Ok(tick) = tick.cast::<Tick>() {
                    let tick = tick.get();
                    let receive_ns = at(&receive_ns, index).or(Some(tick.received_at()));
                    rows.push(tick.market_data(), receive_ns, at(&exchange_ns, index).or(tick.happened_at()));
                    continue;
                }
                let record = records::from_python(&tick)?;
                let tick = record.get::<DepthMarketDataField>().ok_or_else(|| {
                    let found = record.descriptor().name;
                    PyTypeError::new_err(format!("a batch holds DepthMarketDataField, not {found}"))
                })?;
                rows.push(tick, at(&receive_ns, index), at(&exchange_ns, index));
            }
        }
        for (name, times) in [("receive_ns", &receive_ns), ("exchange_ns", &exchange_ns)] {
            if let Some(count) = times.as_ref().map(Vec::len).filter(|count| *count != rows.len()) {
                let ticks = rows.len();
                return Err(PyValueError::new_err(format!("{name} has {count} times for {ticks} ticks")));
            }
        }
        Ok(rows.into())
    }

    /// Joins batches into one.
    #[staticmethod]
    #[pyo3(signature = (batches, /))]
    fn concat(batches: Vec<Bound<'_, TickBatch>>) -> Self {
        let mut rows = Vec::with_capacity(batches.iter().map(|batch| batch.get().0.count).sum());
        for batch in &batches {
            rows.extend_from_slice(batch.get().0.rows());
        }
        Self(Shared::from(rows))
    }

    /// The names of the columns.
    #[classattr]
    fn columns(py: Python<'_>) -> PyResult<Py<PyTuple>> {
        PyTuple::new(py, COLUMNS.iter().map(Column::name)).map(Bound::unbind)
    }

    fn __len__(&self) -> usize {
        self.0.count
    }

    fn __getitem__<'py>(&self, py: Python<'py>, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        if let Ok(slice) = index.cast::<PySlice>() {
            return Bound::new(py, Self(column::slice(&self.0, slice)?)).map(Bound::into_any);
        }
        if let Ok(name) = index.cast::<PyString>() {
            return Bound::new(py, self.column(name.to_str()?)?).map(Bound::into_any);
        }
        let row = &self.0.rows()[column::position(index, self.0.count)?];
        records::from_record(py, records::data_class_of(DepthMarketDataField::DESCRIPTOR), &row.tick())
    }

    fn __iter__(slf: Bound<'_, Self>) -> Ticks {
        Ticks { shared: slf.get().0.clone(), next: 0 }
    }

    /// Returns a column: NumPy and Arrow take it as an array, `to_list` as values.
    #[pyo3(signature = (name, /))]
    fn column(&self, name: &str) -> PyResult<TickColumn> {
        match Column::named(name) {
            Some(column) => Ok(TickColumn::new(self.0.clone(), column)),
            None => Err(PyKeyError::new_err(format!(
                "a batch has no column {name:?}; TickBatch.columns tells those that it has"
            ))),
        }
    }

    /// Returns each column as a list.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let columns = PyDict::new(py);
        for column in COLUMNS {
            columns.set_item(column.name(), column::values(py, &self.0, column)?)?;
        }
        Ok(columns)
    }

    /// Pickles the records and their times, so that what another version reads is told apart by its records.
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Pickled<'py>)> {
        let py = slf.py();
        let this = slf.get();
        let class = records::data_class_of(DepthMarketDataField::DESCRIPTOR);
        let ticks = this.0.rows().iter().map(|row| records::from_record(py, class, &row.tick()));
        let ticks = PyList::new(py, ticks.collect::<PyResult<Vec<_>>>()?)?;
        let (received, happened) = this.0.rows().iter().map(Row::times).unzip();
        Ok((py.get_type::<Self>().getattr("_restore")?, (ticks, received, happened)))
    }

    #[staticmethod]
    fn _restore(
        ticks: &Bound<'_, PyAny>,
        receive_ns: Vec<Option<i64>>,
        exchange_ns: Vec<Option<i64>>,
    ) -> PyResult<Self> {
        Self::new(Some(ticks), Some(receive_ns), Some(exchange_ns))
    }

    /// For NumPy: a structured array over the memory of the batch, which cannot be written to.
    #[getter]
    fn __array_interface__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let fields: Vec<(&str, String)> =
            COLUMNS.iter().map(|column| (column.name(), column.numpy())).collect();
        let interface = PyDict::new(py);
        interface.set_item("version", 3)?;
        interface.set_item("typestr", format!("|V{}", size_of::<Row>()))?;
        interface.set_item("descr", PyList::new(py, fields)?)?;
        interface.set_item("shape", (self.0.count,))?;
        interface.set_item("data", (self.0.rows().as_ptr() as usize, true))?;
        Ok(interface)
    }

    /// For Arrow: the names and types of the columns, as a capsule.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        capsule::schema(py, arrow::table_schema())
    }

    /// For Arrow: schema and columns, as two capsules. The values are copied out of the rows once.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
        // A wish that an exporter need not fulfil; readers convert themselves.
        let _ = requested_schema;
        let built = py.detach(|| build(self.0.rows(), COLUMNS)).map_err(|error| error.raise())?;
        let schema = capsule::schema(py, arrow::table_schema())?;
        Ok((schema, capsule::array(py, arrow::table(self.0.count, built))?))
    }

    /// For Arrow: a stream of one batch, as a capsule.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let _ = requested_schema;
        capsule::stream(py, arrow::stream(self.0.clone()))
    }

    fn __repr__(&self) -> String {
        let ids: std::collections::BTreeSet<String> = self
            .0
            .rows()
            .iter()
            .take(1_000)
            .map(|row| ctp_types::decode(row.tick().instrument_id.as_bytes()).into_owned())
            .collect();
        let shown: Vec<&str> = ids.iter().take(3).map(String::as_str).collect();
        let more = if ids.len() > shown.len() { ", …" } else { "" };
        format!("<TickBatch of {} ticks: {}{more}>", self.0.count, shown.join(", "))
    }
}

/// A batch as it is pickled: its records, and when each was received and happened.
type Pickled<'py> = (Bound<'py, PyList>, Vec<Option<i64>>, Vec<Option<i64>>);

/// The records of a batch, one after the other.
#[pyclass(module = "ctp_py")]
struct Ticks {
    shared: Shared,
    next: usize,
}

#[pymethods]
impl Ticks {
    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__<'py>(&mut self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(row) = self.shared.rows().get(self.next) else { return Ok(None) };
        self.next += 1;
        let class = records::data_class_of(DepthMarketDataField::DESCRIPTOR);
        records::from_record(py, class, &row.tick()).map(Some)
    }
}

/// The error of an index that is none.
pub(super) fn out_of_range(count: usize) -> PyErr {
    PyIndexError::new_err(format!("index is outside a batch of {count} ticks"))
}

/// Returns a value that is `None` where there is none.
pub(super) fn optional<'py, T: pyo3::IntoPyObject<'py>>(
    py: Python<'py>,
    value: Option<T>,
) -> PyResult<Bound<'py, PyAny>> {
    match value {
        Some(value) => value.into_bound_py_any(py),
        None => Ok(py.None().into_bound(py)),
    }
}
