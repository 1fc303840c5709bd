//! Instructions other than orders (§7): what the core keeps of them, and their way to the exchange and back.

mod alike;
mod batch;
mod combination;
mod declaration;
mod desk;
mod exercise;
mod for_quote;
mod notice;
mod offset;
mod parked;
mod quote;
mod refusal;
mod self_close;
mod store;
mod transfer;

use std::collections::BTreeMap;

use ctp_market::Exchange as Venue;
use ctp_types::{
    BulletinField, ExecOrderField, ForQuoteField, HedgeCfmField, NoticeField, OffsetSettingField,
    OptionSelfCloseField, OrderActionStatus, ParkedOrderActionField, ParkedOrderField, QuoteField, Record,
    RecordBox, SpdApplyField, Text, TraderRequest, TradingNoticeInfoField, TransferSerialField,
};

use crate::clock;
use crate::errors::{CoreError, success};
use crate::exchange::{Exchange, Task};
pub(crate) use crate::instruction::alike::alike;
use crate::instruction::quote::DerivedOrders;
use crate::instruction::refusal::Refusal;
pub(crate) use crate::instruction::store::Instruction;
use crate::instruction::store::{Entry, Key, Stage, Store};
use crate::interface::{SessionId, Timestamp};

/// Everything instructed today, and what lasts longer: the bank's side of the accounts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Instructions {
    pub(crate) parked_orders: Vec<parked::Parked<ParkedOrderField>>,
    pub(crate) parked_actions: Vec<parked::Parked<ParkedOrderActionField>>,
    /// ParkedOrderID and ParkedOrderActionID given out.
    parked_ids: (u64, u64),
    pub(crate) exercises: Store<ExecOrderField>,
    pub(crate) self_closes: Store<OptionSelfCloseField>,
    pub(crate) offsets: Store<OffsetSettingField>,
    pub(crate) spreads: Store<SpdApplyField>,
    pub(crate) hedges: Store<HedgeCfmField>,
    pub(crate) quotes: Store<QuoteField>,
    /// The two orders of each quote, as numbered in `quotes`.
    pub(crate) derived: Vec<DerivedOrders>,
    pub(crate) for_quotes: Vec<ForQuoteField>,
    /// When a quote was last asked for, by instrument.
    asked_for_quote: BTreeMap<Text<81>, Timestamp>,
    pub(crate) combinations: Vec<combination::Combining>,
    bank: transfer::Bank,
    pub(crate) transfers: Vec<TransferSerialField>,
    /// On their way to the bank; one that arrived is taken out.
    pending_transfers: Vec<Option<transfer::PendingTransfer>>,
    pub(crate) notices: Vec<NoticeField>,
    pub(crate) trading_notices: Vec<(Option<Text<13>>, TradingNoticeInfoField)>,
    pub(crate) bulletins: Vec<BulletinField>,
    /// The highest reference used, by session and kind.
    references: BTreeMap<(i32, Kind), i64>,
    core_number: u64,
    sys_id: u64,
    sequence_no: i32,
}

/// What is instructed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Exercise,
    SelfClose,
    Offset,
    Spread,
    Hedge,
    Quote,
    ForQuote,
    Combination,
    Transfer,
    BankBalance,
}

/// Something instructed reaches the exchange, or the bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    kind: Kind,
    index: usize,
    is_cancel: bool,
}

impl Exchange {
    /// Carries out a request of this module's, or returns that it is none.
    pub(crate) fn instruct(
        &mut self,
        id: SessionId,
        request: TraderRequest,
        record: &RecordBox,
        request_id: i32,
    ) -> bool {
        macro_rules! to {
            ($method:ident) => {
                if let Some(record) = record.get() {
                    self.$method(id, record, request_id);
                }
            };
        }
        match request {
            TraderRequest::ReqParkedOrderInsert => to!(park_order),
            TraderRequest::ReqParkedOrderAction => to!(park_action),
            TraderRequest::ReqRemoveParkedOrder => to!(remove_parked_order),
            TraderRequest::ReqRemoveParkedOrderAction => to!(remove_parked_action),
            TraderRequest::ReqQuoteInsert => to!(insert_quote),
            TraderRequest::ReqQuoteAction => to!(cancel_quote),
            TraderRequest::ReqForQuoteInsert => to!(ask_for_quote),
            TraderRequest::ReqExecOrderInsert => to!(exercise),
            TraderRequest::ReqExecOrderAction => to!(cancel_exercise),
            TraderRequest::ReqOptionSelfCloseInsert => to!(insert_self_close),
            TraderRequest::ReqOptionSelfCloseAction => to!(cancel_self_close),
            TraderRequest::ReqCombActionInsert => to!(combine),
            TraderRequest::ReqBatchOrderAction => to!(cancel_batch),
            TraderRequest::ReqOffsetSetting => to!(set_offset),
            TraderRequest::ReqCancelOffsetSetting => to!(cancel_offset),
            TraderRequest::ReqSpdApply => to!(apply_spread),
            TraderRequest::ReqSpdApplyAction => to!(cancel_spread),
            TraderRequest::ReqHedgeCfm => to!(confirm_hedge),
            TraderRequest::ReqHedgeCfmAction => to!(cancel_hedge),
            TraderRequest::ReqFromBankToFutureByFuture => to!(transfer_in),
            TraderRequest::ReqFromFutureToBankByFuture => to!(transfer_out),
            TraderRequest::ReqQueryBankAccountMoneyByFuture => to!(ask_bank_balance),
            TraderRequest::ReqQueryCFMMCTradingAccountToken => to!(give_monitoring_token),
            _ => return false,
        }
        true
    }

    /// Something instructed reaches the exchange or the bank.
    pub(crate) fn instruction_arrives(&mut self, arrival: Arrival) {
        let Arrival { kind, index, is_cancel } = arrival;
        match kind {
            Kind::Exercise if is_cancel => self.exercise_cancelled(index),
            Kind::Exercise => self.reach_exchange::<ExecOrderField>(index, is_cancel),
            Kind::SelfClose => self.reach_exchange::<OptionSelfCloseField>(index, is_cancel),
            Kind::Offset => self.reach_exchange::<OffsetSettingField>(index, is_cancel),
            Kind::Spread if !is_cancel && self.refuses_spread(index) => {
                self.set_stage::<SpdApplyField>(index, Stage::Refused);
            }
            Kind::Spread => self.reach_exchange::<SpdApplyField>(index, is_cancel),
            Kind::Hedge if !is_cancel && self.refuses_hedge(index) => self.refuse_hedge(index),
            Kind::Hedge => self.reach_exchange::<HedgeCfmField>(index, is_cancel),
            Kind::Quote => self.quote_arrives(index, is_cancel),
            Kind::ForQuote => self.for_quote_arrives(index),
            Kind::Combination => self.combination_arrives(index),
            Kind::Transfer => self.transfer_arrives(index),
            Kind::BankBalance => self.bank_balance_arrives(index),
        }
    }

    /// Forgets the instructions of a day that ended (§6.6); the bank's side of the accounts stays.
    pub(crate) fn end_instructions(&mut self) {
        let mut ended = std::mem::take(&mut self.instructions);
        ended.bank.receive(ended.pending_transfers.into_iter().flatten());
        self.instructions.bank = ended.bank;
    }

    /// Takes an instruction in: pushes it as sent and sends it on.
    fn enter<R: Instruction>(&mut self, id: SessionId, kind: Kind, mut record: R) -> usize {
        self.instructions.core_number += 1;
        record.set_core_number(self.instructions.core_number);
        record.set_stage(Stage::Sent);
        let investor = self.investor_of(id);
        let entries = &mut R::store_mut(&mut self.instructions).entries;
        let index = entries.len();
        entries.push(Entry { record, investor, stage: Stage::Sent, cancelled_by: None });
        self.publish(investor, R::PUSH, &record, None);
        self.arrive_later(Arrival { kind, index, is_cancel: false });
        index
    }

    fn arrive_later(&mut self, arrival: Arrival) {
        self.schedule.add(self.now.after(self.config.exchange_delay), Task::Instruction(arrival));
    }

    /// An instruction or its withdrawal reaches the exchange, which takes it.
    fn reach_exchange<R: Instruction>(&mut self, index: usize, is_cancel: bool) {
        let stage = if is_cancel { Stage::Cancelled } else { Stage::Accepted };
        self.set_stage::<R>(index, stage);
    }

    /// Moves an instruction on and pushes it; one that is over stays as it is.
    fn set_stage<R: Instruction>(&mut self, index: usize, stage: Stage) {
        let time = clock::time_text(self.now);
        let instructions = &mut self.instructions;
        instructions.sequence_no = instructions.sequence_no.wrapping_add(1);
        let sequence_no = instructions.sequence_no;
        instructions.sys_id += u64::from(stage == Stage::Accepted);
        let sys_id = instructions.sys_id;
        let Some(entry) = R::store_mut(instructions).entries.get_mut(index) else { return };
        if !matches!(entry.stage, Stage::Sent | Stage::Accepted) {
            return;
        }
        entry.stage = stage;
        entry.record.set_stage(stage);
        entry.record.set_sequence_no(sequence_no);
        match stage {
            Stage::Accepted => entry.record.set_sys_id(sys_id),
            Stage::Cancelled => entry.record.set_cancel(time, entry.cancelled_by.unwrap_or_default()),
            _ => {}
        }
        let (investor, record) = (entry.investor, entry.record);
        self.publish(investor, R::PUSH, &record, None);
    }

    /// Finds the instruction that an action of the session's investor means.
    fn find_instruction<R: Instruction>(&self, id: SessionId, wanted: &Key) -> Option<usize> {
        let investor = self.investor_of(id);
        let is_meant =
            |entry: &Entry<R>| entry.investor == investor && entry.record.key().is_meant_by(wanted);
        R::store(&self.instructions).entries.iter().position(is_meant)
    }

    /// As [`find_instruction`](Self::find_instruction), and it still can be withdrawn.
    fn find_live<R: Instruction>(
        &self,
        id: SessionId,
        wanted: &Key,
        not_found: Refusal,
        over: Refusal,
    ) -> Result<usize, Refusal> {
        let index = self.find_instruction::<R>(id, wanted).ok_or(not_found)?;
        if R::store(&self.instructions).entries[index].is_live() { Ok(index) } else { Err(over) }
    }

    /// Sends a withdrawal to the exchange.
    fn withdraw<R: Instruction>(&mut self, kind: Kind, index: usize, user: Text<16>) {
        if let Some(entry) = R::store_mut(&mut self.instructions).entries.get_mut(index) {
            entry.cancelled_by = Some(user);
        }
        self.arrive_later(Arrival { kind, index, is_cancel: true });
    }

    /// Refuses: `OnRsp…` with the client's record to the sender, then `OnErrRtn…` with `error_record` to all sessions,
    /// the latter only with UserID as for orders (§5.2).
    fn refuse_instruction(
        &mut self,
        id: SessionId,
        request: TraderRequest,
        record: &impl Record,
        (error_record, user): (&impl Record, Text<16>),
        refusal: Refusal,
        request_id: i32,
    ) {
        let info = refusal.rsp_info();
        self.answer(id, request, Some(RecordBox::new(record)), info, request_id);
        if let Some(callback) = request.error_callback().filter(|_| !user.is_empty()) {
            self.publish(self.investor_of(id), callback, error_record, Some(info));
        }
    }

    /// Answers that something was done.
    fn answer_done(&mut self, id: SessionId, request: TraderRequest, record: &impl Record, request_id: i32) {
        self.answer(id, request, Some(RecordBox::new(record)), success(), request_id);
    }

    fn venue_of(&self, market: usize) -> Venue {
        self.markets[market].instrument.exchange
    }

    /// Checks a reference, which rises within the session as an OrderRef does; an empty one is given by the core.
    fn next_reference(
        &mut self,
        id: SessionId,
        kind: Kind,
        reference: &Text<13>,
    ) -> Result<Text<13>, CoreError> {
        let session = self.login(id).map_or(0, |login| login.session_id);
        let last = self.instructions.references.entry((session, kind)).or_default();
        if reference.is_empty() {
            *last += 1;
            return Ok(crate::text::aligned(last.unsigned_abs()));
        }
        let number: i64 =
            reference.to_str().trim_start_matches(' ').parse().map_err(|_| CoreError::BadField)?;
        if number <= *last {
            return Err(CoreError::DuplicateOrderRef);
        }
        *last = number;
        Ok(*reference)
    }

    /// Returns whether `seconds` have passed since a time.
    fn is_older_than(&self, at: Timestamp, seconds: i64) -> bool {
        self.now.0 - at.0 >= seconds * 1_000_000_000
    }
}

/// The stage of an action's record that was refused.
const ACTION_REFUSED: OrderActionStatus = OrderActionStatus::REJECTED;
