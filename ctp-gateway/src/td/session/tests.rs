mod credentials;
mod ledger;
mod memory;
mod placing;
mod recovery;
mod risk;
mod stream;
mod watch;

use std::collections::VecDeque;
use std::time::Duration;

use ctp_types::{
    Direction, InputOrderActionField, InputOrderField, InstrumentField, OffsetFlag, OrderActionField,
    OrderField, OrderStatus as Status, OrderSubmitStatus as Submit, Record, RecordBox, RspInfoField,
    RspUserLoginField, TradeField, TraderCallback, TraderRequest,
};
use tokio::sync::oneshot;

use super::*;
use crate::error::Rule;
use crate::requests::submission::{Outcome, Reply as Brought, Submission};
use crate::state::LinkLoss;
use crate::td::fixtures::{FRONT, SESSION, order, refusal, text, trade};
use crate::td::io::{ActReply, SpiEvent};
use crate::td::new_order::NewOrder;
use crate::td::orders::Placed;
use crate::td::orders::order::{Order, OrderPhase};

type Reply<T> = oneshot::Receiver<Result<T, Error>>;

/// 2026-11-22 at noon in China: nothing trades.
const SUNDAY: i64 = 1_795_320_000_000_000_000;

/// A session, the time, and what the library would have been given.
struct Bench {
    session: TdSession,
    /// When the session was made, which the wall clock counts from.
    made: Instant,
    /// When it was ready first, which the tests count from.
    start: Instant,
    now: Instant,
    gates: Vec<GateState>,
    positions: Vec<ctp_types::InvestorPositionField>,
    details: Vec<ctp_types::InvestorPositionDetailField>,
    sent: Vec<(TraderRequest, RecordBox, i32)>,
    states: Vec<SessionState>,
    events: Vec<TdEvent>,
    /// How requests ended.
    ended: Vec<Outcome>,
    renewals: u32,
    /// What the library says to requests.
    word: Result<(), SendRefusal>,
}

impl Bench {
    fn new() -> Self {
        let mut config = TdConfig::new(["sim://test"], "9999", "000001", "canary-password");
        config.app_id = "client".into();
        config.auth_code = "canary-code".into();
        config.recovery = crate::config::Recovery::Orders;
        Self::of(&config)
    }

    fn of(config: &TdConfig) -> Self {
        let account = AccountTexts::new(config).unwrap();
        let now = Instant::now();
        Self {
            session: TdSession::new(config, account, 0),
            made: now,
            start: now,
            now,
            gates: Vec::new(),
            positions: Vec::new(),
            details: Vec::new(),
            sent: Vec::new(),
            states: Vec::new(),
            events: Vec::new(),
            ended: Vec::new(),
            renewals: 0,
            word: Ok(()),
        }
    }

    fn ready() -> Self {
        let mut bench = Self::new();
        bench.log_in("20261120", "7");
        bench.recover();
        bench.sent.clear();
        bench.ended.clear();
        bench.start = bench.now;
        bench
    }

    fn log_in(&mut self, trading_day: &str, max_order_ref: &str) {
        self.callback(TraderCallback::OnFrontConnected, 0);
        let id = self.last_sent(TraderRequest::ReqAuthenticate);
        self.callback(TraderCallback::OnRspAuthenticate, id);
        let id = self.last_sent(TraderRequest::ReqUserLogin);
        let login = RspUserLoginField {
            trading_day: text(trading_day),
            front_id: FRONT,
            session_id: SESSION,
            max_order_ref: text(max_order_ref),
            ..RspUserLoginField::default()
        };
        self.answer(TraderCallback::OnRspUserLogin, Some(login), None, id, true);
        // Once per trading day.
        if let Some((TraderRequest::ReqSettlementInfoConfirm, _, id)) = self.sent.last() {
            self.callback(TraderCallback::OnRspSettlementInfoConfirm, *id);
        }
        assert!(self.session.state().is_usable());
    }

    /// Answers what a recovery asks: nothing is known of any order.
    fn recover(&mut self) {
        self.recover_with(&[], &[]);
    }

    /// Answers what a recovery asks.
    fn recover_with(&mut self, orders: &[OrderField], trades: &[TradeField]) {
        assert!(matches!(self.session.state(), SessionState::Recovering(_)));
        while !self.session.state().is_ready() {
            self.answer_query(orders, trades);
        }
        // The pace lets the next query go.
        self.now += Duration::from_secs(1);
        self.step(Input::Time);
    }

    /// Answers the query that is under way, or the next.
    fn answer_query(&mut self, orders: &[OrderField], trades: &[TradeField]) -> TraderRequest {
        let asked = |bench: &Self| {
            let last = bench.sent.last().map(|(request, _, id)| (*request, *id));
            last.filter(|(request, id)| request.answer().is_some() && bench.session.requests.knows(*id))
        };
        while asked(self).is_none() {
            self.now = self.session.next_deadline().expect("something is asked").max(self.now);
            self.step(Input::Time);
        }
        let (request, id) = asked(self).unwrap();
        let callback = request.answer().unwrap();
        let rows: Vec<RecordBox> = match request {
            TraderRequest::ReqQryOrder => orders.iter().map(RecordBox::new).collect(),
            TraderRequest::ReqQryTrade => trades.iter().map(RecordBox::new).collect(),
            TraderRequest::ReqQryInvestorPosition => self.positions.iter().map(RecordBox::new).collect(),
            TraderRequest::ReqQryInvestorPositionDetail => self.details.iter().map(RecordBox::new).collect(),
            _ => Vec::new(),
        };
        let count = rows.len();
        for (index, record) in rows.into_iter().enumerate() {
            let is_last = index + 1 == count;
            self.step(Input::Callback(SpiEvent {
                callback,
                record: Some(record),
                rsp_info: None,
                number: id,
                is_last,
                received_ns: 1,
            }));
        }
        if count == 0 {
            self.callback(callback, id);
        }
        request
    }

    fn last_sent(&self, request: TraderRequest) -> i32 {
        let (last, _, id) = self.sent.last().expect("a request");
        assert_eq!(*last, request);
        *id
    }

    fn at_ms(&mut self, milliseconds: u64) -> &mut Self {
        self.now = self.start + Duration::from_millis(milliseconds);
        self.step(Input::Time);
        self
    }

    fn callback(&mut self, callback: TraderCallback, number: i32) {
        self.answer::<OrderField>(callback, None, None, number, true);
    }

    fn push<R: Record>(&mut self, callback: TraderCallback, record: R) {
        self.answer(callback, Some(record), None, 0, true);
    }

    fn answer<R: Record>(
        &mut self,
        callback: TraderCallback,
        record: Option<R>,
        rsp_info: Option<RspInfoField>,
        number: i32,
        is_last: bool,
    ) {
        let record = record.map(|record| RecordBox::new(&record));
        let event = SpiEvent { callback, record, rsp_info, number, is_last, received_ns: 1 };
        self.step(Input::Callback(event));
    }

    fn time(&self) -> Now {
        let elapsed = i64::try_from((self.now - self.made).as_nanos()).unwrap();
        Now { instant: self.now, unix_ns: SUNDAY + elapsed }
    }

    /// Steps as the driver does: an order is judged, completed and numbered first. See
    /// [`an_order_that_is_judged_first_is_the_same_step`].
    fn step(&mut self, mut input: Input) {
        let now = self.time();
        if let Input::Command(Command::Act { logins, record, reply: ActReply::Order(_), .. }) = &mut input
            && let Some(order) = record.get_mut::<InputOrderField>()
        {
            self.session.begin_place(now.instant, *logins, order);
        }
        let mut outputs = VecDeque::from(self.session.step(now, input));
        while let Some(output) = outputs.pop_front() {
            match output {
                Output::Send { request, record, request_id } => {
                    self.sent.push((request, record, request_id));
                    outputs.extend(
                        self.session.step(now, Input::Sent { request_id, result: self.word.clone() }),
                    );
                }
                Output::State(state) => self.states.push(state),
                Output::Event(event) => self.events.push(event),
                Output::Gate(gate) => self.gates.push(gate),
                Output::Ended(ended) => self.ended.push(ended.outcome),
                Output::Renew { .. } => self.renewals += 1,
                Output::Journal(_) => {}
                Output::ReadFrontInfo => {
                    outputs.extend(self.session.step(
                        now,
                        Input::FrontInfo {
                            address: text("tcp://a:1"),
                            query_frequency: 2,
                            package_frequency: 0,
                        },
                    ));
                }
            }
        }
    }

    fn command(&mut self, command: Command) {
        self.step(Input::Command(command));
    }

    fn place_as(&mut self, order: &NewOrder, logins: u64) -> Reply<Placed> {
        let (reply, answer) = oneshot::channel();
        self.command(insert(order, logins, reply));
        answer
    }

    fn place(&mut self) -> Placed {
        self.place_as(&new_order(), self.session.logins()).try_recv().unwrap().unwrap()
    }

    fn cancel(&mut self, id: OrderId) -> Reply<Arc<Order>> {
        let (reply, answer) = oneshot::channel();
        self.command(Command::Cancel { logins: self.session.logins(), id, reply });
        answer
    }

    fn request(&mut self, request: TraderRequest) -> Reply<Brought> {
        let (submission, answer) = Submission::of_caller(request, RecordBox::zeroed(request.record()));
        self.command(Command::Request { logins: self.session.logins(), submission });
        answer
    }

    /// Returns the inserts that the library was given.
    fn inserts(&self) -> Vec<&InputOrderField> {
        self.sent.iter().filter_map(|(_, record, _)| record.get()).collect()
    }

    fn working(&mut self) -> Placed {
        let placed = self.place();
        self.push(TraderCallback::OnRtnOrder, order("8", Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0));
        placed
    }
}

fn insert(order: &NewOrder, logins: u64, reply: oneshot::Sender<Result<Placed, Error>>) -> Command {
    let (request, record) = (TraderRequest::ReqOrderInsert, RecordBox::new(&order.record().unwrap()));
    Command::Act { logins, request, record, reply: ActReply::Order(reply) }
}

fn new_order() -> NewOrder {
    NewOrder::limit("rb2601", Direction::BUY, OffsetFlag::OPEN, 10, 3_900.0).exchange("SHFE")
}

fn phase(placed: &Placed) -> OrderPhase {
    placed.order().phase
}

#[test]
fn an_order_that_is_judged_first_is_the_same_step() {
    let good = new_order();
    let bad = NewOrder::limit("rb2601", Direction::BUY, OffsetFlag::OPEN, 0, 3_900.0).exchange("SHFE");
    for (order, logins, dry_run) in [(&good, 1, false), (&bad, 1, false), (&good, 7, false), (&good, 1, true)]
    {
        let [first, both] = [true, false].map(|is_judged_first| {
            let mut bench = Bench::with(|config| {
                config.recovery = crate::config::Recovery::Orders;
                config.risk.dry_run = dry_run;
            });
            bench.log_in("20261120", "7");
            bench.recover();
            let (reply, mut answer) = oneshot::channel();
            let mut command = insert(order, logins, reply);
            let now = bench.time();
            if let Command::Act { record, .. } = &mut command
                && is_judged_first
            {
                let order = record.get_mut().expect("an order");
                let number = bench.session.begin_place(now.instant, logins, order);
                assert_eq!(number.is_some(), logins == 1 && !dry_run && order.volume_total_original > 0);
            }
            let outputs = bench.session.step(now, Input::Command(command));
            let mut risk = bench.session.risk_snapshot(now.instant);
            risk.order_wait = Duration::ZERO;
            (
                format!("{outputs:?} {:?} {risk:?}", bench.session.denials()),
                format!("{:?}", answer.try_recv()),
            )
        });
        assert_eq!(first, both);
    }
}

#[test]
fn logs_in_and_says_each_state() {
    let bench = &mut Bench::new();
    bench.log_in("20261120", "7");
    bench.recover();
    let states: Vec<_> = bench.states.iter().map(ToString::to_string).collect();
    assert_eq!(
        states,
        [
            "authenticating",
            "logging in",
            "confirming the settlement",
            "recovering on trading day 20261120",
            "ready on trading day 20261120"
        ]
    );
    assert_eq!(bench.session.logins(), 1);
}

#[test]
fn nothing_that_can_be_printed_has_a_secret() {
    let mut bench = Bench::new();
    bench.log_in("20261120", "7");
    let printed = format!("{:?} {:?} {:?}", bench.sent, bench.states, bench.events);
    assert!(!printed.contains("canary"), "{printed}");
}

#[test]
fn references_rise_above_the_fronts_and_our_own() {
    let mut bench = Bench::ready();
    bench.place();
    bench.place();
    bench.callback(TraderCallback::OnFrontDisconnected, 0x1001);
    // The new session counts from 1 again: our own references go on rising.
    bench.at_ms(2_000).log_in("20261120", "1");
    bench.recover();
    bench.place();
    let refs: Vec<_> = bench.inserts().iter().map(|input| input.order_ref.to_string()).collect();
    assert_eq!(refs, ["8", "9", "10"]);
    let ids: std::collections::HashSet<_> = bench.inserts().iter().map(|input| input.request_id).collect();
    assert_eq!(ids.len(), 3);
    assert!(bench.inserts().iter().all(|input| input.user_id == "000001" && input.investor_id == "000001"));
}

#[test]
fn orders_outside_a_ready_session_are_not_sent() {
    let mut bench = Bench::new();
    let error = bench.place_as(&new_order(), 0).try_recv().unwrap().unwrap_err();
    assert!(matches!(error, Error::NotSent { reason: SendRefusal::NotReady(_), .. }), "{error}");
    bench.log_in("20261120", "7");
    bench.sent.clear();
    // Meant for an earlier login.
    let error = bench.place_as(&new_order(), 0).try_recv().unwrap().unwrap_err();
    assert!(matches!(error, Error::NotSent { reason: SendRefusal::SessionChanged, .. }), "{error}");
    // Not wanted any more.
    let (reply, answer) = oneshot::channel();
    drop(answer);
    bench.command(insert(&new_order(), 1, reply));
    assert!(bench.sent.is_empty());
}

#[test]
fn an_order_that_the_library_does_not_take_does_not_exist() {
    for refusal in [SendRefusal::NotConnected, SendRefusal::TooManyUnanswered, SendRefusal::TooFast] {
        let mut bench = Bench::ready();
        bench.word = Err(refusal.clone());
        let error = bench.place_as(&new_order(), 1).try_recv().unwrap().unwrap_err();
        assert!(matches!(error, Error::NotSent { ref reason, .. } if *reason == refusal), "{error}");
        bench.callback(TraderCallback::OnFrontDisconnected, 0x1001);
        bench.at_ms(60_000);
        let told = |event: &TdEvent| !matches!(event, TdEvent::Alert(Alert::NotUsable { .. }));
        assert!(!bench.events.iter().any(told), "{:?}", bench.events);
    }
}

#[test]
fn denied_orders_take_no_reference() {
    let mut bench = Bench::ready();
    let bad = NewOrder::limit("rb2601", Direction::BUY, OffsetFlag::OPEN, 0, 3_900.0).exchange("SHFE");
    let error = bench.place_as(&bad, 1).try_recv().unwrap().unwrap_err();
    assert!(matches!(error, Error::Denied(ref denial) if denial.rule == Rule::Volume));
    assert!(bench.sent.is_empty());
    bench.place();
    assert_eq!(bench.inserts()[0].order_ref, "8");
}

#[test]
fn a_fill_reaches_the_handle_and_ends_it() {
    let mut bench = Bench::ready();
    let placed = bench.place();
    bench.push(TraderCallback::OnRtnOrder, order("8", Status::UNKNOWN, Submit::INSERT_SUBMITTED, 0));
    assert_eq!(phase(&placed), OrderPhase::Acknowledged);
    bench.push(TraderCallback::OnRtnOrder, order("8", Status::ALL_TRADED, Submit::INSERT_SUBMITTED, 10));
    bench.push(TraderCallback::OnRtnTrade, trade("8", "a", 10));
    assert!(placed.order().is_complete());
    let mut words = Vec::new();
    while let Some(event) = placed.try_next() {
        words.push(matches!(event, TdEvent::Trade { .. }));
    }
    assert_eq!(words, [false, false, true]);
    assert_eq!(bench.events.len(), 3);
    // Complete: the handle's stream is over.
    assert!(placed.is_over());
}

#[test]
fn a_broken_link_before_any_answer_leaves_the_outcome_open_until_the_replay() {
    let mut bench = Bench::ready();
    let (unanswered, answered) = (bench.place(), bench.place());
    bench.push(TraderCallback::OnRtnOrder, order("9", Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0));
    bench.callback(TraderCallback::OnFrontDisconnected, 0x2001);
    assert_eq!([&unanswered, &answered].map(phase), [OrderPhase::Unknown, OrderPhase::Working]);
    bench.sent.clear();
    bench.at_ms(2_000).log_in("20261120", "1");
    // Never sent again.
    assert!(bench.inserts().is_empty());
    bench.push(TraderCallback::OnRtnOrder, order("8", Status::NO_TRADE_QUEUEING, Submit::ACCEPTED, 0));
    assert_eq!(phase(&unanswered), OrderPhase::Working);
    let unknown = bench.events.iter().filter(|event| matches!(event, TdEvent::Unknown { .. })).count();
    assert_eq!(unknown, 1);
}

#[test]
fn silence_leaves_the_outcome_open_and_a_late_refusal_settles_it() {
    let mut bench = Bench::ready();
    let placed = bench.place();
    bench.at_ms(4_999);
    assert_eq!(phase(&placed), OrderPhase::Sent);
    bench.at_ms(5_000);
    assert_eq!(phase(&placed), OrderPhase::Unknown);
    let input = *bench.inserts()[0];
    bench.answer(TraderCallback::OnRspOrderInsert, Some(input), Some(refusal(31)), input.request_id, true);
    assert_eq!(phase(&placed), OrderPhase::Rejected);
    assert_eq!(placed.order().refusal.as_ref().map(|error| error.code), Some(31));
}

#[test]
fn a_refusal_by_all_channels_is_one_event() {
    let mut bench = Bench::ready();
    let placed = bench.place();
    let (id, input) = (bench.last_sent(TraderRequest::ReqOrderInsert), *bench.inserts()[0]);
    for _ in 0..2 {
        bench.answer(TraderCallback::OnRspOrderInsert, Some(input), Some(refusal(42)), id, true);
        bench.answer(TraderCallback::OnErrRtnOrderInsert, Some(input), Some(refusal(42)), 0, true);
        bench.answer::<OrderField>(TraderCallback::OnRspError, None, Some(refusal(42)), id, true);
        bench.push(TraderCallback::OnRtnOrder, order("8", Status::CANCELED, Submit::INSERT_REJECTED, 0));
    }
    let rejected = bench.events.iter().filter(|event| matches!(event, TdEvent::Rejected { .. })).count();
    assert_eq!(rejected, 1);
    assert_eq!(phase(&placed), OrderPhase::Rejected);
    assert!(
        !bench
            .events
            .iter()
            .any(|event| matches!(event, TdEvent::ForeignRejected { .. } | TdEvent::Error { .. }))
    );
}

#[test]
fn a_cancel_uses_the_best_names() {
    let mut bench = Bench::ready();
    let placed = bench.place();
    let id = placed.order().id;
    bench.push(TraderCallback::OnRtnOrder, order("8", Status::UNKNOWN, Submit::INSERT_SUBMITTED, 0));
    let _early = bench.cancel(id);
    let action: InputOrderActionField = *bench.sent.last().unwrap().1.get().unwrap();
    assert_eq!((action.front_id, action.session_id), (FRONT, SESSION));
    assert_eq!((action.order_ref, action.exchange_id), (text("8"), text("SHFE")));
    assert!(action.order_sys_id.is_empty());

    let mut bench = Bench::ready();
    let placed = bench.working();
    let id = placed.order().id;
    let mut answer = bench.cancel(id);
    let action: InputOrderActionField = *bench.sent.last().unwrap().1.get().unwrap();
    assert_eq!((action.order_sys_id, action.order_ref), (crate::td::fixtures::sys_id("8"), text("")));
    // A second cancel joins the first.
    let count = bench.sent.len();
    let mut joined = bench.cancel(id);
    assert_eq!(bench.sent.len(), count);
    bench.push(TraderCallback::OnRtnOrder, order("8", Status::CANCELED, Submit::ACCEPTED, 0));
    for answer in [&mut answer, &mut joined] {
        assert_eq!(answer.try_recv().unwrap().unwrap().phase, OrderPhase::Canceled);
    }
    let error = bench.cancel(id).try_recv().unwrap().unwrap_err();
    assert!(matches!(error, Error::Denied(ref denial) if denial.rule == Rule::OrderIsOver));
    let error = bench.cancel(OrderId(99)).try_recv().unwrap().unwrap_err();
    assert!(matches!(error, Error::Denied(ref denial) if denial.rule == Rule::OrderUnknown));
}

#[test]
fn a_refused_cancel_is_one_event_and_leaves_the_order_alone() {
    let mut bench = Bench::ready();
    let placed = bench.working();
    let id = placed.order().id;
    let mut answer = bench.cancel(id);
    let request_id = bench.last_sent(TraderRequest::ReqOrderAction);
    let input: InputOrderActionField = *bench.sent.last().unwrap().1.get().unwrap();
    let public = OrderActionField {
        request_id: input.request_id,
        order_action_ref: input.order_action_ref,
        exchange_id: input.exchange_id,
        order_sys_id: input.order_sys_id,
        ..OrderActionField::default()
    };
    for _ in 0..2 {
        bench.answer(TraderCallback::OnRspOrderAction, Some(input), Some(refusal(26)), request_id, true);
        bench.answer(TraderCallback::OnErrRtnOrderAction, Some(public), Some(refusal(26)), 0, true);
    }
    let error = answer.try_recv().unwrap().unwrap_err();
    assert!(matches!(error, Error::Rejected { request: "ReqOrderAction", .. }), "{error}");
    let refused: Vec<_> =
        bench.events.iter().filter(|event| matches!(event, TdEvent::CancelRejected { .. })).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].order().map(|order| order.id), Some(id));
    assert_eq!(phase(&placed), OrderPhase::Working);
}

#[test]
fn a_cancel_without_an_answer_is_unknown() {
    let mut bench = Bench::ready();
    let placed = bench.working();
    let id = placed.order().id;
    let mut silent = bench.cancel(id);
    bench.at_ms(5_000);
    let error = silent.try_recv().unwrap().unwrap_err();
    assert!(matches!(error, Error::Unknown { cause: UnknownCause::NoAnswer(_), .. }), "{error}");
    let mut broken = bench.cancel(id);
    bench.callback(TraderCallback::OnFrontDisconnected, 0x1001);
    let error = broken.try_recv().unwrap().unwrap_err();
    assert!(matches!(error, Error::Unknown { cause: UnknownCause::Disconnected(_), .. }), "{error}");
    assert!(!error.is_definite());
}

#[test]
fn a_query_survives_a_broken_link_and_fills_the_instrument_table() {
    let mut bench = Bench::ready();
    let mut answer = bench.request(TraderRequest::ReqQryInstrument);
    let id = bench.last_sent(TraderRequest::ReqQryInstrument);
    let row = InstrumentField {
        instrument_id: text("rb2601"),
        exchange_id: text("SHFE"),
        price_tick: 1.0,
        ..InstrumentField::default()
    };
    bench.answer(TraderCallback::OnRspQryInstrument, Some(row), None, id, false);
    bench.callback(TraderCallback::OnFrontDisconnected, 0x1001);
    bench.at_ms(2_000).log_in("20261120", "1");
    bench.recover();
    let id = bench.last_sent(TraderRequest::ReqQryInstrument);
    bench.answer(TraderCallback::OnRspQryInstrument, Some(row), Some(RspInfoField::default()), id, true);
    assert!(matches!(answer.try_recv(), Ok(Ok(Brought::Rows(rows))) if rows.instruments.len() == 1));
    // Now the exchange is known, and so is what does not exist.
    let known = NewOrder::limit("rb2601", Direction::BUY, OffsetFlag::OPEN, 1, 3_900.0);
    let logins = bench.session.logins();
    assert!(bench.place_as(&known, logins).try_recv().unwrap().is_ok());
    let unknown = NewOrder::limit("rb9999", Direction::BUY, OffsetFlag::OPEN, 1, 3_900.0).exchange("SHFE");
    let error = bench.place_as(&unknown, logins).try_recv().unwrap().unwrap_err();
    assert!(matches!(error, Error::Denied(ref denial) if denial.rule == Rule::Instrument));
}

#[test]
fn a_queried_order_settles_an_unknown_outcome() {
    let mut bench = Bench::ready();
    let placed = bench.place();
    bench.at_ms(5_000);
    assert_eq!(phase(&placed), OrderPhase::Unknown);
    let mut answer = bench.request(TraderRequest::ReqQryOrder);
    // The session looks for it, too; the record is not there yet.
    while bench.answer_query(&[], &[]) != TraderRequest::ReqQryTrade {}
    bench.at_ms(7_000);
    let id = bench.last_sent(TraderRequest::ReqQryOrder);
    let row = order("8", Status::CANCELED, Submit::ACCEPTED, 0);
    bench.answer(TraderCallback::OnRspQryOrder, Some(row), None, id, true);
    assert!(matches!(answer.try_recv(), Ok(Ok(Brought::Rows(rows))) if rows.orders.len() == 1));
    assert_eq!(phase(&placed), OrderPhase::Canceled);
}

#[test]
fn an_error_of_nobody_is_an_event() {
    let mut bench = Bench::ready();
    bench.answer::<OrderField>(TraderCallback::OnRspError, None, Some(refusal(90)), 77, true);
    // NULL and code 0 are no error.
    bench.callback(TraderCallback::OnRspError, 78);
    assert!(matches!(bench.events.as_slice(), [TdEvent::Error { request_id: 77, .. }]));
}

#[test]
fn null_records_are_harmless() {
    let mut bench = Bench::ready();
    for callback in TraderCallback::ALL {
        if !matches!(callback, TraderCallback::OnFrontConnected | TraderCallback::OnFrontDisconnected) {
            bench.answer::<OrderField>(*callback, None, None, -5, true);
            bench.answer::<OrderField>(*callback, None, Some(RspInfoField::default()), 0, false);
        }
    }
    assert!(bench.session.state().is_ready());
    assert!(bench.events.is_empty(), "{:?}", bench.events);
}

#[test]
fn a_new_trading_day_forgets_instruments_and_orders() {
    let mut bench = Bench::ready();
    let placed = bench.place();
    bench.callback(TraderCallback::OnFrontDisconnected, 0x1001);
    bench.at_ms(2_000).log_in("20261123", "1");
    assert_eq!(phase(&placed), OrderPhase::Unknown);
    let id = placed.order().id;
    assert!(matches!(bench.cancel(id).try_recv(), Ok(Err(Error::Denied(_)))));
}

#[test]
fn a_panic_ends_the_session_and_tells_everybody() {
    let mut bench = Bench::ready();
    let (placed, working) = (bench.place(), bench.working());
    let mut cancel = bench.cancel(working.order().id);
    let mut query = bench.request(TraderRequest::ReqQryTrade);
    bench.step(Input::Panicked { callback: "OnRtnOrder", message: "boom".into() });
    assert!(bench.session.state().is_over());
    bench.step(Input::Finish);
    assert!(matches!(query.try_recv(), Ok(Err(Error::Faulted(Fault::Panicked { .. })))));
    assert!(matches!(cancel.try_recv(), Ok(Err(Error::Unknown { .. }))));
    assert!(placed.order().phase == OrderPhase::Unknown || working.order().phase == OrderPhase::Unknown);
    assert!(placed.is_over() && working.is_over());
    assert!(matches!(bench.states.last(), Some(SessionState::Faulted(_))));
}

#[test]
fn closing_says_so() {
    let mut bench = Bench::ready();
    bench.step(Input::Finish);
    assert_eq!(bench.states.last(), Some(&SessionState::Closed));
}

#[test]
fn a_request_belongs_to_the_login_that_its_caller_saw() {
    let mut bench = Bench::ready();
    let (submission, mut answer) = Submission::of_caller(
        TraderRequest::ReqUserPasswordUpdate,
        RecordBox::zeroed(TraderRequest::ReqUserPasswordUpdate.record()),
    );
    bench.callback(TraderCallback::OnFrontDisconnected, 0x1001);
    let mut while_down = bench.request(TraderRequest::ReqUserPasswordUpdate);
    let error = while_down.try_recv().unwrap().unwrap_err();
    assert!(matches!(error, Error::NotSent { reason: SendRefusal::NotReady(_), .. }), "{error}");
    bench.at_ms(2_000).log_in("20261120", "1");
    bench.command(Command::Request { logins: 1, submission });
    let error = answer.try_recv().unwrap().unwrap_err();
    assert!(matches!(error, Error::NotSent { reason: SendRefusal::SessionChanged, .. }), "{error}");
    assert_eq!(bench.ended, [Outcome::NotSent, Outcome::NotSent]);
}

#[test]
fn the_answer_to_a_raw_order_is_not_taken_for_another_sessions() {
    let mut bench = Bench::ready();
    let record = RecordBox::new(&new_order().record().unwrap());
    let (submission, mut answer) = Submission::of_caller(TraderRequest::ReqOrderInsert, record);
    bench.command(Command::Request { logins: bench.session.logins(), submission });
    let id = bench.last_sent(TraderRequest::ReqOrderInsert);
    let Ok(Ok(Brought::Sent { request_id, mut outcome })) = answer.try_recv() else { panic!("not sent") };
    assert_eq!(request_id, id);
    let input = *bench.inserts()[0];
    assert_eq!((input.request_id, input.order_ref), (id, text("8")));
    bench.answer(TraderCallback::OnRspOrderInsert, Some(input), Some(refusal(31)), id, true);
    assert!(matches!(outcome.try_recv(), Ok(Err(Error::Rejected { .. }))));
    // It is an own order like any other.
    assert!(matches!(bench.events[..], [TdEvent::Rejected { .. }]), "{:?}", bench.events);
    assert_eq!(bench.ended, [Outcome::Rejected]);
}

#[test]
fn instruments_of_another_trading_day_are_not_learnt() {
    let mut bench = Bench::ready();
    let row = InstrumentField { instrument_id: text("rb2601"), ..InstrumentField::default() };
    for (trading_day, denied) in [("20261119", false), ("20261120", true)] {
        let (reply, mut learnt) = oneshot::channel();
        let trading_day = text(trading_day);
        bench.command(Command::Learn { trading_day, records: vec![RecordBox::new(&row)], reply });
        assert_eq!(learnt.try_recv().unwrap().unwrap().len(), 1);
        let unknown =
            NewOrder::limit("rb9999", Direction::BUY, OffsetFlag::OPEN, 1, 3_900.0).exchange("SHFE");
        let placed = bench.place_as(&unknown, bench.session.logins()).try_recv().unwrap();
        assert_eq!(matches!(placed, Err(Error::Denied(_))), denied);
    }
}
