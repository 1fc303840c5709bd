//! Inputs on their way to the exchange.

use std::collections::VecDeque;
use std::time::Duration;

use ctp_sim::{Delivery, Input, Output, SessionId, Timestamp};
use ctp_types::{
    MdCallback, MdRequest, RecordBox, ReqAuthenticateField, ReqUserLoginField, RequestKind, RspInfoField,
    SpecificInstrumentField, Text, TraderCallback, TraderRequest, Value,
};

use super::deliver::draw;
use super::state::Known;
use super::{Deed, Faults, Later, session_of};
use crate::fault::alter::{fits, rsp_info};
use crate::fault::plan::Action;

/// How long an answer of ours takes.
const ANSWER_DELAY: Duration = Duration::from_millis(1);

/// The error that comes on `OnRspError`, as the core itself sends it (§3.4).
const NEED_RETRY: i32 = 90;

/// The error of what a server cannot write down.
const NOT_SYNCHRONISED: i32 = 1;

impl Faults {
    /// Takes what happens to the exchange, and gives what becomes of it.
    pub(crate) fn take(&mut self, now: Timestamp, input: Input, deeds: &mut VecDeque<Deed>) {
        let Some(session) = session_of(&input) else {
            deeds.push_back(Deed::Exchange(input));
            return;
        };
        match input {
            Input::Connect { session, kind, api_version } => {
                self.forget_held(session);
                let known = self.sessions.entry(session).or_insert_with(|| Known::new(kind, api_version));
                known.kind = kind;
                known.version = api_version;
                known.end_connection();
                known.waiting = Some(input);
                // It is let in where nothing is against it.
                self.refresh(now, session, deeds);
            }
            Input::Disconnect { .. } => {
                self.forget_held(session);
                self.sessions.remove(&session);
                deeds.push_back(Deed::Exchange(input));
            }
            Input::Topics { .. } => deeds.push_back(Deed::Exchange(input)),
            _ => self.take_request(now, session, input, deeds),
        }
    }

    fn take_request(&mut self, now: Timestamp, session: SessionId, input: Input, deeds: &mut VecDeque<Deed>) {
        let user = match &input {
            Input::Trader { record, .. } | Input::Md { record, .. } => user_of(record),
            _ => None,
        };
        if let Some(user) = user {
            self.note_user(session, &user);
            self.refresh(now, session, deeds);
        }
        let Some(known) = self.sessions.get_mut(&session) else {
            deeds.push_back(Deed::Exchange(input));
            return;
        };
        if known.half_open {
            return;
        }
        if let Some(stalled) = &mut known.stalled {
            stalled.inputs.push_back(input);
            return;
        }
        if self.store_fails && !self.has_store {
            // As a server with a store refuses what it cannot keep.
            let text = ctp_sim::error_text(NOT_SYNCHRONISED).unwrap_or_default();
            for output in answers(&input, rsp_info(NOT_SYNCHRONISED, &text), &[]) {
                self.later(now.after(ANSWER_DELAY), Later::Give(output));
            }
            if is_query(&input) {
                deeds.push_back(Deed::QueryOver(session));
            }
            return;
        }
        let mut left = Some(input.clone());
        let mut is_swallowed = false;
        let mut fired = Vec::new();
        for place in self.places() {
            let Some(plan) = self.plans.iter_mut().find(|plan| plan.id == place.plan) else { continue };
            let (Some(stage), Some(known)) = (plan.stages.get_mut(place.stage), self.sessions.get(&session))
            else {
                continue;
            };
            let random = &mut plan.random;
            let fault = &stage.fault;
            let has_what = fault.is_delivery() || fault.is_request();
            let triggers = fault.when.on.as_ref().is_some_and(|on| on.has_input(&input))
                && (has_what || fits(&fault.fields, record_of(&input)))
                && fault.who.includes(session, known);
            if triggers && (has_what || stage.takes(random)) {
                fired.push(place);
            }
            let fault = &stage.fault;
            let is_chance = left.is_some()
                && fault.is_request()
                && !matches!(fault.action, Action::ReturnCode { .. })
                && fault.what.has_input(&input)
                && fits(&fault.fields, record_of(&input))
                && stage.in_force(now, session, known);
            if !(is_chance && stage.takes(random)) {
                continue;
            }
            match &stage.fault.action {
                Action::DelayRequest { by } => {
                    let at = now.after(draw(*by, random));
                    if let Some(input) = left.take() {
                        self.later(at, Later::Exchange(input));
                    }
                }
                Action::Refuse { error, text, via, passes } => {
                    let answers = answers(&input, rsp_info(*error, text), via);
                    if !passes {
                        (left, is_swallowed) = (None, true);
                    }
                    for output in answers {
                        self.later(now.after(ANSWER_DELAY), Later::Give(output));
                    }
                }
                _ => (left, is_swallowed) = (None, true),
            }
        }
        if is_swallowed && is_query(&input) {
            deeds.push_back(Deed::QueryOver(session));
        }
        deeds.extend(left.map(Deed::Exchange));
        for place in fired {
            self.trigger(now, place, session, deeds);
        }
    }

    /// Keeps who is about to log in, or has.
    pub(super) fn note_user(&mut self, session: SessionId, user: &str) {
        if let Some(known) = self.sessions.get_mut(&session)
            && !user.is_empty()
            && known.user != user
        {
            known.user = user.to_owned();
            known.user_is_new = true;
        }
    }
}

/// Returns whether a request is one of those of which the library lets one be in flight.
fn is_query(input: &Input) -> bool {
    matches!(input, Input::Trader { request, .. } if request.kind() == RequestKind::Query)
}

fn record_of(input: &Input) -> Option<&RecordBox> {
    match input {
        Input::Trader { record, .. } | Input::Md { record, .. } => Some(record),
        _ => None,
    }
}

/// Returns whom a request logs in.
fn user_of(record: &RecordBox) -> Option<String> {
    let authenticates = record.get::<ReqAuthenticateField>().map(|record| record.user_id);
    let user = authenticates.or_else(|| record.get::<ReqUserLoginField>().map(|record| record.user_id));
    user.map(|user| user.to_str().into_owned())
}

/// Returns the answers that refuse a request.
fn answers(input: &Input, info: RspInfoField, via: &[&'static str]) -> Vec<Output> {
    match input {
        Input::Trader { session, request, record, request_id } => {
            let named = via.iter().filter_map(|name| {
                TraderCallback::ALL.iter().find(|callback| callback.name() == *name).copied()
            });
            let mut callbacks: Vec<TraderCallback> = named.collect();
            if callbacks.is_empty() {
                callbacks.push(own_answer(*request, info.error_id));
            }
            let answer = |callback: TraderCallback| {
                let is_answer = callback.name().starts_with("OnRsp");
                let delivery = Delivery::Trader {
                    callback,
                    record: echo(record, callback.record().map(|record| record.c_name.as_str())),
                    rsp_info: Some(info),
                    number: if is_answer { *request_id } else { 0 },
                    is_last: true,
                };
                Output { session: *session, delivery }
            };
            callbacks.into_iter().map(answer).collect()
        }
        Input::Md { session, request, record, request_id } => {
            let callback = md_answer(*request);
            let delivery = Delivery::Md {
                callback,
                record: echo(record, callback.record().map(|record| record.c_name.as_str())),
                rsp_info: Some(info),
                number: *request_id,
                is_last: true,
            };
            vec![Output { session: *session, delivery }]
        }
        Input::Subscribe { session, instruments } => {
            subscription(*session, MdCallback::OnRspSubMarketData, instruments, info)
        }
        Input::Unsubscribe { session, instruments } => {
            subscription(*session, MdCallback::OnRspUnSubMarketData, instruments, info)
        }
        Input::SubscribeForQuote { session, instruments } => {
            subscription(*session, MdCallback::OnRspSubForQuoteRsp, instruments, info)
        }
        Input::UnsubscribeForQuote { session, instruments } => {
            subscription(*session, MdCallback::OnRspUnSubForQuoteRsp, instruments, info)
        }
        _ => Vec::new(),
    }
}

fn own_answer(request: TraderRequest, error: i32) -> TraderCallback {
    match error {
        NEED_RETRY => TraderCallback::OnRspError,
        _ => request.answer().unwrap_or(TraderCallback::OnRspError),
    }
}

fn md_answer(request: MdRequest) -> MdCallback {
    request.answer().unwrap_or(MdCallback::OnRspError)
}

fn subscription(
    session: SessionId,
    callback: MdCallback,
    instruments: &[Text<81>],
    info: RspInfoField,
) -> Vec<Output> {
    let last = instruments.len().saturating_sub(1);
    let answer = |(place, id): (usize, &Text<81>)| {
        let record = SpecificInstrumentField { instrument_id: *id, ..SpecificInstrumentField::default() };
        let delivery = Delivery::Md {
            callback,
            record: Some(RecordBox::new(&record)),
            rsp_info: Some(info),
            number: 0,
            is_last: place == last,
        };
        Output { session, delivery }
    };
    instruments.iter().enumerate().map(answer).collect()
}

/// Returns the request's record where the answer carries the same one, without its secrets.
fn echo(record: &RecordBox, answered: Option<&str>) -> Option<RecordBox> {
    if answered != Some(record.descriptor().c_name.as_str()) {
        return None;
    }
    let mut echo = record.clone();
    for field in record.descriptor().fields.iter().filter(|field| field.secret) {
        // A secret is a text; another kind would stay as it is.
        drop(echo.set(field, Value::Text(b"")));
    }
    Some(echo)
}
