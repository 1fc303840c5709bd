//! What happens on an exchange, for people and programs that watch it: clients that come and go, orders and trades.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use ctp_sim::{ApiKind, Delivery, Input, Output, SessionId, Timestamp};
use ctp_types::{
    Direction, MdCallback, OffsetFlag, OrderField, OrderStatus, RspUserLoginField, Text, TradeField,
    TraderCallback,
};
use serde::Serialize;

/// The most notices that are kept for those who come late.
pub const NOTICES_MAX: usize = 4_096;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Notice {
    /// A client connected.
    Connected {
        /// Its session.
        session: u64,
        /// `md` or `trader`.
        api: &'static str,
        /// The version of its library.
        version: String,
        /// Where it is, for one behind a connection.
        #[serde(skip_serializing_if = "Option::is_none")]
        peer: Option<String>,
    },
    /// A client logged in.
    LoggedIn {
        /// Its session.
        session: u64,
        /// `UserID`.
        user: String,
        /// `FrontID` and `SessionID` of its orders.
        front_id: i32,
        /// See `front_id`.
        session_id: i32,
    },
    /// A connection ended.
    Left {
        /// Its session.
        session: u64,
        /// Why.
        reason: String,
    },
    /// An order came into being or changed.
    Order {
        /// `InvestorID`.
        investor: String,
        /// `InstrumentID`.
        instrument: String,
        /// `buy` or `sell`.
        direction: &'static str,
        /// `open`, `close` and so on.
        offset: &'static str,
        /// `LimitPrice`.
        price: f64,
        /// `VolumeTotalOriginal`.
        volume: i32,
        /// `VolumeTraded`.
        traded: i32,
        /// Where it stands in its life.
        status: &'static str,
        /// `StatusMsg`.
        message: String,
        /// `OrderSysID`, once the exchange gave one.
        order: String,
        /// `OrderRef`.
        order_ref: String,
    },
    /// An order was filled.
    Trade {
        /// `InvestorID`.
        investor: String,
        /// `InstrumentID`.
        instrument: String,
        /// `buy` or `sell`.
        direction: &'static str,
        /// `open`, `close` and so on.
        offset: &'static str,
        /// `Price`.
        price: f64,
        /// `Volume`.
        volume: i32,
        /// `TradeID`.
        trade: String,
        /// `OrderSysID`.
        order: String,
    },
    /// A fault was caused.
    Fault {
        /// What was done to whom.
        text: String,
    },
    /// Anything else that an operator wants to know.
    Log {
        /// The text.
        text: String,
    },
}

/// A notice with its number and time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Noted {
    /// Its number on this exchange, from 1; a gap is what nobody took in time.
    pub number: u64,
    /// When, in the exchange's time in China.
    pub time: String,
    /// What.
    #[serde(flatten)]
    pub notice: Notice,
}

/// The notices of an exchange: the last [`NOTICES_MAX`] of them.
#[derive(Default)]
pub(crate) struct Notices {
    /// Nothing is noted before somebody watches.
    watched: AtomicBool,
    kept: Mutex<Kept>,
    more: Condvar,
}

#[derive(Default)]
struct Kept {
    /// The number of the last.
    last: u64,
    notices: VecDeque<(Timestamp, Notice)>,
    /// The trading day and the last message of each investor's private stream: a replay is no news.
    streams: BTreeMap<Text<13>, (Text<9>, i32)>,
    ended: bool,
}

impl Notices {
    /// Begins to note what happens.
    pub(crate) fn watch(&self) {
        self.watched.store(true, Ordering::Relaxed);
    }

    /// Tells those who wait that nothing more comes.
    pub(crate) fn end(&self) {
        crate::lock(&self.kept).ended = true;
        self.more.notify_all();
    }

    /// Returns what came after a number; waits for it for a while when there is nothing yet.
    pub(crate) fn after(&self, number: u64, patience: Duration) -> Vec<Noted> {
        let mut kept = crate::lock(&self.kept);
        if kept.last <= number && !kept.ended && !patience.is_zero() {
            let waited =
                self.more.wait_timeout_while(kept, patience, |kept| kept.last <= number && !kept.ended);
            kept = waited.map_or_else(|poisoned| poisoned.into_inner().0, |(kept, _)| kept);
        }
        let first = kept.last + 1 - kept.notices.len() as u64;
        let skipped = usize::try_from((number + 1).saturating_sub(first)).unwrap_or(usize::MAX);
        let notices = kept.notices.iter().enumerate().skip(skipped);
        let noted = |(place, (at, notice)): (usize, &(Timestamp, Notice))| Noted {
            number: first + place as u64,
            time: at.china(),
            notice: notice.clone(),
        };
        notices.map(noted).collect()
    }

    /// Notes something.
    pub(crate) fn note(&self, at: Timestamp, notice: Notice) {
        if self.watched.load(Ordering::Relaxed) {
            crate::lock(&self.kept).push(at, notice);
            self.more.notify_all();
        }
    }

    /// Notes what a step is about; `peer` is where the client is, when it is elsewhere.
    pub(crate) fn input(&self, at: Timestamp, input: &Input, peer: Option<&str>) {
        let Input::Connect { session, kind, api_version: (major, minor, patch) } = *input else {
            return;
        };
        if !self.watched.load(Ordering::Relaxed) {
            return;
        }
        let api = match kind {
            ApiKind::Md => "md",
            ApiKind::Trader => "trader",
        };
        let version = format!("{major}.{minor}.{patch}");
        self.note(at, Notice::Connected { session: session.0, api, version, peer: peer.map(str::to_owned) });
    }

    /// Notes what came out of a step.
    pub(crate) fn outputs(&self, at: Timestamp, outputs: &[Output]) {
        if outputs.is_empty() || !self.watched.load(Ordering::Relaxed) {
            return;
        }
        let mut kept = crate::lock(&self.kept);
        let before = kept.last;
        for output in outputs {
            if let Some(notice) = kept.read(output) {
                kept.push(at, notice);
            }
        }
        if kept.last > before {
            self.more.notify_all();
        }
    }
}

impl Kept {
    fn push(&mut self, at: Timestamp, notice: Notice) {
        if self.notices.len() == NOTICES_MAX {
            self.notices.pop_front();
        }
        self.notices.push_back((at, notice));
        self.last += 1;
    }

    fn read(&mut self, output: &Output) -> Option<Notice> {
        let Output { session, delivery } = output;
        match delivery {
            Delivery::Trader { callback: TraderCallback::OnRtnOrder, record, number, .. } => {
                let order = record.as_ref()?.get::<OrderField>()?;
                self.is_news(order.investor_id, order.trading_day, *number).then(|| read_order(order))
            }
            Delivery::Trader { callback: TraderCallback::OnRtnTrade, record, number, .. } => {
                let trade = record.as_ref()?.get::<TradeField>()?;
                self.is_news(trade.investor_id, trade.trading_day, *number).then(|| read_trade(trade))
            }
            Delivery::Trader { callback: TraderCallback::OnRspUserLogin, record, rsp_info, .. }
            | Delivery::Md { callback: MdCallback::OnRspUserLogin, record, rsp_info, .. } => {
                let failed = rsp_info.as_ref().is_some_and(|info| info.error_id != 0);
                let login = record.as_ref().filter(|_| !failed)?.get::<RspUserLoginField>()?;
                Some(Notice::LoggedIn {
                    session: session.0,
                    user: shown(&login.user_id),
                    front_id: login.front_id,
                    session_id: login.session_id,
                })
            }
            Delivery::Close { reason } => Some(left(*session, *reason)),
            _ => None,
        }
    }

    /// Returns whether a message of a private stream was not seen before.
    fn is_news(&mut self, investor: Text<13>, day: Text<9>, number: i32) -> bool {
        let seen = self.streams.entry(investor).or_insert((day, 0));
        if seen.0 == day && number <= seen.1 {
            return false;
        }
        *seen = (day, number);
        true
    }
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
