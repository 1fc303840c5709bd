//! Records as they come, made by hand for the tests of the state machines.

use ctp_types::{
    Direction, InputOrderField, OrderField, OrderStatus, OrderSubmitStatus, RspInfoField, Text, TradeField,
};

pub(super) const FRONT: i32 = 1;
pub(super) const SESSION: i32 = -448_170_154;

pub(super) fn text<const N: usize>(text: &str) -> Text<N> {
    Text::new(text).unwrap()
}

pub(super) fn refusal(code: i32) -> RspInfoField {
    RspInfoField { error_id: code, error_msg: text("CTP:不") }
}

/// The record of an order at a point of its life.
pub(super) fn order(
    order_ref: &str,
    status: OrderStatus,
    submit: OrderSubmitStatus,
    traded: i32,
) -> OrderField {
    let known = status != OrderStatus::UNKNOWN && submit != OrderSubmitStatus::INSERT_REJECTED;
    OrderField {
        instrument_id: text("rb2601"),
        exchange_id: text("SHFE"),
        order_ref: text(order_ref),
        front_id: FRONT,
        session_id: SESSION,
        trader_id: text("9999cac"),
        order_local_id: text(&format!("{:>12}", 1_000 + order_ref.trim().parse::<i32>().unwrap_or(0))),
        order_sys_id: if known { sys_id(order_ref) } else { Text::default() },
        direction: Direction::BUY,
        comb_offset_flag: text("0"),
        comb_hedge_flag: text("1"),
        limit_price: 3_900.0,
        volume_total_original: 10,
        volume_traded: traded,
        volume_total: 10 - traded,
        order_status: status,
        order_submit_status: submit,
        ..OrderField::default()
    }
}

pub(super) fn sys_id(order_ref: &str) -> Text<21> {
    text(&format!("{:>12}", 7_000 + order_ref.trim().parse::<i32>().unwrap_or(0)))
}

pub(super) fn trade(order_ref: &str, trade_id: &str, volume: i32) -> TradeField {
    TradeField {
        instrument_id: text("rb2601"),
        exchange_id: text("SHFE"),
        order_sys_id: sys_id(order_ref),
        order_ref: text(order_ref),
        trade_id: text(trade_id),
        direction: Direction::BUY,
        price: 3_900.0,
        volume,
        ..TradeField::default()
    }
}

/// An order as this client would send it.
pub(super) fn input(order_ref: &str, request_id: i32) -> InputOrderField {
    InputOrderField {
        instrument_id: text("rb2601"),
        exchange_id: text("SHFE"),
        order_ref: text(order_ref),
        request_id,
        direction: Direction::BUY,
        comb_offset_flag: text("0"),
        comb_hedge_flag: text("1"),
        limit_price: 3_900.0,
        volume_total_original: 10,
        ..InputOrderField::default()
    }
}
