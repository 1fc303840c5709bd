//! `reqX(dict, reqid)`: one descriptor per request of the current model.

use ctp_sys::ApiError;
use ctp_types::{MdRequest, TraderRequest};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::api::{Api, MdApi, TdApi};
use super::dict::record_of;
use crate::errors;
use crate::request::Request;

/// A request as it stands on the class.
#[pyclass(frozen, module = "ctp_py._ctp_py")]
struct DictRequest(Request);

#[pymethods]
impl DictRequest {
    fn __get__(
        slf: Bound<'_, Self>,
        instance: Option<Bound<'_, Api>>,
        _owner: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let py = slf.py();
        match instance {
            Some(api) => {
                Ok(Py::new(py, BoundDictRequest { request: slf.get().0, api: api.unbind() })?.into_any())
            }
            None => Ok(slf.into_any().unbind()),
        }
    }

    fn __call__(&self, api: &Bound<'_, Api>, req: &Bound<'_, PyDict>, reqid: i32) -> PyResult<i32> {
        send(self.0, api, req, reqid)
    }

    #[getter]
    fn __name__(&self) -> String {
        lower_first(self.0.name())
    }

    #[getter]
    fn __doc__(&self) -> String {
        format!(
            "{}(req: dict, reqid: int) -> int\n\n`req` has fields of {}.",
            lower_first(self.0.name()),
            self.0.record().name
        )
    }
}

/// The request of one API object.
#[pyclass(frozen, module = "ctp_py._ctp_py")]
struct BoundDictRequest {
    request: Request,
    api: Py<Api>,
}

#[pymethods]
impl BoundDictRequest {
    fn __call__(&self, py: Python<'_>, req: &Bound<'_, PyDict>, reqid: i32) -> PyResult<i32> {
        send(self.request, self.api.bind(py), req, reqid)
    }

    #[getter]
    fn __name__(&self) -> String {
        lower_first(self.request.name())
    }
}

fn send(request: Request, api: &Bound<'_, Api>, req: &Bound<'_, PyDict>, reqid: i32) -> PyResult<i32> {
    let record = record_of(request.record(), req)?;
    let session = api.get().session()?;
    let handle = session.handle()?;
    code(api.py(), api.py().detach(|| request.send_to(handle, &record, reqid)))
}

/// Returns CTP's code: 0, or why a request did not leave. Anything else is an exception.
pub(super) fn code(py: Python<'_>, sent: Result<(), ApiError>) -> PyResult<i32> {
    match sent {
        Ok(()) => Ok(0),
        Err(ApiError::NotConnected { .. }) => Ok(-1),
        Err(ApiError::TooManyUnanswered { .. }) => Ok(-2),
        Err(ApiError::TooFast { .. }) => Ok(-3),
        Err(ApiError::Refused { code, .. }) => Ok(code),
        Err(error) => Err(errors::from_api(py, error)),
    }
}

/// Returns `reqUserLogin` for `ReqUserLogin`.
pub(super) fn lower_first(name: &str) -> String {
    let (first, rest) = name.split_at(1.min(name.len()));
    first.to_ascii_lowercase() + rest
}

/// Puts the requests on the classes.
pub(super) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let md = py.get_type::<MdApi>();
    for request in MdRequest::ALL {
        md.setattr(lower_first(request.name()), Py::new(py, DictRequest(Request::Md(*request)))?)?;
    }
    let td = py.get_type::<TdApi>();
    for request in TraderRequest::ALL {
        td.setattr(lower_first(request.name()), Py::new(py, DictRequest(Request::Trader(*request)))?)?;
    }
    Ok(())
}
