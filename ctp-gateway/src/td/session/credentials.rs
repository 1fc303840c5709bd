//! Calls that lead on from a refused login, on the same connection: a new password, a code by text message.

use std::time::Instant;

use ctp_types::{RecordBox, ReqGenSMSCodeField, Text, TraderRequest};
use tokio::sync::oneshot;

use crate::config::Secret;
use crate::error::{Denial, Error, Rule, SendRefusal, UnknownCause};
use crate::handshake::Need;
use crate::requests::submission::{Asker, Reply, Submission};
use crate::td::session::TdSession;

const UPDATE: &str = "ReqUserPasswordUpdate";
const SMS: &str = "ReqGenSMSCode";
const LOGIN: &str = "ReqUserLogin";

/// Who waits for a call.
pub(crate) type CallReply = oneshot::Sender<Result<(), Error>>;

/// A call under way; there is one at most.
#[derive(Debug)]
pub(super) struct Call {
    /// The new password; none: a code was asked for.
    password: Option<Secret>,
    /// What the request brings, once it was sent.
    answer: Option<oneshot::Receiver<Result<Reply, Error>>>,
    reply: CallReply,
}

impl TdSession {
    /// Changes the password: of a session that waits for that, or of one that is logged in.
    pub(super) fn handle_change_password(&mut self, now: Instant, new: Secret, reply: CallReply) {
        let is_awaited = self.handshake.awaits() == Some(Need::Password);
        let error = match Text::<41>::new(new.expose()) {
            Err(_) => Some(denied("the new password", "give at most 40 bytes of GBK")),
            Ok(text) if text.is_empty() => Some(denied("the new password is empty", "give one")),
            Ok(_) if !is_awaited && !self.is_usable() => Some(self.not_ready(UPDATE)),
            Ok(_) => self.busy(UPDATE),
        };
        if let Some(error) = error {
            // A caller that went away is no failure.
            return drop(reply.send(Err(error)));
        }
        self.call = Some(Call { password: Some(new), answer: None, reply });
        if is_awaited && !self.handshake.was_refused_here() {
            // The counter takes a new password only after it has refused the old one on the same connection.
            let mut moves = Vec::new();
            self.handshake.resume(now, &mut self.ids, &mut moves);
            self.carry_out(now, moves);
        }
        self.settle_call(now);
    }

    /// Asks for a code by text message.
    pub(super) fn handle_request_sms_code(&mut self, now: Instant, mobile: &str, reply: CallReply) {
        let error = match Text::new(mobile) {
            Err(_) => Some(denied("the telephone number", "give at most 16 bytes")),
            Ok(_) if self.handshake.awaits() != Some(Need::SmsCode) => Some(self.not_ready(SMS)),
            Ok(mobile) => match self.busy(SMS) {
                None => {
                    let record = ReqGenSMSCodeField {
                        broker_id: self.account.broker_id,
                        user_id: self.account.user_id,
                        mobile,
                    };
                    let answer = self.send_call(now, TraderRequest::ReqGenSMSCode, RecordBox::new(&record));
                    self.call = Some(Call { password: None, answer: Some(answer), reply });
                    return self.pump(now);
                }
                busy => busy,
            },
        };
        if let Some(error) = error {
            // A caller that went away is no failure.
            let _ = reply.send(Err(error));
        }
    }

    /// Logs in with a code. The states tell how it goes.
    pub(super) fn handle_sms_code(&mut self, now: Instant, code: &Secret, reply: CallReply) {
        let answer = match Text::new(code.expose()) {
            Err(_) => Err(denied("the code", "give the digits of the message only")),
            Ok(_) if self.handshake.awaits() != Some(Need::SmsCode) => Err(self.not_ready(LOGIN)),
            Ok(code) => {
                self.account.sms_code = code;
                let mut moves = Vec::new();
                self.handshake.resume(now, &mut self.ids, &mut moves);
                self.carry_out(now, moves);
                Ok(())
            }
        };
        let _ = reply.send(answer);
    }

    /// Sends a call that waited for the login's refusal, and ends one that is answered.
    pub(super) fn settle_call(&mut self, now: Instant) {
        let Some(mut call) = self.call.take() else { return };
        let Some(answer) = &mut call.answer else {
            let may_leave = self.is_usable() || self.handshake.awaits() == Some(Need::Password);
            if self.state.is_over() {
                let _ = call.reply.send(Err(self.not_ready(UPDATE)));
            } else if let (true, Some(new)) = (may_leave, &call.password) {
                let record = self.account.password_update(new);
                call.answer = Some(self.send_call(now, TraderRequest::ReqUserPasswordUpdate, record));
                self.call = Some(call);
                self.pump(now);
            } else {
                self.call = Some(call);
            }
            return;
        };
        let result = match answer.try_recv() {
            Ok(result) => result.map(drop),
            Err(oneshot::error::TryRecvError::Empty) => return self.call = Some(call),
            Err(oneshot::error::TryRecvError::Closed) => {
                Err(Error::Unknown { request: UPDATE, cause: UnknownCause::SessionEnded })
            }
        };
        if let Some(new) = call.password {
            match &result {
                Ok(()) => {
                    self.account.set_password(new);
                    self.handshake.password_changed();
                    let mut moves = Vec::new();
                    self.handshake.resume(now, &mut self.ids, &mut moves);
                    self.carry_out(now, moves);
                }
                // Nobody knows which password is right: a refusal of the old one is final now.
                Err(Error::Unknown { .. }) => self.handshake.password_changed(),
                Err(_) => {}
            }
        }
        let _ = call.reply.send(result);
    }

    fn send_call(
        &mut self,
        now: Instant,
        request: TraderRequest,
        record: RecordBox,
    ) -> oneshot::Receiver<Result<Reply, Error>> {
        let (tx, rx) = oneshot::channel();
        let submission = Submission { request, record, asker: Asker::Caller(tx) };
        self.requests.submit(now, &mut self.ids, submission);
        rx
    }

    fn busy(&self, request: &'static str) -> Option<Error> {
        let reason = SendRefusal::Library("another call of this kind is under way; wait for it".to_owned());
        self.call.is_some().then_some(Error::NotSent { request, reason })
    }

    fn not_ready(&self, request: &'static str) -> Error {
        Error::NotSent { request, reason: SendRefusal::NotReady(self.state.clone()) }
    }
}

fn denied(value: &str, fix: &str) -> Error {
    Denial::new(Rule::Text, value, fix).into()
}
