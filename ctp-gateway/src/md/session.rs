//! The market data session: one state machine for login and subscriptions, without clock, thread or socket.

mod watch;

use std::sync::Arc;
use std::time::{Duration, Instant};

use ctp_types::{MdCallback, MdRequest, RecordBox, ReqUserLoginField, RequestKind, RspUserLoginField, Text};

use crate::alert::Alert;
use crate::config::{ConfigError, MdConfig};
use crate::error::{Error, SendRefusal, ServerError, UnknownCause};
use crate::handshake::{Handshake, Move, Plan, Step};
use crate::ids::RequestIds;
use crate::md::event::MdEvent;
use crate::md::feeds::Feeds;
use crate::md::io::{Command, Feed, Id, Input, Output, Outputs, SpiEvent, instrument_of};
use crate::md::subscriptions;
use crate::requests::desk::{self, Heard, RequestDesk};
use crate::requests::submission::{Reply, Rows, SendRequest, Submission};
use crate::session::Now;
use crate::session::watch::{Watch, alert};
use crate::state::{DisconnectReason, Fault, LinkLoss, Login, SessionState};

pub(crate) struct MdSession {
    broker_id: Text<11>,
    user_id: Text<16>,
    password: crate::config::Secret,
    ids: RequestIds,
    handshake: Handshake,
    state: SessionState,
    watch: Watch,
    silence: Duration,
    last_tick: Option<Instant>,
    /// Whether the present silence of the market was told.
    is_silence_told: bool,
    /// The last login.
    login: Option<Arc<Login>>,
    subscriptions: Feeds,
    requests: RequestDesk<MdRequest>,
    order_timeout: Duration,
    /// When the callback of this step was received, in nanoseconds since the Unix epoch.
    received_ns: i64,
    /// Subscriptions that the library has not commented yet, by request number.
    sending: Vec<(i32, Feed, Vec<Id>)>,
    outputs: Outputs,
}

impl MdSession {
    /// Returns a session for a configuration.
    pub(crate) fn new(config: &MdConfig, seed: u64) -> Result<Self, ConfigError> {
        fit::<41>("password", config.password.expose())?;
        Ok(Self {
            broker_id: fit("broker_id", &config.broker_id)?,
            user_id: fit("user_id", &config.user_id)?,
            password: config.password.clone(),
            ids: RequestIds::new(seed),
            handshake: Handshake::new(Plan::default(), config.timeouts, seed),
            state: SessionState::Connecting,
            watch: Watch::new(config.timeouts.silence, config.timeouts.login),
            silence: config.timeouts.silence,
            last_tick: None,
            is_silence_told: false,
            login: None,
            subscriptions: Feeds::new(),
            requests: RequestDesk::new(config.timeouts),
            order_timeout: config.timeouts.order,
            received_ns: 0,
            sending: Vec::new(),
            outputs: Vec::new(),
        })
    }

    /// Returns of how many instruments ticks are wanted.
    pub(crate) fn wanted(&self) -> usize {
        self.subscriptions.wanted(Feed::Ticks).count()
    }

    pub(crate) fn state(&self) -> &SessionState {
        &self.state
    }

    /// Takes what happened and returns what is to be done, in this order.
    pub(crate) fn step(&mut self, now: Now, input: Input) -> Outputs {
        let instant = now.instant;
        self.look(now, &input);
        match input {
            Input::Callback(event) => self.handle_callback(instant, &event),
            Input::Panicked { callback, message } => self.handle_panic(instant, callback, &message),
            Input::Sent { request_id, result } => self.handle_sent(instant, request_id, result),
            Input::Command(Command::Subscribe(feed, ids)) => {
                self.subscriptions.of(feed).subscribe(instant, ids);
            }
            Input::Command(Command::Unsubscribe(feed, ids)) => self.handle_unsubscribe(instant, feed, ids),
            Input::Command(Command::Request(submission)) => self.handle_request(instant, submission),
            Input::Ticked(seen) => {
                let subscriptions = self.subscriptions.of(Feed::Ticks);
                seen.into_iter().for_each(|seen| subscriptions.handle_ticked(seen));
            }
            Input::Renewed { result } => self.handle_renewed(instant, result),
            Input::Time => self.handle_deadline(now),
            Input::Finish => self.finish(instant),
        }
        self.carry_out_subscriptions();
        self.settle();
        self.carry_out_requests(instant);
        self.watch.end(instant, &self.state);
        std::mem::take(&mut self.outputs)
    }

    fn login_record(&self) -> ReqUserLoginField {
        ReqUserLoginField {
            broker_id: self.broker_id,
            user_id: self.user_id,
            password: Text::new(self.password.expose()).unwrap_or_default(),
            ..ReqUserLoginField::default()
        }
    }

    /// Returns when [`Input::Time`] is due at the latest.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let requests = self.requests.next_deadline(self.handshake.is_ready());
        let (login, subscriptions) = (self.handshake.next_deadline(), self.subscriptions.next_deadline());
        let all = [login, subscriptions, self.watch.next_deadline(), requests];
        all.into_iter().flatten().min()
    }

    fn handle_deadline(&mut self, now: Now) {
        let mut moves = Vec::new();
        self.handshake.handle_deadline(now.instant, &mut self.ids, &mut moves);
        self.carry_out(now.instant, moves);
        // First, so that nothing is asked of a link that is given up in this step.
        self.judge_silence(now);
        self.subscriptions.handle_time(now.instant);
        self.requests.handle_deadline(now.instant);
    }

    fn handle_unsubscribe(&mut self, now: Instant, feed: Feed, ids: Vec<Id>) {
        let ids = self.subscriptions.of(feed).unsubscribe(now, ids);
        if !ids.is_empty() {
            let request_id = self.ids.next();
            self.outputs.push(Output::Unsubscribe { feed, ids, request_id });
        }
    }

    fn handle_callback(&mut self, now: Instant, event: &SpiEvent) {
        let mut moves = Vec::new();
        let check = ServerError::check(event.rsp_info.as_ref());
        self.received_ns = event.received_ns;
        match event.callback {
            MdCallback::OnFrontConnected => self.handshake.handle_connected(now, &mut self.ids, &mut moves),
            MdCallback::OnFrontDisconnected => {
                let reason = DisconnectReason(event.number);
                self.handshake.handle_disconnected(now, reason.into(), &mut moves);
                self.requests.handle_disconnected(now, &UnknownCause::Disconnected(reason));
            }
            MdCallback::OnRspError => {
                if let Err(error) = check
                    && !self.handshake.handle_error(now, event.number, &error, &mut self.ids, &mut moves)
                    && !self.is_of_request(now, event)
                {
                    self.outputs.push(Output::Event(MdEvent::Error(error)));
                }
            }
            _ if self.is_of_request(now, event) => {}
            MdCallback::OnRspUserLogin => {
                let login = event.record.as_ref().and_then(RecordBox::get::<RspUserLoginField>);
                let result = check.map(|()| login.map(login_of));
                if let Ok(Some(login)) = &result {
                    self.watch.logged_in(&login.login_time.to_str());
                }
                self.handshake.handle_answer(
                    now,
                    Step::LogIn,
                    event.number,
                    result,
                    &mut self.ids,
                    &mut moves,
                );
            }
            MdCallback::OnRspSubMarketData => self.handle_subscribed(now, Feed::Ticks, event, check),
            MdCallback::OnRspSubForQuoteRsp => self.handle_subscribed(now, Feed::QuoteRequests, event, check),
            MdCallback::OnRspUnSubMarketData => self.handle_unsubscribed(Feed::Ticks, event, check),
            MdCallback::OnRspUnSubForQuoteRsp => self.handle_unsubscribed(Feed::QuoteRequests, event, check),
            MdCallback::OnRtnForQuoteRsp => {
                if let Some(instrument_id) = instrument_of(event) {
                    self.subscriptions.of(Feed::QuoteRequests).handle_heard(instrument_id);
                }
            }
            _ => {}
        }
        self.carry_out(now, moves);
    }

    fn handle_subscribed(
        &mut self,
        now: Instant,
        feed: Feed,
        event: &SpiEvent,
        check: Result<(), ServerError>,
    ) {
        if let Some(instrument_id) = instrument_of(event) {
            self.subscriptions.of(feed).handle_answer(now, instrument_id, check);
        }
    }

    fn handle_unsubscribed(&mut self, feed: Feed, event: &SpiEvent, check: Result<(), ServerError>) {
        if let (Some(instrument_id), Ok(())) = (instrument_of(event), check) {
            self.subscriptions.of(feed).handle_ended(instrument_id);
        }
    }

    /// Handles what the library said.
    fn handle_sent(&mut self, now: Instant, request_id: i32, result: Result<(), SendRefusal>) {
        let mut moves = Vec::new();
        let is_step = self.handshake.handle_sent(now, request_id, &result, &mut moves);
        self.carry_out(now, moves);
        if let Some(index) = self.sending.iter().position(|(id, ..)| *id == request_id) {
            let (_, feed, ids) = self.sending.swap_remove(index);
            self.subscriptions.of(feed).handle_sent(now, &ids, result);
        } else if self.requests.knows(request_id) {
            self.requests.handle_sent(now, request_id, result);
        } else if let Err(refusal) = result
            && !is_step
        {
            self.outputs.push(Output::Event(MdEvent::NotSent(refusal)));
        }
    }

    /// Handles a panic in a callback: the session stops for good.
    fn handle_panic(&mut self, now: Instant, callback: &'static str, message: &str) {
        let mut moves = Vec::new();
        self.handshake.stop(Fault::Panicked { callback, message: message.into() }, &mut moves);
        self.carry_out(now, moves);
    }

    /// Ends the session.
    fn finish(&mut self, now: Instant) {
        let fault = match &self.state {
            SessionState::Faulted(fault) => Some(fault.clone()),
            _ => None,
        };
        let reason = SendRefusal::NotReady(SessionState::Closed);
        self.requests.fail_all(now, || fault.clone().map_or(Error::Closed, Error::Faulted), &reason);
        if !self.state.is_over() {
            self.set_state(SessionState::Closed);
        }
    }

    fn carry_out(&mut self, now: Instant, moves: Vec<Move>) {
        for step in moves {
            match step {
                Move::Send(_, request_id) => {
                    let record = RecordBox::new(&self.login_record());
                    self.outputs.push(Output::Send { request: MdRequest::ReqUserLogin, record, request_id });
                }
                Move::State(state) => {
                    self.subscriptions.link_down();
                    self.set_state(state);
                }
                Move::Renew => {
                    let mut waited = self.order_timeout;
                    if let SessionState::Reconnecting(loss) = self.state {
                        if let LinkLoss::Silent(silent) = loss {
                            waited = silent;
                        }
                        self.alert(alert(Alert::LinkGivenUp(loss)));
                    }
                    self.requests.handle_disconnected(now, &UnknownCause::NoAnswer(waited));
                    self.outputs.push(Output::Renew);
                }
                Move::Done(login) => self.begin_login(now, login),
            }
        }
    }

    fn begin_login(&mut self, now: Instant, login: Arc<Login>) {
        let before = self.login.replace(Arc::clone(&login));
        if let Some(before) = &before
            && before.trading_day != login.trading_day
        {
            let (from, to) = (before.trading_day, login.trading_day);
            self.outputs.push(Output::Event(MdEvent::TradingDayChanged { from, to }));
        }
        self.subscriptions.link_up(now);
        let has_nothing_lost = before.is_none() || self.subscriptions.is_settled();
        let ready = if has_nothing_lost { SessionState::Ready } else { SessionState::Recovering };
        self.set_state(ready(login));
    }

    /// Ends the recovery when what was lost with the link is there again.
    fn settle(&mut self) {
        if let SessionState::Recovering(login) = &self.state
            && self.subscriptions.is_settled()
        {
            let login = Arc::clone(login);
            self.set_state(SessionState::Ready(login));
        }
    }

    fn handle_renewed(&mut self, now: Instant, result: Result<(), String>) {
        if let Err(error) = &result {
            self.alert(alert(Alert::NoFreshObject { reason: error.clone() }));
        }
        let mut moves = Vec::new();
        self.handshake.handle_renewed(now, result.is_ok(), &mut self.ids, &mut moves);
        self.carry_out(now, moves);
    }

    fn handle_request(&mut self, now: Instant, submission: Submission<MdRequest>) {
        let request = submission.request;
        if request.kind() == RequestKind::Query || self.handshake.is_ready() {
            self.requests.submit(now, &mut self.ids, submission);
        } else {
            let reason = SendRefusal::NotReady(self.state.clone());
            self.requests.refuse(submission, Error::NotSent { request: request.name(), reason });
        }
    }

    /// Returns whether a callback is the answer to a request that a caller made, and nobody else's news.
    fn is_of_request(&mut self, now: Instant, event: &SpiEvent) -> bool {
        let heard = Heard {
            callback: event.callback,
            record: event.record.as_ref().map(RecordBox::as_ref),
            request_id: event.number,
            is_last: event.is_last,
        };
        let own = self.login.as_ref().map(|login| (login.front_id, login.session_id));
        self.requests.handle_callback(now, heard, ServerError::check(event.rsp_info.as_ref()), own)
    }

    fn carry_out_requests(&mut self, now: Instant) {
        if self.handshake.is_ready() {
            self.requests.poll(now, &mut self.ids);
        }
        for step in self.requests.take_steps() {
            match step {
                desk::Step::Send(SendRequest { request, record, request_id }) => {
                    self.outputs.push(Output::Send { request, record, request_id });
                }
                desk::Step::Finished(over) => {
                    let received_ns = self.received_ns;
                    let rows = |records| Reply::Rows(Rows { records, received_ns, ..Rows::default() });
                    over.asker.tell(over.rows.map(rows));
                    self.outputs.push(Output::Ended(over.ended));
                }
                desk::Step::Ended(ended) => self.outputs.push(Output::Ended(ended)),
            }
        }
    }

    fn set_state(&mut self, state: SessionState) {
        if self.state != state {
            self.state = state.clone();
            self.outputs.push(Output::State(state));
        }
    }

    fn carry_out_subscriptions(&mut self) {
        for (feed, step) in self.subscriptions.moves() {
            match step {
                subscriptions::Move::Subscribe(ids) => {
                    let request_id = self.ids.next();
                    self.sending.push((request_id, feed, ids.clone()));
                    self.outputs.push(Output::Subscribe { feed, ids, request_id });
                }
                subscriptions::Move::Event(event) => self.outputs.push(Output::Event(event)),
            }
        }
    }
}

fn login_of(record: &RspUserLoginField) -> Login {
    Login {
        trading_day: record.trading_day,
        login_time: record.login_time,
        system_name: record.system_name,
        system_version: record.sys_version,
        front_id: record.front_id,
        session_id: record.session_id,
        front: Text::default(),
    }
}

fn fit<const N: usize>(key: &'static str, text: &str) -> Result<Text<N>, ConfigError> {
    Text::new(text).map_err(|error| ConfigError::one(key, error.to_string()))
}

#[cfg(test)]
mod tests;
