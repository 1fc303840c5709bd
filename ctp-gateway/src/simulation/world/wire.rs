//! The wire between a library and the exchange: it takes its time, and loses, doubles and delays.

use std::time::Duration;

use ctp_sim::{Delivery, Input, Output, Received};
use ctp_types::{
    MdCallback, MdRequest, RecordBox, RequestKind, ResumeType, RspInfoField, RspUserLoginField, Text,
    TraderCallback, TraderRequest,
};

use super::super::library::{Channel, Library, Side};
use super::{Event, World};
use crate::config::Resume;
use crate::error::SendRefusal;
use crate::md::io::Feed;

/// The pause before the library connects again (§2.2).
const RECONNECT_PAUSE: Duration = Duration::from_secs(1);
/// By how much a push comes later than what was sent after it.
const LATE: Duration = Duration::from_millis(30);
/// `nReason`: the other side closed the connection.
const PEER_CLOSED: i32 = 0x1001;

impl World {
    pub(super) fn plan_connect(&mut self, side: Side, pause: Duration) {
        let object = self.library(side).object;
        self.agenda.add(self.clock.now().after(pause), Event::Connect { side, object });
    }

    /// The library tries to connect; where nobody listens it tries again, without a word.
    pub(super) fn connect(&mut self, side: Side, object: u64) {
        let now = self.clock.now();
        let library = self.library(side);
        if library.object != object || library.is_linked || library.is_closed {
            return;
        }
        if library.front_down_until > now {
            return self.plan_connect(side, RECONNECT_PAUSE);
        }
        library.connect();
        let (session, connection) = (library.session(), library.connection);
        self.log.line(now, format_args!("{side} connection {connection} of object {object}"));
        let kind = side.kind();
        self.tell_topics(side);
        self.step_exchange(Input::Connect { session, kind, api_version: (6, 7, 13) });
    }

    /// Tells the exchange what of its streams the library wants, as its flow files and the configuration say.
    fn tell_topics(&mut self, side: Side) {
        let Some(trading) = self.plan.trading.as_ref().filter(|_| side == Side::Td) else { return };
        let resume = if self.sessions.replays_day { Resume::Restart } else { trading.resume };
        let (private, sequence) = (resume.into(), resume.sequence());
        let (session, received) = (self.library(side).session(), Some(self.library(side).received));
        let public = ResumeType::Quick;
        self.step_exchange(Input::Topics { session, private, public, sequence, received });
    }

    /// Gives a request to the library, as `Req…` does. Returns its code.
    pub(super) fn ask_td(&mut self, request: TraderRequest, record: RecordBox, request_id: i32) -> i32 {
        let now = self.clock.now();
        let is_query = request.kind() == RequestKind::Query;
        let mut code = self.refusal_of_library(Side::Td);
        if code == 0 && is_query {
            let session = self.library(Side::Td).session();
            let (time, kind) = (self.clock.exchange_time(), Side::Td.kind());
            code = self.exchange.admit(time, session, kind, request as u16);
        }
        self.log.line(now, format_args!("td -> {} {request_id}: {code}", request.name()));
        if code != 0 {
            return code;
        }
        let is_login = matches!(request, TraderRequest::ReqAuthenticate | TraderRequest::ReqUserLogin);
        if is_login && let Some(code) = self.library(Side::Td).login_refusals.pop_front() {
            self.refuse_login(request.answer(), code, request_id);
            return 0;
        }
        let session = self.library(Side::Td).session();
        self.send_up(Side::Td, Input::Trader { session, request, record, request_id });
        0
    }

    pub(super) fn ask_md(&mut self, record: RecordBox, request_id: i32) -> i32 {
        let code = self.refusal_of_library(Side::Md);
        self.log.line(self.clock.now(), format_args!("md -> ReqUserLogin {request_id}: {code}"));
        if code != 0 {
            return code;
        }
        let library = self.library(Side::Md);
        let session = library.session();
        if let Some(code) = library.login_refusals.pop_front() {
            let delivery = Delivery::Md {
                callback: MdCallback::OnRspUserLogin,
                record: None,
                rsp_info: Some(error(code)),
                number: request_id,
                is_last: true,
            };
            self.deliver(Side::Md, delivery, Channel::Dialog);
            return 0;
        }
        let request = MdRequest::ReqUserLogin;
        self.send_up(Side::Md, Input::Md { session, request, record, request_id });
        0
    }

    /// Subscribes, as the library's method does. Returns its code.
    pub(super) fn ask_subscribe(&mut self, feed: Feed, instruments: Vec<Text<81>>) -> i32 {
        let code = self.refusal_of_library(Side::Md);
        self.note_subscription(feed.subscribe_name(), &instruments, code);
        if code == 0 {
            let session = self.library(Side::Md).session();
            let input = match feed {
                Feed::Ticks => Input::Subscribe { session, instruments },
                Feed::QuoteRequests => Input::SubscribeForQuote { session, instruments },
            };
            self.send_up(Side::Md, input);
        }
        code
    }

    /// Unsubscribes, as the library's method does. Returns its code.
    pub(super) fn ask_unsubscribe(&mut self, feed: Feed, instruments: Vec<Text<81>>) -> i32 {
        let code = self.refusal_of_library(Side::Md);
        self.note_subscription(feed.unsubscribe_name(), &instruments, code);
        let session = self.library(Side::Md).session();
        let input = match feed {
            Feed::Ticks => Input::Unsubscribe { session, instruments: instruments.clone() },
            Feed::QuoteRequests => Input::UnsubscribeForQuote { session, instruments: instruments.clone() },
        };
        if code != 0 || !self.send_up(Side::Md, input) {
            self.user.may_go_on(instruments);
        }
        code
    }

    fn note_subscription(&mut self, what: &str, ids: &[Text<81>], code: i32) {
        let shown: Vec<_> = ids.iter().take(6).map(|id| id.to_str().into_owned()).collect();
        let shown = shown.join(" ");
        self.log.line(self.clock.now(), format_args!("md -> {what} {} ({shown}): {code}", ids.len()));
    }

    /// Returns what the library itself says to a request: 0, or that it does not take it.
    fn refusal_of_library(&mut self, side: Side) -> i32 {
        let now = self.clock.now();
        let rate = self.plan.rates.not_taken;
        let library = &self.libraries[side as usize];
        if !library.is_connected {
            -1
        } else if library.refuses_until > now || self.wire_chance.happens(rate) {
            self.tally.count("request not taken");
            self.wire_chance.pick(&[-1, -2, -3])
        } else {
            0
        }
    }

    fn refuse_login(&mut self, callback: Option<TraderCallback>, code: i32, request_id: i32) {
        let Some(callback) = callback else { return };
        let delivery = Delivery::Trader {
            callback,
            record: None,
            rsp_info: Some(error(code)),
            number: request_id,
            is_last: true,
        };
        self.deliver(Side::Td, delivery, Channel::Dialog);
    }

    /// Sends a request to the front. Returns whether it is not lost on the way.
    fn send_up(&mut self, side: Side, input: Input) -> bool {
        let rate = self.plan.rates.request_lost;
        if self.libraries[side as usize].is_half_open || self.wire_chance.happens(rate) {
            self.log.line(self.clock.now(), format_args!("{side} .. the request is lost"));
            self.tally.count("request lost");
            return false;
        }
        let latency = self.latency();
        let at = self.clock.now().after(latency);
        let library = self.library(side);
        library.last_up = library.last_up.max(at);
        let (at, connection) = (library.last_up, library.connection);
        self.agenda.add(at, Event::Up { side, connection, input: Box::new(input) });
        true
    }

    /// A request arrives at the front, unless the exchange knows that its connection is gone.
    pub(super) fn arrive_up(&mut self, side: Side, connection: u32, input: Input) {
        if self.library(side).exchange_connection == Some(connection) {
            self.step_exchange(input);
        }
    }

    /// The exchange sends a message to a session.
    pub(super) fn send_down(&mut self, output: Output) {
        if self.tell_stranger(&output) {
            return;
        }
        let Some(side) = Side::BOTH.into_iter().find(|side| self.library(*side).session() == output.session)
        else {
            return; // An API object that was thrown away.
        };
        if matches!(output.delivery, Delivery::Close { .. }) {
            let latency = self.latency();
            let at = self.clock.now().after(latency);
            let library = self.library(side);
            library.exchange_connection = None;
            let (at, connection) = (library.arrival_of_end(at), library.connection);
            self.agenda.add(at, Event::Down { side, connection, delivery: Box::new(output.delivery) });
            return;
        }
        let channel = channel(&output.delivery);
        if self.is_lost(side, &output.delivery, channel) {
            let name = name(&output.delivery);
            self.log.line(self.clock.now(), format_args!("{side} .. {name} is lost"));
            self.tally.count("answer lost");
            return;
        }
        let rates = self.plan.rates;
        if channel.is_some() && self.wire_chance.happens(rates.doubled) {
            self.tally.count("message doubled");
            if let Delivery::Trader { number, .. } = &output.delivery {
                self.user.rows_may_be_doubled(*number);
            }
            self.deliver(side, output.delivery.clone(), channel.unwrap_or(Channel::Push));
        }
        self.deliver(side, output.delivery, channel.unwrap_or(Channel::Dialog));
    }

    /// Returns whether an answer gets lost: of a query, everything from here on.
    fn is_lost(&mut self, side: Side, delivery: &Delivery, channel: Option<Channel>) -> bool {
        let rate = self.plan.rates.answer_lost;
        let number = match delivery {
            Delivery::Trader { number, .. } | Delivery::Md { number, .. } => *number,
            _ => return false,
        };
        match channel {
            Some(Channel::Query) => {
                if self.wire_chance.happens(rate) {
                    self.library(side).lost.insert(number);
                }
                self.library(side).lost.contains(&number)
            }
            Some(Channel::Dialog) => self.wire_chance.happens(rate),
            Some(Channel::Push) => {
                let rate = self.plan.trading.as_ref().map_or(0, |trading| trading.push_lost);
                let is_lost = side == Side::Td && is_private(delivery) && self.wire_chance.happens(rate);
                if let Some(traders) = self.traders.as_mut().filter(|_| is_lost) {
                    traders.has_lost = true;
                }
                is_lost
            }
            None => false,
        }
    }

    /// Puts a message on its way to the library.
    pub(super) fn deliver(&mut self, side: Side, delivery: Delivery, channel: Channel) {
        let mut delay = self.latency();
        if self.wire_chance.happens(self.plan.rates.late) {
            self.tally.count("message late");
            delay += self.wire_chance.millis(500, 12_000);
        }
        let at = self.clock.now().after(delay);
        let overtakes = is_private(&delivery) && {
            let rate = self.plan.trading.as_ref().map_or(0, |trading| trading.reordered);
            self.wire_chance.happens(rate)
        };
        let library = self.library(side);
        let connection = library.connection;
        // What the others wait for is that this one comes later: they go on as if it had come.
        let at =
            if overtakes { library.arrival(channel, at).after(LATE) } else { library.arrival(channel, at) };
        if overtakes {
            self.tally.count("push reordered");
        }
        self.agenda.add(at, Event::Down { side, connection, delivery: Box::new(delivery) });
    }

    /// A message arrives at the library, which calls back.
    pub(super) fn arrive_down(&mut self, side: Side, connection: u32, delivery: Delivery) {
        let library = self.library(side);
        if library.connection != connection || !library.is_linked || library.is_half_open {
            return;
        }
        if let Delivery::Close { reason } = delivery {
            return self.lose_link(side, connection, reason);
        }
        note_received(library, &delivery);
        if is_connected(&delivery) {
            library.is_connected = true;
            if library.flaps_left > 0 {
                library.flaps_left -= 1;
                let pause = self.mishap_chance.millis(0, 80);
                let at = self.clock.now().after(pause);
                self.agenda.add(at, Event::LinkLost { side, connection, reason: PEER_CLOSED });
            }
        }
        if let Delivery::Md { callback: MdCallback::OnRtnDepthMarketData, record: Some(record), .. } =
            &delivery
        {
            let received_ns = self.clock.for_session().unix_ns;
            if let Some(record) = record.get() {
                self.sessions.tick(record, received_ns);
            }
            return;
        }
        self.call_back(side, delivery);
    }

    /// The library calls back: the session's task reads it a little later.
    pub(super) fn call_back(&mut self, side: Side, delivery: Delivery) {
        let lag = self.task_lag();
        let at = self.clock.now().after(lag);
        let library = self.library(side);
        library.last_report = library.last_report.max(at);
        let at = library.last_report;
        self.agenda.add(at, Event::Report { side, delivery: Box::new(delivery) });
    }

    /// The library notices that the link broke, tells so and connects again.
    pub(super) fn lose_link(&mut self, side: Side, connection: u32, reason: i32) {
        let now = self.clock.now();
        let library = self.library(side);
        if library.connection != connection || !library.is_linked {
            return;
        }
        library.is_linked = false;
        library.is_connected = false;
        let exchange_knows = library.exchange_connection.is_none();
        self.log.line(now, format_args!("{side} .. the link breaks: {reason:#x}"));
        self.tally.count("link broken");
        if !exchange_knows {
            // What is on its way may still arrive.
            let delay = self.wire_chance.millis(0, 500);
            self.agenda.add(now.after(delay), Event::ExchangeNotices { side, connection });
        }
        self.call_back(side, disconnected(side, reason));
        self.plan_connect(side, RECONNECT_PAUSE);
    }

    pub(super) fn exchange_notices(&mut self, side: Side, connection: u32) {
        let library = self.library(side);
        if library.exchange_connection == Some(connection) {
            library.exchange_connection = None;
            let session = library.session();
            self.step_exchange(Input::Disconnect { session });
        }
    }

    pub(super) fn latency(&mut self) -> Duration {
        let most = u64::try_from(self.plan.latency.as_micros()).unwrap_or(0);
        self.wire_chance.micros(0, most)
    }

    pub(super) fn task_lag(&mut self) -> Duration {
        let most = u64::try_from(self.plan.task_lag.as_micros()).unwrap_or(0);
        self.task_chance.micros(0, most)
    }

    pub(super) fn is_closed(&self, side: Side) -> bool {
        self.libraries[side as usize].is_closed
    }
}

/// Returns what a session's task is told for a library's code.
pub(super) fn read_code(code: i32) -> Result<(), SendRefusal> {
    match code {
        0 => Ok(()),
        -1 => Err(SendRefusal::NotConnected),
        -2 => Err(SendRefusal::TooManyUnanswered),
        _ => Err(SendRefusal::TooFast),
    }
}

pub(super) fn error(code: i32) -> RspInfoField {
    let mut info = RspInfoField { error_id: code, ..RspInfoField::default() };
    info.error_msg.set("CTP:不").expect("a short text");
    info
}

pub(super) fn disconnected(side: Side, reason: i32) -> Delivery {
    bare(side, TraderCallback::OnFrontDisconnected, MdCallback::OnFrontDisconnected, reason)
}

pub(super) fn connected(side: Side) -> Delivery {
    bare(side, TraderCallback::OnFrontConnected, MdCallback::OnFrontConnected, 0)
}

fn bare(side: Side, td: TraderCallback, md: MdCallback, number: i32) -> Delivery {
    match side {
        Side::Md => Delivery::Md { callback: md, record: None, rsp_info: None, number, is_last: true },
        Side::Td => Delivery::Trader { callback: td, record: None, rsp_info: None, number, is_last: true },
    }
}

fn is_connected(delivery: &Delivery) -> bool {
    matches!(
        delivery,
        Delivery::Md { callback: MdCallback::OnFrontConnected, .. }
            | Delivery::Trader { callback: TraderCallback::OnFrontConnected, .. }
    )
}

/// Returns whether a message is one of the private stream.
fn is_private(delivery: &Delivery) -> bool {
    matches!(delivery, Delivery::Trader { callback, .. } if matches!(
        callback,
        TraderCallback::OnRtnOrder
            | TraderCallback::OnRtnTrade
            | TraderCallback::OnErrRtnOrderInsert
            | TraderCallback::OnErrRtnOrderAction
    ))
}

/// Writes into the flow files how far the private stream is, before the library calls back.
fn note_received(library: &mut Library, delivery: &Delivery) {
    let Delivery::Trader { callback, record, number, .. } = delivery else { return };
    if *callback == TraderCallback::OnRspUserLogin
        && let Some(login) = record.as_ref().and_then(RecordBox::get::<RspUserLoginField>)
    {
        let trading_day = login.trading_day.to_str().parse().unwrap_or(0);
        if library.received.trading_day != trading_day {
            library.received = Received { trading_day, ..Received::default() };
        }
    } else if is_private(delivery) {
        let number = u32::try_from(*number).unwrap_or(0);
        library.received.private = library.received.private.max(number);
    }
}

/// Returns where a message flows; `None` for the connection's own.
fn channel(delivery: &Delivery) -> Option<Channel> {
    match delivery {
        Delivery::Md { callback, .. } => match callback {
            MdCallback::OnFrontConnected | MdCallback::OnFrontDisconnected => None,
            MdCallback::OnRtnDepthMarketData => Some(Channel::Push),
            _ => Some(Channel::Dialog),
        },
        Delivery::Trader { callback, .. } => match callback {
            TraderCallback::OnFrontConnected | TraderCallback::OnFrontDisconnected => None,
            callback if callback.name().starts_with("OnRspQry") => Some(Channel::Query),
            callback if callback.name().starts_with("OnRsp") => Some(Channel::Dialog),
            _ => Some(Channel::Push),
        },
        Delivery::Burst { .. } | Delivery::Close { .. } => None,
    }
}

pub(super) fn name(delivery: &Delivery) -> String {
    let of = |name: &str, number: i32, info: &Option<RspInfoField>, is_last: bool| {
        let error = info.as_ref().map_or(0, |info| info.error_id);
        let error = if error == 0 { String::new() } else { format!(" error {error}") };
        let more = if is_last { "" } else { " …" };
        format!("{name} {number}{error}{more}")
    };
    match delivery {
        Delivery::Md { callback, number, rsp_info, is_last, .. } => {
            of(callback.name(), *number, rsp_info, *is_last)
        }
        Delivery::Trader { callback, number, rsp_info, is_last, .. } => {
            of(callback.name(), *number, rsp_info, *is_last)
        }
        Delivery::Burst { .. } => "a burst".to_owned(),
        Delivery::Close { reason } => format!("close {reason:#x}"),
    }
}
