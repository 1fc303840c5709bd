//! An instruction as it stands, or as it stood.

use std::sync::Arc;

use ctp_gateway::td;
use pyo3::prelude::*;

use crate::gateway::life::{self, Owned};
use crate::gateway::td::orders::origin_name;
use crate::gateway::td::refusal::Refusal;
use crate::gateway::td::view::{repr, text};
use crate::records;

/// A quote, a declaration of exercise, a self close or a combination as it stood when something was told about it. An
/// `Instruction`, which `td.quote` and its kin return, has the same attributes and shows how it stands now.
#[pyclass(frozen, subclass, module = "ctp_py")]
pub(crate) struct InstructionView {
    seen: Seen,
}

enum Seen {
    Then(Arc<td::Instruction>),
    Now(Arc<Owned<td::InstructionHandle>>, Arc<td::Instruction>),
}

impl InstructionView {
    pub(crate) fn then(instruction: Arc<td::Instruction>) -> Self {
        Self { seen: Seen::Then(instruction) }
    }

    pub(super) fn now(handle: &Arc<Owned<td::InstructionHandle>>, sent: Arc<td::Instruction>) -> Self {
        Self { seen: Seen::Now(Arc::clone(handle), sent) }
    }

    pub(crate) fn instruction(&self) -> Arc<td::Instruction> {
        match &self.seen {
            Seen::Then(instruction) => Arc::clone(instruction),
            Seen::Now(_, sent) if life::is_forked() => Arc::clone(sent),
            Seen::Now(handle, sent) => {
                handle.get().map_or_else(|| Arc::clone(sent), td::InstructionHandle::instruction)
            }
        }
    }
}

const SHOWN: &[&str] = &["id", "kind", "instrument_id", "phase", "sys_id", "status_message", "refusal"];

#[pymethods]
impl InstructionView {
    /// The gateway's number; `td.cancel_instruction(id)` takes it.
    #[getter]
    fn id(&self) -> u64 {
        self.instruction().id.number()
    }

    /// What it is: `quote`, `exercise`, `self_close` or `combination`.
    #[getter]
    fn kind(&self) -> &'static str {
        match self.instruction().kind {
            td::InstructionKind::Quote => "quote",
            td::InstructionKind::Exercise => "exercise",
            td::InstructionKind::SelfClose => "self_close",
            _ => "combination",
        }
    }

    /// Who sent it: `own` (this client), `earlier` (this program in an earlier run), `foreign` (anybody else).
    #[getter]
    fn origin(&self) -> &'static str {
        origin_name(self.instruction().origin)
    }

    /// Where it stands: `sent`, `unknown`, `submitted`, `accepted`, `done`, `canceled`, `rejected`. It only moves forward.
    /// `unknown` is not `rejected`: it may have an effect.
    #[getter]
    fn phase(&self) -> &'static str {
        use td::InstructionPhase as Phase;
        match self.instruction().phase {
            Phase::Sent => "sent",
            Phase::Submitted => "submitted",
            Phase::Accepted => "accepted",
            Phase::Done => "done",
            Phase::Canceled => "canceled",
            Phase::Rejected => "rejected",
            // Nothing is claimed about what this binding does not know.
            _ => "unknown",
        }
    }

    /// Whether nothing changes any more.
    #[getter]
    fn is_over(&self) -> bool {
        self.instruction().phase.is_over()
    }

    /// The instrument. C: `InstrumentID`.
    #[getter]
    fn instrument_id(&self) -> String {
        text(&self.instruction().instrument_id)
    }

    /// The exchange. C: `ExchangeID`.
    #[getter]
    fn exchange_id(&self) -> String {
        text(&self.instruction().keys.exchange_id)
    }

    /// The exchange's number. C: `QuoteSysID`, `ExecOrderSysID`, `OptionSelfCloseSysID`, `ComTradeID`.
    #[getter]
    fn sys_id(&self) -> String {
        text(&self.instruction().keys.sys_id)
    }

    /// The client's number. C: `QuoteRef`, `ExecOrderRef`, `OptionSelfCloseRef`, `CombActionRef`.
    #[getter]
    fn reference(&self) -> String {
        text(&self.instruction().keys.reference)
    }

    /// The front of the session that sent it. C: `FrontID`.
    #[getter]
    fn front_id(&self) -> i32 {
        self.instruction().keys.front_id
    }

    /// The session that sent it. C: `SessionID`.
    #[getter]
    fn session_id(&self) -> i32 {
        self.instruction().keys.session_id
    }

    /// The counter's words. C: `StatusMsg`.
    #[getter]
    fn status_message(&self) -> String {
        self.instruction().status_message.clone()
    }

    /// Why it was refused, if it was.
    #[getter]
    fn refusal(&self) -> Option<Refusal> {
        self.instruction().refusal.as_ref().map(Refusal::from)
    }

    /// What cut it from its answer, while its outcome is unknown.
    #[getter]
    fn unknown_cause(&self) -> Option<String> {
        self.instruction().unknown_cause.as_ref().map(ToString::to_string)
    }

    /// When the last record was received, in nanoseconds since the Unix epoch; 0 before the first.
    #[getter]
    fn received_ns(&self) -> i64 {
        self.instruction().received_ns
    }

    /// The last pushed record, exactly as it came: `data.Quote`, `data.ExecOrder`, `data.OptionSelfClose` or
    /// `data.CombAction`; `None` before the first.
    #[getter]
    fn record<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let record = self.instruction().record_box().cloned();
        record.map(|record| records::to_data(py, record)).transpose()
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        repr(slf.as_any(), SHOWN)
    }
}
