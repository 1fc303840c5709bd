//! The kinds of instructions, and the names that their fields have.

use ctp_types::{
    CombActionField, ExecOrderField, ExecResult, OptionSelfCloseField, OrderActionStatus, OrderSubmitStatus,
    QuoteField, RecordRef, TraderCallback, TraderRequest, Value, until_nul,
};

use crate::td::instructions::instruction::InstructionPhase;
use crate::td::orders::OrderPhase;

/// What an instruction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum InstructionKind {
    /// A market maker's quote (报价): two orders in one.
    Quote,
    /// The exercise of an option, or that it is given up (行权, 放弃行权).
    Exercise,
    /// How positions of options, or the futures they turn into, are set off against each other (期权自对冲).
    SelfClose,
    /// Two positions made one combination, or a combination split (组合申请).
    Combination,
}

impl InstructionKind {
    pub(crate) const ALL: [Self; 4] = [Self::Quote, Self::Exercise, Self::SelfClose, Self::Combination];

    /// Returns the kind that a request makes.
    pub(crate) fn of(request: TraderRequest) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.insert() == request)
    }

    /// Returns the kind whose records a query brings.
    pub(crate) fn of_query(request: TraderRequest) -> Option<Self> {
        match request {
            TraderRequest::ReqQryQuote => Some(Self::Quote),
            TraderRequest::ReqQryExecOrder => Some(Self::Exercise),
            TraderRequest::ReqQryOptionSelfClose => Some(Self::SelfClose),
            TraderRequest::ReqQryCombAction => Some(Self::Combination),
            _ => None,
        }
    }

    /// Returns the request that sends it.
    pub(crate) fn insert(self) -> TraderRequest {
        match self {
            Self::Quote => TraderRequest::ReqQuoteInsert,
            Self::Exercise => TraderRequest::ReqExecOrderInsert,
            Self::SelfClose => TraderRequest::ReqOptionSelfCloseInsert,
            Self::Combination => TraderRequest::ReqCombActionInsert,
        }
    }

    /// Returns the request that withdraws it; combinations are undone by another instruction.
    pub(crate) fn action(self) -> Option<TraderRequest> {
        match self {
            Self::Quote => Some(TraderRequest::ReqQuoteAction),
            Self::Exercise => Some(TraderRequest::ReqExecOrderAction),
            Self::SelfClose => Some(TraderRequest::ReqOptionSelfCloseAction),
            Self::Combination => None,
        }
    }

    /// Returns what a callback says about instructions, if it does.
    pub(crate) fn heard(callback: TraderCallback) -> Option<(Self, Heard)> {
        let says = |kind: Self| {
            let insert = kind.insert();
            if insert.push() == Some(callback) {
                return Some((kind, Heard::Push));
            }
            if insert.answer() == Some(callback) || insert.error_callback() == Some(callback) {
                return Some((kind, Heard::Refused));
            }
            let action = kind.action()?;
            let refuses = action.answer() == Some(callback) || action.error_callback() == Some(callback);
            refuses.then_some((kind, Heard::CancelRefused))
        };
        Self::ALL.into_iter().find_map(says)
    }

    /// Returns the C name of the field with the client's number.
    pub(crate) fn reference_field(self) -> &'static str {
        match self {
            Self::Quote => "QuoteRef",
            Self::Exercise => "ExecOrderRef",
            Self::SelfClose => "OptionSelfCloseRef",
            Self::Combination => "CombActionRef",
        }
    }

    /// Returns the C name of the field with the exchange's number.
    pub(crate) fn sys_id_field(self) -> &'static str {
        match self {
            Self::Quote => "QuoteSysID",
            Self::Exercise => "ExecOrderSysID",
            Self::SelfClose => "OptionSelfCloseSysID",
            Self::Combination => "ComTradeID",
        }
    }

    /// Returns the C name of the field with the client's number of a withdrawal.
    pub(crate) fn action_ref_field(self) -> &'static str {
        match self {
            Self::Quote => "QuoteActionRef",
            Self::Exercise => "ExecOrderActionRef",
            Self::SelfClose => "OptionSelfCloseActionRef",
            Self::Combination => "",
        }
    }

    /// Returns the phase that a pushed record shows, `None` for what the header does not know.
    pub(crate) fn phase(self, record: RecordRef<'_>) -> Option<InstructionPhase> {
        match self {
            Self::Quote => record.get::<QuoteField>().and_then(phase_of_quote),
            Self::Exercise => {
                let record = record.get::<ExecOrderField>()?;
                phase_of_result(record.order_submit_status, record.exec_result)
            }
            Self::SelfClose => {
                let record = record.get::<OptionSelfCloseField>()?;
                phase_of_result(record.order_submit_status, record.exec_result)
            }
            Self::Combination => match record.get::<CombActionField>()?.action_status {
                OrderActionStatus::SUBMITTED => Some(InstructionPhase::Submitted),
                OrderActionStatus::ACCEPTED => Some(InstructionPhase::Done),
                OrderActionStatus::REJECTED => Some(InstructionPhase::Rejected),
                _ => None,
            },
        }
    }
}

/// What a callback says about an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Push,
    Refused,
    CancelRefused,
}

fn phase_of_quote(record: &QuoteField) -> Option<InstructionPhase> {
    match OrderPhase::of_status(record.quote_status, record.order_submit_status)? {
        OrderPhase::Filled => Some(InstructionPhase::Done),
        OrderPhase::Canceled => Some(InstructionPhase::Canceled),
        OrderPhase::Rejected => Some(InstructionPhase::Rejected),
        OrderPhase::Working => Some(InstructionPhase::Accepted),
        _ => Some(InstructionPhase::Submitted),
    }
}

fn phase_of_result(submit: OrderSubmitStatus, result: ExecResult) -> Option<InstructionPhase> {
    match (submit, result) {
        (OrderSubmitStatus::INSERT_REJECTED, _) => Some(InstructionPhase::Rejected),
        (_, ExecResult::CANCELED) => Some(InstructionPhase::Canceled),
        (_, ExecResult::OK) => Some(InstructionPhase::Done),
        (OrderSubmitStatus::INSERT_SUBMITTED, ExecResult::NO_EXEC | ExecResult::UNKNOWN) => {
            Some(InstructionPhase::Submitted)
        }
        (_, ExecResult::NO_EXEC | ExecResult::UNKNOWN) => Some(InstructionPhase::Accepted),
        // Not enough lots, money, right …: it was not carried out.
        (_, other) => other.name().map(|_| InstructionPhase::Rejected),
    }
}

/// Reads an integer of a record by its C name.
pub(crate) fn integer(record: RecordRef<'_>, name: &str) -> Option<i32> {
    match record.field(record.descriptor().field(name)?) {
        Value::Int(number) => Some(number),
        _ => None,
    }
}

/// Reads a text of a record by its C name.
pub(crate) fn text<'a>(record: RecordRef<'a>, name: &str) -> Option<&'a [u8]> {
    match record.field(record.descriptor().field(name)?) {
        Value::Text(bytes) => Some(until_nul(bytes)),
        _ => None,
    }
}
