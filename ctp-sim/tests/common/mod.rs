//! A bench around an exchange: sessions, requests and what came of them, as short lines.

#![allow(dead_code, reason = "every test file uses its own part")]

pub(crate) mod instruct;

use std::time::Duration;

use ctp_sim::{ApiKind, Config, Delivery, Exchange, Input, Output, SessionId, Timestamp};
use ctp_types::{
    ActionFlag, ContingentCondition, Direction, ForceCloseReason, InputOrderActionField, InputOrderField,
    MdRequest, OrderField, OrderPriceType, Record, RecordBox, ReqUserLoginField, ResumeType,
    RspUserLoginField, SettlementInfoConfirmField, Text, TimeCondition, TradeField, TraderCallback,
    TraderRequest, VolumeCondition,
};

/// Monday 2026-11-23, 10:00 in China.
pub(crate) const START: Timestamp = Timestamp(1_795_399_200_000_000_000);

/// Returns how many seeds to try: `usual`, or what `CTP_SIM_SEEDS` says, as `cargo xtask soak` does.
pub(crate) fn seeds(usual: u32) -> u32 {
    std::env::var("CTP_SIM_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(usual)
}

pub(crate) struct Bench {
    pub(crate) exchange: Exchange,
    pub(crate) now: Timestamp,
    pub(crate) outputs: Vec<Output>,
    order_ref: u32,
}

/// A logged-in trader session.
#[derive(Clone, Copy)]
pub(crate) struct Client {
    pub(crate) session: SessionId,
    pub(crate) investor: Text<13>,
    pub(crate) session_id: i32,
}

pub(crate) fn text<const N: usize>(value: &str) -> Text<N> {
    Text::new(value).expect("a short text")
}

pub(crate) fn quiet() -> Config {
    Config { crowd: false, ..Config::starting_at(START) }
}

impl Bench {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            exchange: Exchange::new(config).expect("an exchange"),
            now: START,
            outputs: Vec::new(),
            order_ref: 0,
        }
    }

    pub(crate) fn step(&mut self, input: Input) {
        self.exchange.step(self.now, input, &mut self.outputs);
    }

    /// Lets time pass.
    pub(crate) fn run(&mut self, duration: Duration) {
        self.now = self.now.after(duration);
        self.step(Input::Advance);
    }

    /// Lets 100 ms pass: enough for every answer.
    pub(crate) fn settle(&mut self) {
        self.run(Duration::from_millis(100));
    }

    pub(crate) fn connect(&mut self, number: u64, kind: ApiKind, api_version: (u16, u16, u16)) -> SessionId {
        let session = SessionId(number);
        self.step(Input::Connect { session, kind, api_version });
        self.settle();
        session
    }

    pub(crate) fn request<R: Record>(&mut self, session: SessionId, request: TraderRequest, record: &R) {
        self.step(Input::Trader { session, request, record: RecordBox::new(record), request_id: 7 });
    }

    /// Asks and returns the lines of what came; a query waits first, so that it is never too fast.
    pub(crate) fn ask<R: Record>(
        &mut self,
        session: SessionId,
        request: TraderRequest,
        record: &R,
    ) -> Vec<String> {
        self.run(Duration::from_secs(1));
        self.take();
        self.request(session, request, record);
        self.settle();
        self.lines(session)
    }

    /// Asks a query and returns its records.
    pub(crate) fn query<Q: Record, R: Record>(
        &mut self,
        session: SessionId,
        request: TraderRequest,
        query: &Q,
    ) -> Vec<R> {
        self.run(Duration::from_secs(1));
        self.take();
        self.request(session, request, query);
        self.settle();
        let answers = self.take().into_iter().filter_map(|output| match output.delivery {
            Delivery::Trader { callback, record, .. } if Some(callback) == request.answer() => record,
            _ => None,
        });
        answers.map(|record| *record.get::<R>().expect("the answer's record")).collect()
    }

    /// Connects and logs in a trader, without a replay.
    pub(crate) fn log_in(&mut self, number: u64, investor: &str, api_version: (u16, u16, u16)) -> Client {
        let session = SessionId(number);
        let quick = ResumeType::Quick;
        self.step(Input::Topics { session, private: quick, public: quick, sequence: 1, received: None });
        self.connect(number, ApiKind::Trader, api_version);
        self.take();
        self.request(session, TraderRequest::ReqUserLogin, &login_record(investor, "simulator"));
        self.settle();
        let session_id = self.take().into_iter().find_map(|output| match output.delivery {
            Delivery::Trader { callback: TraderCallback::OnRspUserLogin, record: Some(record), .. } => {
                record.get::<RspUserLoginField>().map(|login| login.session_id)
            }
            _ => None,
        });
        Client { session, investor: text(investor), session_id: session_id.expect("a login answer") }
    }

    pub(crate) fn confirm(&mut self, client: Client) {
        let record = SettlementInfoConfirmField {
            broker_id: text("9999"),
            investor_id: client.investor,
            ..Default::default()
        };
        self.request(client.session, TraderRequest::ReqSettlementInfoConfirm, &record);
        self.settle();
        self.take();
    }

    /// A trader of the newest version that confirmed the settlement.
    pub(crate) fn trader(&mut self, number: u64, investor: &str) -> Client {
        self.trader_of(number, investor, (6, 7, 13))
    }

    pub(crate) fn trader_of(&mut self, number: u64, investor: &str, api_version: (u16, u16, u16)) -> Client {
        let client = self.log_in(number, investor, api_version);
        self.confirm(client);
        client
    }

    pub(crate) fn market_data(&mut self, number: u64) -> SessionId {
        let session = self.connect(number, ApiKind::Md, (6, 7, 13));
        let record = RecordBox::new(&ReqUserLoginField::default());
        self.step(Input::Md { session, request: MdRequest::ReqUserLogin, record, request_id: 1 });
        self.settle();
        self.take();
        session
    }

    pub(crate) fn order(
        &mut self,
        client: Client,
        instrument: &str,
        side: &str,
        volume: i32,
        price: f64,
    ) -> InputOrderField {
        self.order_ref += 1;
        let exchange = exchange_of(instrument);
        let (direction, offset) = match side {
            "buy" => (Direction::BUY, "0"),
            "sell" => (Direction::SELL, "0"),
            "close" => (Direction::SELL, "1"),
            "close today" => (Direction::SELL, "3"),
            "cover" => (Direction::BUY, "1"),
            _ => panic!("no such side: {side}"),
        };
        InputOrderField {
            broker_id: text("9999"),
            investor_id: client.investor,
            user_id: text(&client.investor.to_str()),
            instrument_id: text(instrument),
            exchange_id: text(exchange),
            order_ref: text(&self.order_ref.to_string()),
            order_price_type: OrderPriceType::LIMIT_PRICE,
            direction,
            comb_offset_flag: text(offset),
            comb_hedge_flag: text("1"),
            limit_price: price,
            volume_total_original: volume,
            time_condition: TimeCondition::GFD,
            volume_condition: VolumeCondition::AV,
            min_volume: 1,
            contingent_condition: ContingentCondition::IMMEDIATELY,
            force_close_reason: ForceCloseReason::NOT_FORCE_CLOSE,
            ..Default::default()
        }
    }

    /// Places an order and lets it reach the exchange; returns its reference.
    pub(crate) fn place(
        &mut self,
        client: Client,
        instrument: &str,
        side: &str,
        volume: i32,
        price: f64,
    ) -> Text<13> {
        let order = self.order(client, instrument, side, volume, price);
        self.insert(client, &order);
        order.order_ref
    }

    pub(crate) fn insert(&mut self, client: Client, order: &InputOrderField) {
        self.request(client.session, TraderRequest::ReqOrderInsert, order);
        self.settle();
    }

    pub(crate) fn cancel_of(
        &self,
        client: Client,
        instrument: &str,
        order_ref: Text<13>,
    ) -> InputOrderActionField {
        InputOrderActionField {
            broker_id: text("9999"),
            investor_id: client.investor,
            user_id: text(&client.investor.to_str()),
            instrument_id: text(instrument),
            exchange_id: text(exchange_of(instrument)),
            action_flag: ActionFlag::DELETE,
            front_id: 1,
            session_id: client.session_id,
            order_ref,
            ..Default::default()
        }
    }

    pub(crate) fn cancel(&mut self, client: Client, action: &InputOrderActionField) {
        self.request(client.session, TraderRequest::ReqOrderAction, action);
        self.settle();
    }

    /// Takes what came so far.
    pub(crate) fn take(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.outputs)
    }

    /// Takes what came so far and returns a session's part of it as lines.
    pub(crate) fn lines(&mut self, session: SessionId) -> Vec<String> {
        let outputs = self.take();
        outputs
            .iter()
            .filter(|output| output.session == session)
            .filter_map(|output| line(&output.delivery))
            .collect()
    }
}

pub(crate) fn login_record(user: &str, password: &str) -> ReqUserLoginField {
    ReqUserLoginField {
        broker_id: text("9999"),
        user_id: text(user),
        password: text(password),
        ..Default::default()
    }
}

/// Returns an instrument's exchange.
fn exchange_of(instrument: &str) -> &'static str {
    let instrument = instrument.trim_start_matches("SP ");
    let letters = instrument.find(|letter: char| letter.is_ascii_digit()).unwrap_or(instrument.len());
    match &instrument[..letters] {
        "rb" | "cu" | "au" => "SHFE",
        "sc" => "INE",
        "m" | "i" | "a" | "c" => "DCE",
        "SR" | "TA" => "CZCE",
        "IF" | "T" => "CFFEX",
        "lc" => "GFEX",
        other => panic!("say where {other} trades"),
    }
}

/// One delivery as a line: orders as `a/0 text`, trades as `trade 3 @ 3500`, others by name and error.
fn line(delivery: &Delivery) -> Option<String> {
    let Delivery::Trader { callback, record, rsp_info, number, is_last } = delivery else {
        return Some(format!("{delivery:?}"));
    };
    let order = record.as_ref().and_then(|record| record.get::<OrderField>());
    let trade = record.as_ref().and_then(|record| record.get::<TradeField>());
    Some(match callback {
        TraderCallback::OnRtnPrivateSeqNo => return None,
        TraderCallback::OnRtnOrder => {
            let order = order.expect("an order");
            assert_eq!(order.volume_total_original, order.volume_traded + order.volume_total);
            let [status, submit] =
                [order.order_status.as_char(), order.order_submit_status.as_char()].map(char::from);
            let sys_id = if order.order_sys_id.is_empty() { "" } else { " #" };
            format!("{status}/{submit}{sys_id} {} {}", order.status_msg, order.volume_traded)
        }
        TraderCallback::OnRtnTrade => {
            let trade = trade.expect("a trade");
            format!("trade {} @ {}", trade.volume, trade.price)
        }
        _ => {
            let name = callback.name();
            let error = rsp_info.as_ref().map_or(String::new(), |info| format!(" {}", info.error_id));
            let null = if record.is_none() { " NULL" } else { "" };
            let more = if *is_last { "" } else { " more" };
            // A push has its number in the stream there.
            let id = if *number == 7 || *number == 0 || !name.starts_with("OnRsp") {
                String::new()
            } else {
                format!(" id {number}")
            };
            format!("{name}{error}{null}{more}{id}")
        }
    })
}
