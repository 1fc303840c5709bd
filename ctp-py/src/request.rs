//! `ReqX(record, request_id)`: one descriptor per request of the current model.

use ctp_sys::ApiError;
use ctp_types::{MdRequest, RecordBox, RecordDescriptor, TraderRequest};
use pyo3::prelude::*;

use crate::api::{Api, Handle, MdApi, TraderApi};
use crate::errors;
use crate::records;

/// A request of either API.
#[derive(Clone, Copy)]
pub(crate) enum Request {
    Md(MdRequest),
    Trader(TraderRequest),
}

impl Request {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Md(request) => request.name(),
            Self::Trader(request) => request.name(),
        }
    }

    pub(crate) fn record(self) -> &'static RecordDescriptor {
        match self {
            Self::Md(request) => request.record(),
            Self::Trader(request) => request.record(),
        }
    }

    /// Sends the request. Returns 0, as CTP does; whatever CTP returns else is an exception.
    fn send(self, api: &Bound<'_, Api>, record: &Bound<'_, PyAny>, request_id: i32) -> PyResult<i32> {
        let record = records::from_python(record)?;
        let handle = api.get().session()?.handle()?;
        let sent = api.py().detach(|| self.send_to(handle, &record, request_id));
        sent.map(|()| 0).map_err(|error| errors::from_api(api.py(), error))
    }

    pub(crate) fn send_to(
        self,
        handle: &Handle,
        record: &RecordBox,
        request_id: i32,
    ) -> Result<(), ApiError> {
        match (self, handle) {
            (Self::Md(request), Handle::Md(api)) => api.request(request, record.as_ref(), request_id),
            (Self::Trader(request), Handle::Trader(api)) => api.request(request, record.as_ref(), request_id),
            // The descriptors stand on the class of their own API.
            _ => Ok(()),
        }
    }
}

// The request as it stands on the class. Its documentation is that of the request (`__doc__`).
#[pyclass(frozen, module = "ctp_py._ctp_py")]
struct RequestMethod(Request);

#[pymethods]
impl RequestMethod {
    fn __get__(
        slf: Bound<'_, Self>,
        instance: Option<Bound<'_, Api>>,
        _owner: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let py = slf.py();
        match instance {
            Some(api) => {
                Ok(Py::new(py, BoundRequest { request: slf.get().0, api: api.unbind() })?.into_any())
            }
            None => Ok(slf.into_any().unbind()),
        }
    }

    #[pyo3(signature = (api, record, request_id = 0))]
    fn __call__(&self, api: &Bound<'_, Api>, record: &Bound<'_, PyAny>, request_id: i32) -> PyResult<i32> {
        self.0.send(api, record, request_id)
    }

    #[getter]
    fn __name__(&self) -> &'static str {
        self.0.name()
    }

    #[getter]
    fn __doc__(&self) -> String {
        format!("{}(record: {}, request_id: int = 0) -> int", self.0.name(), self.0.record().name)
    }
}

/// The request of one API object.
#[pyclass(frozen, module = "ctp_py._ctp_py")]
struct BoundRequest {
    request: Request,
    api: Py<Api>,
}

#[pymethods]
impl BoundRequest {
    #[pyo3(signature = (record, request_id = 0))]
    fn __call__(&self, py: Python<'_>, record: &Bound<'_, PyAny>, request_id: i32) -> PyResult<i32> {
        self.request.send(self.api.bind(py), record, request_id)
    }

    #[getter]
    fn __name__(&self) -> &'static str {
        self.request.name()
    }

    fn __repr__(&self) -> String {
        format!("<request {}>", self.request.name())
    }
}

/// Puts the requests on the classes.
pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let md = py.get_type::<MdApi>();
    for request in MdRequest::ALL {
        md.setattr(request.name(), Py::new(py, RequestMethod(Request::Md(*request)))?)?;
    }
    let trader = py.get_type::<TraderApi>();
    for request in TraderRequest::ALL {
        trader.setattr(request.name(), Py::new(py, RequestMethod(Request::Trader(*request)))?)?;
    }
    Ok(())
}
