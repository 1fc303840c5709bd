//! The day's trader: buys and sells one lot after the other, cancels what rests, comes back after a disconnect.

use std::collections::BTreeMap;
use std::time::Duration;

use ctp_market::Exchange;
use ctp_sim::{Input, Timestamp};
use ctp_types::{
    ActionFlag, ContingentCondition, DepthMarketDataField, Direction, ForceCloseReason,
    InputOrderActionField, InputOrderField, OrderField, OrderPriceType, OrderStatus, RecordBox,
    ReqUserLoginField, SettlementInfoConfirmField, Text, TimeCondition, TradeField, TraderCallback,
    TraderRequest, VolumeCondition, price,
};

/// Instruments that are traded: the first of those listed.
const TRADED_MAX: usize = 20;
/// Of so many orders one rests at its own side's best price; the others take what is there.
const RESTING_ONE_IN: u64 = 4;
const ID: &str = "day";

/// The trader and what it knows.
pub(super) struct Trader {
    /// What it knows of the instruments it trades, by their ids.
    known: BTreeMap<Text<81>, Known>,
    ids: Vec<Text<81>>,
    /// State of its choices.
    chance: u64,
    logged_in: bool,
    /// Orders that may rest, by their reference.
    resting: BTreeMap<Text<13>, OrderField>,
    turns: usize,
}

struct Known {
    bid: Option<f64>,
    ask: Option<f64>,
    exchange: Text<9>,
    /// The offset that closes what was opened today.
    close_today: &'static str,
    /// When it last ticked.
    ticked: Timestamp,
    /// Lots held.
    lots: i32,
}

/// An instrument that has not ticked for so long is taken to be closed.
const FRESH: Duration = Duration::from_secs(3);

impl Known {
    fn of(exchange: Exchange) -> Self {
        let close_today = if matches!(exchange, Exchange::Shfe | Exchange::Ine) { "3" } else { "1" };
        Self {
            bid: None,
            ask: None,
            exchange: text(exchange.id()),
            close_today,
            ticked: Timestamp(0),
            lots: 0,
        }
    }
}

impl Trader {
    pub(super) fn new(seed: u64, listed: &[(Text<81>, Exchange)]) -> Self {
        // Every so many, so that products and exchanges mix.
        let stride = (listed.len() / TRADED_MAX).max(1);
        let traded = listed.iter().step_by(stride).take(TRADED_MAX);
        let known: BTreeMap<_, _> = traded.map(|(id, exchange)| (*id, Known::of(*exchange))).collect();
        Self {
            ids: known.keys().copied().collect(),
            known,
            chance: seed ^ 0x9E37_79B9_7F4A_7C15,
            logged_in: false,
            resting: BTreeMap::new(),
            turns: 0,
        }
    }

    /// Returns whether it has anything to do.
    pub(super) fn is_trading(&self) -> bool {
        self.logged_in
    }

    pub(super) fn is_order(input: &Input) -> bool {
        matches!(input, Input::Trader { request: TraderRequest::ReqOrderInsert, .. })
    }

    /// Notes a tick.
    pub(super) fn see(&mut self, now: Timestamp, tick: &DepthMarketDataField) {
        if let Some(known) = self.known.get_mut(&tick.instrument_id) {
            known.ticked = now;
            known.bid = price(tick.bid_price1).filter(|_| tick.bid_volume1 > 0);
            known.ask = price(tick.ask_price1).filter(|_| tick.ask_volume1 > 0);
        }
    }

    /// Notes a callback and adds what it sends at once; returns how many trades and refusals it was.
    pub(super) fn hear(
        &mut self,
        callback: TraderCallback,
        record: Option<&RecordBox>,
        error: i32,
        answers: &mut Vec<Input>,
    ) -> (u8, u8) {
        match callback {
            TraderCallback::OnFrontConnected => answers.push(log_in()),
            TraderCallback::OnRspUserLogin if error == 0 => {
                self.logged_in = true;
                answers.push(confirm());
            }
            TraderCallback::OnRspOrderInsert | TraderCallback::OnRspOrderAction => return (0, 1),
            TraderCallback::OnRtnOrder => {
                if let Some(order) = record.and_then(RecordBox::get::<OrderField>) {
                    let rests = order.order_status == OrderStatus::NO_TRADE_QUEUEING
                        && !order.order_sys_id.is_empty();
                    match rests {
                        true => drop(self.resting.insert(order.order_ref, *order)),
                        false => drop(self.resting.remove(&order.order_ref)),
                    }
                }
            }
            TraderCallback::OnRtnTrade => {
                if let Some(trade) = record.and_then(RecordBox::get::<TradeField>) {
                    let sign = if trade.direction == Direction::BUY { 1 } else { -1 };
                    if let Some(known) = self.known.get_mut(&trade.instrument_id) {
                        known.lots += sign * trade.volume;
                    }
                    return (1, 0);
                }
            }
            _ => {}
        }
        (0, 0)
    }

    /// Notes the end of the connection.
    pub(super) fn lose(&mut self) {
        self.logged_in = false;
        self.resting.clear();
    }

    /// Returns what it sends at its turn.
    pub(super) fn turn(&mut self, now: Timestamp) -> Vec<Input> {
        if !self.logged_in {
            return vec![log_in()];
        }
        self.turns += 1;
        let mut inputs: Vec<Input> = Vec::new();
        let is_open = |order: &OrderField| {
            self.known.get(&order.instrument_id).is_some_and(|known| known.ticked.after(FRESH) > now)
        };
        if let Some(order_ref) = self.resting.iter().find(|(_, order)| is_open(order)).map(|(key, _)| *key)
            && let Some(order) = self.resting.remove(&order_ref)
        {
            inputs.push(cancel(&order));
        }
        inputs.extend(self.order(now));
        inputs
    }

    fn order(&mut self, now: Timestamp) -> Option<Input> {
        let id = self.ids[self.turns % self.ids.len()];
        let choice = self.choose();
        let known = self.known.get(&id).filter(|known| known.ticked.after(FRESH) > now)?;
        let buys = known.lots <= 0;
        let rests = choice.is_multiple_of(RESTING_ONE_IN);
        let limit = if buys == rests { known.bid? } else { known.ask? };
        let closes = if known.lots == 0 { "0" } else { known.close_today };
        let order = InputOrderField {
            broker_id: text("9999"),
            investor_id: text(ID),
            user_id: text(ID),
            instrument_id: id,
            exchange_id: known.exchange,
            order_price_type: OrderPriceType::LIMIT_PRICE,
            direction: if buys { Direction::BUY } else { Direction::SELL },
            comb_offset_flag: text(closes),
            comb_hedge_flag: text("1"),
            limit_price: limit,
            volume_total_original: 1,
            time_condition: TimeCondition::GFD,
            volume_condition: VolumeCondition::AV,
            min_volume: 1,
            contingent_condition: ContingentCondition::IMMEDIATELY,
            force_close_reason: ForceCloseReason::NOT_FORCE_CLOSE,
            ..Default::default()
        };
        Some(request(TraderRequest::ReqOrderInsert, RecordBox::new(&order)))
    }

    /// A linear congruential step: good enough for choices, the same everywhere.
    fn choose(&mut self) -> u64 {
        self.chance =
            self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.chance >> 33
    }
}

fn request(request: TraderRequest, record: RecordBox) -> Input {
    Input::Trader { session: super::TRADER, request, record, request_id: 1 }
}

fn log_in() -> Input {
    let login = ReqUserLoginField {
        broker_id: text("9999"),
        user_id: text(ID),
        password: text("simulator"),
        ..Default::default()
    };
    request(TraderRequest::ReqUserLogin, RecordBox::new(&login))
}

fn confirm() -> Input {
    let confirm =
        SettlementInfoConfirmField { broker_id: text("9999"), investor_id: text(ID), ..Default::default() };
    request(TraderRequest::ReqSettlementInfoConfirm, RecordBox::new(&confirm))
}

fn cancel(order: &OrderField) -> Input {
    let action = InputOrderActionField {
        broker_id: order.broker_id,
        investor_id: order.investor_id,
        user_id: order.user_id,
        instrument_id: order.instrument_id,
        exchange_id: order.exchange_id,
        order_sys_id: order.order_sys_id,
        action_flag: ActionFlag::DELETE,
        ..Default::default()
    };
    request(TraderRequest::ReqOrderAction, RecordBox::new(&action))
}

/// Returns a short text of our own.
fn text<const N: usize>(value: &str) -> Text<N> {
    Text::new(value).unwrap_or_default()
}
