//! Orders as the gateway shows them, each with the exact record beside it.

use ctp_types::{
    Direction, HedgeFlag, InputOrderField, OffsetFlag, OrderField, OrderStatus, OrderSubmitStatus, Text,
};

use crate::error::{ServerError, UnknownCause};
use crate::status::StatusText;
use crate::td::orders::legs::legs;
use crate::td::orders::source::Arrival;

/// The gateway's own number of an order, unique within one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(pub(crate) u64);

impl OrderId {
    /// Returns the id with that number, for bindings that hand out [`number`](Self::number). A number that no order has
    /// names none: a cancel by it is denied.
    pub fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number.
    pub fn number(self) -> u64 {
        self.0
    }
}

/// Who placed an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// This client: by an order, or by what the counter made of one (a conditional order that was triggered, a parked
    /// order that was sent).
    Own,
    /// This program in an earlier run, as the journal tells. It has no handle.
    Earlier,
    /// Another client of the same account, or the counter itself.
    Foreign,
}

/// Where an order stands in its life. It only ever moves forward; but an order that was concluded not to exist lives on
/// if the counter shows it after all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum OrderPhase {
    /// Handed to the library; no answer yet.
    Sent,
    /// The link broke or time ran out before any answer. The order may exist; what follows tells.
    Unknown,
    /// The counter has it; the exchange has not answered.
    Acknowledged,
    /// A conditional order that waits for its trigger.
    Untriggered,
    /// In the exchange's book, perhaps partly traded.
    Working,
    /// A conditional order that was triggered; what it became is another order.
    Triggered,
    /// All lots traded.
    Filled,
    /// No longer in the book, perhaps partly traded: cancelled by somebody, or the rest of an immediate order.
    Canceled,
    /// Refused by counter or exchange.
    Rejected,
}

impl OrderPhase {
    /// Returns whether nothing changes any more, apart from trades that are still on their way.
    pub fn is_over(self) -> bool {
        self >= Self::Triggered
    }

    /// How far the phase is; phases of equal rank do not follow one another.
    pub(in crate::td) fn rank(self) -> u8 {
        match self {
            Self::Sent | Self::Unknown => 0,
            Self::Acknowledged => 1,
            Self::Untriggered => 2,
            Self::Working => 3,
            Self::Triggered => 4,
            Self::Filled | Self::Canceled | Self::Rejected => 5,
        }
    }

    /// Returns the phase of a record, or `None` for a status newer than the header.
    pub(in crate::td) fn of(record: &OrderField) -> Option<Self> {
        Self::of_status(record.order_status, record.order_submit_status)
    }

    /// Returns the phase that a status stands for, or `None` for a status newer than the header.
    pub(in crate::td) fn of_status(status: OrderStatus, submit: OrderSubmitStatus) -> Option<Self> {
        if submit == OrderSubmitStatus::INSERT_REJECTED {
            return Some(Self::Rejected);
        }
        match status {
            OrderStatus::ALL_TRADED => Some(Self::Filled),
            OrderStatus::PART_TRADED_QUEUEING | OrderStatus::NO_TRADE_QUEUEING => Some(Self::Working),
            OrderStatus::PART_TRADED_NOT_QUEUEING
            | OrderStatus::NO_TRADE_NOT_QUEUEING
            | OrderStatus::CANCELED => Some(Self::Canceled),
            OrderStatus::UNKNOWN => Some(Self::Acknowledged),
            OrderStatus::NOT_TOUCHED => Some(Self::Untriggered),
            OrderStatus::TOUCHED => Some(Self::Triggered),
            _ => None,
        }
    }
}

/// The names of an order. Texts are kept as they came, blanks included: the counter compares them so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OrderKeys {
    /// The front of the session that placed the order. C: `FrontID`.
    pub front_id: i32,
    /// The session that placed the order. C: `SessionID`.
    pub session_id: i32,
    /// The client's number, unique within front and session. C: `OrderRef`.
    pub order_ref: Text<13>,
    /// The exchange. C: `ExchangeID`.
    pub exchange_id: Text<9>,
    /// The exchange's number, unique within the exchange; empty before the exchange has the order. C: `OrderSysID`.
    pub order_sys_id: Text<21>,
    /// The counter's seat at the exchange. C: `TraderID`.
    pub trader_id: Text<21>,
    /// The counter's number, unique within exchange and seat. C: `OrderLocalID`.
    pub order_local_id: Text<13>,
}

/// An order: what is known about it from all records so far.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Order {
    /// The gateway's number.
    pub id: OrderId,
    /// Who placed it.
    pub origin: Origin,
    /// Where it stands.
    pub phase: OrderPhase,
    /// Its names at counter and exchange.
    pub keys: OrderKeys,
    /// The instrument. C: `InstrumentID`.
    pub instrument_id: Text<81>,
    /// Buy or sell. C: `Direction`.
    pub direction: Direction,
    /// Open or close, of the first leg. C: `CombOffsetFlag[0]`.
    pub offset: OffsetFlag,
    /// The purpose, of the first leg. C: `CombHedgeFlag[0]`.
    pub hedge: HedgeFlag,
    /// The limit in CNY per unit of quotation, `None` if the record has none. C: `LimitPrice`.
    pub limit_price: Option<f64>,
    /// The lots ordered. C: `VolumeTotalOriginal`.
    pub volume: i32,
    /// The lots traded as the order's records say; never falls. C: `VolumeTraded`.
    pub volume_traded: i32,
    /// The lots of the trades that have arrived; catches up with `volume_traded`. A lot of a combination counts when the
    /// trades of both of its legs have arrived.
    pub volume_filled: i32,
    /// The lots of the trades of each leg of a combination.
    pub(in crate::td) legs_filled: [i32; 2],
    /// The status as it came, `'\0'` before the first record. C: `OrderStatus`.
    pub status: OrderStatus,
    /// The submit status as it came. C: `OrderSubmitStatus`.
    pub submit_status: OrderSubmitStatus,
    /// The counter's words. C: `StatusMsg`.
    pub status_message: String,
    /// Why it was refused, if it was.
    pub refusal: Option<ServerError>,
    /// What cut it from its answer, while its outcome is unknown.
    pub unknown_cause: Option<UnknownCause>,
    /// The conditional order that this one was triggered by.
    pub parent: Option<OrderId>,
    /// What a conditional order became when it was triggered.
    pub child: Option<OrderId>,
    /// Whether what changed last tells of the past: a replay of the day, a query or the journal brought it.
    pub replayed: bool,
    /// When the last record was received, in nanoseconds since the Unix epoch; 0 before the first.
    pub received_ns: i64,
    /// The last record that was taken, exactly as it came.
    pub record: Option<Box<OrderField>>,
}

impl Order {
    /// Returns whether the order is over and all its trades have arrived; a triggered one, whether it is known what it
    /// became.
    pub fn is_complete(&self) -> bool {
        let awaits_child = self.phase == OrderPhase::Triggered && self.child.is_none();
        self.phase.is_over() && self.volume_filled >= self.volume_traded && !awaits_child
    }

    /// Returns the lots that are neither traded nor given up.
    pub fn volume_left(&self) -> i32 {
        if self.phase.is_over() { 0 } else { self.volume - self.volume_traded }
    }

    /// Returns the status in Chinese and English, for people.
    pub fn status_text(&self) -> StatusText {
        match self.phase {
            OrderPhase::Sent => StatusText { chinese: "已发送", english: "sent" },
            OrderPhase::Unknown => StatusText { chinese: "结果未知", english: "outcome unknown" },
            OrderPhase::Rejected => StatusText { chinese: "报单被拒绝", english: "rejected" },
            _ => StatusText::of(self.status, self.submit_status),
        }
    }

    pub(in crate::td) fn own(
        id: OrderId,
        origin: Origin,
        input: &InputOrderField,
        front_id: i32,
        session_id: i32,
    ) -> Self {
        let keys = OrderKeys {
            front_id,
            session_id,
            order_ref: input.order_ref,
            exchange_id: input.exchange_id,
            ..OrderKeys::default()
        };
        Self {
            instrument_id: input.instrument_id,
            direction: input.direction,
            offset: OffsetFlag::from_char(input.comb_offset_flag.raw()[0]),
            hedge: HedgeFlag::from_char(input.comb_hedge_flag.raw()[0]),
            limit_price: ctp_types::price(input.limit_price),
            volume: input.volume_total_original,
            ..Self::sent(id, origin, keys)
        }
    }

    pub(in crate::td) fn of_record(id: OrderId, origin: Origin, record: &OrderField) -> Self {
        let keys = OrderKeys {
            front_id: record.front_id,
            session_id: record.session_id,
            order_ref: record.order_ref,
            exchange_id: record.exchange_id,
            ..OrderKeys::default()
        };
        Self {
            instrument_id: record.instrument_id,
            direction: record.direction,
            offset: OffsetFlag::from_char(record.comb_offset_flag.raw()[0]),
            hedge: HedgeFlag::from_char(record.comb_hedge_flag.raw()[0]),
            limit_price: ctp_types::price(record.limit_price),
            volume: record.volume_total_original,
            ..Self::sent(id, origin, keys)
        }
    }

    /// An order of which nothing has come back, without its terms.
    fn sent(id: OrderId, origin: Origin, keys: OrderKeys) -> Self {
        Self {
            id,
            origin,
            phase: OrderPhase::Sent,
            keys,
            instrument_id: Text::default(),
            direction: Direction::default(),
            offset: OffsetFlag::default(),
            hedge: HedgeFlag::default(),
            limit_price: None,
            volume: 0,
            volume_traded: 0,
            volume_filled: 0,
            legs_filled: [0; 2],
            status: OrderStatus::default(),
            submit_status: OrderSubmitStatus::default(),
            status_message: String::new(),
            refusal: None,
            unknown_cause: None,
            parent: None,
            child: None,
            replayed: false,
            received_ns: 0,
            record: None,
        }
    }

    /// Takes what is new in a record. Returns whether anything that a user sees changed.
    ///
    /// Records may be repeated or come late: the phase and the traded volume only move forward.
    pub(in crate::td) fn merge(&mut self, record: &OrderField, arrival: Arrival) -> bool {
        // Whatever the status: the counter has the order.
        let said = OrderPhase::of(record);
        if said != Some(OrderPhase::Rejected) && self.refusal.as_ref().is_some_and(ServerError::is_absent) {
            tracing::error!(order = self.id.0, "the counter has an order that none of its queries showed");
            self.phase = OrderPhase::Unknown;
            self.refusal = None;
        }
        let known = said.or((self.phase.rank() == 0).then_some(OrderPhase::Acknowledged));
        let rank = known.unwrap_or(self.phase).rank();
        let advances = rank > self.phase.rank();
        let last_sequence_no = self.record.as_ref().map_or(0, |last| last.sequence_no);
        let is_late = rank < self.phase.rank()
            || record.volume_traded < self.volume_traded
            || (record.sequence_no > 0 && record.sequence_no < last_sequence_no);
        let contradicts = self.phase.is_over() && known != Some(self.phase);
        let is_taken = advances || !(is_late || contradicts);
        let phase = known.filter(|_| advances).unwrap_or(self.phase);
        let traded = record.volume_traded.clamp(self.volume_traded, self.volume.max(self.volume_traded));
        if record.volume_traded > self.volume {
            tracing::warn!(
                order = self.id.0,
                traded = record.volume_traded,
                volume = self.volume,
                "a record says that more was traded than ordered"
            );
        }
        let keys_changed = self.merge_keys(record);
        let mut changed = keys_changed || phase != self.phase || traded != self.volume_traded;
        if phase != OrderPhase::Unknown {
            self.unknown_cause = None;
        }
        self.phase = phase;
        self.volume_traded = traded;
        if is_taken {
            changed |= self.status != record.order_status || self.submit_status != record.order_submit_status;
            self.status = record.order_status;
            self.submit_status = record.order_submit_status;
            let message = record.status_msg.to_str();
            if self.status_message != message {
                self.status_message = message.into_owned();
            }
            self.record = Some(Box::new(*record));
            self.received_ns = arrival.received_ns;
        }
        if changed {
            self.replayed = arrival.is_replayed();
        }
        changed
    }

    /// Counts the lots of a trade that arrived.
    pub(in crate::td) fn fill(&mut self, instrument_id: Text<81>, lots: i32) {
        let lots = lots.max(0);
        let Some(legs) = legs(self.instrument_id) else {
            self.volume_filled = self.volume_filled.saturating_add(lots);
            return;
        };
        // A trade of the combination itself is one of both legs.
        let is_of_leg = legs.contains(&instrument_id);
        for (leg, filled) in legs.iter().zip(&mut self.legs_filled) {
            if *leg == instrument_id || !is_of_leg {
                *filled = filled.saturating_add(lots);
            }
        }
        self.volume_filled = self.legs_filled[0].min(self.legs_filled[1]);
    }

    /// Fills names that were not known yet.
    fn merge_keys(&mut self, record: &OrderField) -> bool {
        let mut changed = false;
        // As the counter spells it, which is what a cancel has to repeat.
        if !record.exchange_id.is_empty() {
            self.keys.exchange_id = record.exchange_id;
        }
        if self.keys.order_sys_id.is_empty() && !record.order_sys_id.is_empty() {
            self.keys.order_sys_id = record.order_sys_id;
            changed = true;
        }
        if self.keys.order_local_id.is_empty() {
            // Nothing that a user sees.
            self.keys.trader_id = record.trader_id;
            self.keys.order_local_id = record.order_local_id;
        }
        changed
    }
}
