//! What the session wants done.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use ctp_sys::collector_turn;
use ctp_types::{RecordBox, RecordRef, TraderRequest};

use super::{Driver, NotEntered};
use crate::error::SendRefusal;
use crate::observe::Observed as _;
use crate::shell::now;
use crate::td::classes::Class;
use crate::td::io::{Input, Output};
use crate::td::recorded::TdRecorded;
use crate::td::recovery::GateState;

impl Driver {
    /// Carries out what is to be done, and what follows from it.
    pub(super) fn carry_out(&mut self) {
        if self.given.is_none() {
            self.tell_failure();
        }
        while let Some(output) = self.outputs.pop_front() {
            match output {
                Output::Send { request: TraderRequest::ReqUserLogin, record, request_id } => {
                    self.log_in(record, request_id);
                }
                Output::Send { request, record, request_id } => self.send(request, &record, request_id),
                Output::Journal(entry) => {
                    self.pen.write(&entry);
                    self.tell_failure();
                }
                Output::Renew { replays_day } => {
                    self.replays_day.store(replays_day, Ordering::Relaxed);
                    // The caller's thread need not be the runtime's.
                    let _runtime = self.runtime.enter();
                    self.object.renew();
                    self.course.needs_task = true;
                }
                Output::State(state) => {
                    self.state_log.write(now(&self.clock).instant, &state);
                    self.logins.store(self.session.logins(), Ordering::Release);
                    self.state.send_replace(state);
                    // A line may have to be written later, or the session be closed.
                    self.course.needs_task = true;
                }
                Output::Gate(gate) => self.publish_gate(gate),
                Output::Event(event) => self.events.send(&event),
                Output::Ended(ended) => tracing::trace!(?ended, "request"),
                Output::ReadFrontInfo => {
                    // Libraries before 6.7.7 cannot tell: the default pace stays.
                    if let Ok(info) = self.object.api().front_info() {
                        let address = info.front_addr;
                        let (query_frequency, package_frequency) = (info.qry_freq, info.ftd_pkg_freq);
                        self.step(Input::FrontInfo { address, query_frequency, package_frequency });
                    }
                }
            }
        }
    }

    /// Gives the library what changes something, if nothing is to be done before it.
    pub(super) fn hand_over(&mut self, outputs: &[Output]) {
        if let Some(Output::Send { request, record, request_id }) = outputs.first()
            && Class::of(*request).is_action()
            && self.outputs.is_empty()
        {
            self.given = Some((*request_id, self.give(*request, record.as_ref(), *request_id)));
        }
    }

    /// Gives a request to the library unless it has it, and tells the session what the library said.
    fn send(&mut self, request: TraderRequest, record: &RecordBox, request_id: i32) {
        let given = self.given.take_if(|(given, _)| *given == request_id);
        let result =
            given.map_or_else(|| self.give(request, record.as_ref(), request_id), |(_, result)| result);
        self.step(Input::Sent { request_id, result });
        self.tell_failure();
    }

    /// Writes a request into the journal, gives it to the library, and returns what the library said.
    pub(super) fn give(
        &mut self,
        request: TraderRequest,
        record: RecordRef<'_>,
        request_id: i32,
    ) -> Result<(), SendRefusal> {
        self.pen.before(&self.clock, request, record, request_id)?;
        let result = SendRefusal::read(self.object.api().request(request, record, request_id));
        self.pen.after(&self.clock, request, request_id, &result);
        result
    }

    /// Tells the session once that the journal cannot be written any more.
    fn tell_failure(&mut self) {
        if let Some(reason) = self.pen.take_failure() {
            self.step(Input::JournalFailed { reason });
        }
    }

    /// Takes what the library delivered before it stopped, and says the last things: whoever waits is told, then the
    /// streams end.
    pub(in crate::td) fn finish(&mut self, rest: impl Iterator<Item = Input>) {
        // A session that broke down says nothing more.
        let _ = rest.chain([Input::Finish]).try_for_each(|input| self.say(input));
        self.events.close();
        self.raw_events.close();
    }

    /// Steps after the library has stopped: events and states go out, nothing goes to the library.
    fn say(&mut self, input: Input) -> Result<(), NotEntered> {
        self.guarded(TdRecorded::name(&input), |this| {
            this.step(input);
            while let Some(output) = this.outputs.pop_front() {
                match output {
                    Output::Gate(gate) => this.publish_gate(gate),
                    Output::Event(event) => this.events.send(&event),
                    Output::State(state) => {
                        this.state_log.write(now(&this.clock).instant, &state);
                        this.state.send_replace(state);
                    }
                    Output::Journal(entry) => this.pen.write(&entry),
                    Output::Send { .. } | Output::Ended(_) | Output::ReadFrontInfo | Output::Renew { .. } => {
                    }
                }
            }
        })
    }

    fn publish_gate(&self, gate: GateState) {
        tracing::info!(%gate, "trading gate");
        self.gate.send_replace(gate);
    }

    /// Logs in from a thread of its own: the library collects terminal information meanwhile, which takes time and
    /// must not run twice at once in a process.
    fn log_in(&self, record: RecordBox, request_id: i32) {
        let (api, system_info) = (Arc::clone(self.object.api()), self.system_info.clone());
        let sent = self.sent.clone();
        let log_in = move || {
            let told = match system_info {
                Some(record) => SendRefusal::read_relay(api.register_user_system_info(&record)),
                None => Ok(()),
            };
            let result = told.and_then(|()| {
                let _turn = collector_turn();
                SendRefusal::read(api.request(TraderRequest::ReqUserLogin, record.as_ref(), request_id))
            });
            // The session has ended meanwhile: nobody waits for the word.
            let _ = sent.send(Input::Sent { request_id, result });
        };
        // Not a thread of the runtime: it could not shut down while a library hangs in the call. Without a thread the
        // step stays unanswered, and is sent again.
        if let Err(error) = std::thread::Builder::new().name("ctp-login".to_owned()).spawn(log_in) {
            tracing::error!(%error, "no thread for the login");
        }
    }
}
