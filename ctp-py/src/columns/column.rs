//! `TickColumn`: one column of a batch.

use pyo3::IntoPyObjectExt as _;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict, PyList, PySlice};

use super::batch::{optional, out_of_range};
use super::build::build_one;
use super::row::{Column, Kind, NO_TIME, Row};
use super::{Shared, arrow, capsule};

/// A column of a batch: `numpy.asarray(column)` is a view of the batch's memory, `to_list()` its values, and
/// Arrow's readers take it as an array.
#[pyclass(frozen, sequence, module = "ctp_py")]
pub(crate) struct TickColumn {
    shared: Shared,
    column: &'static Column,
}

impl TickColumn {
    pub(super) fn new(shared: Shared, column: &'static Column) -> Self {
        Self { shared, column }
    }
}

#[pymethods]
impl TickColumn {
    /// The name, for example `last_price`.
    #[getter]
    fn name(&self) -> &'static str {
        self.column.name()
    }

    fn __len__(&self) -> usize {
        self.shared.count
    }

    fn __getitem__<'py>(&self, py: Python<'py>, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        if let Ok(wanted) = index.cast::<PySlice>() {
            let part = Self::new(slice(&self.shared, wanted)?, self.column);
            return Bound::new(py, part).map(Bound::into_any);
        }
        value(py, &self.shared.rows()[position(index, self.shared.count)?], self.column)
    }

    /// Returns the values: `None` where there is none, times as nanoseconds since the Unix epoch.
    fn to_list<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        values(py, &self.shared, self.column)
    }

    /// For NumPy: a view of the batch's memory, which cannot be written to.
    #[getter]
    fn __array_interface__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let interface = PyDict::new(py);
        interface.set_item("version", 3)?;
        interface.set_item("typestr", self.column.numpy())?;
        interface.set_item("shape", (self.shared.count,))?;
        interface.set_item("strides", (size_of::<Row>(),))?;
        let start = self.shared.rows().as_ptr() as usize + self.column.offset;
        interface.set_item("data", (start, true))?;
        Ok(interface)
    }

    /// For Arrow: the type, as a capsule.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        capsule::schema(py, arrow::column_schema(self.column))
    }

    /// For Arrow: type and values, as two capsules.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
        let _ = requested_schema;
        let rows = self.shared.rows();
        let built = py.detach(|| build_one(rows, self.column)).map_err(|error| error.raise())?;
        let schema = capsule::schema(py, arrow::column_schema(self.column))?;
        Ok((schema, capsule::array(py, arrow::column(built))?))
    }

    fn __repr__(&self) -> String {
        format!("<TickColumn {} of {} ticks>", self.column.name(), self.shared.count)
    }
}

/// Returns all values of a column.
pub(super) fn values<'py>(py: Python<'py>, shared: &Shared, column: &Column) -> PyResult<Bound<'py, PyList>> {
    let values = PyList::empty(py);
    for row in shared.rows() {
        values.append(value(py, row, column)?)?;
    }
    Ok(values)
}

fn value<'py>(py: Python<'py>, row: &Row, column: &Column) -> PyResult<Bound<'py, PyAny>> {
    match column.kind {
        Kind::Time(get, _) => optional(py, Some(get(row)).filter(|time| *time != NO_TIME)),
        Kind::Number(get, _) => optional(py, Some(get(row)).filter(|number| !number.is_nan())),
        Kind::Count(get, _) => get(row).into_bound_py_any(py),
        Kind::Text(get, ..) => ctp_types::decode(ctp_types::until_nul(get(row))).into_bound_py_any(py),
    }
}

/// Returns the rows of a slice; those of one step share the memory.
pub(super) fn slice(shared: &Shared, wanted: &Bound<'_, PySlice>) -> PyResult<Shared> {
    let indices = wanted.indices(isize::try_from(shared.count)?)?;
    if indices.step == 1 {
        let (start, end) = (usize::try_from(indices.start)?, usize::try_from(indices.stop.max(0))?);
        return Ok(shared.part(start, end));
    }
    let rows = shared.rows();
    let mut chosen = Vec::with_capacity(indices.slicelength);
    let mut place = indices.start;
    for _ in 0..indices.slicelength {
        chosen.extend(usize::try_from(place).ok().and_then(|place| rows.get(place)));
        place += indices.step;
    }
    Ok(Shared::from(chosen))
}

/// Returns the position that an index of Python means.
pub(super) fn position(index: &Bound<'_, PyAny>, count: usize) -> PyResult<usize> {
    let index: isize = match index.extract() {
        Ok(index) => index,
        Err(error) if error.is_instance_of::<pyo3::exceptions::PyOverflowError>(index.py()) => {
            return Err(out_of_range(count));
        }
        Err(error) => return Err(error),
    };
    let position = if index < 0 { index.checked_add_unsigned(count) } else { Some(index) };
    position
        .and_then(|position| usize::try_from(position).ok())
        .filter(|position| *position < count)
        .ok_or_else(|| out_of_range(count))
}
