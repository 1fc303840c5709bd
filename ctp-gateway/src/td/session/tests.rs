//! The bench that the tests of a session run on: no library, no clock, no thread.

mod cancels;
mod credentials;
mod ledger;
mod life;
mod memory;
mod orders;
mod placing;
mod recovery;
mod requests;
mod risk;
mod stream;
mod watch;

use std::collections::VecDeque;
use std::time::Duration;

use ctp_types::{
    Direction, InputOrderField, OffsetFlag, OrderField, OrderStatus as Status, OrderSubmitStatus as Submit,
    Record, RecordBox, RspInfoField, RspUserLoginField, TradeField, TraderCallback, TraderRequest,
};
use tokio::sync::oneshot;

use super::*;
use crate::config::Recovery;
use crate::requests::submission::{Outcome, Reply as Brought, Submission};
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
        Self::with(|config| config.recovery = Recovery::Orders)
    }

    fn with(change: impl FnOnce(&mut TdConfig)) -> Self {
        let mut config = TdConfig::new(["sim://test"], "9999", "000001", "canary-password");
        config.app_id = "client".into();
        config.auth_code = "canary-code".into();
        change(&mut config);
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
    /// [`orders::an_order_that_is_judged_first_is_the_same_step`].
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
