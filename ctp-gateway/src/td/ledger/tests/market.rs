//! An exchange in virtual time, two accounts that trade with each other, and a ledger that follows the first of them by
//! what is pushed to it and by nothing else.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use ctp_sim::{ApiKind, Command, Config, Delivery, Exchange, Input, Rates, SessionId, Timestamp};
use ctp_types::{
    ActionFlag, ContingentCondition, ForceCloseReason, InputOrderActionField, InputOrderField, OrderField,
    OrderPriceType, OrderStatus, QryBrokerTradingParamsField, QryInstrumentCommissionRateField,
    QryInstrumentField, QryInstrumentMarginRateField, QryInvestorPositionDetailField,
    QryInvestorPositionField, QryOptionInstrCommRateField, QryOptionInstrTradeCostField, QryOrderField,
    QryTradeField, QryTradingAccountField, Record, RecordBox, ReqUserLoginField, ResumeType,
    RspUserLoginField, SettlementInfoConfirmField, TimeCondition, TraderCallback, TraderRequest,
    VolumeCondition,
};

use super::*;

/// Monday 2026-11-23, 10:00 in China.
const START: Timestamp = Timestamp(1_795_399_200_000_000_000);

/// A live order of the first account.
#[derive(Clone, Debug)]
pub(in super::super) struct Live {
    pub(in super::super) record: OrderField,
    fills: Vec<(Text<81>, i32)>,
    id: OrderId,
}

pub(in super::super) struct Market {
    exchange: Exchange,
    now: Timestamp,
    outputs: Vec<ctp_sim::Output>,
    order_ref: u32,
    session_id: i32,
    pub(in super::super) ledger: Ledger,
    /// By local number.
    pub(in super::super) orders: HashMap<Text<13>, Live>,
    /// Refusals that came.
    pub(in super::super) refusals: Vec<String>,
}

const ONE: SessionId = SessionId(1);
const TWO: SessionId = SessionId(2);

/// The venue of an instrument.
pub(in super::super) fn venue(instrument: &str) -> &'static str {
    let id = instrument.rsplit(' ').next().unwrap_or_default();
    let letters = id.find(|letter: char| letter.is_ascii_digit()).unwrap_or(id.len());
    match &id[..letters] {
        "rb" | "cu" | "au" => "SHFE",
        "sc" => "INE",
        "m" | "i" | "a" | "c" => "DCE",
        "SR" | "TA" => "CZCE",
        "IF" | "T" => "CFFEX",
        "lc" | "si" => "GFEX",
        other => panic!("say where {other} trades"),
    }
}

/// An exchange where nothing happens by itself, with the rates of §6.5.
pub(in super::super) fn config(products: &[&str]) -> Config {
    let rates = products.iter().map(|product| {
        let mut rates = Rates::default();
        rates.of = (*product).to_owned();
        rates.margin = Some(0.1);
        (rates.open, rates.close, rates.close_today) = (Some(0.0001), Some(0.0001), Some(0.0002));
        rates
    });
    Config {
        products: products.iter().map(|product| (*product).to_owned()).collect(),
        rates: rates.collect(),
        crowd: false,
        queries_per_second: 0,
        initial_balance: Money::from_yuan(1_000_000_000).0,
        ..Config::starting_at(START)
    }
}

impl Market {
    pub(in super::super) fn new(config: Config) -> Self {
        let mut market = Self {
            exchange: Exchange::new(config).unwrap(),
            now: START,
            outputs: Vec::new(),
            order_ref: 0,
            session_id: 0,
            ledger: Ledger::default(),
            orders: HashMap::new(),
            refusals: Vec::new(),
        };
        market.log_in();
        market
    }

    fn step(&mut self, input: Input) {
        self.exchange.step(self.now, input, &mut self.outputs);
    }

    pub(in super::super) fn command(&mut self, command: Command) {
        self.step(Input::Command(command));
        self.settle();
    }

    /// Lets enough time pass for every answer, and gives the ledger what came.
    fn settle(&mut self) {
        self.now = self.now.after(Duration::from_millis(100));
        self.step(Input::Advance);
        for output in std::mem::take(&mut self.outputs) {
            if output.session == ONE {
                self.hear(output.delivery);
            }
        }
    }

    fn hear(&mut self, delivery: Delivery) {
        let Delivery::Trader { callback, record, rsp_info, .. } = delivery else { return };
        let record = record.as_ref();
        match callback {
            TraderCallback::OnRtnOrder => self.hear_order(*record.and_then(RecordBox::get).unwrap()),
            TraderCallback::OnRtnTrade => {
                let trade: TradeField = *record.and_then(RecordBox::get).unwrap();
                self.hear_trade(&trade);
            }
            TraderCallback::OnErrRtnOrderInsert => {
                self.refusals.push(rsp_info.map_or_else(String::new, |info| info.error_id.to_string()));
            }
            _ => {}
        }
    }

    fn hear_order(&mut self, record: OrderField) {
        let next = OrderId(self.orders.len() as u64 + 1);
        let live =
            self.orders.entry(record.order_local_id).or_insert(Live { record, fills: Vec::new(), id: next });
        live.record = record;
        let live = live.clone();
        self.tell(&live);
    }

    fn hear_trade(&mut self, trade: &TradeField) {
        let before = self.ledger.version();
        self.ledger.trade(trade);
        if self.ledger.version() == before {
            return;
        }
        if let Some(live) = self.orders.get_mut(&trade.order_local_id) {
            live.fills.push((trade.instrument_id, trade.volume));
            let live = live.clone();
            self.tell(&live);
        }
    }

    fn tell(&mut self, live: &Live) {
        let mut order = Order::of_record(live.id, crate::td::Origin::Foreign, &live.record);
        order.record = Some(Box::new(live.record));
        order.phase = OrderPhase::of(&live.record).unwrap();
        order.volume_traded = live.record.volume_traded;
        live.fills.iter().for_each(|(leg, lots)| order.fill(*leg, *lots));
        self.ledger.order(&order);
    }

    fn request<R: Record>(&mut self, session: SessionId, request: TraderRequest, record: &R) {
        self.step(Input::Trader { session, request, record: RecordBox::new(record), request_id: 7 });
    }

    fn query<Q: Record>(&mut self, request: TraderRequest, query: &Q) -> Vec<RecordBox> {
        self.settle();
        self.request(ONE, request, query);
        self.now = self.now.after(Duration::from_millis(100));
        self.step(Input::Advance);
        let mut rows = Vec::new();
        for output in std::mem::take(&mut self.outputs) {
            match output.delivery {
                Delivery::Trader { callback, record, .. } if Some(callback) == request.answer() => {
                    rows.extend(record)
                }
                other if output.session == ONE => self.hear(other),
                _ => {}
            }
        }
        rows
    }

    /// Logs both accounts in, without a replay, and begins a ledger as a program does that starts now: from queries.
    pub(in super::super) fn log_in(&mut self) {
        for (session, name) in [(ONE, "one"), (TWO, "two")] {
            let quick = ResumeType::Quick;
            self.step(Input::Topics { session, private: quick, public: quick, sequence: 1, received: None });
            self.step(Input::Connect { session, kind: ApiKind::Trader, api_version: (6, 7, 13) });
            self.settle();
            let login = ReqUserLoginField {
                broker_id: text("9999"),
                user_id: text(name),
                password: text("simulator"),
                ..Default::default()
            };
            self.request(session, TraderRequest::ReqUserLogin, &login);
            self.now = self.now.after(Duration::from_millis(100));
            self.step(Input::Advance);
            for output in std::mem::take(&mut self.outputs) {
                if let Delivery::Trader { callback: TraderCallback::OnRspUserLogin, record, .. } =
                    output.delivery
                {
                    let login: RspUserLoginField = *record.as_ref().and_then(RecordBox::get).unwrap();
                    if session == ONE {
                        self.session_id = login.session_id;
                        self.ledger.begin_day(login.trading_day);
                    }
                }
            }
            let record = SettlementInfoConfirmField {
                broker_id: text("9999"),
                investor_id: text(name),
                ..Default::default()
            };
            self.request(session, TraderRequest::ReqSettlementInfoConfirm, &record);
            self.settle();
        }
        self.restart();
    }

    /// Forgets everything and begins a ledger from queries.
    pub(in super::super) fn restart(&mut self) {
        self.settle();
        let day = self.ledger.trading_day;
        self.ledger = Ledger::default();
        self.ledger.begin_day(day);
        self.orders.clear();
        for record in self.query(TraderRequest::ReqQryOrder, &QryOrderField::default()) {
            let record: OrderField = *record.get().unwrap();
            self.hear_order(record);
        }
        for record in self.query(TraderRequest::ReqQryTrade, &QryTradeField::default()) {
            let trade: TradeField = *record.get().unwrap();
            self.hear_trade(&trade);
        }
        let rows = self.rows();
        self.ledger.baseline(&rows);
        self.learn();
    }

    /// Asks for what the ledger wants.
    pub(in super::super) fn learn(&mut self) {
        while let Some(want) = self.ledger.next_want(Instant::now()) {
            self.answer(want);
        }
    }

    fn answer(&mut self, want: Want) {
        match want {
            Want::Params => {
                for row in self
                    .query(TraderRequest::ReqQryBrokerTradingParams, &QryBrokerTradingParamsField::default())
                {
                    self.ledger.params(row.get().unwrap());
                }
            }
            Want::Instrument(instrument_id) => {
                let query = QryInstrumentField { instrument_id, ..Default::default() };
                for row in self.query(TraderRequest::ReqQryInstrument, &query) {
                    self.ledger.instrument(row.get().unwrap());
                }
            }
            Want::MarginRate(instrument_id, hedge_flag) => {
                let query = QryInstrumentMarginRateField { instrument_id, hedge_flag, ..Default::default() };
                for row in self.query(TraderRequest::ReqQryInstrumentMarginRate, &query) {
                    self.ledger.margin_rate(row.get().unwrap());
                }
            }
            Want::CommissionRate(instrument_id) => {
                let query = QryInstrumentCommissionRateField { instrument_id, ..Default::default() };
                for row in self.query(TraderRequest::ReqQryInstrumentCommissionRate, &query) {
                    self.ledger.commission_rate(row.get().unwrap());
                }
            }
            Want::OptionCommission(instrument_id) => {
                let query = QryOptionInstrCommRateField { instrument_id, ..Default::default() };
                for row in self.query(TraderRequest::ReqQryOptionInstrCommRate, &query) {
                    self.ledger.option_commission(row.get().unwrap());
                }
            }
            Want::OptionCost(instrument_id, hedge_flag) => {
                let query = QryOptionInstrTradeCostField { instrument_id, hedge_flag, ..Default::default() };
                for row in self.query(TraderRequest::ReqQryOptionInstrTradeCost, &query) {
                    self.ledger.option_cost(row.get().unwrap());
                }
            }
        }
    }

    pub(in super::super) fn rows(&mut self) -> Rows {
        let positions =
            self.query(TraderRequest::ReqQryInvestorPosition, &QryInvestorPositionField::default());
        let details = self
            .query(TraderRequest::ReqQryInvestorPositionDetail, &QryInvestorPositionDetailField::default());
        let account = self.query(TraderRequest::ReqQryTradingAccount, &QryTradingAccountField::default());
        Rows::default().with_positions(&positions).with_details(&details).with_account(&account)
    }

    /// Compares with the exchange's own rows.
    pub(in super::super) fn compare(&mut self) -> Comparison {
        self.learn();
        let rows = self.rows();
        // Deposits and last prices are the counter's to tell.
        self.ledger.baseline(&rows);
        self.ledger.reconcile(&rows)
    }

    pub(in super::super) fn agree(&mut self) -> Comparison {
        let found = self.compare();
        let told: Vec<String> = found.differences.iter().map(ToString::to_string).collect();
        assert!(found.agrees(), "{}", told.join("\n"));
        found
    }

    pub(in super::super) fn input(
        &mut self,
        name: &str,
        instrument: &str,
        side: &str,
        volume: i32,
        price: f64,
    ) -> InputOrderField {
        self.order_ref += 1;
        let (direction, offset) = match side {
            "buy" => (Direction::BUY, "0"),
            "sell" => (Direction::SELL, "0"),
            "close" => (Direction::SELL, "1"),
            "close today" => (Direction::SELL, "3"),
            "close yesterday" => (Direction::SELL, "4"),
            "cover" => (Direction::BUY, "1"),
            "cover today" => (Direction::BUY, "3"),
            "cover yesterday" => (Direction::BUY, "4"),
            _ => panic!("no such side: {side}"),
        };
        let offset = if instrument.contains('&') { offset.repeat(2) } else { offset.to_owned() };
        let hedge = if instrument.contains('&') { "11" } else { "1" };
        InputOrderField {
            broker_id: text("9999"),
            investor_id: text(name),
            user_id: text(name),
            instrument_id: text(instrument),
            exchange_id: text(venue(instrument)),
            order_ref: text(&self.order_ref.to_string()),
            order_price_type: OrderPriceType::LIMIT_PRICE,
            direction,
            comb_offset_flag: text(&offset),
            comb_hedge_flag: text(hedge),
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

    pub(in super::super) fn insert(&mut self, input: &InputOrderField) {
        let session = if input.investor_id == "one" { ONE } else { TWO };
        self.request(session, TraderRequest::ReqOrderInsert, input);
        self.settle();
    }

    /// The first account places an order.
    pub(in super::super) fn place(&mut self, instrument: &str, side: &str, volume: i32, price: f64) {
        let input = self.input("one", instrument, side, volume, price);
        self.insert(&input);
    }

    /// The second account takes the other side of an order, by opening.
    pub(in super::super) fn meet(&mut self, instrument: &str, side: &str, volume: i32, price: f64) {
        let other = if side.starts_with('b') || side.starts_with("cover") { "sell" } else { "buy" };
        let input = self.input("two", instrument, other, volume, price);
        self.insert(&input);
    }

    pub(in super::super) fn trade(&mut self, instrument: &str, side: &str, volume: i32, price: f64) {
        self.place(instrument, side, volume, price);
        self.meet(instrument, side, volume, price);
    }

    /// The first account cancels everything that works.
    pub(in super::super) fn cancel_all(&mut self) {
        let working: Vec<OrderField> = self.orders.values().map(|live| live.record).collect();
        let works = |record: &&OrderField| {
            matches!(record.order_status, OrderStatus::NO_TRADE_QUEUEING | OrderStatus::PART_TRADED_QUEUEING)
        };
        for record in working.iter().filter(works) {
            let action = InputOrderActionField {
                broker_id: text("9999"),
                investor_id: text("one"),
                user_id: text("one"),
                instrument_id: record.instrument_id,
                exchange_id: record.exchange_id,
                order_sys_id: record.order_sys_id,
                action_flag: ActionFlag::DELETE,
                ..Default::default()
            };
            self.request(ONE, TraderRequest::ReqOrderAction, &action);
            self.settle();
        }
    }

    /// The day ends at these settlement prices, and the next begins.
    pub(in super::super) fn settle_day(&mut self, prices: &[(&str, f64)]) {
        for (instrument, price) in prices {
            let (instrument, price) = ((*instrument).to_owned(), *price);
            self.command(Command::SettlementPrice { instrument, price });
        }
        self.command(Command::Settle);
        self.log_in();
    }
}
