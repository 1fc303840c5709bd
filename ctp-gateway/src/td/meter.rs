//! How long orders take and how many are refused: metrics of trading alone.

use ctp_types::{InputOrderField, Text, TraderRequest};
use metrics::{Histogram, SharedString, counter, histogram};

use crate::error::{Refuser, ServerError};
use crate::maps::HashMap;
use crate::metrics as names;
use crate::td::event::TdEvent;
use crate::td::io::{Input, Output};
use crate::td::orders::{Order, Origin};

const SESSION: &str = "td";

/// An order that was handed to the library.
#[derive(Clone, Copy, Debug)]
struct Sent {
    /// When, in nanoseconds since the Unix epoch.
    at_ns: i64,
    is_answered: bool,
    has_traded: bool,
}

/// Measures what a session puts out. Everything happens where the session works, never on the library's thread.
#[derive(Debug)]
pub(super) struct Meter {
    account: SharedString,
    ack: Histogram,
    trade: Histogram,
    /// Own orders that are not complete, by `OrderRef`, which is never given twice on a trading day.
    sent: HashMap<Text<13>, Sent>,
    /// The order that the library's word is awaited of: the step after tells it.
    last: Option<(i32, Text<13>)>,
}

impl Meter {
    pub(super) fn new(user_id: &str) -> Self {
        let account = SharedString::from(user_id.to_owned());
        Self {
            ack: histogram!(names::ORDER_ACK, "session" => SESSION, "account" => account.clone()),
            trade: histogram!(names::ORDER_TRADE, "session" => SESSION, "account" => account.clone()),
            sent: HashMap::default(),
            last: None,
            account,
        }
    }

    /// Takes an input before its step: an order that the library did not take has no times.
    pub(super) fn hear(&mut self, input: &Input) {
        if let Input::Sent { request_id, result } = input
            && let Some((_, order_ref)) = self.last.take_if(|(last, _)| last == request_id)
            && result.is_err()
        {
            self.sent.remove(&order_ref);
        }
    }

    /// Takes what a step put out at a time, in nanoseconds since the Unix epoch.
    pub(super) fn take(&mut self, now_ns: i64, outputs: &[Output]) {
        for output in outputs {
            match output {
                Output::Send { request: TraderRequest::ReqOrderInsert, record, request_id } => {
                    if let Some(input) = record.get::<InputOrderField>() {
                        let sent = Sent { at_ns: now_ns, is_answered: false, has_traded: false };
                        self.last = Some((*request_id, input.order_ref));
                        self.sent.insert(input.order_ref, sent);
                    }
                }
                Output::Event(event) => self.take_event(now_ns, event),
                _ => {}
            }
        }
    }

    fn take_event(&mut self, now_ns: i64, event: &TdEvent) {
        match event {
            TdEvent::Order(order) => self.take_order(order, order.received_ns),
            TdEvent::Trade { order: Some(order), trade, .. } => {
                if let Some(sent) = self.sent_of(order)
                    && !sent.has_traded
                {
                    sent.has_traded = true;
                    let took = seconds(sent.at_ns, trade.received_ns);
                    self.trade.record(took);
                }
                self.take_order(order, trade.received_ns);
            }
            TdEvent::Rejected { order, error } => {
                self.count_refusal(error);
                self.take_order(order, now_ns);
                if order.origin == Origin::Own {
                    self.sent.remove(&order.keys.order_ref);
                }
            }
            TdEvent::ForeignRejected { error, .. } => self.count_refusal(error),
            TdEvent::TradingDayChanged { .. } => self.sent.clear(),
            _ => {}
        }
    }

    fn take_order(&mut self, order: &Order, heard_ns: i64) {
        let Some(sent) = self.sent_of(order) else { return };
        if !sent.is_answered {
            sent.is_answered = true;
            let took = seconds(sent.at_ns, heard_ns);
            self.ack.record(took);
        }
        if order.is_complete() {
            self.sent.remove(&order.keys.order_ref);
        }
    }

    fn sent_of(&mut self, order: &Order) -> Option<&mut Sent> {
        if order.origin == Origin::Own { self.sent.get_mut(&order.keys.order_ref) } else { None }
    }

    fn count_refusal(&self, error: &ServerError) {
        let by = match error.refuser {
            Refuser::Counter => "counter",
            Refuser::Exchange => "exchange",
        };
        let (account, code) = (self.account.clone(), error.code.to_string());
        counter!(names::ORDERS_REJECTED, "session" => SESSION, "account" => account, "by" => by, "code" => code)
            .increment(1);
    }
}

/// A clock that was set back meanwhile makes no negative time.
fn seconds(from_ns: i64, to_ns: i64) -> f64 {
    (to_ns - from_ns).max(0) as f64 / 1e9
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;

    use ctp_types::{OrderStatus, OrderSubmitStatus, RecordBox};
    use metrics_util::debugging::{DebugValue, DebuggingRecorder};

    use super::*;
    use crate::error::SendRefusal;
    use crate::td::fixtures::{FRONT, SESSION as SESSION_ID, input, order, trade};
    use crate::td::orders::source::{Arrival, Source};
    use crate::td::orders::{OrderId, Trade};

    const MS: i64 = 1_000_000;

    fn live(received_ns: i64) -> Arrival {
        Arrival::new(received_ns, Source::Live)
    }

    fn sent(meter: &mut Meter, order_ref: &str, number: i32) -> Order {
        let input = input(order_ref, number);
        let (request, record) = (TraderRequest::ReqOrderInsert, RecordBox::new(&input));
        meter.take(1_000 * MS, &[Output::Send { request, record, request_id: number }]);
        Order::own(
            OrderId(u64::from(number.unsigned_abs())),
            crate::td::Origin::Own,
            &input,
            FRONT,
            SESSION_ID,
        )
    }

    /// An order that trades in two parts, one that is refused, and one that the library does not take.
    pub(crate) fn a_day() {
        let mut meter = Meter::new("000001");
        let mut first = sent(&mut meter, "1", 1);
        let (part, all) = (OrderStatus::PART_TRADED_QUEUEING, OrderStatus::ALL_TRADED);
        for (status, traded, at) in [(part, 4, 1_002), (part, 4, 1_003), (all, 10, 1_900)] {
            first.merge(&order("1", status, OrderSubmitStatus::ACCEPTED, traded), live(at * MS));
            meter.take(at * MS, &[Output::Event(TdEvent::Order(Arc::new(first.clone())))]);
        }
        for (trade_id, volume, at) in [("a", 4, 1_005), ("b", 6, 1_950)] {
            first.volume_filled += volume;
            let trade = Arc::new(Trade::new(&trade("1", trade_id, volume), live(at * MS)));
            let order = Some(Arc::new(first.clone()));
            meter.take(at * MS, &[Output::Event(TdEvent::Trade { order, trade })]);
        }
        let second = Arc::new(sent(&mut meter, "2", 2));
        let error = ServerError::counter(31, "CTP:资金不足");
        meter.take(1_007 * MS, &[Output::Event(TdEvent::Rejected { order: second, error })]);
        sent(&mut meter, "3", 3);
        assert_eq!(meter.sent.len(), 1, "what is over is forgotten: {:?}", meter.sent);
        meter.hear(&Input::Sent { request_id: 3, result: Err(SendRefusal::NotConnected) });
        assert!(meter.sent.is_empty(), "{:?}", meter.sent);
    }

    #[test]
    fn the_first_word_and_the_first_trade_count_once() {
        let recorder = DebuggingRecorder::new();
        let snapshotter = recorder.snapshotter();
        metrics::with_local_recorder(&recorder, a_day);
        let snapshot = snapshotter.snapshot().into_vec();
        let value =
            |name: &str| snapshot.iter().find(|(key, ..)| key.key().name() == name).map(|found| &found.3);
        let times = |name: &str| -> Vec<f64> {
            let Some(DebugValue::Histogram(times)) = value(name) else { panic!("no times of {name}") };
            times.iter().map(|time| time.0).collect()
        };
        assert_eq!(times(names::ORDER_ACK), [0.002, 0.007]);
        assert_eq!(times(names::ORDER_TRADE), [0.005]);
        assert!(matches!(value(names::ORDERS_REJECTED), Some(DebugValue::Counter(1))));
    }
}
