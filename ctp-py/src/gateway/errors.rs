//! Every error of the gateway as a Python exception with attributes.

use std::time::Duration;

use ctp_gateway::Error;
use ctp_gateway::config::ConfigError;
use ctp_gateway::error::{Refuser, SendRefusal, ServerError};
use ctp_gateway::state::Fault;
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::{PyTimeoutError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyType};

use crate::errors::{
    CloseError, CtpError, NotConnected, NotInVersion, NotSent, StateError, TooFast, TooManyUnanswered,
};
use crate::{errors, library};

/// A class of exceptions with more than one base, or with one of ours.
struct Kind {
    name: &'static str,
    doc: &'static str,
    class: PyOnceLock<Py<PyType>>,
}

impl Kind {
    const fn new(name: &'static str, doc: &'static str) -> Self {
        Self { name, doc, class: PyOnceLock::new() }
    }

    fn make<'py>(&self, py: Python<'py>, bases: &[&Bound<'py, PyType>]) -> PyResult<Bound<'py, PyType>> {
        let class = self.class.get_or_try_init(py, || {
            let body = PyDict::new(py);
            body.set_item("__doc__", self.doc)?;
            body.set_item("__module__", "ctp_py")?;
            let bases = pyo3::types::PyTuple::new(py, bases)?;
            let class = py.get_type::<PyType>().call1((self.name, bases, body))?;
            Ok::<_, PyErr>(class.cast_into::<PyType>()?.unbind())
        })?;
        Ok(class.bind(py).clone())
    }

    fn new_err(&self, py: Python<'_>, message: String) -> PyErr {
        match self.class.get(py) {
            Some(class) => PyErr::from_type(class.bind(py).clone(), (message,)),
            None => CtpError::new_err(message),
        }
    }
}

static CONFIG: Kind = Kind::new(
    "ConfigError",
    "A configuration that cannot work, with all its problems.\n\nAttributes: `problems`, a list of (key, place, message).",
);
static REJECTED: Kind = Kind::new(
    "Rejected",
    "The counter or the exchange refused the request: it has no effect.\n\nAttributes: `request`, `code`, `symbol`, `message`, `refuser` (`counter` or `exchange`).",
);
static DENIED: Kind = Kind::new(
    "Denied",
    "The gateway refused the request before sending it.\n\nAttributes: `rule`, `value`, `limit`, `fix`.",
);
static UNKNOWN: Kind = Kind::new(
    "Unknown",
    "The request was sent, and nothing tells yet whether it had an effect. It is never sent again.\n\nAttributes: `request`, `cause`.",
);
static TIMED_OUT: Kind = Kind::new(
    "TimedOut",
    "Something did not come in time; it may come later, or be asked for again.\n\nAttributes: `waited` in seconds; for a query also `request` and `attempts`.",
);
static NOT_READY: Kind = Kind::new(
    "NotReady",
    "The session was not ready in time. It goes on trying.\n\nAttributes: `waited` in seconds, `state`, `fronts`.",
);
static FAULTED: Kind =
    Kind::new("Faulted", "The session has stopped for good.\n\nAttributes: `fault`, `hint`.");
static LOGIN: Kind = Kind::new(
    "LoginError",
    "A step of the login was refused, and is not repeated: repeated wrong passwords lock the account.\n\nAttributes: `fault` (the step), `code`, `symbol`, `message`, `hint`.",
);
static NOT_FILLED: Kind = Kind::new(
    "NotFilled",
    "The order is over, and not all of its lots were traded.\n\nAttributes: `order` (as it ended), `volume`, `volume_filled`, `status_text`.",
);
static CAPTURE: Kind = Kind::new("CaptureError", "The recording that was asked for cannot begin.");
static JOURNAL: Kind = Kind::new("JournalError", "The journal of the session cannot be opened.");

pub(super) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let base = py.get_type::<CtpError>();
    let (value, time) = (py.get_type::<PyValueError>(), py.get_type::<PyTimeoutError>());
    module.add(CONFIG.name, CONFIG.make(py, &[&base, &value])?)?;
    let timed_out = TIMED_OUT.make(py, &[&base, &time])?;
    module.add(TIMED_OUT.name, &timed_out)?;
    module.add(NOT_READY.name, NOT_READY.make(py, &[&timed_out])?)?;
    let faulted = FAULTED.make(py, &[&base])?;
    module.add(FAULTED.name, &faulted)?;
    module.add(LOGIN.name, LOGIN.make(py, &[&faulted])?)?;
    for kind in [&REJECTED, &DENIED, &UNKNOWN, &NOT_FILLED, &CAPTURE, &JOURNAL] {
        module.add(kind.name, kind.make(py, &[&base])?)?;
    }
    Ok(())
}

/// Sets attributes of an exception that is being made.
struct Made<'py> {
    py: Python<'py>,
    error: PyErr,
}

impl<'py> Made<'py> {
    fn with(self, name: &str, value: impl IntoPyObjectExt<'py>) -> Self {
        let set =
            || -> PyResult<()> { self.error.value(self.py).setattr(name, value.into_bound_py_any(self.py)?) };
        match set() {
            Ok(()) => self,
            // Without its attribute it still says what happened.
            Err(_) => self,
        }
    }

    fn server(self, error: &ServerError) -> Self {
        let refuser = match error.refuser {
            Refuser::Exchange => "exchange",
            _ => "counter",
        };
        self.with("code", error.code)
            .with("symbol", error.symbol)
            .with("message", error.message.as_str())
            .with("refuser", refuser)
    }
}

/// Turns an error of the gateway into a Python exception.
pub(crate) fn raise(py: Python<'_>, error: Error) -> PyErr {
    let message = error.to_string();
    let made = |error: PyErr| Made { py, error };
    let kind = |kind: &Kind| made(kind.new_err(py, message.clone()));
    let made = match error {
        Error::Config(problems) => return config(py, &problems),
        Error::Load(_) => made(errors::LoadError::new_err(message)),
        Error::Create(error) => return library::not_created(error),
        Error::Setup { call, source } => {
            let source = errors::from_api(py, source);
            let class = source.get_type(py);
            made(PyErr::from_type(class, (message,))).with("call", call)
        }
        Error::Capture(_) => kind(&CAPTURE),
        Error::Journal(_) => kind(&JOURNAL),
        Error::Thread { .. } => made(CtpError::new_err(message)),
        Error::Rejected { request, error } => kind(&REJECTED).with("request", request).server(&error),
        Error::Denied(denial) => kind(&DENIED)
            .with("rule", denial.rule.name())
            .with("value", denial.value)
            .with("limit", denial.limit)
            .with("fix", denial.fix),
        Error::NotSent { request, reason } => not_sent(py, message, &reason).with("request", request),
        Error::Unknown { request, cause } => {
            kind(&UNKNOWN).with("request", request).with("cause", cause.to_string())
        }
        Error::TimedOut { request, waited, attempts } => kind(&TIMED_OUT)
            .with("request", request)
            .with("waited", waited.as_secs_f64())
            .with("attempts", attempts),
        Error::NotReady { waited, state, fronts } => kind(&NOT_READY)
            .with("waited", waited.as_secs_f64())
            .with("state", state.name())
            .with("fronts", fronts),
        Error::Faulted(fault) => faulted(py, message, &fault),
        Error::Closed => made(StateError::new_err(message)),
        Error::NotFilled { order } => kind(&NOT_FILLED)
            .with("order", super::td::OrderView::then(std::sync::Arc::clone(&order)))
            .with("volume", order.volume)
            .with("volume_filled", order.volume_filled)
            .with("status_text", order.status_text().to_string()),
        Error::CloseTimedOut { waited } => {
            made(CloseError::new_err(message)).with("waited", waited.as_secs_f64())
        }
        _ => made(CtpError::new_err(message)),
    };
    made.error
}

/// Returns the error of a wait that was given up.
pub(super) fn not_in_time(py: Python<'_>, waited: Duration) -> PyErr {
    let message = format!("nothing came within {waited:?}; it goes on, wait again");
    Made { py, error: TIMED_OUT.new_err(py, message) }.with("waited", waited.as_secs_f64()).error
}

/// Returns the error of a configuration.
pub(crate) fn config(py: Python<'_>, error: &ConfigError) -> PyErr {
    let problems: Vec<_> = error
        .problems()
        .iter()
        .map(|problem| {
            let place = problem.place.as_ref().map(ToString::to_string);
            (problem.key.to_string(), place, problem.message.clone())
        })
        .collect();
    let error = CONFIG.new_err(py, error.to_string());
    Made { py, error }.with("problems", problems).error
}

/// Returns the error of one value of a configuration.
pub(super) fn config_value(py: Python<'_>, key: &str, message: &str) -> PyErr {
    let text = format!("the configuration cannot work\n  {key}: {message}");
    let problems = vec![(key.to_owned(), None::<String>, message.to_owned())];
    Made { py, error: CONFIG.new_err(py, text) }.with("problems", problems).error
}

fn not_sent<'py>(py: Python<'py>, message: String, reason: &SendRefusal) -> Made<'py> {
    let (error, code) = match reason {
        SendRefusal::NotConnected => (NotConnected::new_err(message), Some(-1)),
        SendRefusal::TooManyUnanswered => (TooManyUnanswered::new_err(message), Some(-2)),
        SendRefusal::TooFast => (TooFast::new_err(message), Some(-3)),
        SendRefusal::NotInVersion { .. } | SendRefusal::DoesNotFit { .. } => {
            (NotInVersion::new_err(message), None)
        }
        SendRefusal::Relay { code } => (NotSent::new_err(message), Some(*code)),
        _ => (NotSent::new_err(message), None),
    };
    Made { py, error }.with("code", code).with("reason", reason.to_string())
}

fn faulted<'py>(py: Python<'py>, message: String, fault: &Fault) -> Made<'py> {
    let (kind, step) = match fault {
        Fault::AuthenticationRejected(_) => (&LOGIN, "authentication"),
        Fault::LoginRejected(_) => (&LOGIN, "login"),
        Fault::PasswordExpired(_) => (&LOGIN, "password expired"),
        Fault::TerminalInfoRejected(_) => (&LOGIN, "terminal information"),
        Fault::ConfirmationRejected(_) => (&LOGIN, "settlement confirmation"),
        Fault::ConnectionRejected(_) => (&LOGIN, "connection"),
        _ => (&FAULTED, "panic"),
    };
    let made = Made { py, error: kind.new_err(py, message) };
    let made = made.with("fault", step).with("hint", fault.hint());
    match fault.server_error() {
        Some(error) => made.server(error),
        None => made,
    }
}
