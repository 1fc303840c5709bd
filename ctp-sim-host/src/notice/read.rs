//! Notices of what goes into an exchange and of what comes out.

use ctp_sim::{ApiKind, Command, Delivery, Input, Output, SessionId};
use ctp_types::{
    Direction, MdCallback, OffsetFlag, OrderField, OrderStatus, RspInfoField, RspUserLoginField, Text,
    TradeField, TraderCallback,
};

use super::Notice;

/// A message of an investor's private stream: the investor, the trading day and its number.
pub(super) type Message = (Text<13>, Text<9>, i32);

/// Returns what an input is for those who watch; `peer` is where its client is, when it is elsewhere.
pub(super) fn input(input: &Input, peer: Option<&str>) -> Option<Notice> {
    match input {
        Input::Connect { session, kind, api_version: (major, minor, patch) } => {
            let api = match kind {
                ApiKind::Md => "md",
                ApiKind::Trader => "trader",
            };
            let version = format!("{major}.{minor}.{patch}");
            Some(Notice::Connected { session: session.0, api, version, peer: peer.map(str::to_owned) })
        }
        Input::Command(Command::Tick(_) | Command::Feed(_) | Command::Replay(_)) => None,
        Input::Command(command) => Some(Notice::Log { about: "command", text: format!("{command:?}") }),
        _ => None,
    }
}

/// Returns what is rare of what comes out: logins, refusals and ends of connections.
pub(super) fn rare(output: &Output) -> Option<Notice> {
    let Output { session, delivery } = output;
    match delivery {
        Delivery::Trader { callback: TraderCallback::OnRspUserLogin, record, rsp_info, .. }
        | Delivery::Md { callback: MdCallback::OnRspUserLogin, record, rsp_info, .. } => {
            let login = record.as_ref().and_then(|record| record.get::<RspUserLoginField>());
            if let Some(info) = rsp_info.as_ref().filter(|info| info.error_id != 0) {
                let user = login.map_or_else(String::new, |login| shown(&login.user_id));
                return Some(refusal(*session, &format!("login of {user}"), info));
            }
            let login = login?;
            Some(Notice::LoggedIn {
                session: session.0,
                user: shown(&login.user_id),
                front_id: login.front_id,
                session_id: login.session_id,
            })
        }
        Delivery::Trader {
            callback:
                callback @ (TraderCallback::OnRspOrderInsert
                | TraderCallback::OnRspOrderAction
                | TraderCallback::OnRspError),
            rsp_info: Some(info),
            ..
        } if info.error_id != 0 => Some(refusal(*session, callback.name(), info)),
        Delivery::Close { reason } => Some(left(*session, *reason)),
        _ => None,
    }
}

/// Returns what is frequent of what comes out, an order or a trade, and which message of the private stream it is.
pub(super) fn frequent(output: &Output) -> Option<(Message, impl FnOnce() -> Notice)> {
    let Delivery::Trader { callback, record, number, .. } = &output.delivery else { return None };
    let (message, told) = match callback {
        TraderCallback::OnRtnOrder => {
            let order = record.as_ref()?.get::<OrderField>()?;
            ((order.investor_id, order.trading_day, *number), Told::Order(order))
        }
        TraderCallback::OnRtnTrade => {
            let trade = record.as_ref()?.get::<TradeField>()?;
            ((trade.investor_id, trade.trading_day, *number), Told::Trade(trade))
        }
        _ => return None,
    };
    Some((message, move || match told {
        Told::Order(order) => read_order(order),
        Told::Trade(trade) => read_trade(trade),
    }))
}

enum Told<'a> {
    Order(&'a OrderField),
    Trade(&'a TradeField),
}

fn refusal(session: SessionId, what: &str, info: &RspInfoField) -> Notice {
    let text = format!("session {}: {what}: {} {}", session.0, info.error_id, info.error_msg.to_str());
    Notice::Log { about: "refusal", text }
}

fn left(session: SessionId, reason: i32) -> Notice {
    Notice::Left { session: session.0, reason: format!("closed by the front ({reason:#x})") }
}

fn read_order(order: &OrderField) -> Notice {
    Notice::Order {
        investor: shown(&order.investor_id),
        instrument: shown(&order.instrument_id),
        direction: direction(order.direction),
        offset: offset(order.comb_offset_flag.as_bytes().first().copied()),
        price: order.limit_price,
        volume: order.volume_total_original,
        traded: order.volume_traded,
        status: status(order.order_status),
        message: shown(&order.status_msg),
        order: shown(&order.order_sys_id).trim().to_owned(),
        order_ref: shown(&order.order_ref).trim().to_owned(),
    }
}

fn read_trade(trade: &TradeField) -> Notice {
    Notice::Trade {
        investor: shown(&trade.investor_id),
        instrument: shown(&trade.instrument_id),
        direction: direction(trade.direction),
        offset: offset(Some(trade.offset_flag.as_char())),
        price: trade.price,
        volume: trade.volume,
        trade: shown(&trade.trade_id).trim().to_owned(),
        order: shown(&trade.order_sys_id).trim().to_owned(),
    }
}

fn shown<const N: usize>(text: &Text<N>) -> String {
    text.to_str().into_owned()
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::BUY => "buy",
        Direction::SELL => "sell",
        _ => "unknown",
    }
}

fn offset(offset: Option<u8>) -> &'static str {
    match offset.map(OffsetFlag::from_char) {
        Some(OffsetFlag::OPEN) => "open",
        Some(OffsetFlag::CLOSE) => "close",
        Some(OffsetFlag::FORCE_CLOSE) => "force-close",
        Some(OffsetFlag::CLOSE_TODAY) => "close-today",
        Some(OffsetFlag::CLOSE_YESTERDAY) => "close-yesterday",
        _ => "unknown",
    }
}

fn status(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::ALL_TRADED => "filled",
        OrderStatus::PART_TRADED_QUEUEING => "partly-filled",
        OrderStatus::PART_TRADED_NOT_QUEUEING => "partly-filled-and-ended",
        OrderStatus::NO_TRADE_QUEUEING => "queueing",
        OrderStatus::NO_TRADE_NOT_QUEUEING => "not-queueing",
        OrderStatus::CANCELED => "cancelled",
        OrderStatus::UNKNOWN => "accepted",
        OrderStatus::NOT_TOUCHED => "waiting",
        OrderStatus::TOUCHED => "triggered",
        _ => "unknown",
    }
}
