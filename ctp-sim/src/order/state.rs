//! An order: what it was sent with, what the core made of it, and what changes in its life.

use ctp_types::{
    ContingentCondition, Direction, ForceCloseReason, InputOrderField, OrderPriceType, OrderStatus,
    OrderSubmitStatus, OrderType, Text, TimeCondition, VolumeCondition,
};

use crate::matching::Lasting;
use crate::matching::book::Side;
use crate::money::account::HoldingKey;
use crate::money::holding::{Effect, Frozen};
use crate::order::intent::Trigger;

/// An order that the core accepted.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) sent: Sent,
    pub(crate) origin: Origin,
    pub(crate) investor: Text<13>,
    pub(crate) market: usize,
    pub(crate) side: Side,
    /// The position that it opens or closes; of a combination the one of the first leg.
    pub(crate) first: Leg,
    pub(crate) second: Option<Box<Leg>>,
    /// Limit in ticks.
    pub(crate) price: i64,
    /// How many of the other side's prices it may reach.
    pub(crate) levels: Option<usize>,
    pub(crate) lasting: Lasting,
    pub(crate) trigger: Trigger,
    pub(crate) kind: OrderType,
    /// Why it will come back from the way to the exchange.
    pub(crate) barred: Option<Note>,
    pub(crate) phase: Phase,
    pub(crate) cancel_pending: bool,
    pub(crate) state: OrderState,
}

/// What an order does to one position, and what it holds back there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leg {
    pub(crate) holding: HoldingKey,
    pub(crate) effect: Effect,
    /// In ticks: what the holding back is counted with.
    pub(crate) price: i64,
    pub(crate) frozen: Frozen,
}

/// The fields of `CThostFtdcInputOrderField` that its order's records repeat.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub(crate) user_id: Text<16>,
    pub(crate) price_type: OrderPriceType,
    pub(crate) direction: Direction,
    pub(crate) offset: Text<5>,
    pub(crate) hedge: Text<5>,
    pub(crate) limit_price: f64,
    pub(crate) volume: i32,
    pub(crate) time_condition: TimeCondition,
    pub(crate) gtd_date: Text<9>,
    pub(crate) volume_condition: VolumeCondition,
    pub(crate) min_volume: i32,
    pub(crate) contingent_condition: ContingentCondition,
    pub(crate) stop_price: f64,
    pub(crate) force_close_reason: ForceCloseReason,
    pub(crate) request_id: i32,
    pub(crate) user_force_close: i32,
    pub(crate) is_swap: i32,
    pub(crate) invest_unit_id: Text<17>,
    pub(crate) account_id: Text<13>,
    pub(crate) currency_id: Text<4>,
    pub(crate) mac_address: Text<21>,
    pub(crate) ip_address: Text<33>,
    pub(crate) order_memo: Text<13>,
    pub(crate) session_req_seq: i32,
}

/// Who sent an order, and the numbers that it got in the core.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub(crate) order_ref: Text<13>,
    pub(crate) front_id: i32,
    pub(crate) session_id: i32,
    pub(crate) product_info: Text<11>,
    pub(crate) api_version: (u16, u16, u16),
    /// BrokerOrderSeq.
    pub(crate) number: u64,
    /// The same as OrderLocalID.
    pub(crate) local_id: Text<13>,
    pub(crate) client_id: Text<11>,
    /// The calendar date of the insert.
    pub(crate) date: Text<9>,
    /// The conditional order that it comes from: RelativeOrderSysID.
    pub(crate) parent: Option<usize>,
}

/// What changes in the life of an order: all that one of its records has and another has not.
///
/// A stream keeps these instead of whole records ([`Exchange::order_record`](crate::Exchange) composes one).
#[derive(Clone, Copy, Debug)]
pub(crate) struct OrderState {
    pub(crate) status: OrderStatus,
    pub(crate) submit: OrderSubmitStatus,
    pub(crate) traded: i32,
    pub(crate) sequence_no: i32,
    pub(crate) notify_sequence: i32,
    pub(crate) sys_id: Text<21>,
    pub(crate) insert_time: Text<9>,
    pub(crate) cancel_time: Text<9>,
    pub(crate) active_user: Text<16>,
    pub(crate) note: Note,
}

/// What StatusMsg says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    /// The words for status and submit status (§5.7).
    Usual,
    /// A text of its own, by its number among [`Notes`].
    Own(u32),
}

/// Texts of StatusMsg beyond the usual ones, each once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes(Vec<Text<81>>);

impl Notes {
    /// Returns the note that says `text`.
    pub(crate) fn of(&mut self, text: Text<81>) -> Note {
        let position = self.0.iter().position(|other| *other == text).unwrap_or_else(|| {
            self.0.push(text);
            self.0.len() - 1
        });
        Note::Own(position as u32)
    }

    pub(crate) fn get(&self, number: u32) -> Text<81> {
        self.0.get(number as usize).copied().unwrap_or_default()
    }
}

/// Where an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// In the core, until its condition is met.
    Untouched,
    /// On its way to the exchange.
    Sent,
    Resting,
    Final,
}

impl Order {
    /// Returns the lots that are not traded, also when the order has ended.
    pub(crate) const fn left(&self) -> i32 {
        self.sent.volume - self.state.traded
    }
}

impl OrderState {
    /// Returns the first state, `a/0`.
    pub(crate) fn new(insert_time: Text<9>) -> Self {
        Self {
            status: OrderStatus::UNKNOWN,
            submit: OrderSubmitStatus::INSERT_SUBMITTED,
            traded: 0,
            sequence_no: 0,
            notify_sequence: 0,
            sys_id: Text::default(),
            insert_time,
            cancel_time: Text::default(),
            active_user: Text::default(),
            note: Note::Usual,
        }
    }
}

impl From<&InputOrderField> for Sent {
    fn from(input: &InputOrderField) -> Self {
        Self {
            user_id: input.user_id,
            price_type: input.order_price_type,
            direction: input.direction,
            offset: input.comb_offset_flag,
            hedge: input.comb_hedge_flag,
            limit_price: input.limit_price,
            volume: input.volume_total_original,
            time_condition: input.time_condition,
            gtd_date: input.gtd_date,
            volume_condition: input.volume_condition,
            min_volume: input.min_volume,
            contingent_condition: input.contingent_condition,
            stop_price: input.stop_price,
            force_close_reason: input.force_close_reason,
            request_id: input.request_id,
            user_force_close: input.user_force_close,
            is_swap: input.is_swap_order,
            invest_unit_id: input.invest_unit_id,
            account_id: input.account_id,
            currency_id: input.currency_id,
            mac_address: input.mac_address,
            ip_address: input.ip_address,
            order_memo: input.order_memo,
            session_req_seq: input.session_req_seq,
        }
    }
}

// A stream keeps a state for every message: half a million orders a second are not to fill the memory.
const _: () = assert!(size_of::<OrderState>() <= 80);
