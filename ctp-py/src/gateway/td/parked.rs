//! Orders and cancels that wait in the counter until their product trades.

use std::sync::Arc;

use ctp_gateway::{Error, td};
use ctp_types::RecordBox;
use pyo3::prelude::*;

use super::begun;
use super::view::{repr, text};
use crate::gateway::life::{self, Owned};
use crate::gateway::pending::Pending;
use crate::records;

macro_rules! parked {
    ($(#[$doc:meta])* $name:ident { $(#[$remove_doc:meta])* remove; $(#[$record_doc:meta])* record; }) => {
        $(#[$doc])*
        #[pyclass(frozen, module = "ctp_py")]
        pub(crate) struct $name {
            parked: Arc<Owned<td::$name>>,
            id: String,
            record: RecordBox,
        }

        impl $name {
            pub(crate) fn make(py: Python<'_>, parked: td::$name) -> PyResult<Py<PyAny>> {
                let (id, record) = (text(&parked.id()), RecordBox::new(parked.record()));
                Ok(Py::new(py, Self { parked: Arc::new(Owned::new(parked)), id, record })?.into_any())
            }
        }

        #[pymethods]
        impl $name {
            /// The counter's number.
            #[getter]
            fn id(&self) -> &str {
                &self.id
            }

            $(#[$record_doc])*
            #[getter]
            fn record<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                records::to_data(py, self.record.clone())
            }

            $(#[$remove_doc])*
            fn remove(&self, py: Python<'_>) -> PyResult<Py<Pending>> {
                life::check()?;
                let parked = Arc::clone(&self.parked);
                let wait = async move {
                    match parked.get() {
                        Some(parked) => parked.remove().await,
                        None => Err(Error::Closed),
                    }
                };
                begun(py, wait, |py, ()| Ok(py.None()))
            }

            fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
                repr(slf.as_any(), &["id", "record"])
            }
        }
    };
}

parked! {
    /// An order that is parked in the counter (预埋单). Letting go of it removes nothing.
    Parked {
        /// Takes the order back before it is sent.
        ///
        /// Raises:
        ///     NotSent: the session is not ready, or the library did not take the request.
        ///     Rejected: it was sent (46) or removed (47) already.
        ///     Unknown: no answer came; `td.parked_orders()` tells.
        remove;
        /// The record as the counter took it: `data.ParkedOrder`.
        record;
    }
}

parked! {
    /// A cancel that is parked in the counter (预埋撤单). Letting go of it removes nothing.
    ParkedCancel {
        /// Takes the cancel back before it is sent: the order stays. So it passes the gate like an order.
        ///
        /// Raises:
        ///     Denied: the gate is closed.
        ///     NotSent: the session is not ready, or the library did not take the request.
        ///     Rejected: it was sent or removed already.
        ///     Unknown: no answer came; `td.parked_cancels()` tells.
        remove;
        /// The record as the counter took it: `data.ParkedOrderAction`.
        record;
    }
}
