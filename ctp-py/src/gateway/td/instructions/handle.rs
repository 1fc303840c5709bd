//! An instruction of this client.

use std::sync::Arc;

use ctp_gateway::{Error, td};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::view::InstructionView;
use crate::gateway::life::{self, Owned};
use crate::gateway::pending::Pending;
use crate::gateway::td::begun;
use crate::gateway::td::orders::Order;

/// An instruction that was sent, from `td.quote`, `td.exercise`, `td.self_close` or `td.combine`. Its attributes show how
/// it stands now; what waits is a `Pending`. Letting go of it withdraws nothing.
#[pyclass(frozen, weakref, extends = InstructionView, module = "ctp_py")]
pub(crate) struct Instruction {
    handle: Arc<Owned<td::InstructionHandle>>,
    orders: Py<PyTuple>,
}

macro_rules! wait {
    ($instruction:expr, $py:expr, $method:ident) => {{
        life::check()?;
        let handle = Arc::clone(&$instruction.handle);
        let wait = async move {
            match handle.get() {
                Some(handle) => handle.$method().await,
                None => Err(Error::Closed),
            }
        };
        begun($py, wait, |py, instruction| Ok(Py::new(py, InstructionView::then(instruction))?.into_any()))
    }};
}

impl Instruction {
    pub(crate) fn make(py: Python<'_>, mut handle: td::InstructionHandle) -> PyResult<Py<PyAny>> {
        let orders: Vec<_> =
            handle.take_orders().into_iter().map(|order| Order::make(py, order)).collect::<PyResult<_>>()?;
        let orders = PyTuple::new(py, orders)?.unbind();
        let sent = handle.instruction();
        let handle = Arc::new(Owned::new(handle));
        let base = PyClassInitializer::from(InstructionView::now(&handle, sent));
        Ok(Py::new(py, base.add_subclass(Self { handle, orders }))?.into_any())
    }
}

#[pymethods]
impl Instruction {
    /// The orders of a quote, the ask first; nothing else has any.
    #[getter]
    fn orders(&self, py: Python<'_>) -> Py<PyTuple> {
        self.orders.clone_ref(py)
    }

    /// Waits until the exchange has it, or more.
    ///
    /// Raises:
    ///     Rejected: counter or exchange refused it; it has no effect.
    ///     Unknown: nothing tells yet; later events may. It is never sent again.
    fn accepted(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        wait!(self, py, accepted)
    }

    /// Waits until it is over: carried out, withdrawn or refused. A declaration of exercise is carried out at the end of
    /// the day.
    ///
    /// Raises:
    ///     Rejected: counter or exchange refused it; it has no effect.
    ///     Unknown: nothing tells yet; later events may.
    fn finished(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        wait!(self, py, finished)
    }

    /// Withdraws the instruction and waits until it is over.
    ///
    /// Raises:
    ///     Denied: it is over already, or a combination, which is undone by another instruction.
    ///     NotSent: the session is not ready, or the library did not take the request.
    ///     Rejected: counter or exchange refused it; the instruction's events tell where it stands.
    ///     Unknown: no answer came.
    fn cancel(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
        wait!(self, py, cancel)
    }
}
