//! Instructions that live at the exchange: what one is, how it changes, and where its records are kept.

use ctp_types::{
    ApplyStatus, ExecOrderField, ExecResult, HedgeCfmField, OffsetSettingField, OptionSelfCloseField,
    OrderStatus, OrderSubmitStatus, QuoteField, Record, SpdApplyField, Text, TraderCallback,
};

use crate::instruction::Instructions;
use crate::text::{aligned, text};

/// Where an instruction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// On its way to the exchange.
    Sent,
    Accepted,
    /// Withdrawn by the client.
    Cancelled,
    /// The exchange would not have it.
    Refused,
}

/// What names an instruction in an action on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) exchange_id: Text<9>,
    pub(crate) front_id: i32,
    pub(crate) session_id: i32,
    pub(crate) reference: Text<13>,
    pub(crate) sys_id: Text<21>,
}

impl Key {
    /// Returns whether an action that names `wanted` means the instruction with this key: by the exchange's number when
    /// it has one, else by front, session and reference.
    pub(crate) fn is_meant_by(&self, wanted: &Self) -> bool {
        if !wanted.sys_id.is_empty() {
            return self.sys_id == wanted.sys_id && self.exchange_id == wanted.exchange_id;
        }
        !wanted.reference.is_empty()
            && self.reference == wanted.reference
            && self.front_id == wanted.front_id
            && self.session_id == wanted.session_id
    }
}

/// An instruction's record, its owner and where it is.
#[derive(Clone, Debug)]
pub(crate) struct Entry<R> {
    pub(crate) record: R,
    pub(crate) investor: Text<13>,
    pub(crate) stage: Stage,
    /// Who asked for its withdrawal, while that is on its way and after.
    pub(crate) cancelled_by: Option<Text<16>>,
}

impl<R> Entry<R> {
    /// Returns whether it works and nobody has asked for its withdrawal.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.stage, Stage::Sent | Stage::Accepted) && self.cancelled_by.is_none()
    }
}

/// Instructions of one kind in order of arrival.
#[derive(Clone, Debug)]
pub(crate) struct Store<R> {
    pub(crate) entries: Vec<Entry<R>>,
}

impl<R> Default for Store<R> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

/// A record of an instruction that is sent to the exchange, may be withdrawn, and is pushed when it changes.
pub(crate) trait Instruction: Record {
    /// The callback that tells its state.
    const PUSH: TraderCallback;

    fn store(instructions: &Instructions) -> &Store<Self>;
    fn store_mut(instructions: &mut Instructions) -> &mut Store<Self>;
    fn key(&self) -> Key;
    /// Writes a stage into the record.
    fn set_stage(&mut self, stage: Stage);
    /// Writes the core's numbers into the record.
    fn set_core_number(&mut self, number: u64);
    /// Writes the exchange's number into the record.
    fn set_sys_id(&mut self, number: u64);
    fn set_sequence_no(&mut self, number: i32);
    fn set_cancel(&mut self, time: Text<9>, user: Text<16>);
}

fn submit_status(stage: Stage) -> OrderSubmitStatus {
    match stage {
        Stage::Sent => OrderSubmitStatus::INSERT_SUBMITTED,
        Stage::Refused => OrderSubmitStatus::INSERT_REJECTED,
        Stage::Accepted | Stage::Cancelled => OrderSubmitStatus::ACCEPTED,
    }
}

/// The wording is ours; the notes give none (§7).
fn message(stage: Stage) -> Text<81> {
    text(match stage {
        Stage::Sent => "已提交",
        Stage::Accepted => "已接受",
        Stage::Cancelled => "已撤销",
        Stage::Refused => "已被拒绝",
    })
}

fn exec_result(stage: Stage) -> ExecResult {
    match stage {
        Stage::Sent | Stage::Accepted => ExecResult::NO_EXEC,
        Stage::Cancelled => ExecResult::CANCELED,
        Stage::Refused => ExecResult::UNKNOWN,
    }
}

fn quote_status(stage: Stage) -> OrderStatus {
    match stage {
        Stage::Sent => OrderStatus::UNKNOWN,
        Stage::Accepted => OrderStatus::NO_TRADE_QUEUEING,
        Stage::Cancelled | Stage::Refused => OrderStatus::CANCELED,
    }
}

fn apply_status(stage: Stage) -> ApplyStatus {
    match stage {
        Stage::Sent => ApplyStatus::UNKNOWN,
        Stage::Accepted => ApplyStatus::ACCEPTED,
        Stage::Cancelled | Stage::Refused => ApplyStatus::CANCELED,
    }
}

/// The instruction of a record: its callback, its store, and the names that its fields have.
macro_rules! instruction {
    ($record:ty, $push:ident, $store:ident, $result:ident = $result_of:ident, local: $($local:ident)?, sys: $sys:ident,
     seq: $seq:ident, reference: |$own:ident| $reference:expr, notify: $($notify:ident)?) => {
        impl Instruction for $record {
            const PUSH: TraderCallback = TraderCallback::$push;

            fn store(instructions: &Instructions) -> &Store<Self> {
                &instructions.$store
            }

            fn store_mut(instructions: &mut Instructions) -> &mut Store<Self> {
                &mut instructions.$store
            }

            fn key(&self) -> Key {
                let $own = self;
                Key {
                    exchange_id: self.exchange_id,
                    front_id: self.front_id,
                    session_id: self.session_id,
                    reference: $reference,
                    sys_id: crate::text::resize(&self.$sys),
                }
            }

            fn set_stage(&mut self, stage: Stage) {
                self.order_submit_status = submit_status(stage);
                self.$result = $result_of(stage);
                self.status_msg = message(stage);
                $(
                    if stage == Stage::Accepted {
                        self.$notify = 1;
                    }
                )?
            }

            fn set_core_number(&mut self, number: u64) {
                $(self.$local = aligned(number);)?
                self.$seq = i32::try_from(number).unwrap_or(i32::MAX);
            }

            fn set_sys_id(&mut self, number: u64) {
                self.$sys = aligned(number);
            }

            fn set_sequence_no(&mut self, number: i32) {
                self.sequence_no = number;
            }

            fn set_cancel(&mut self, time: Text<9>, user: Text<16>) {
                self.cancel_time = time;
                self.active_user_id = user;
            }
        }
    };
}

instruction!(ExecOrderField, OnRtnExecOrder, exercises, exec_result = exec_result, local: exec_order_local_id,
    sys: exec_order_sys_id, seq: broker_exec_order_seq, reference: |own| own.exec_order_ref, notify: notify_sequence);
instruction!(OptionSelfCloseField, OnRtnOptionSelfClose, self_closes, exec_result = exec_result,
    local: option_self_close_local_id, sys: option_self_close_sys_id, seq: broker_option_self_close_seq,
    reference: |own| own.option_self_close_ref, notify: notify_sequence);
instruction!(OffsetSettingField, OnRtnOffsetSetting, offsets, exec_result = exec_result, local: ,
    sys: exchange_serial_no, seq: broker_offset_setting_seq, reference: |_own| Text::default(), notify: );
instruction!(SpdApplyField, OnRtnSpdApply, spreads, apply_status = apply_status, local: order_local_id,
    sys: order_sys_id, seq: broker_order_seq, reference: |own| own.order_ref, notify: notify_sequence);
instruction!(HedgeCfmField, OnRtnHedgeCfm, hedges, apply_status = apply_status, local: order_local_id,
    sys: order_sys_id, seq: broker_order_seq, reference: |own| own.order_ref, notify: notify_sequence);
instruction!(QuoteField, OnRtnQuote, quotes, quote_status = quote_status, local: quote_local_id, sys: quote_sys_id,
    seq: broker_quote_seq, reference: |own| own.quote_ref, notify: notify_sequence);
