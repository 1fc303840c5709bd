//! The records of an order (§5.6) and its words (§5.7).

use ctp_market::Exchange as Venue;
use ctp_types::{OrderField, OrderSource, OrderStatus, OrderSubmitStatus, Text};

use crate::exchange::Exchange;
use crate::order::state::{Note, OrderState};
use crate::text::{shortened, text};

/// The broker in the columns of an order's record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Participant {
    pub(crate) id: Text<11>,
    pub(crate) trader: Text<21>,
}

impl Participant {
    pub(crate) fn new(broker: &str) -> Self {
        Self { id: text(broker), trader: text(&format!("{broker}cac")) }
    }

    /// Returns broker and investor as one (`9999146571`).
    pub(crate) fn client_id(&self, investor: &Text<13>) -> Text<11> {
        let mut bytes = [0; 24];
        let (broker, investor) = (self.id.as_bytes(), investor.as_bytes());
        let length = broker.len() + investor.len();
        bytes[..broker.len()].copy_from_slice(broker);
        bytes[broker.len()..length].copy_from_slice(investor);
        Text::from_bytes(&bytes[..length.min(10)]).unwrap_or_default()
    }
}

impl Exchange {
    /// Returns the record of an order in a state of its life.
    pub(crate) fn order_record(&self, index: usize, state: &OrderState) -> OrderField {
        let order = &self.orders[index];
        let (sent, origin) = (&order.sent, &order.origin);
        let market = &self.markets[order.market];
        let venue = market.instrument.exchange;
        // A conditional order has an OrderSysID of the core's own; no exchange knows it.
        let is_at_exchange = state.notify_sequence > 0;
        // §5.6: DCE dates its orders by the trading day; what the exchange does not know yet has the calendar's date.
        let insert_date =
            if is_at_exchange && venue == Venue::Dce { self.desk.trading_day } else { origin.date };
        let Participant { id, trader } = self.desk.participant;
        let status_msg = match state.note {
            Note::Usual => self.desk.words.of(state.status, state.submit),
            Note::Own(number) => self.desk.notes.get(number),
        };
        // §5.6: CZCE's cancelled orders.
        let is_ended = venue == Venue::Czce && is_at_exchange && state.status == OrderStatus::CANCELED;
        let ended = if is_ended { self.desk.words.midnight } else { Text::default() };
        OrderField {
            broker_id: id,
            investor_id: order.investor,
            reserve1: shortened(&market.instrument.id),
            order_ref: origin.order_ref,
            user_id: sent.user_id,
            order_price_type: sent.price_type,
            direction: sent.direction,
            comb_offset_flag: sent.offset,
            comb_hedge_flag: sent.hedge,
            limit_price: sent.limit_price,
            volume_total_original: sent.volume,
            time_condition: sent.time_condition,
            gtd_date: sent.gtd_date,
            volume_condition: sent.volume_condition,
            min_volume: sent.min_volume,
            contingent_condition: sent.contingent_condition,
            stop_price: sent.stop_price,
            force_close_reason: sent.force_close_reason,
            business_unit: trader,
            request_id: sent.request_id,
            order_local_id: origin.local_id,
            exchange_id: self.desk.exchange_id(venue),
            participant_id: id,
            client_id: origin.client_id,
            reserve2: shortened(&market.instrument.id),
            trader_id: trader,
            install_id: 1,
            order_submit_status: state.submit,
            notify_sequence: state.notify_sequence,
            trading_day: self.desk.trading_day,
            settlement_id: 1,
            order_sys_id: state.sys_id,
            order_source: source(venue, state.submit),
            order_status: state.status,
            order_type: order.kind,
            volume_traded: state.traded,
            volume_total: sent.volume - state.traded,
            insert_date,
            insert_time: state.insert_time,
            active_time: ended,
            suspend_time: ended,
            update_time: ended,
            cancel_time: state.cancel_time,
            active_trader_id: if is_at_exchange && venue != Venue::Dce { trader } else { Text::default() },
            sequence_no: state.sequence_no,
            front_id: origin.front_id,
            session_id: origin.session_id,
            user_product_info: origin.product_info,
            status_msg,
            user_force_close: sent.user_force_close,
            active_user_id: state.active_user,
            broker_order_seq: i32::try_from(origin.number).unwrap_or(i32::MAX),
            relative_order_sys_id: origin
                .parent
                .map_or(Text::default(), |parent| self.orders[parent].state.sys_id),
            zce_total_traded_volume: if venue == Venue::Czce { state.traded } else { 0 },
            is_swap_order: sent.is_swap,
            invest_unit_id: sent.invest_unit_id,
            account_id: sent.account_id,
            currency_id: sent.currency_id,
            mac_address: sent.mac_address,
            instrument_id: market.instrument.id,
            exchange_inst_id: market.instrument.id,
            ip_address: sent.ip_address,
            order_memo: sent.order_memo,
            session_req_seq: sent.session_req_seq,
            ..OrderField::default()
        }
    }
}

/// §5.6: SHFE leaves OrderSource empty except before its word, and for instant fills and refusals.
fn source(venue: Venue, submit: OrderSubmitStatus) -> OrderSource {
    let is_instant =
        matches!(submit, OrderSubmitStatus::INSERT_SUBMITTED | OrderSubmitStatus::INSERT_REJECTED);
    if venue != Venue::Shfe || is_instant { OrderSource::PARTICIPANT } else { OrderSource::default() }
}

/// §5.7: the status, then the submit status unless it is "accepted".
const WORDS: [(OrderStatus, OrderSubmitStatus, &str); 7] = [
    (OrderStatus::ALL_TRADED, OrderSubmitStatus::INSERT_SUBMITTED, "全部成交报单已提交"),
    (OrderStatus::PART_TRADED_QUEUEING, OrderSubmitStatus::INSERT_SUBMITTED, "部分成交报单已提交"),
    (OrderStatus::CANCELED, OrderSubmitStatus::INSERT_SUBMITTED, "已撤单报单已提交"),
    (OrderStatus::CANCELED, OrderSubmitStatus::INSERT_REJECTED, "已撤单报单被拒绝"),
    (OrderStatus::ALL_TRADED, OrderSubmitStatus::ACCEPTED, "全部成交"),
    (OrderStatus::PART_TRADED_QUEUEING, OrderSubmitStatus::ACCEPTED, "部分成交"),
    (OrderStatus::CANCELED, OrderSubmitStatus::ACCEPTED, "已撤单"),
];

/// The words of the status alone.
const STATUS_WORDS: [(OrderStatus, &str); 7] = [
    (OrderStatus::UNKNOWN, "报单已提交"),
    (OrderStatus::NO_TRADE_QUEUEING, "未成交"),
    (OrderStatus::PART_TRADED_QUEUEING, "部分成交"),
    (OrderStatus::ALL_TRADED, "全部成交"),
    (OrderStatus::CANCELED, "已撤单"),
    (OrderStatus::NOT_TOUCHED, "未触发"),
    (OrderStatus::TOUCHED, "已触发"),
];

/// The usual texts of StatusMsg, encoded once.
#[derive(Clone, Debug)]
pub(crate) struct Words {
    pairs: [(OrderStatus, OrderSubmitStatus, Text<81>); 7],
    alone: [(OrderStatus, Text<81>); 7],
    midnight: Text<9>,
}

impl Words {
    pub(crate) fn new() -> Self {
        Self {
            pairs: WORDS.map(|(status, submit, words)| (status, submit, text(words))),
            alone: STATUS_WORDS.map(|(status, words)| (status, text(words))),
            midnight: text("00:00:00"),
        }
    }

    pub(crate) fn of(&self, status: OrderStatus, submit: OrderSubmitStatus) -> Text<81> {
        let pair = self.pairs.iter().find(|pair| (pair.0, pair.1) == (status, submit));
        let words = pair.map(|pair| pair.2);
        words
            .or_else(|| self.alone.iter().find(|alone| alone.0 == status).map(|alone| alone.1))
            .unwrap_or_default()
    }
}
