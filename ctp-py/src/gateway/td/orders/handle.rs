//! An order of this client: how it stands now, its events, its outcome.

use std::sync::Arc;

use ctp_gateway::{Error, td};
use pyo3::prelude::*;

use super::trade::Trade;
use super::view::OrderView;
use crate::gateway::life::{self, Owned};
use crate::gateway::pending::Pending;
use crate::gateway::stream::{self, Items, Stream};
use crate::gateway::td::{begun, event};
use crate::gateway::{errors, td::view};

impl Items for td::OrderEvents {}

/// An order that was sent, from `td.place`. Its attributes show how it stands now; what waits is a `Pending`.
///
/// Letting go of it does not cancel the order.
#[pyclass(frozen, weakref, extends = OrderView, module = "ctp_py")]
pub(crate) struct Order {
    handle: Arc<Owned<td::OrderHandle>>,
}

/// What a wait for an order brings: how it stood then.
fn seen(py: Python<'_>, order: Arc<td::Order>) -> PyResult<Py<PyAny>> {
    Ok(Py::new(py, OrderView::then(order))?.into_any())
}

impl Order {
    pub(crate) fn make(py: Python<'_>, handle: td::OrderHandle) -> PyResult<Py<PyAny>> {
        let handle = Arc::new(Owned::new(handle));
        let base = PyClassInitializer::from(OrderView::now(&handle));
        Ok(Py::new(py, base.add_subclass(Self { handle }))?.into_any())
    }

    fn handle(&self) -> PyResult<&td::OrderHandle> {
        life::check()?;
        self.handle.get().ok_or_else(|| crate::errors::StateError::new_err("the order is gone"))
    }

    fn follow<F>(
        &self,
        py: Python<'_>,
        wait: impl FnOnce(Arc<Owned<td::OrderHandle>>) -> F,
    ) -> PyResult<Py<Pending>>
    where
        F: Future<Output = Result<Arc<td::Order>, Error>> + Send + 'static,
    {
        self.handle()?;
        begun(py, wait(Arc::clone(&self.handle)), seen)
    }
}

/// Waits by a method of the handle, which the task keeps.
macro_rules! wait {
    ($order:expr, $py:expr, $method:ident) => {
        $order.follow($py, |handle| async move {
            match handle.get() {
                Some(handle) => handle.$method().await,
                None => Err(Error::Closed),
            }
        })
    };
}

#[pymethods]
impl Order {
    /// Waits until the exchange has taken the order.
    ///
    /// Raises:
    ///     Rejected: counter or exchange refused it; it does not exist.
    ///     Unknown: nothing tells yet; later events may. The order is never sent again.
    fn accepted(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        wait!(self, py, accepted)
    }

    /// Waits until the exchange has taken the order or it is known that it does not exist, however long nothing tells.
    ///
    /// Raises:
    ///     Rejected: counter or exchange refused it, or the counter does not have it.
    ///     Unknown: the session ended before.
    fn resolved(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        wait!(self, py, resolved)
    }

    /// Waits until all lots are traded and all trades have arrived.
    ///
    /// Raises:
    ///     NotFilled: the order is over before: cancelled by somebody, or the rest of an immediate order.
    ///     Rejected: counter or exchange refused it; it does not exist.
    ///     Unknown: nothing tells yet; later events may.
    fn filled(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        wait!(self, py, filled)
    }

    /// Waits until the order is over and all its trades have arrived: filled or cancelled, look at its `phase`.
    ///
    /// Raises:
    ///     Rejected: counter or exchange refused it; it does not exist.
    ///     Unknown: nothing tells yet; later events may.
    fn finished(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        wait!(self, py, finished)
    }

    /// Cancels the order and waits until it is over. If a fill won the race it is `filled`: look at its `phase`. A second
    /// cancel joins the first.
    ///
    /// Raises:
    ///     Denied: the order is over already.
    ///     NotSent: the session is not ready, or the library did not take the request.
    ///     Rejected: counter or exchange refused to cancel; the order's events tell where it stands.
    ///     Unknown: no answer came.
    fn cancel(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        wait!(self, py, cancel)
    }

    /// Waits until it is known what became of the order as a request, or that it is not known. Raises nothing.
    fn outcome(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        self.handle()?;
        let handle = Arc::clone(&self.handle);
        let wait = async move {
            Ok(match handle.get() {
                Some(handle) => handle.accepted().await,
                None => Err(Error::Closed),
            })
        };
        begun(py, wait, |py, outcome| Ok(Py::new(py, Outcome::new(py, outcome)?)?.into_any()))
    }

    /// The order's events, with those that nobody took yet. Each event goes to one reader; the stream ends after the last
    /// trade of an order that is over, or with the session.
    fn events(&self, py: Python<'_>) -> PyResult<Py<Stream>> {
        stream::make(py, self.handle()?.events(), event::to_python)
    }

    /// The trades that have arrived, in the order in which they came.
    #[getter]
    fn trades(&self) -> Vec<Trade> {
        if life::is_forked() {
            return Vec::new();
        }
        let trades = self.handle.get().map(td::OrderHandle::trades).unwrap_or_default();
        trades.into_iter().map(|trade| Trade::new(trade, None)).collect()
    }

    /// What the lots cost on average, in CNY per unit of quotation; `None` before the first trade, and for combinations.
    #[getter]
    fn average_price(&self) -> Option<f64> {
        if life::is_forked() {
            return None;
        }
        let handle = self.handle.get()?;
        let (order, trades) = (handle.order(), handle.trades());
        let mut lots = 0.0;
        let mut sum = 0.0;
        for trade in trades {
            if trade.instrument_id != order.instrument_id {
                return None;
            }
            sum += trade.price? * f64::from(trade.volume);
            lots += f64::from(trade.volume);
        }
        (lots > 0.0).then(|| sum / lots)
    }
}

/// What became of an order as a request. It says nothing of fills.
#[pyclass(frozen, get_all, module = "ctp_py")]
pub(crate) struct Outcome {
    /// `confirmed`, `rejected` (counter or exchange refused it), `denied` (by the gateway, before it was sent), `not_sent`
    /// or `unknown`.
    kind: &'static str,
    /// Whether it is known that the order exists, or that it does not.
    is_definite: bool,
    /// The order, if it is confirmed.
    order: Option<Py<OrderView>>,
    /// The exception that says why, if it is not.
    error: Option<Py<PyAny>>,
}

impl Outcome {
    fn new(py: Python<'_>, outcome: Result<Arc<td::Order>, Error>) -> PyResult<Self> {
        let error = match outcome {
            Ok(order) => {
                let order = Some(Py::new(py, OrderView::then(order))?);
                return Ok(Self { kind: "confirmed", is_definite: true, order, error: None });
            }
            Err(error) => error,
        };
        let kind = match &error {
            Error::Rejected { .. } => "rejected",
            Error::Denied(_) => "denied",
            // What is not known is never taken for a refusal.
            Error::Unknown { .. } => "unknown",
            _ => "not_sent",
        };
        let is_definite = error.is_definite();
        let error = errors::raise(py, error).value(py).clone().into_any().unbind();
        Ok(Self { kind, is_definite, order: None, error: Some(error) })
    }
}

#[pymethods]
impl Outcome {
    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        view::repr(slf.as_any(), &["kind", "order", "error"])
    }
}
