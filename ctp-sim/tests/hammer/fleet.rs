//! Sessions in all states, what they sent, and what must have come back.

use std::time::Duration;

use ctp_sim::{
    ApiKind, Command, Config, Delivery, Exchange, Hours, Input, MatchingModel, Output, SessionId, Timestamp,
};
use ctp_types::{
    ActionFlag, InputOrderActionField, InputOrderField, InvestorPositionField, MdRequest, OrderField,
    QryInvestorPositionField, QryTradingAccountField, RecordBox, RequestKind, ResumeType, RspUserLoginField,
    SettlementInfoConfirmField, Text, TimeCondition, TraderCallback, TraderRequest, TradingAccountField,
    VolumeCondition,
};

use crate::common::{Bench, Client, START, login_record, text};
use crate::extremes::{self, Known};
use crate::random::Random;
use crate::world;

/// Trader sessions that are hammered with; two of one investor among them.
pub(crate) const INVESTORS: [&str; 4] = ["one", "two", "one", "three"];
pub(crate) const INSTRUMENTS: [(&str, f64); 5] =
    [("rb2701", 3200.0), ("m2701", 3000.0), ("SR701", 5700.0), ("sc2702", 500.0), ("IF2612", 4000.0)];
/// When a run may start, in seconds after 10:00: in the morning, before breaks, auctions, the settlement, the night.
const STARTS_AFTER: [u64; 6] = [0, 890, 17_980, 21_580, 39_500, 46_780];
/// The investor whom nobody may touch.
const WITNESS: &str = "quiet";

/// How far a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Apart,
    Connected,
    LoggedIn,
}

struct Session {
    id: SessionId,
    kind: ApiKind,
    user: &'static str,
    stage: Stage,
    session_id: i32,
    /// Whether its private stream begins at a number that exists: else it is silent until the stream gets there (§9.1).
    hears: bool,
}

/// A request that must be answered.
#[derive(Debug)]
struct Pending {
    session: usize,
    request: TraderRequest,
    number: i32,
    stage: Stage,
    answers: u32,
    lasts: u32,
    pushes: u32,
}

pub(crate) struct Fleet {
    random: Random,
    exchange: Exchange,
    now: Timestamp,
    outputs: Vec<Output>,
    sessions: Vec<Session>,
    pending: Vec<Pending>,
    known: Known,
    orders: Vec<OrderField>,
    next_number: i32,
    /// Only for its records.
    forms: Bench,
    witness: Option<(f64, f64)>,
    found: Vec<RecordBox>,
    flow_was_cleared: bool,
}

impl Fleet {
    pub(crate) fn new(mut random: Random) -> Self {
        let start = START.after(Duration::from_secs(random.pick(&STARTS_AFTER)));
        let config = Config {
            seed: random.bits(),
            products: ["rb", "m", "SR", "sc", "IF"].map(str::to_owned).to_vec(),
            options: random.chance(30),
            crowd: random.chance(70),
            matching: random.pick(&MatchingModel::ALL),
            hours: random.pick(&[Hours::Always, Hours::Always, Hours::Exchange]),
            reopening_delay: Some(Duration::ZERO),
            ..Config::starting_at(start)
        };
        let mut sessions = Vec::new();
        for (index, user) in INVESTORS.into_iter().chain([WITNESS, "feed"]).enumerate() {
            let kind = if user == "feed" { ApiKind::Md } else { ApiKind::Trader };
            let id = SessionId(index as u64 + 1);
            sessions.push(Session { id, kind, user, stage: Stage::Apart, session_id: 0, hears: true });
        }
        let mut known = Known::default();
        for id in
            INSTRUMENTS.map(|(id, _)| id).into_iter().chain(["9999", WITNESS, "one", "SHFE", "DCE", "CNY"])
        {
            known.texts.push(id.as_bytes().to_vec());
        }
        let mut fleet = Self {
            random,
            exchange: Exchange::new(config.clone()).expect("an exchange"),
            now: start,
            outputs: Vec::new(),
            sessions,
            pending: Vec::new(),
            known,
            orders: Vec::new(),
            next_number: 1_000,
            forms: Bench::new(Config {
                products: vec!["rb".to_owned()],
                options: false,
                combinations: false,
                crowd: false,
                ..config
            }),
            witness: None,
            found: Vec::new(),
            flow_was_cleared: false,
        };
        for session in 0..fleet.sessions.len() {
            if fleet.random.chance(80) || fleet.sessions[session].user == WITNESS {
                fleet.bring_up(session);
            }
        }
        fleet.witness = Some(fleet.money_of_witness());
        fleet
    }

    /// Does one thing, mostly a bad one.
    pub(crate) fn act(&mut self) {
        let session = self.random.below(INVESTORS.len());
        match self.random.below(100) {
            0..40 => self.send_anything(session),
            40..55 => self.send_order(session, false),
            55..65 => self.send_order(session, true),
            65..72 => self.cancel(session, false),
            72..78 => self.cancel(session, true),
            78..84 => self.hammer_feed(),
            84..88 => self.bring_up(session),
            88 => self.disconnect(session),
            89 => {
                let id = self.sessions[session].id;
                self.step(Input::Command(Command::Disconnect { session: id, reason: 0x1001 }));
            }
            90 if self.random.chance(30) => {
                self.flow_was_cleared = true;
                self.step(Input::Command(Command::ClearFlow));
            }
            91 if self.random.chance(30) => self.step(Input::Command(Command::Settle)),
            92..95 => {
                let command = world::command(&mut self.random, &self.known);
                self.step(Input::Command(command));
            }
            _ => self.wait(700),
        }
        if self.random.chance(60) {
            self.wait(60);
        }
        if self.random.chance(15) {
            self.quiet();
        }
    }

    /// Waits until everything must be answered and looks whether it is.
    pub(crate) fn end(&mut self) {
        self.quiet();
        let before = self.witness;
        let after = self.money_of_witness();
        assert_eq!(before, Some(after), "balance and available of an investor who does nothing");
        self.exchange.check_consistency().expect("a consistent state");
    }

    fn step(&mut self, input: Input) {
        self.exchange.step(self.now, input, &mut self.outputs);
        self.look();
        if let Err(error) = self.exchange.check_consistency() {
            panic!("{error}");
        }
    }

    fn wait(&mut self, ms_max: usize) {
        let ms = 1 + self.random.below(ms_max) as u64;
        self.now = self.now.after(Duration::from_millis(ms));
        self.step(Input::Advance);
    }

    fn quiet(&mut self) {
        self.now = self.now.after(Duration::from_secs(2));
        self.step(Input::Advance);
        for pending in self.pending.drain(..) {
            let hears = self.sessions[pending.session].hears;
            let Pending { request, answers, lasts, pushes, stage, .. } = pending;
            let told = format!("{} in stage {stage:?}: {pending:?}", request.name());
            match request.kind() {
                RequestKind::Query => assert_eq!(lasts, 1, "one last answer to {told}"),
                RequestKind::Answered => assert_eq!((answers, lasts), (1, 1), "one answer to {told}"),
                RequestKind::Silent | RequestKind::Push => {
                    assert!(answers + pushes > 0 || !hears, "an answer or push to {told}");
                    assert!(answers < 2, "one answer to {told}");
                }
            }
        }
    }

    /// Takes what came: counts answers, learns what exists, checks records.
    fn look(&mut self) {
        for Output { session: id, delivery } in std::mem::take(&mut self.outputs) {
            let Some(session) = self.sessions.iter().position(|session| session.id == id) else {
                panic!("a delivery to session {id:?}, which is nobody's");
            };
            match delivery {
                Delivery::Trader { callback, record, rsp_info, number, is_last } => {
                    self.look_at(
                        session,
                        callback,
                        record,
                        number,
                        is_last,
                        rsp_info.is_some_and(|info| info.error_id != 0),
                    );
                }
                Delivery::Close { .. } => self.apart(session),
                _ => {
                    if self.sessions[session].stage == Stage::Apart {
                        self.sessions[session].stage = Stage::Connected;
                    }
                }
            }
        }
    }

    fn look_at(
        &mut self,
        session: usize,
        callback: TraderCallback,
        record: Option<RecordBox>,
        number: i32,
        is_last: bool,
        is_error: bool,
    ) {
        let is_answer = callback.name().starts_with("OnRsp");
        for pending in self.pending.iter_mut().filter(|pending| pending.session == session) {
            if is_answer && pending.number == number {
                let expected = pending.request.answer();
                assert!(
                    Some(callback) == expected || callback == TraderCallback::OnRspError,
                    "{} answered by {}",
                    pending.request.name(),
                    callback.name()
                );
                assert_eq!(pending.lasts, 0, "nothing follows bIsLast: {pending:?}");
                pending.answers += 1;
                pending.lasts += u32::from(is_last);
            }
            let pushes = [pending.request.push(), pending.request.error_callback()];
            pending.pushes += u32::from(pushes.contains(&Some(callback)));
        }
        match callback {
            TraderCallback::OnFrontConnected => self.sessions[session].stage = Stage::Connected,
            TraderCallback::OnRspUserLogin if !is_error => {
                self.sessions[session].stage = Stage::LoggedIn;
                let login = record.as_ref().and_then(|record| record.get::<RspUserLoginField>());
                self.sessions[session].session_id = login.expect("a login's answer").session_id;
            }
            _ => {}
        }
        let Some(record) = record else { return };
        if let Some(order) = record.get::<OrderField>() {
            assert_eq!(order.volume_total_original, order.volume_traded + order.volume_total, "{order:?}");
            assert!(order.volume_traded >= 0 && order.volume_total >= 0, "{order:?}");
            if callback == TraderCallback::OnRtnOrder {
                assert_eq!(order.investor_id, self.sessions[session].user, "another's order");
                extremes::learn(order, &mut self.known);
                self.orders.push(*order);
            }
        }
        if number == -77 {
            self.found.push(record);
        }
    }

    fn apart(&mut self, session: usize) {
        self.sessions[session].stage = Stage::Apart;
        self.pending.retain(|pending| pending.session != session);
    }

    /// Sends a request as the host does: not at all when it is not admitted.
    fn request(&mut self, session: usize, request: TraderRequest, record: RecordBox) {
        let Session { id, kind, stage, .. } = self.sessions[session];
        let method = u16::try_from(ctp_types::Request::id(request)).expect("a small number");
        if self.exchange.admit(self.now, id, kind, method) != 0 {
            return;
        }
        self.next_number += 1;
        let number = self.next_number;
        // A second login of a logged-in session is ignored (§10.2).
        let is_login = request.name().starts_with("ReqUserLogin");
        if stage >= Stage::Connected && !(is_login && stage == Stage::LoggedIn) {
            let (answers, lasts, pushes) = (0, 0, 0);
            self.pending.push(Pending { session, request, number, stage, answers, lasts, pushes });
        }
        self.step(Input::Trader { session: id, request, record, request_id: number });
    }

    fn send_anything(&mut self, session: usize) {
        let all = <TraderRequest as ctp_types::Request>::ALL;
        let request = self.random.pick(all);
        let record = extremes::record(request.record(), &mut self.random, &self.known);
        self.request(session, request, record);
    }

    fn good_order(&mut self, session: usize) -> InputOrderField {
        let (instrument, middle) = self.random.pick(&INSTRUMENTS);
        let side = self.random.pick(&["buy", "sell", "close", "cover", "close today"]);
        let price = middle + self.random.below(21) as f64 - 10.0;
        let volume = 1 + self.random.below(9) as i32;
        let client = self.client(session);
        let mut order = self.forms.order(client, instrument, side, volume, price);
        match self.random.below(8) {
            0 => order.time_condition = TimeCondition::IOC,
            1 => {
                order.time_condition = TimeCondition::IOC;
                order.volume_condition = VolumeCondition::CV;
            }
            _ => {}
        }
        order
    }

    fn client(&self, session: usize) -> Client {
        let Session { id, user, session_id, .. } = self.sessions[session];
        Client { session: id, investor: text(user), session_id }
    }

    fn send_order(&mut self, session: usize, spoilt: bool) {
        let mut order = self.good_order(session);
        if spoilt && self.random.chance(30) {
            extremes::unterminated_order(&mut order, &mut self.random);
        }
        let mut record = RecordBox::new(&order);
        if spoilt {
            extremes::spoil(&mut record, &mut self.random, &self.known);
        }
        self.request(session, TraderRequest::ReqOrderInsert, record);
    }

    fn cancel(&mut self, session: usize, spoilt: bool) {
        if self.orders.is_empty() {
            return;
        }
        let order = self.random.pick(&self.orders);
        let by_sys_id = self.random.chance(50);
        let mut action = InputOrderActionField {
            broker_id: order.broker_id,
            investor_id: order.investor_id,
            user_id: text(self.sessions[session].user),
            instrument_id: order.instrument_id,
            exchange_id: order.exchange_id,
            action_flag: ActionFlag::DELETE,
            ..InputOrderActionField::default()
        };
        if by_sys_id {
            action.order_sys_id = order.order_sys_id;
        } else {
            action.front_id = order.front_id;
            action.session_id = order.session_id;
            action.order_ref = order.order_ref;
        }
        if spoilt && self.random.chance(30) {
            extremes::unterminated_action(&mut action, &mut self.random);
        }
        let mut record = RecordBox::new(&action);
        if spoilt {
            extremes::spoil(&mut record, &mut self.random, &self.known);
        }
        self.request(session, TraderRequest::ReqOrderAction, record);
    }

    fn hammer_feed(&mut self) {
        let feed = SessionId(INVESTORS.len() as u64 + 2);
        let ids = (0..self.random.below(6))
            .map(|_| {
                let known = self.random.pick(&self.known.texts);
                Text::from_bytes(&known[..known.len().min(80)]).unwrap_or_default()
            })
            .chain([Text::from_raw(&[0xff; 81]).expect("a full field"), Text::default()])
            .collect();
        let input = match self.random.below(5) {
            0 => Input::Subscribe { session: feed, instruments: ids },
            1 => Input::Unsubscribe { session: feed, instruments: ids },
            2 => Input::SubscribeForQuote { session: feed, instruments: ids },
            3 => Input::UnsubscribeForQuote { session: feed, instruments: ids },
            _ => {
                let request = self.random.pick(<MdRequest as ctp_types::Request>::ALL);
                let record = extremes::record(request.record(), &mut self.random, &self.known);
                Input::Md { session: feed, request, record, request_id: 1 }
            }
        };
        self.step(input);
    }

    fn disconnect(&mut self, session: usize) {
        let id = self.sessions[session].id;
        self.apart(session);
        self.step(Input::Disconnect { session: id });
    }

    /// Connects, logs in and confirms, as far as it has not.
    fn bring_up(&mut self, session: usize) {
        let Session { id, kind, user, .. } = self.sessions[session];
        if self.sessions[session].stage == Stage::Apart {
            self.apart(session);
            let modes = [ResumeType::Restart, ResumeType::Resume, ResumeType::Quick, ResumeType::FromSeqNo];
            let (private, public) = (self.random.pick(&modes), self.random.pick(&modes));
            let sequence = self.random.pick(&[i32::MIN, -1, 0, 1, 5, i32::MAX]);
            let is_late = match private {
                ResumeType::FromSeqNo => sequence > 1,
                ResumeType::Resume => self.flow_was_cleared || !self.sessions[session].hears,
                _ => false,
            };
            self.sessions[session].hears = !is_late;
            self.step(Input::Topics { session: id, private, public, sequence, received: None });
            let api_version = self.random.pick(&[(6, 3, 15), (6, 7, 11), (6, 7, 13)]);
            self.step(Input::Connect { session: id, kind, api_version });
            self.pass(100);
        }
        let record = RecordBox::new(&login_record(user, "simulator"));
        if kind == ApiKind::Md {
            let request = MdRequest::ReqUserLogin;
            self.step(Input::Md { session: id, request, record, request_id: 1 });
            return self.pass(100);
        }
        if self.sessions[session].stage == Stage::Connected {
            self.request(session, TraderRequest::ReqUserLogin, record);
            self.pass(100);
        }
        let confirm = SettlementInfoConfirmField {
            broker_id: text("9999"),
            investor_id: text(user),
            ..SettlementInfoConfirmField::default()
        };
        self.request(session, TraderRequest::ReqSettlementInfoConfirm, RecordBox::new(&confirm));
        self.pass(100);
    }

    fn pass(&mut self, ms: u64) {
        self.now = self.now.after(Duration::from_millis(ms));
        self.step(Input::Advance);
    }

    /// Returns balance and available of the witness, who has no position.
    fn money_of_witness(&mut self) -> (f64, f64) {
        let session = INVESTORS.len();
        self.bring_up(session);
        let investor: Text<13> = text(WITNESS);
        let positions = QryInvestorPositionField {
            broker_id: text("9999"),
            investor_id: investor,
            ..QryInvestorPositionField::default()
        };
        let rows = self.ask(session, TraderRequest::ReqQryInvestorPosition, RecordBox::new(&positions));
        assert!(rows.iter().all(|row| row.get::<InvestorPositionField>().is_none()), "{rows:?}");
        let account = QryTradingAccountField {
            broker_id: text("9999"),
            investor_id: investor,
            ..QryTradingAccountField::default()
        };
        // The day may be settled in between, which ends the session.
        let rows = (0..2).map(|_| {
            self.bring_up(session);
            self.ask(session, TraderRequest::ReqQryTradingAccount, RecordBox::new(&account))
        });
        let row = rows.into_iter().find_map(|rows| rows.first().cloned()).expect("an account");
        let account = row.get::<TradingAccountField>().expect("an account's record");
        (account.balance, account.available)
    }

    fn ask(&mut self, session: usize, request: TraderRequest, record: RecordBox) -> Vec<RecordBox> {
        self.pass(1_500);
        self.found.clear();
        let id = self.sessions[session].id;
        self.step(Input::Trader { session: id, request, record, request_id: -77 });
        self.pass(1_500);
        std::mem::take(&mut self.found)
    }
}
