//! The CTP gateway for Python: the private module `ctp_py._ctp_py`.
//!
//! Records are Python classes made from the descriptors of `ctp-types`, the two APIs are classes whose
//! requests are looked up in the same tables, and callbacks reach Python through one queue and one
//! thread per API object.

mod api;
#[expect(unsafe_code, reason = "Arrow's C data interface; every block says why it is sound")]
mod columns;
#[expect(
    unsafe_code,
    reason = "calls that a thread ends in, ticks as words; every block says why it is sound"
)]
mod delivery;
mod dropin;
mod enumerations;
mod errors;
mod fork;
mod gateway;
mod library;
#[expect(unsafe_code, reason = "CPython's C interface; every block says why it is sound")]
mod records;
mod request;
mod value;

use pyo3::prelude::*;

#[pymodule(gil_used = true)]
fn _ctp_py(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("API_VERSION", ctp_types::API_VERSION)?;
    errors::add_to(module)?;
    records::add_to(module)?;
    enumerations::add_to(module)?;
    columns::add_to(module)?;
    library::add_to(module)?;
    request::add_to(module)?;
    api::add_to(module)?;
    dropin::add_to(module)?;
    gateway::add_to(module)?;
    fork::add_to(module)
}
