//! The task that owns a trading session and drives it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ctp_sys::collector_turn;
use ctp_sys::se::Trader;
use ctp_types::{RecordBox, TraderCallback, TraderRequest, UserSystemInfoField};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::capture::Recording;
use crate::clock::WallClock;
use crate::error::SendRefusal;
use crate::fanout::Fanout;
use crate::health::Waiting;
use crate::observe::{Observer, step_span};
use crate::requests::RawEvent;
use crate::shell::{ApiObject, Ending, StateLog, now, sleep_until};
use crate::state::SessionState;
use crate::td::event::TdEvent;
use crate::td::io::{Command, Input, Output};
use crate::td::recorded::TdRecorded;
use crate::td::session::TdSession;

pub(super) struct Task {
    pub(super) session: TdSession,
    pub(super) object: ApiObject<Trader>,
    pub(super) reports: mpsc::UnboundedReceiver<Input>,
    pub(super) commands: mpsc::UnboundedReceiver<Command>,
    pub(super) stop: CancellationToken,
    pub(super) state: watch::Sender<SessionState>,
    pub(super) ended: watch::Sender<Option<Ending>>,
    pub(super) events: Fanout<TdEvent>,
    /// Callbacks as they come, for whoever wants them.
    pub(super) raw_events: Fanout<RawEvent<TraderCallback>>,
    /// How often the session became ready, for the clients to bind their commands to.
    pub(super) logins: Arc<AtomicU64>,
    /// What a relay tells before each login.
    pub(super) system_info: Option<Arc<UserSystemInfoField>>,
    pub(super) clock: WallClock,
    pub(super) recording: Recording<TdRecorded>,
    pub(super) state_log: StateLog,
    pub(super) observer: Observer,
    /// What is to be done still.
    pub(super) outputs: VecDeque<Output>,
}

impl Task {
    pub(super) async fn run(mut self) {
        // Time begins for the session: it notices from now on when nothing happens.
        self.step(Input::Time);
        let (sent_tx, mut sent_rx) = mpsc::unbounded_channel();
        loop {
            self.carry_out(&sent_tx);
            if self.session.state().is_over() {
                break;
            }
            let deadline = self.session.next_deadline();
            tokio::select! {
                biased; // a stop request is never starved by callbacks
                () = self.stop.cancelled() => break,
                Some(sent) = sent_rx.recv() => self.step(sent),
                Some(report) = self.reports.recv() => self.step(report),
                Some(command) = self.commands.recv() => self.step(Input::Command(command)),
                result = self.object.renewed() => self.step(Input::Renewed { result }),
                () = sleep_until(deadline) => self.step(Input::Time),
                () = sleep_until(self.state_log.due()) => self.state_log.settle(now(&self.clock).instant),
            }
        }
        self.close().await;
    }

    fn step(&mut self, input: Input) {
        if let Input::Callback(event) = &input
            && self.raw_events.is_wanted()
        {
            self.raw_events.send(event);
        }
        let now = now(&self.clock);
        let (queries, requests) = self.session.request_depths();
        let waiting =
            Waiting { callbacks: self.reports.len(), commands: self.commands.len(), queries, requests };
        self.observer.before::<TdRecorded>(now, &input, waiting);
        let span = step_span::<TdRecorded>(&input);
        let input = self.recording.before(input);
        let outputs = span.in_scope(|| self.session.step(now, input));
        self.observer.after::<TdRecorded>(now, &outputs);
        self.recording.after(now, &outputs);
        self.outputs.extend(outputs);
    }

    fn carry_out(&mut self, sent_tx: &mpsc::UnboundedSender<Input>) {
        while let Some(output) = self.outputs.pop_front() {
            match output {
                Output::Send { request: TraderRequest::ReqUserLogin, record, request_id } => {
                    self.log_in(record, request_id, sent_tx.clone());
                }
                Output::Send { request, record, request_id } => {
                    let result =
                        SendRefusal::read(self.object.api().request(request, record.as_ref(), request_id));
                    self.step(Input::Sent { request_id, result });
                }
                Output::Renew => self.object.renew(),
                Output::State(state) => {
                    self.state_log.write(now(&self.clock).instant, &state);
                    self.logins.store(self.session.logins(), Ordering::Release);
                    self.state.send_replace(state);
                }
                Output::Event(event) => self.events.send(&event),
                Output::Ended(ended) => tracing::trace!(?ended, "request"),
                Output::ReadFrontInfo => {
                    // Libraries before 6.7.7 cannot tell: the default pace stays.
                    if let Ok(info) = self.object.api().front_info() {
                        let (address, query_frequency) = (info.front_addr, info.qry_freq);
                        self.step(Input::FrontInfo { address, query_frequency });
                    }
                }
            }
        }
    }

    /// Logs in from a thread of its own: the library collects terminal information meanwhile, which takes time and
    /// must not run twice at once in a process.
    fn log_in(&self, record: RecordBox, request_id: i32, sent_tx: mpsc::UnboundedSender<Input>) {
        let (api, system_info) = (Arc::clone(self.object.api()), self.system_info.clone());
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
            let _ = sent_tx.send(Input::Sent { request_id, result });
        };
        // Not a thread of the runtime: it could not shut down while a library hangs in the call. Without a thread the
        // step stays unanswered, and is sent again.
        if let Err(error) = std::thread::Builder::new().name("ctp-login".to_owned()).spawn(log_in) {
            tracing::error!(%error, "no thread for the login");
        }
    }

    /// Stops the library, then tells everybody who waits, then ends the streams.
    async fn close(mut self) {
        self.commands.close();
        let ending = self.object.close().await;
        // What the library delivered before it stopped still counts.
        while let Ok(report) = self.reports.try_recv() {
            self.step(report);
        }
        self.step(Input::Finish);
        while let Some(output) = self.outputs.pop_front() {
            match output {
                Output::Event(event) => self.events.send(&event),
                Output::State(state) => {
                    self.state_log.write(now(&self.clock).instant, &state);
                    self.state.send_replace(state);
                }
                Output::Send { .. } | Output::Ended(_) | Output::ReadFrontInfo | Output::Renew => {}
            }
        }
        while let Ok(command) = self.commands.try_recv() {
            command.refuse(self.session.state());
        }
        self.events.close();
        self.raw_events.close();
        let (end, timeout) = (self.recording.end(), self.object.close_timeout());
        // The runtime may be shutting down; the writer ends by itself.
        let _ = tokio::task::spawn_blocking(move || end(timeout)).await;
        self.ended.send_replace(Some(ending));
    }
}
