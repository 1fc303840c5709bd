//! Every request of the trader API, looked up in the table of the model.

use std::sync::{Mutex, PoisonError};

use ctp_gateway::requests::{RawAnswer, Sent as WasSent};
use ctp_types::{RecordBox, TraderRequest};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList};

use super::TdClient;
use crate::gateway::life::{self, Owned};
use crate::gateway::pending::{self, Pending};
use crate::records;

include!(concat!(env!("OUT_DIR"), "/requests.rs"));

/// Every request of the trader API as a method, from `td.requests`: names are the C names without `Req`, in snake case.
///
/// A method takes a record of `ctp_py.data`, or its fields by name, and returns a `Pending`: of a list for queries, of
/// one record or `None` for answered requests, of a `Sent` for the others. Fields of the account that are left empty are
/// filled with the session's own. Queries wait for their turn; nothing else is ever sent twice.
#[pyclass(frozen, module = "ctp_py")]
pub(crate) struct Requests {
    client: Owned<ctp_gateway::TdClient>,
}

impl Requests {
    pub(crate) fn new(client: ctp_gateway::TdClient) -> Self {
        Self { client: Owned::new(client) }
    }
}

// A request as it stands on a class. Its documentation is that of the request (`__doc__`).
#[pyclass(frozen, module = "ctp_py")]
pub(crate) struct RequestMethod {
    name: String,
    row: &'static (&'static str, TraderRequest, &'static str),
}

#[pymethods]
impl RequestMethod {
    fn __get__(
        slf: Bound<'_, Self>,
        instance: &Bound<'_, PyAny>,
        owner: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let _ = owner;
        if instance.is_none() {
            return Ok(slf.into_any().unbind());
        }
        let method = slf.clone().unbind();
        Ok(Py::new(slf.py(), BoundRequest { method, instance: instance.clone().unbind() })?.into_any())
    }

    #[getter]
    fn __name__(&self) -> &str {
        &self.name
    }

    #[getter]
    fn __doc__(&self) -> &'static str {
        self.row.2
    }

    fn __repr__(&self) -> String {
        format!("<request {} ({})>", self.name, self.row.1.name())
    }
}

// The request of one client.
#[pyclass(frozen, module = "ctp_py")]
pub(crate) struct BoundRequest {
    method: Py<RequestMethod>,
    instance: Py<PyAny>,
}

#[pymethods]
impl BoundRequest {
    #[pyo3(signature = (record = None, /, **fields))]
    fn __call__(
        &self,
        py: Python<'_>,
        record: Option<&Bound<'_, PyAny>>,
        fields: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<Pending>> {
        let client = client_of(self.instance.bind(py))?;
        let request = self.method.get().row.1;
        send(py, client, request, read(py, request, record, fields)?)
    }

    #[getter]
    fn __name__(&self) -> &str {
        &self.method.get().name
    }

    #[getter]
    fn __doc__(&self) -> &'static str {
        self.method.get().row.2
    }

    fn __repr__(&self) -> String {
        format!("<request {}>", self.method.get().name)
    }
}

fn client_of(instance: &Bound<'_, PyAny>) -> PyResult<ctp_gateway::TdClient> {
    if let Ok(requests) = instance.cast::<Requests>() {
        life::check()?;
        let client = requests.get().client.get().cloned();
        return client.ok_or_else(|| crate::errors::StateError::new_err("the client is gone"));
    }
    instance.cast::<TdClient>()?.get().client()
}

/// Reads what a request takes: a record of its kind, its fields by name, or nothing.
fn read(
    py: Python<'_>,
    request: TraderRequest,
    record: Option<&Bound<'_, PyAny>>,
    fields: Option<&Bound<'_, PyDict>>,
) -> PyResult<RecordBox> {
    let wanted = request.record();
    let fields = fields.filter(|fields| !fields.is_empty());
    let Some(record) = record.filter(|record| !record.is_none()) else {
        let class = records::data_class_of(wanted).python(py)?;
        return records::from_python(&class.call((), fields)?);
    };
    if fields.is_some() {
        return Err(PyTypeError::new_err(format!("{}: give a record or fields, not both", request.name())));
    }
    let record = records::from_python(record)?;
    if !std::ptr::eq(record.descriptor(), wanted) {
        let (name, given) = (request.name(), record.descriptor().name);
        return Err(PyTypeError::new_err(format!("{name} takes a {}, not a {given}", wanted.name)));
    }
    Ok(record)
}

/// Makes a request with the account filled in.
fn send(
    py: Python<'_>,
    client: ctp_gateway::TdClient,
    request: TraderRequest,
    record: RecordBox,
) -> PyResult<Py<Pending>> {
    let asked = async move { client.requests().any(request, record.as_ref()).await };
    super::begun(py, asked, answer)
}

/// Makes the Python objects of what a request brought.
pub(crate) fn answer(py: Python<'_>, answer: RawAnswer) -> PyResult<Py<PyAny>> {
    match answer {
        RawAnswer::Rows(rows) => {
            let rows = rows.into_iter().map(|row| records::to_data(py, row)).collect::<PyResult<Vec<_>>>()?;
            Ok(PyList::new(py, rows)?.into_any().unbind())
        }
        RawAnswer::Answer(Some(record)) => Ok(records::to_data(py, record)?.unbind()),
        RawAnswer::Answer(None) => Ok(py.None()),
        RawAnswer::Sent(sent) => Ok(Py::new(py, Sent::new(sent))?.into_any()),
        other => {
            Err(crate::errors::CtpError::new_err(format!("an answer that is not known here: {other:?}")))
        }
    }
}

/// A request that the library took and that has no answer of its own: counter and exchange say nothing when they accept
/// it, a push tells the effect. Letting go of it takes nothing back.
#[pyclass(frozen, generic, module = "ctp_py")]
pub(crate) struct Sent {
    request: &'static str,
    request_id: i32,
    sent: Mutex<Option<WasSent>>,
    outcome: PyOnceLock<Py<Pending>>,
}

impl Sent {
    pub(crate) fn new(sent: WasSent) -> Self {
        let (request, request_id) = (sent.request(), sent.request_id());
        Self { request, request_id, sent: Mutex::new(Some(sent)), outcome: PyOnceLock::new() }
    }

    fn begin(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner).take();
        let sent = sent.ok_or_else(|| crate::errors::StateError::new_err("the request is gone"))?;
        pending::spawn(py, async move { sent.outcome_record().await }, |py, record| {
            Ok(records::to_data(py, record)?.unbind())
        })
    }
}

#[pymethods]
impl Sent {
    /// The C name of the request.
    #[getter]
    fn request(&self) -> &'static str {
        self.request
    }

    /// The request's number. C: `nRequestID`, and `RequestID` of records that have one.
    #[getter]
    fn request_id(&self) -> i32 {
        self.request_id
    }

    /// Waits for the first thing that tells what became of the request; the result is its record. Of a cancel only a
    /// refusal is seen here: its push repeats the number of what is cancelled.
    ///
    /// Raises:
    ///     Rejected: the counter or the exchange refused it; it has no effect.
    ///     Unknown: nothing came in time, or the link broke. Later pushes may tell; it is never sent again.
    fn outcome(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        life::check()?;
        Ok(self.outcome.get_or_try_init(py, || self.begin(py))?.clone_ref(py))
    }

    fn __repr__(&self) -> String {
        format!("<Sent {} {}>", self.request, self.request_id)
    }
}

/// Puts the requests on the classes.
pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add_class::<Requests>()?;
    module.add_class::<Sent>()?;
    let (all, client) = (py.get_type::<Requests>(), py.get_type::<TdClient>());
    for row in REQUESTS {
        let name = row.0.to_owned();
        all.setattr(row.0, Py::new(py, RequestMethod { name, row })?)?;
        if let Some(query) = row.0.strip_prefix("qry_") {
            let name = format!("query_{query}");
            client.setattr(name.as_str(), Py::new(py, RequestMethod { name: name.clone(), row })?)?;
        }
    }
    Ok(())
}
