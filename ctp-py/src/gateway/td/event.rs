//! What a trading session reports, as one class for each kind.

use ctp_gateway::td::TdEvent as Told;
use pyo3::prelude::*;
use pyo3::types::PyType;

use super::books::{Difference, PositionNow};
use super::instructions::InstructionView;
use super::orders::{OrderView, Trade};
use super::refusal::Refusal;
use super::view;
use crate::records;

/// An event of a trading session; none is ever dropped. Each kind is a class of its own: `TdEvent.Order`,
/// `TdEvent.Trade` and so on, for `isinstance` and `match`.
#[pyclass(frozen, subclass, module = "ctp_py")]
pub(crate) struct TdEvent {
    kind: &'static str,
}

#[pymethods]
impl TdEvent {
    /// The kind as a word: `order`, `trade`, `position`, `rejected`, `foreign_rejected`, `cancel_rejected`, `unknown`,
    /// `instruction`, `instruction_cancel_rejected`, `alert`, `trading_day_changed`, `differences`, `dry_run`, `error`.
    #[getter]
    fn kind(&self) -> &'static str {
        self.kind
    }
}

macro_rules! events {
    ($(
        $(#[$doc:meta])*
        $class:ident $name:literal $kind:literal {
            $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
        }
    )*) => {
        $(
            $(#[$doc])*
            #[pyclass(frozen, get_all, extends = TdEvent, name = $name, module = "ctp_py")]
            pub(crate) struct $class {
                $($(#[$field_doc])* $field: $type,)*
            }

            impl $class {
                fn make(self, py: Python<'_>) -> PyResult<Py<PyAny>> {
                    let base = PyClassInitializer::from(TdEvent { kind: $kind });
                    Ok(Py::new(py, base.add_subclass(self))?.into_any())
                }
            }

            #[pymethods]
            impl $class {
                #[classattr]
                fn __match_args__() -> ($(events!(@text $field),)*) {
                    ($(stringify!($field),)*)
                }

                fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
                    Ok(format!("TdEvent.{}", view::repr(slf.as_any(), &[$(stringify!($field),)*])?))
                }
            }
        )*

        /// Puts the classes of the kinds on their base.
        fn nest(base: &Bound<'_, PyType>) -> PyResult<()> {
            let py = base.py();
            $(
                let class = py.get_type::<$class>();
                class.setattr("__qualname__", concat!("TdEvent.", $name))?;
                base.setattr($name, class)?;
            )*
            Ok(())
        }
    };
    (@text $field:ident) => { &'static str };
}

events! {
    /// An order appeared or changed. Repeated and late records make no event.
    OrderEvent "Order" "order" {
        /// The order as it stood then.
        order: Py<OrderView>,
    }
    /// A trade, once per fill.
    TradeEvent "Trade" "trade" {
        /// The fill.
        trade: Py<Trade>,
        /// The order with this fill counted in; `None` if no record of it came.
        order: Option<Py<OrderView>>,
    }
    /// A trade changed a position of the gateway's own books. The last lot that goes is told, too: with 0 lots.
    PositionEvent "Position" "position" {
        /// The position.
        position: PositionNow,
    }
    /// The counter or exchange refused an order: once, however many callbacks say so.
    RejectedEvent "Rejected" "rejected" {
        /// The order.
        order: Py<OrderView>,
        /// The refusal.
        refusal: Refusal,
    }
    /// The counter refused an order of another session of the account. It never existed.
    ForeignRejectedEvent "ForeignRejected" "foreign_rejected" {
        /// The order as it was sent: `data.InputOrder`.
        input: Py<PyAny>,
        /// The refusal.
        refusal: Refusal,
    }
    /// The counter or exchange refused to cancel an order. The order's own events tell where it stands.
    CancelRejectedEvent "CancelRejected" "cancel_rejected" {
        /// The order, if it is known.
        order: Option<Py<OrderView>>,
        /// The refusal.
        refusal: Refusal,
    }
    /// Nothing tells whether an order that was sent exists. Later events may. It is never sent again.
    UnknownEvent "Unknown" "unknown" {
        /// The order.
        order: Py<OrderView>,
        /// What cut the order from its answer.
        cause: String,
    }
    /// A quote, a declaration of exercise, a self close or a combination appeared or changed.
    InstructionEvent "Instruction" "instruction" {
        /// The instruction as it stood then.
        instruction: Py<InstructionView>,
    }
    /// The counter or exchange refused to withdraw an instruction.
    InstructionCancelRejectedEvent "InstructionCancelRejected" "instruction_cancel_rejected" {
        /// The instruction, if it is known.
        instruction: Option<Py<InstructionView>>,
        /// The refusal.
        refusal: Refusal,
    }
    /// The session noticed something by itself.
    AlertEvent "Alert" "alert" {
        /// What, for example `killed`, `orders_slow`, `not_usable`.
        name: &'static str,
        /// The same in words.
        text: String,
    }
    /// The session logged in on another trading day: orders, instruments and rates begin anew.
    TradingDayChangedEvent "TradingDayChanged" "trading_day_changed" {
        /// The trading day of the login before, `yyyymmdd`.
        before: String,
        /// The trading day of this login, `yyyymmdd`.
        now: String,
    }
    /// The gateway's books and the counter say different things, in two looks, or for longer.
    DifferencesEvent "Differences" "differences" {
        /// What differs.
        differences: Vec<Difference>,
        /// What the configuration says about it: `strict`, `adopt_counter` or `report_only`.
        policy: &'static str,
    }
    /// A request that was not sent because `risk.dry_run` is set. It kept to all other rules.
    DryRunEvent "DryRun" "dry_run" {
        /// The C name of the request.
        request: &'static str,
        /// Its record as it would have been sent, but for numbers.
        record: Py<PyAny>,
    }
    /// An error that belongs to no request of this session. C: `OnRspError`.
    ErrorEvent "Error" "error" {
        /// The error.
        refusal: Refusal,
        /// The number it names.
        request_id: i32,
    }
}

pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<TdEvent>()?;
    nest(&module.py().get_type::<TdEvent>())
}

/// Makes the Python object of an event.
pub(crate) fn to_python(py: Python<'_>, event: Told) -> PyResult<Py<PyAny>> {
    let seen = |order| Py::new(py, OrderView::then(order));
    let instructed = |instruction| Py::new(py, InstructionView::then(instruction));
    match event {
        Told::Order(order) => OrderEvent { order: seen(order)? }.make(py),
        Told::Trade { order, trade } => {
            let trade = Py::new(py, Trade::new(trade, order.clone()))?;
            TradeEvent { trade, order: order.map(seen).transpose()? }.make(py)
        }
        Told::Position(position) => PositionEvent { position: (&*position).into() }.make(py),
        Told::Rejected { order, error } => {
            RejectedEvent { order: seen(order)?, refusal: (&error).into() }.make(py)
        }
        Told::ForeignRejected { input, error } => {
            let input = records::to_data(py, ctp_types::RecordBox::new(&*input))?.unbind();
            ForeignRejectedEvent { input, refusal: (&error).into() }.make(py)
        }
        Told::CancelRejected { order, error } => {
            CancelRejectedEvent { order: order.map(seen).transpose()?, refusal: (&error).into() }.make(py)
        }
        Told::Unknown { order, cause } => {
            UnknownEvent { order: seen(order)?, cause: cause.to_string() }.make(py)
        }
        Told::Instruction(instruction) => InstructionEvent { instruction: instructed(instruction)? }.make(py),
        Told::InstructionCancelRejected { instruction, error } => {
            let instruction = instruction.map(instructed).transpose()?;
            InstructionCancelRejectedEvent { instruction, refusal: (&error).into() }.make(py)
        }
        Told::Alert(alert) => AlertEvent { name: alert.name(), text: alert.to_string() }.make(py),
        Told::TradingDayChanged { from, to } => {
            TradingDayChangedEvent { before: view::text(&from), now: view::text(&to) }.make(py)
        }
        Told::Differences { differences, policy } => {
            let differences = differences.iter().map(Difference::from).collect();
            DifferencesEvent { differences, policy: policy_name(policy) }.make(py)
        }
        Told::DryRun { request, record } => {
            let record = records::to_data(py, record)?.unbind();
            DryRunEvent { request: request.name(), record }.make(py)
        }
        Told::Error { error, request_id } => ErrorEvent { refusal: (&error).into(), request_id }.make(py),
        // A kind that this binding does not know yet is told as what it says of itself.
        other => AlertEvent { name: "unknown_event", text: format!("{other:?}") }.make(py),
    }
}

fn policy_name(policy: ctp_gateway::config::Reconcile) -> &'static str {
    use ctp_gateway::config::Reconcile;
    match policy {
        Reconcile::AdoptCounter => "adopt_counter",
        Reconcile::ReportOnly => "report_only",
        _ => "strict",
    }
}
