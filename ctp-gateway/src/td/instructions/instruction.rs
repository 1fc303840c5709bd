//! An instruction as the gateway shows it, with the exact record beside it.

use ctp_types::{Record, RecordBox, RecordRef, Text};

use crate::error::{ServerError, UnknownCause};
use crate::td::instructions::InstructionKind;
use crate::td::instructions::kind::{integer, text};
use crate::td::orders::Origin;

/// The gateway's own number of an instruction, unique within one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstructionId(pub(crate) u64);

impl InstructionId {
    /// Returns the id with that number, for bindings that hand out [`number`](Self::number). A number that no
    /// instruction has names none: a withdrawal by it is denied.
    pub fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number.
    pub fn number(self) -> u64 {
        self.0
    }
}

/// Where an instruction stands in its life. It only ever moves forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum InstructionPhase {
    /// Handed to the library; no answer yet.
    Sent,
    /// The link broke or time ran out before any answer. It may have an effect; what follows tells.
    Unknown,
    /// The counter has it; the exchange has not answered.
    Submitted,
    /// The exchange has it. A quote is in the book; a declaration waits for the exchange to carry it out.
    Accepted,
    /// Carried out: all of a quote traded, an option exercised, a combination made or split.
    Done,
    /// Withdrawn, by whomever.
    Canceled,
    /// Refused by counter or exchange: it has no effect.
    Rejected,
}

impl InstructionPhase {
    /// Returns whether nothing changes any more.
    pub fn is_over(self) -> bool {
        self >= Self::Done
    }

    fn rank(self) -> u8 {
        match self {
            Self::Sent | Self::Unknown => 0,
            Self::Submitted => 1,
            Self::Accepted => 2,
            Self::Done | Self::Canceled | Self::Rejected => 3,
        }
    }
}

/// The names of an instruction. Texts are kept as they came, blanks included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstructionKeys {
    /// The front of the session that sent it. C: `FrontID`.
    pub front_id: i32,
    /// The session that sent it. C: `SessionID`.
    pub session_id: i32,
    /// The client's number. C: `QuoteRef`, `ExecOrderRef`, `OptionSelfCloseRef`, `CombActionRef`.
    pub reference: Text<13>,
    /// The exchange. C: `ExchangeID`.
    pub exchange_id: Text<9>,
    /// The exchange's number. C: `QuoteSysID`, `ExecOrderSysID`, `OptionSelfCloseSysID`, `ComTradeID`.
    pub sys_id: Text<21>,
}

/// An instruction: what is known about it from all records so far.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Instruction {
    /// The gateway's number.
    pub id: InstructionId,
    /// What it is.
    pub kind: InstructionKind,
    /// Who sent it.
    pub origin: Origin,
    /// Where it stands.
    pub phase: InstructionPhase,
    /// Its names at counter and exchange.
    pub keys: InstructionKeys,
    /// The instrument. C: `InstrumentID`.
    pub instrument_id: Text<81>,
    /// The counter's words. C: `StatusMsg`.
    pub status_message: String,
    /// Why it was refused, if it was.
    pub refusal: Option<ServerError>,
    /// What cut it from its answer, while its outcome is unknown.
    pub unknown_cause: Option<UnknownCause>,
    /// When the last record was received, in nanoseconds since the Unix epoch; 0 before the first.
    pub received_ns: i64,
    /// The last pushed record, exactly as it came: see [`record`](Self::record).
    pub(super) last: Option<RecordBox>,
}

impl Instruction {
    /// Returns the last pushed record if it is an `R`: [`QuoteField`](ctp_types::QuoteField),
    /// [`ExecOrderField`](ctp_types::ExecOrderField), [`OptionSelfCloseField`](ctp_types::OptionSelfCloseField),
    /// [`CombActionField`](ctp_types::CombActionField).
    pub fn record<R: Record>(&self) -> Option<&R> {
        self.last.as_ref().and_then(RecordBox::get)
    }

    /// Returns the last pushed record, whichever it is, for code that reads records by their descriptors.
    pub fn record_box(&self) -> Option<&RecordBox> {
        self.last.as_ref()
    }

    pub(super) fn new(
        id: InstructionId,
        kind: InstructionKind,
        origin: Origin,
        record: RecordRef<'_>,
        (front_id, session_id): (i32, i32),
    ) -> Self {
        let keys = InstructionKeys {
            front_id,
            session_id,
            reference: sized(record, kind.reference_field()),
            exchange_id: sized(record, "ExchangeID"),
            sys_id: Text::default(),
        };
        Self {
            id,
            kind,
            origin,
            phase: InstructionPhase::Sent,
            keys,
            instrument_id: sized(record, "InstrumentID"),
            status_message: String::new(),
            refusal: None,
            unknown_cause: None,
            received_ns: 0,
            last: None,
        }
    }

    /// Takes what is new in a pushed or queried record. Returns whether anything changed that a user sees.
    pub(super) fn merge(&mut self, record: RecordRef<'_>, received_ns: i64) -> bool {
        let known = self.kind.phase(record);
        let phase = known.filter(|phase| phase.rank() > self.phase.rank()).unwrap_or(self.phase);
        // A record that is older, or contradicts the end, says nothing new.
        let is_older = known.is_some_and(|known| {
            known.rank() < self.phase.rank() || (self.phase.is_over() && known != self.phase)
        });
        let mut changed = phase != self.phase;
        // Any record proves that the counter has it.
        let phase = if phase.rank() == 0 { InstructionPhase::Submitted } else { phase };
        changed |= phase != self.phase;
        self.phase = phase;
        self.unknown_cause = None;
        let sys_id = sized(record, self.kind.sys_id_field());
        if self.keys.sys_id.is_empty() && !sys_id.is_empty() {
            self.keys.sys_id = sys_id;
            changed = true;
        }
        if self.keys.exchange_id.is_empty() {
            self.keys.exchange_id = sized(record, "ExchangeID");
        }
        if !is_older {
            let message = text(record, "StatusMsg").map(ctp_types::decode).unwrap_or_default();
            if self.status_message != message {
                self.status_message = message.into_owned();
                changed = true;
            }
            if phase == InstructionPhase::Rejected && self.refusal.is_none() {
                self.refusal = Some(ServerError::exchange(&self.status_message));
            }
            self.last = Some(record.to_owned());
            self.received_ns = received_ns;
        }
        changed
    }
}

/// Returns the session that a record names.
pub(super) fn session_of(record: RecordRef<'_>) -> Option<(i32, i32)> {
    Some((integer(record, "FrontID")?, integer(record, "SessionID")?))
}

/// Reads a text into a field of at least its size.
pub(crate) fn sized<const N: usize>(record: RecordRef<'_>, name: &str) -> Text<N> {
    text(record, name).and_then(|bytes| Text::from_bytes(bytes).ok()).unwrap_or_default()
}
