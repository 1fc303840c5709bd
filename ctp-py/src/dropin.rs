//! What `ctp_py.vnpy` stands on: the two APIs in vnpy_ctp's style.
//!
//! Names begin in lower case, requests and callbacks carry dictionaries, requests return CTP's code instead of raising.
//! Values are CTP's own: a price that is not there is the largest `double`, an unset character is `"\0"`.

mod api;
mod dict;
mod request;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;

pub(crate) use dict::dict_of;

pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    api::add_to(module)?;
    request::add_to(module)
}

/// Returns what stands on the classes for every callback that a subclass does not have: it does nothing.
pub(crate) fn ignore(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static IGNORE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let made = IGNORE.get_or_try_init(py, || {
        let module = PyModule::new(py, "vnpy")?;
        wrap_pyfunction!(callback, &module).map(|function| function.into_any().unbind())
    });
    made.map(|made| made.bind(py))
}

/// A callback that nobody wants.
#[pyfunction]
#[pyo3(signature = (*_arguments))]
fn callback(_arguments: &Bound<'_, PyTuple>) {}
