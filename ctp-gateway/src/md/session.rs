//! The market data session: one state machine for login and subscriptions, without clock, thread or socket.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use ctp_types::{MdCallback, MdRequest, RecordBox, ReqUserLoginField, RspUserLoginField, Text};

use crate::config::{ConfigError, MdConfig, Problem};
use crate::error::{SendRefusal, ServerError};
use crate::handshake::{Handshake, Move, Step};
use crate::ids::RequestIds;
use crate::md::event::MdEvent;
use crate::md::io::{Command, Id, Input, Output, Outputs, SpiEvent};
use crate::session::Now;
use crate::state::{DisconnectReason, Fault, Login, SessionState};

/// How many instruments one call subscribes, and how long the next call waits: fronts cut sessions that ask for
/// more at once.
const BATCH: usize = 500;
const BATCH_PAUSE: Duration = Duration::from_secs(1);

pub(crate) struct MdSession {
    broker_id: Text<11>,
    user_id: Text<16>,
    password: crate::config::Secret,
    ids: RequestIds,
    handshake: Handshake,
    state: SessionState,
    /// What the user wants, kept over broken links.
    wanted: BTreeSet<Id>,
    /// What of it was not sent on this link yet.
    pending: VecDeque<Id>,
    next_batch: Option<Instant>,
    /// Subscriptions that the library has not commented yet, by request number.
    sending: Vec<(i32, Vec<Id>)>,
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
            handshake: Handshake::new(false, false, config.timeouts),
            state: SessionState::Connecting,
            wanted: BTreeSet::new(),
            pending: VecDeque::new(),
            next_batch: None,
            sending: Vec::new(),
            outputs: Vec::new(),
        })
    }

    pub(crate) fn state(&self) -> &SessionState {
        &self.state
    }

    /// Takes what happened and returns what is to be done, in this order.
    pub(crate) fn step(&mut self, now: Now, input: Input) -> Outputs {
        let instant = now.instant;
        match input {
            Input::Callback(event) => self.handle_callback(instant, &event),
            Input::Panicked { callback, message } => self.handle_panic(instant, callback, &message),
            Input::Sent { request_id, result } => self.handle_sent(instant, request_id, result),
            Input::Command(Command::Subscribe(ids)) => self.handle_subscribe(instant, ids),
            Input::Command(Command::Unsubscribe(ids)) => self.handle_unsubscribe(ids),
            Input::Time => self.handle_deadline(instant),
            Input::Finish => self.finish(),
        }
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
        let batch = self.next_batch.filter(|_| self.handshake.is_ready() && !self.pending.is_empty());
        [self.handshake.next_deadline(), batch].into_iter().flatten().min()
    }

    fn handle_deadline(&mut self, now: Instant) {
        let mut moves = Vec::new();
        self.handshake.handle_deadline(now, &mut self.ids, &mut moves);
        self.carry_out(now, moves);
        self.pump(now);
    }

    fn handle_subscribe(&mut self, now: Instant, ids: Vec<Id>) {
        for id in ids {
            if self.wanted.insert(id) {
                self.pending.push_back(id);
            }
        }
        self.pump(now);
    }

    fn handle_unsubscribe(&mut self, ids: Vec<Id>) {
        let known: Vec<Id> = ids.into_iter().filter(|id| self.wanted.remove(id)).collect();
        self.pending.retain(|id| !known.contains(id));
        if self.handshake.is_ready() && !known.is_empty() {
            let request_id = self.ids.next();
            self.outputs.push(Output::Unsubscribe { ids: known, request_id });
        }
    }

    fn handle_callback(&mut self, now: Instant, event: &SpiEvent) {
        let mut moves = Vec::new();
        let check = ServerError::check(event.rsp_info.as_ref());
        match event.callback {
            MdCallback::OnFrontConnected => self.handshake.handle_connected(now, &mut self.ids, &mut moves),
            MdCallback::OnFrontDisconnected => {
                self.handshake.handle_disconnected(DisconnectReason(event.number), &mut moves);
            }
            MdCallback::OnRspUserLogin => {
                let login = event.record.as_ref().and_then(RecordBox::get::<RspUserLoginField>);
                let result = check.map(|()| login.map(login_of));
                self.handshake.handle_answer(
                    now,
                    Step::LogIn,
                    event.number,
                    result,
                    &mut self.ids,
                    &mut moves,
                );
            }
            MdCallback::OnRspSubMarketData => {
                if let Some(instrument_id) = event.instrument() {
                    let happened = match check {
                        Ok(()) => MdEvent::Subscribed(instrument_id),
                        Err(error) => MdEvent::Refused { instrument_id, error },
                    };
                    self.outputs.push(Output::Event(happened));
                }
            }
            MdCallback::OnRspUnSubMarketData => {
                if let (Some(instrument_id), Ok(())) = (event.instrument(), check) {
                    self.outputs.push(Output::Event(MdEvent::Unsubscribed(instrument_id)));
                }
            }
            MdCallback::OnRspError => {
                if let Err(error) = check
                    && !self.handshake.handle_error(now, event.number, &error, &mut self.ids, &mut moves)
                {
                    self.outputs.push(Output::Event(MdEvent::Error(error)));
                }
            }
            _ => {}
        }
        self.carry_out(now, moves);
        self.pump(now);
    }

    /// Handles what the library said: subscriptions that it did not take are sent again.
    fn handle_sent(&mut self, now: Instant, request_id: i32, result: Result<(), SendRefusal>) {
        let is_step = self.handshake.handle_sent(now, request_id, &result);
        let sent = self.sending.iter().position(|(id, _)| *id == request_id);
        let ids = sent.map(|index| self.sending.swap_remove(index).1).unwrap_or_default();
        if let Err(refusal) = result
            && !is_step
        {
            for id in ids.into_iter().rev().filter(|id| self.wanted.contains(id)) {
                self.pending.push_front(id);
            }
            self.next_batch = Some(now + BATCH_PAUSE);
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
    fn finish(&mut self) {
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
                    if state.is_ready() {
                        // The front forgets subscriptions with the link.
                        self.pending = self.wanted.iter().copied().collect();
                        self.next_batch = Some(now);
                    }
                    self.set_state(state);
                }
            }
        }
    }

    fn set_state(&mut self, state: SessionState) {
        if self.state != state {
            self.state = state.clone();
            self.outputs.push(Output::State(state));
        }
    }

    /// Sends the next batch of subscriptions if it is due.
    fn pump(&mut self, now: Instant) {
        if !self.handshake.is_ready()
            || self.pending.is_empty()
            || self.next_batch.is_some_and(|due| due > now)
        {
            return;
        }
        let batch: Vec<Id> = self.pending.drain(..self.pending.len().min(BATCH)).collect();
        // Small requests may follow at once; only full batches are paced.
        self.next_batch = Some(if batch.len() == BATCH { now + BATCH_PAUSE } else { now });
        let request_id = self.ids.next();
        self.sending.push((request_id, batch.clone()));
        self.outputs.push(Output::Subscribe { ids: batch, request_id });
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
    }
}

fn fit<const N: usize>(key: &'static str, text: &str) -> Result<Text<N>, ConfigError> {
    Text::new(text).map_err(|error| ConfigError::new(vec![Problem { key, message: error.to_string() }]))
}

#[cfg(test)]
mod tests;
