//! `MdClient`: market data.

mod event;

use ctp_gateway::requests::RawAnswer;
use ctp_types::{MdRequest, RecordBox};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use super::base::SessionClient;
use super::batches::Batches;
use super::config::{self, Side};
use super::handlers::{self, Handler};
use super::pending::{self, Pending};
use super::session::Session;
use super::stream::{self, Stream};
use super::{errors, runtime, tick};
use crate::{columns, records};

pub(super) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<event::MdEvent>()?;
    module.add_class::<MdClient>()
}

/// Market data: ticks of the instruments that are subscribed, and again after every broken link.
///
/// `MdClient("ctp.toml")`, `MdClient("sim://demo")`, or keywords as docs/configuration.md has them, which win over the
/// file and over the variables `CTP_…`. It connects with ``async with``, ``with``, `connect` or `open`, and lives until it
/// is closed or the interpreter ends.
///
/// Raises:
///     ConfigError: every problem of the configuration at once.
#[pyclass(frozen, extends = SessionClient, subclass, module = "ctp_py")]
pub(crate) struct MdClient {
    session: Session<ctp_gateway::MdClient>,
}

impl MdClient {
    /// Returns the object of a client that a gateway owns.
    pub(super) fn lent(client: ctp_gateway::MdClient, label: String) -> PyClassInitializer<Self> {
        Self::of(Session::lent(client), label)
    }

    fn of(session: Session<ctp_gateway::MdClient>, label: String) -> PyClassInitializer<Self> {
        SessionClient::of(&session, label).add_subclass(Self { session })
    }

    fn client(&self) -> PyResult<ctp_gateway::MdClient> {
        self.session.client()
    }

    /// Returns a reader of the ticks of the instruments, which are subscribed; of all without any.
    fn source(&self, instruments: &Bound<'_, PyTuple>) -> PyResult<ctp_gateway::Ticks> {
        let client = self.client()?;
        let ids = instrument_ids(instruments)?;
        let ticks = client.ticks();
        if ids.is_empty() {
            return Ok(ticks);
        }
        client.subscribe(&ids).map_err(|error| errors::raise(instruments.py(), error))?;
        Ok(ticks.only(ids))
    }
}

/// Reads instruments: texts, or iterables of texts.
pub(crate) fn instrument_ids(instruments: &Bound<'_, PyTuple>) -> PyResult<Vec<String>> {
    let mut ids = Vec::new();
    for instrument in instruments {
        if let Ok(id) = instrument.cast::<PyString>() {
            ids.push(id.to_str()?.to_owned());
            continue;
        }
        let wrong = |value: &Bound<'_, PyAny>| {
            let found = value.get_type().name().map_or_else(|_| String::new(), |name| name.to_string());
            PyTypeError::new_err(format!(
                "instruments are texts, or lists of them, not {found}; write \"rb2701\""
            ))
        };
        for id in instrument.try_iter().map_err(|_| wrong(&instrument))? {
            let id = id?;
            ids.push(id.extract().map_err(|_| wrong(&id))?);
        }
    }
    Ok(ids)
}

#[pymethods]
impl MdClient {
    #[new]
    #[pyo3(signature = (config = None, /, **keywords))]
    fn new(
        py: Python<'_>,
        config: Option<Bound<'_, PyAny>>,
        keywords: Option<Bound<'_, PyDict>>,
    ) -> PyResult<PyClassInitializer<Self>> {
        let read = config::read(config.as_ref(), keywords.as_ref(), Side::Md, py)?;
        let config = read.config.md_config().map_err(|error| errors::config(py, &error))?;
        let label = format!("{}@{}", config.user_id, config::shown(&config.fronts));
        Ok(Self::of(Session::new(config, read.kept), label))
    }

    /// Subscribes instruments, now or as soon as the session is ready, and again after every broken link.
    ///
    /// The front's answers come as `events`.
    ///
    /// Raises:
    ///     Denied: an id is empty or too long; nothing is subscribed then.
    #[pyo3(signature = (*instruments))]
    fn subscribe(&self, py: Python<'_>, instruments: &Bound<'_, PyTuple>) -> PyResult<()> {
        let ids = instrument_ids(instruments)?;
        self.client()?.subscribe(&ids).map_err(|error| errors::raise(py, error))
    }

    /// Ends subscriptions.
    ///
    /// Raises:
    ///     Denied: an id is empty or too long.
    #[pyo3(signature = (*instruments))]
    fn unsubscribe(&self, py: Python<'_>, instruments: &Bound<'_, PyTuple>) -> PyResult<()> {
        let ids = instrument_ids(instruments)?;
        self.client()?.unsubscribe(&ids).map_err(|error| errors::raise(py, error))
    }

    /// Returns a stream of the ticks of these instruments, which are subscribed, or of all that are without any.
    ///
    /// A reader that falls further behind than `tick_capacity` loses the oldest ticks, counted in `.lost`.
    #[pyo3(signature = (*instruments))]
    fn ticks(&self, py: Python<'_>, instruments: &Bound<'_, PyTuple>) -> PyResult<Py<Stream>> {
        stream::make(py, self.source(instruments)?, |py, item| tick::to_python(py, &item))
    }

    /// Returns a stream of `TickBatch` of the ticks of these instruments, which are subscribed, or of all that are
    /// without any: each time what has gathered, at least one tick and at most `size`.
    ///
    /// A reader that falls further behind than `tick_capacity` loses the oldest ticks, counted in `.lost`. A wait that is
    /// cancelled or timed out takes nothing away, also of a batch that is being gathered.
    ///
    /// Args:
    ///     interval: seconds that a batch gathers ticks after its first one came, unless `size` is reached before; without it,
    ///         or with 0, a batch waits for no second tick.
    ///
    /// Raises:
    ///     ValueError: `size` is 0, or `interval` is no time.
    #[pyo3(signature = (*instruments, size = 1024, interval = None))]
    fn batches(
        &self,
        py: Python<'_>,
        instruments: &Bound<'_, PyTuple>,
        size: usize,
        interval: Option<f64>,
    ) -> PyResult<Py<Stream>> {
        if size == 0 {
            return Err(PyValueError::new_err("a batch of size 0 would hold no tick"));
        }
        let interval = interval.map(pending::seconds).transpose()?.filter(|interval| !interval.is_zero());
        let mut batches = Batches::new(self.source(instruments)?, size);
        if let Some(interval) = interval {
            batches = batches.gather(interval, runtime::handle()?);
        }
        stream::make(py, batches, |py, rows| Ok(columns::batch(py, rows)?.into_any().unbind()))
    }

    /// Calls `function` with every tick of these instruments, which are subscribed, or of all that are without any.
    ///
    /// ``md.on_tick(function, "rb2610")``, or as a decorator: ``@md.on_tick`` and ``@md.on_tick("rb2610")``. All handlers
    /// run on one thread. What a handler raises goes to `on_error`, else to the log `ctp_py`. Returns the `Handler`.
    #[pyo3(signature = (*arguments))]
    fn on_tick<'py>(slf: &Bound<'py, Self>, arguments: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let first = arguments.get_item(0).ok().filter(|first| first.is_callable());
        let Some(function) = first else {
            // With instruments only it returns the decorator.
            instrument_ids(arguments)?;
            let partial = py.import("functools")?.getattr("partial")?;
            let register = slf.getattr("_on_tick_of")?;
            return partial.call1((register, arguments));
        };
        let instruments = arguments.get_slice(1, arguments.len());
        Self::_on_tick_of(slf, &instruments, function).map(|handler| handler.into_bound(py).into_any())
    }

    fn _on_tick_of(
        slf: &Bound<'_, Self>,
        instruments: &Bound<'_, PyTuple>,
        function: Bound<'_, PyAny>,
    ) -> PyResult<Py<Handler>> {
        let this = slf.get();
        let owner = this.session.owner()?;
        let ticks = this.source(instruments)?;
        handlers::add(slf.py(), owner, "on_tick", ticks, |py, item| tick::to_python(py, &item), function)
    }

    /// Calls `function` with every `MdEvent`; see `events`. Returns the `Handler`.
    fn on_event(&self, py: Python<'_>, function: Bound<'_, PyAny>) -> PyResult<Py<Handler>> {
        let events = self.client()?.events();
        handlers::add(py, self.session.owner()?, "on_event", events, event::to_python, function)
    }

    /// Returns the latest tick of an instrument since the client connected, if there is one.
    fn latest(&self, py: Python<'_>, instrument: &str) -> PyResult<Option<Py<PyAny>>> {
        self.client()?.latest(instrument).map(|latest| tick::to_python(py, &latest)).transpose()
    }

    /// Returns a stream of `MdEvent`: answers to subscriptions, gaps, alerts, errors. None is ever dropped.
    fn events(&self, py: Python<'_>) -> PyResult<Py<Stream>> {
        stream::make(py, self.client()?.events(), event::to_python)
    }

    /// Returns a stream of the requests for quotes (询价) in these instruments, which are subscribed to.
    ///
    /// Raises:
    ///     Denied: an id is empty or too long.
    #[pyo3(signature = (*instruments))]
    fn quote_requests(&self, py: Python<'_>, instruments: &Bound<'_, PyTuple>) -> PyResult<Py<Stream>> {
        let (client, ids) = (self.client()?, instrument_ids(instruments)?);
        let pushes = client.quote_requests();
        client.subscribe_quote_requests(&ids).map_err(|error| errors::raise(py, error))?;
        stream::make(py, pushes, |py, record| Ok(records::to_data(py, RecordBox::new(&record))?.unbind()))
    }

    /// Ends subscriptions to requests for quotes.
    ///
    /// Raises:
    ///     Denied: an id is empty or too long.
    #[pyo3(signature = (*instruments))]
    fn unsubscribe_quote_requests(&self, py: Python<'_>, instruments: &Bound<'_, PyTuple>) -> PyResult<()> {
        let ids = instrument_ids(instruments)?;
        self.client()?.unsubscribe_quote_requests(&ids).map_err(|error| errors::raise(py, error))
    }

    /// Asks for the multicast instruments (组播合约) of a topic; the result is a list of records.
    ///
    /// Args:
    ///     request: a `ctp_py.data.QryMulticastInstrument`, or a `ctp_py.QryMulticastInstrumentField`.
    ///
    /// Raises:
    ///     Rejected: the front refused it.
    ///     TimedOut: no answer in three attempts.
    ///     NotInVersion: the library has no such request.
    fn qry_multicast_instrument(&self, py: Python<'_>, request: &Bound<'_, PyAny>) -> PyResult<Py<Pending>> {
        let (client, record) = (self.client()?, records::from_python(request)?);
        let asked = async move { client.raw_request(MdRequest::ReqQryMulticastInstrument, record).await };
        pending::spawn(py, asked, |py, answer| {
            let rows = match answer {
                RawAnswer::Rows(rows) => rows,
                RawAnswer::Answer(row) => row.into_iter().collect(),
                _ => Vec::new(),
            };
            let rows: PyResult<Vec<_>> =
                rows.into_iter().map(|record| records::to_data(py, record)).collect();
            Ok(pyo3::types::PyList::new(py, rows?)?.into_any().unbind())
        })
    }
}
