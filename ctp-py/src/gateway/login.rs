//! What a login answered, and plain data.

use pyo3::prelude::*;
use serde::Serialize;

pub(super) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Login>()
}

/// What the login answered.
#[pyclass(frozen, get_all, module = "ctp_py")]
pub(crate) struct Login {
    /// The trading day, `yyyymmdd`. C: `TradingDay`.
    trading_day: String,
    /// The time of the login, `HH:MM:SS`. C: `LoginTime`.
    login_time: String,
    /// The name of the system. C: `SystemName`.
    system_name: String,
    /// The version of the counter. C: `SysVersion`.
    system_version: String,
    /// The number of the front. C: `FrontID`.
    front_id: i32,
    /// The number of the session. C: `SessionID`.
    session_id: i32,
    /// The front that answered; empty where the library does not tell. C: `FrontAddr`.
    front: String,
}

#[pymethods]
impl Login {
    fn __repr__(&self) -> String {
        format!(
            "Login(trading_day={}, front_id={}, session_id={})",
            self.trading_day, self.front_id, self.session_id
        )
    }
}

pub(crate) fn to_python(py: Python<'_>, login: &ctp_gateway::Login) -> PyResult<Py<PyAny>> {
    let made = Login {
        trading_day: login.trading_day.to_str().into_owned(),
        login_time: login.login_time.to_str().into_owned(),
        system_name: login.system_name.to_str().into_owned(),
        system_version: login.system_version.to_str().into_owned(),
        front_id: login.front_id,
        session_id: login.session_id,
        front: login.front.to_str().into_owned(),
    };
    Ok(Py::new(py, made)?.into_any())
}

/// Returns plain data as dicts, lists, texts and numbers.
pub(crate) fn plain(py: Python<'_>, value: &impl Serialize) -> PyResult<Py<PyAny>> {
    let text = serde_json::to_string(value)
        .map_err(|error| crate::errors::CtpError::new_err(format!("it cannot be shown: {error}")))?;
    Ok(py.import("json")?.call_method1("loads", (text,))?.unbind())
}
