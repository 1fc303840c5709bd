//! Looking into the view of a journal, for `ctp_py.journal`.

use std::path::PathBuf;

use ctp_gateway::Error;
use ctp_gateway::journal::{Cell, look};
use pyo3::IntoPyObjectExt as _;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::errors;

pub(super) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(look_into_journal, module)?)
}

/// Returns rows of a view. Python's own `sqlite3` must not open a file that a session of this process writes.
#[pyfunction(name = "_look_into_journal")]
fn look_into_journal<'py>(
    py: Python<'py>,
    path: PathBuf,
    query: &str,
    values: Vec<String>,
) -> PyResult<Vec<Bound<'py, PyTuple>>> {
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let rows = py.detach(|| look(&path, query, &values));
    let rows = rows.map_err(|error| errors::raise(py, Error::Journal(error)))?;
    let row = |row: Vec<Cell>| {
        let cells = row.into_iter().map(|cell| value(py, cell)).collect::<PyResult<Vec<_>>>()?;
        PyTuple::new(py, cells)
    };
    rows.into_iter().map(row).collect()
}

fn value(py: Python<'_>, cell: Cell) -> PyResult<Bound<'_, PyAny>> {
    match cell {
        Cell::Integer(number) => number.into_bound_py_any(py),
        Cell::Real(number) => number.into_bound_py_any(py),
        Cell::Text(text) => text.into_bound_py_any(py),
        _ => Ok(py.None().into_bound(py)),
    }
}
