//! Orders: placing, cancelling, closing, parking.

use ctp_gateway::Error;
use ctp_gateway::td::{self, CloseFirst};
use ctp_types::RecordBox;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};

use super::{TAKER, TdClient, list, number_of};
use crate::gateway::errors;
use crate::gateway::pending::{self, Pending};
use crate::gateway::td::orders::{Order, OrderView};
use crate::gateway::td::parked::{Parked, ParkedCancel};
use crate::gateway::td::{new_order, requests, view};

/// What became of a close: one order, or two where the exchange keeps today's and earlier lots apart.
#[pyclass(frozen, get_all, module = "ctp_py")]
pub(crate) struct Closing {
    /// The orders that were sent, in this order; at least one.
    orders: Py<PyList>,
    /// The exception that says why the rest was not sent, if there is a rest.
    failure: Option<Py<PyAny>>,
}

impl Closing {
    fn make(py: Python<'_>, closing: td::Closing) -> PyResult<Py<PyAny>> {
        let orders =
            closing.orders.into_iter().map(|order| Order::make(py, order)).collect::<PyResult<Vec<_>>>()?;
        let failure = closing.failure.map(|error| exception(py, error));
        Ok(Py::new(py, Self { orders: PyList::new(py, orders)?.unbind(), failure })?.into_any())
    }
}

/// What became of one order of `td.cancel_all`.
#[pyclass(frozen, get_all, module = "ctp_py")]
pub(crate) struct Cancelled {
    /// The order as it stood when it was to be cancelled.
    order: Py<OrderView>,
    /// How it ended: `canceled`, or `filled` if a fill won the race; `None` if that is not known.
    ended: Option<Py<OrderView>>,
    /// The exception that says why it is not known: what `td.cancel` would have raised.
    error: Option<Py<PyAny>>,
}

impl Cancelled {
    fn make(py: Python<'_>, cancelled: td::Cancelled) -> PyResult<Py<Self>> {
        let order = Py::new(py, OrderView::then(cancelled.order))?;
        let (ended, error) = match cancelled.outcome {
            Ok(ended) => (Some(Py::new(py, OrderView::then(ended))?), None),
            Err(error) => (None, Some(exception(py, error))),
        };
        Py::new(py, Self { order, ended, error })
    }
}

#[pymethods]
impl Cancelled {
    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        view::repr(slf.as_any(), &["order", "ended", "error"])
    }
}

/// Returns an error as the exception that it would be.
fn exception(py: Python<'_>, error: Error) -> Py<PyAny> {
    errors::raise(py, error).value(py).clone().into_any().unbind()
}

#[pymethods]
impl Closing {
    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        view::repr(slf.as_any(), &["orders", "failure"])
    }
}

#[pymethods]
impl TdClient {
    /// Sends an order, from this thread: when the call returns the library has it. The result is the `Order`.
    ///
    /// ``td.place(NewOrder.fak("rb2701", "buy", "open", 2, 3925.0))``, or the parts and keywords of a `NewOrder`:
    /// ``td.place("rb2701", "buy", "open", 2, 3925.0, exchange="SHFE")``.
    ///
    /// A refusal by counter or exchange comes later: see `Order.accepted`.
    ///
    /// Raises:
    ///     Denied: it breaks a rule; nothing was sent.
    ///     NotSent: the session is not ready, or the library did not take it.
    #[pyo3(signature = (*parts, **more))]
    fn place(
        &self,
        py: Python<'_>,
        parts: &Bound<'_, PyTuple>,
        more: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<Pending>> {
        let order = new_order::read(parts, more)?.of_gateway();
        let client = self.client()?;
        let placed = py.detach(|| client.place_now(&order));
        pending::settled(py, placed, Order::make)
    }

    /// Cancels an order of the account, own or foreign, by itself or by its `id`, and waits until it is over. The result is
    /// how it ended: `canceled`, or `filled` if a fill won the race. A second cancel joins the first.
    ///
    /// Raises:
    ///     Denied: the order is over already or not known.
    ///     NotSent: the session is not ready, or the library did not take the request.
    ///     Rejected: counter or exchange refused to cancel; the order's events tell where it stands.
    ///     Unknown: no answer came.
    fn cancel(&self, py: Python<'_>, order: &Bound<'_, PyAny>) -> PyResult<Py<Pending>> {
        let id = td::OrderId::new(number_of(order, "order")?);
        self.ask(
            py,
            |client| async move { client.cancel(id).await },
            |py, order| Ok(Py::new(py, OrderView::then(order))?.into_any()),
        )
    }

    /// Cancels all working orders of this gateway, of earlier runs of the trading day too, as fast as the pace allows, and waits
    /// until it is known what became of each; with an instrument, only its own. The result is a list of `Cancelled`.
    ///
    /// Orders pass as before, and those that are placed meanwhile are not cancelled: see `kill`. Orders of other sessions are
    /// left alone. What the library has no room for (−2, −3) is given to it again after a second, five times in all; what still
    /// waits when the link breaks is not sent.
    ///
    /// Raises:
    ///     Denied: the instrument's id does not fit.
    ///     NotSent: the session is not ready; nothing was sent.
    #[pyo3(signature = (instrument_id = None))]
    fn cancel_all(&self, py: Python<'_>, instrument_id: Option<String>) -> PyResult<Py<Pending>> {
        self.ask(
            py,
            |client| async move { client.cancel_all(instrument_id.as_deref()).await },
            |py, all| {
                let all =
                    all.into_iter().map(|one| Cancelled::make(py, one)).collect::<PyResult<Vec<_>>>()?;
                Ok(PyList::new(py, all)?.into_any().unbind())
            },
        )
    }

    /// Closes lots of a position without knowing when they were opened: selling closes what was bought. SHFE and INE close
    /// today's and earlier lots by different orders, so there may be two. The result is a `Closing`.
    ///
    /// ``td.close_position("rb2701", "sell", 5, 3900.0)``, with keywords as `NewOrder` has them, or
    /// ``td.close_position(order)``, whose offset is of no account.
    ///
    /// Args:
    ///     first: which lots are taken first where the exchange lets one choose: `yesterday` or `today`.
    ///
    /// Raises:
    ///     Denied: fewer lots are free than are to be closed, or the order breaks a rule; nothing was sent.
    ///     NotSent: the session is not ready, or the library did not take the first order.
    #[pyo3(signature = (*parts, first = "yesterday", **more))]
    fn close_position(
        &self,
        py: Python<'_>,
        parts: &Bound<'_, PyTuple>,
        first: &str,
        more: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<Pending>> {
        let first = match first {
            "yesterday" => CloseFirst::Yesterday,
            "today" => CloseFirst::Today,
            _ => {
                let message = format!("first {first:?} cannot be; give \"yesterday\" or \"today\"");
                return Err(TAKER.refused(py, "first", message));
            }
        };
        let order = if parts.len() < 2 {
            new_order::read(parts, more)?
        } else {
            // Its offset follows from what is held.
            let mut whole: Vec<_> = parts.iter().collect();
            whole.insert(2, PyString::new(py, "close").into_any());
            new_order::read(&PyTuple::new(py, whole)?, more)?
        };
        let (order, client) = (order.of_gateway(), self.client()?);
        let closed = py.detach(|| client.close_position(&order, first));
        pending::settled(py, closed, Closing::make)
    }

    /// Cancels all orders of this session at an exchange with one request (批量撤单; DCE, for market makers). The result is a
    /// `Sent`; the events of the orders tell what became of each.
    ///
    /// Raises:
    ///     Denied: the exchange's name does not fit.
    ///     NotSent: the session cannot be used, or the library did not take it.
    fn cancel_batch(&self, py: Python<'_>, exchange_id: String) -> PyResult<Py<Pending>> {
        self.ask(
            py,
            |client| async move { client.cancel_batch(&exchange_id).await },
            |py, sent| Ok(Py::new(py, requests::Sent::new(sent))?.into_any()),
        )
    }

    /// Parks an order in the counter (预埋单): it is sent when the product begins to trade. It takes what `place` takes; the
    /// result is a `Parked`.
    ///
    /// Raises:
    ///     Denied: it breaks a rule, or is conditional, or a combination; nothing was sent.
    ///     NotSent: the session is not ready, or the library did not take it.
    ///     Rejected: the counter did not take it.
    ///     Unknown: no answer came; `parked_orders` tells.
    #[pyo3(signature = (*parts, **more))]
    fn park(
        &self,
        py: Python<'_>,
        parts: &Bound<'_, PyTuple>,
        more: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<Pending>> {
        let order = new_order::read(parts, more)?.of_gateway();
        self.ask(py, |client| async move { client.park(order).await }, Parked::make)
    }

    /// Parks the cancel of an order in the counter (预埋撤单); the result is a `ParkedCancel`. As `park` otherwise.
    fn park_cancel(&self, py: Python<'_>, order: &Bound<'_, OrderView>) -> PyResult<Py<Pending>> {
        let order = order.get().order();
        self.ask(py, |client| async move { client.park_cancel(&order).await }, ParkedCancel::make)
    }

    /// Asks for the parked orders of the account, as `data.ParkedOrder`, also those that were sent or removed.
    fn parked_orders(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        self.ask(
            py,
            |client| async move { client.parked_orders().await },
            |py, rows| list(py, rows.iter().map(RecordBox::new)),
        )
    }

    /// Asks for the parked cancels of the account, as `data.ParkedOrderAction`.
    fn parked_cancels(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        self.ask(
            py,
            |client| async move { client.parked_cancels().await },
            |py, rows| list(py, rows.iter().map(RecordBox::new)),
        )
    }
}
