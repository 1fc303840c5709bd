//! An order as it stands, or as it stood.

use std::sync::Arc;

use ctp_gateway::td;
use ctp_types::{Direction, HedgeFlag, OffsetFlag, OrderStatus, OrderSubmitStatus, RecordBox};
use pyo3::prelude::*;

use crate::gateway::life::Owned;
use crate::gateway::td::refusal::Refusal;
use crate::gateway::td::view::{Member, repr, text};
use crate::records;

/// An order as it stood when something was told about it: in events, answers and lists. An `Order`, which `td.place`
/// returns, has the same attributes and shows how it stands now.
///
/// Prices are CNY per unit of quotation, volumes lots, texts as they came, blanks included.
#[pyclass(frozen, subclass, module = "ctp_py")]
pub(crate) struct OrderView {
    seen: Seen,
}

enum Seen {
    Then(Arc<td::Order>),
    Now(Arc<Owned<td::OrderHandle>>, Arc<td::Order>),
}

impl OrderView {
    pub(crate) fn then(order: Arc<td::Order>) -> Self {
        Self { seen: Seen::Then(order) }
    }

    pub(super) fn now(handle: &Arc<Owned<td::OrderHandle>>) -> Self {
        let placed = handle.get().map(td::OrderHandle::order);
        match placed {
            Some(order) => Self { seen: Seen::Now(Arc::clone(handle), order) },
            None => unreachable!("a handle is taken away only when it is dropped"),
        }
    }

    /// Returns the order; in a forked child as it stood at the fork's beginning at the latest.
    pub(crate) fn order(&self) -> Arc<td::Order> {
        match &self.seen {
            Seen::Then(order) => Arc::clone(order),
            Seen::Now(_, placed) if crate::gateway::life::is_forked() => Arc::clone(placed),
            Seen::Now(handle, placed) => {
                handle.get().map_or_else(|| Arc::clone(placed), td::OrderHandle::order)
            }
        }
    }
}

const SHOWN: &[&str] = &[
    "id",
    "instrument_id",
    "direction",
    "offset",
    "volume",
    "limit_price",
    "phase",
    "volume_traded",
    "order_sys_id",
    "status_text",
    "refusal",
];

pub(crate) fn phase_name(phase: td::OrderPhase) -> &'static str {
    use td::OrderPhase as Phase;
    match phase {
        Phase::Sent => "sent",
        Phase::Unknown => "unknown",
        Phase::Acknowledged => "acknowledged",
        Phase::Untriggered => "untriggered",
        Phase::Working => "working",
        Phase::Triggered => "triggered",
        Phase::Filled => "filled",
        Phase::Canceled => "canceled",
        Phase::Rejected => "rejected",
        // Newer than this binding: nothing is claimed about it.
        _ => "unknown",
    }
}

pub(crate) fn origin_name(origin: td::Origin) -> &'static str {
    match origin {
        td::Origin::Own => "own",
        td::Origin::Earlier => "earlier",
        _ => "foreign",
    }
}

#[pymethods]
impl OrderView {
    /// The gateway's number of the order; `td.cancel(id)` takes it.
    #[getter]
    fn id(&self) -> u64 {
        self.order().id.number()
    }

    /// Who placed it: `own` (this client), `earlier` (this program in an earlier run), `foreign` (anybody else).
    #[getter]
    fn origin(&self) -> &'static str {
        origin_name(self.order().origin)
    }

    /// Where it stands: `sent`, `unknown`, `acknowledged`, `untriggered`, `working`, `triggered`, `filled`, `canceled`,
    /// `rejected`. It only moves forward. `unknown` is not `rejected`: the order may exist.
    #[getter]
    fn phase(&self) -> &'static str {
        phase_name(self.order().phase)
    }

    /// Whether nothing changes any more, apart from trades that are on their way.
    #[getter]
    fn is_over(&self) -> bool {
        self.order().phase.is_over()
    }

    /// Whether it is over and all its trades have arrived.
    #[getter]
    fn is_complete(&self) -> bool {
        self.order().is_complete()
    }

    /// The instrument. C: `InstrumentID`.
    #[getter]
    fn instrument_id(&self) -> String {
        text(&self.order().instrument_id)
    }

    /// Buy or sell. C: `Direction`.
    #[getter]
    fn direction(&self) -> Member<Direction> {
        self.order().direction.into()
    }

    /// Open or close, of the first leg. C: `CombOffsetFlag`.
    #[getter]
    fn offset(&self) -> Member<OffsetFlag> {
        self.order().offset.into()
    }

    /// The purpose, of the first leg. C: `CombHedgeFlag`.
    #[getter]
    fn hedge(&self) -> Member<HedgeFlag> {
        self.order().hedge.into()
    }

    /// The limit in CNY per unit of quotation; `None` without one. C: `LimitPrice`.
    #[getter]
    fn limit_price(&self) -> Option<f64> {
        self.order().limit_price
    }

    /// The lots ordered. C: `VolumeTotalOriginal`.
    #[getter]
    fn volume(&self) -> i32 {
        self.order().volume
    }

    /// The lots traded as the order's records say; never falls. C: `VolumeTraded`.
    #[getter]
    fn volume_traded(&self) -> i32 {
        self.order().volume_traded
    }

    /// The lots of the trades that have arrived; catches up with `volume_traded`.
    #[getter]
    fn volume_filled(&self) -> i32 {
        self.order().volume_filled
    }

    /// The lots that are neither traded nor given up.
    #[getter]
    fn volume_left(&self) -> i32 {
        self.order().volume_left()
    }

    /// The status as it came; `None` before the first record. C: `OrderStatus`.
    #[getter]
    fn status(&self) -> Member<OrderStatus> {
        self.order().status.into()
    }

    /// The submit status as it came. C: `OrderSubmitStatus`.
    #[getter]
    fn submit_status(&self) -> Member<OrderSubmitStatus> {
        self.order().submit_status.into()
    }

    /// The status in Chinese and English, for people: `全部成交 all traded`.
    #[getter]
    fn status_text(&self) -> String {
        self.order().status_text().to_string()
    }

    /// The counter's words. C: `StatusMsg`.
    #[getter]
    fn status_message(&self) -> String {
        self.order().status_message.clone()
    }

    /// Why it was refused, if it was.
    #[getter]
    fn refusal(&self) -> Option<Refusal> {
        self.order().refusal.as_ref().map(Refusal::from)
    }

    /// What cut it from its answer, while its outcome is unknown.
    #[getter]
    fn unknown_cause(&self) -> Option<String> {
        self.order().unknown_cause.as_ref().map(ToString::to_string)
    }

    /// The number of the conditional order that this one was triggered by.
    #[getter]
    fn parent(&self) -> Option<u64> {
        self.order().parent.map(td::OrderId::number)
    }

    /// The number of the order that a conditional one became when it was triggered.
    #[getter]
    fn child(&self) -> Option<u64> {
        self.order().child.map(td::OrderId::number)
    }

    /// Whether what changed last tells of the past: a replay of the day, a query or the journal brought it.
    #[getter]
    fn replayed(&self) -> bool {
        self.order().replayed
    }

    /// When the last record was received, in nanoseconds since the Unix epoch; 0 before the first.
    #[getter]
    fn received_ns(&self) -> i64 {
        self.order().received_ns
    }

    /// The front of the session that placed it. C: `FrontID`.
    #[getter]
    fn front_id(&self) -> i32 {
        self.order().keys.front_id
    }

    /// The session that placed it. C: `SessionID`.
    #[getter]
    fn session_id(&self) -> i32 {
        self.order().keys.session_id
    }

    /// The client's number, unique within front and session. C: `OrderRef`.
    #[getter]
    fn order_ref(&self) -> String {
        text(&self.order().keys.order_ref)
    }

    /// The exchange. C: `ExchangeID`.
    #[getter]
    fn exchange_id(&self) -> String {
        text(&self.order().keys.exchange_id)
    }

    /// The exchange's number; empty before the exchange has the order. C: `OrderSysID`.
    #[getter]
    fn order_sys_id(&self) -> String {
        text(&self.order().keys.order_sys_id)
    }

    /// The counter's seat at the exchange. C: `TraderID`.
    #[getter]
    fn trader_id(&self) -> String {
        text(&self.order().keys.trader_id)
    }

    /// The counter's number, unique within exchange and seat. C: `OrderLocalID`.
    #[getter]
    fn order_local_id(&self) -> String {
        text(&self.order().keys.order_local_id)
    }

    /// The last record that was taken, exactly as it came; `None` before the first.
    #[getter]
    fn record<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let order = self.order();
        order.record.as_ref().map(|record| records::to_data(py, RecordBox::new(&**record))).transpose()
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        repr(slf.as_any(), SHOWN)
    }
}
