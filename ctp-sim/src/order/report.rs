//! What is told of an order's life, exchange by exchange (§5.5).

use ctp_types::{OrderStatus, OrderSubmitStatus, RspInfoField, TraderCallback};

use crate::exchange::Exchange;
use crate::matching::Lasting;
use crate::order::state::Note;
use crate::order::{Fill, Phase, Reports};
use crate::session::stream::Message;

use OrderStatus as Status;
use OrderSubmitStatus as Submit;

impl Exchange {
    /// §5.5 H: `5/4` without OrderSysID.
    pub(crate) fn refuse_at_exchange(&mut self, index: usize, note: Note) {
        self.set_state(index, Status::CANCELED, Submit::INSERT_REJECTED);
        self.orders[index].state.note = note;
        self.finish(index);
        self.publish_order(index);
        if self.config.switches.refusal_on_err_rtn.is_on() {
            let record = self.input_of(index);
            let Note::Own(number) = note else { return };
            let error_msg = self.desk.notes.get(number);
            let code = error_msg.as_bytes().split(|byte| *byte == b':').next().unwrap_or_default();
            let is_code = !code.is_empty() && code.iter().all(u8::is_ascii_digit);
            let coded = code.iter().fold(0_i32, |id, digit| {
                id.wrapping_mul(10).wrapping_add(i32::from(digit.wrapping_sub(b'0')))
            });
            let error_id = if is_code { coded } else { crate::errors::EXCHANGE_REFUSED };
            let info = Some(RspInfoField { error_id, error_msg });
            self.publish(self.orders[index].investor, TraderCallback::OnErrRtnOrderInsert, &record, info);
        }
    }

    /// §5.5 A, C, D, F: what an order's arrival brings.
    pub(crate) fn report_arrival(&mut self, index: usize, fills: &[Fill]) {
        let order = &self.orders[index];
        let rests = order.lasting == Lasting::Day;
        let filled: i32 = fills.iter().map(|fill| fill.volume).sum();
        let is_full = filled == order.left();
        // The rest of a best-price order that found nothing to trade with is killed, too.
        let is_killed = !is_full && (!rests || (fills.is_empty() && order.levels.is_some()));
        if fills.is_empty() {
            match is_killed {
                true => self.end_with(index, Status::CANCELED, Submit::INSERT_SUBMITTED),
                false => self.acknowledge(index),
            }
            return;
        }
        match self.reports(index) {
            Reports::TradesOnly => {
                self.acknowledge(index);
                self.report_one_by_one(index, fills, is_killed);
            }
            Reports::Czce if is_killed => {
                self.acknowledge(index);
                self.publish_order(index);
                self.report_one_by_one(index, fills, is_killed);
            }
            Reports::Czce | Reports::Full => self.report_at_once(index, fills, is_full, is_killed),
        }
    }

    /// Each fill with the order as it is then; what is left may be killed at the end.
    fn report_one_by_one(&mut self, index: usize, fills: &[Fill], is_killed: bool) {
        for fill in fills {
            self.report_fill(index, fill);
        }
        if is_killed {
            self.end_with(index, Status::CANCELED, Submit::ACCEPTED);
        }
    }

    /// The order as all fills left it, then the trades.
    fn report_at_once(&mut self, index: usize, fills: &[Fill], is_full: bool, is_killed: bool) {
        if !is_killed {
            self.publish_order(index);
        }
        let first = self.trades.len();
        for fill in fills {
            self.book_fill(index, fill);
        }
        let status = match (is_full, is_killed) {
            (true, _) => Status::ALL_TRADED,
            (false, true) => Status::CANCELED,
            (false, false) => Status::PART_TRADED_QUEUEING,
        };
        self.set_state(index, status, Submit::INSERT_SUBMITTED);
        if is_full || is_killed {
            self.finish(index);
        } else {
            self.orders[index].phase = Phase::Resting;
        }
        self.publish_order(index);
        if is_killed {
            self.publish_order(index);
        }
        self.publish_trades(index, first);
    }

    /// `3/3`: the order rests.
    pub(crate) fn acknowledge(&mut self, index: usize) {
        self.orders[index].phase = Phase::Resting;
        self.set_state(index, Status::NO_TRADE_QUEUEING, Submit::ACCEPTED);
        self.publish_order(index);
    }

    pub(crate) fn end_with(&mut self, index: usize, status: OrderStatus, submit: OrderSubmitStatus) {
        self.set_state(index, status, submit);
        self.finish(index);
        self.publish_order(index);
    }

    /// The exchange ends a resting order by itself: `3/3, 5/3`.
    pub(crate) fn end_by_exchange(&mut self, index: usize) {
        self.publish_order(index);
        self.end_with(index, Status::CANCELED, Submit::ACCEPTED);
    }

    /// §5.5 B, D: a resting order is filled; the former state is repeated first, except at DCE and GFEX.
    pub(crate) fn fill_resting(&mut self, index: usize, fill: &Fill) {
        if self.reports(index) != Reports::TradesOnly {
            self.publish_order(index);
        }
        self.report_fill(index, fill);
    }

    /// The changed order, then its trades.
    fn report_fill(&mut self, index: usize, fill: &Fill) {
        let first = self.trades.len();
        self.book_fill(index, fill);
        let is_full = self.orders[index].left() == 0;
        let status = if is_full { Status::ALL_TRADED } else { Status::PART_TRADED_QUEUEING };
        self.set_state(index, status, Submit::ACCEPTED);
        if is_full {
            self.finish(index);
        }
        self.publish_order(index);
        self.publish_trades(index, first);
    }

    /// Tells the trades from the `first` on, all of one order.
    fn publish_trades(&mut self, index: usize, first: usize) {
        let investor = self.orders[index].investor;
        for trade in first..self.trades.len() {
            // §5.6: the order's number and one more; no later record has it again.
            self.counters.sequence_no = self.counters.sequence_no.wrapping_add(1);
            self.trades[trade].sequence_no = self.counters.sequence_no;
            self.publish_message(investor, Message::Trade(trade));
        }
    }
}
