//! The task that owns a market data session and drives it.

use std::collections::VecDeque;

use ctp_sys::MdApi;
use ctp_sys::se::Md;
use ctp_types::MdCallback;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::capture::Recording;
use crate::clock::WallClock;
use crate::error::SendRefusal;
use crate::fanout::Fanout;
use crate::health::Waiting;
use crate::md::bus::TickBus;
use crate::md::event::MdEvent;
use crate::md::io::{Command, Feed, Id, Input, Output};
use crate::md::recorded::MdRecorded;
use crate::md::session::MdSession;
use crate::observe::{Observer, step_span};
use crate::requests::RawEvent;
use crate::shell::{ApiObject, Ending, StateLog, now, sleep_until};
use crate::state::SessionState;

pub(super) struct Task {
    pub(super) session: MdSession,
    pub(super) object: ApiObject<Md>,
    pub(super) reports: mpsc::UnboundedReceiver<Input>,
    pub(super) commands: mpsc::UnboundedReceiver<Command>,
    pub(super) stop: CancellationToken,
    pub(super) state: watch::Sender<SessionState>,
    pub(super) ended: watch::Sender<Option<Ending>>,
    /// Dropped with the task, it ends the streams.
    pub(super) ticks: TickBus,
    pub(super) events: Fanout<MdEvent>,
    /// Callbacks as they come, but ticks, for whoever wants them.
    pub(super) raw_events: Fanout<RawEvent<MdCallback>>,
    pub(super) clock: WallClock,
    pub(super) recording: Recording<MdRecorded>,
    pub(super) state_log: StateLog,
    pub(super) observer: Observer,
    /// What is to be done still.
    pub(super) outputs: VecDeque<Output>,
}

impl Task {
    pub(super) async fn run(mut self) {
        // Time begins for the session: it notices from now on when nothing happens.
        self.step(Input::Time);
        loop {
            self.carry_out();
            if self.session.state().is_over() {
                break;
            }
            let deadline = self.session.next_deadline();
            tokio::select! {
                biased; // a stop request is never starved by market data
                () = self.stop.cancelled() => break,
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
        let is_end_of_link =
            matches!(&input, Input::Callback(event) if event.callback == MdCallback::OnFrontDisconnected);
        // Before a command, too: a tick from before an unsubscription says nothing about a new subscription.
        if is_end_of_link || matches!(input, Input::Time | Input::Command(_)) {
            let seen = self.ticks.shared().news();
            if !seen.is_empty() {
                self.step_now(Input::Ticked(seen));
            }
        }
        self.step_now(input);
    }

    fn step_now(&mut self, input: Input) {
        if let Input::Callback(event) = &input
            && self.raw_events.is_wanted()
        {
            self.raw_events.send(event);
        }
        let now = now(&self.clock);
        let (callbacks, commands) = (self.reports.len(), self.commands.len());
        let waiting = Waiting { callbacks, commands, ..Waiting::default() };
        self.observer.before::<MdRecorded>(now, &input, waiting);
        let span = step_span::<MdRecorded>(&input);
        let input = self.recording.before(input);
        let outputs = span.in_scope(|| self.session.step(now, input));
        let took = self.observer.took();
        self.observer.after::<MdRecorded>(now, took, &outputs);
        let ticks = self.ticks.shared();
        self.observer.take_market_data(self.session.wanted(), ticks.published(), ticks.lost());
        self.recording.after(now, &outputs);
        self.outputs.extend(outputs);
    }

    fn carry_out(&mut self) {
        while let Some(output) = self.outputs.pop_front() {
            match output {
                Output::Send { request, record, request_id } => {
                    let result =
                        SendRefusal::read(self.object.api().request(request, record.as_ref(), request_id));
                    self.step(Input::Sent { request_id, result });
                }
                Output::Subscribe { feed, ids, request_id } => {
                    let result = self.call(&ids, |api, ids| match feed {
                        Feed::Ticks => api.subscribe_market_data(ids),
                        Feed::QuoteRequests => api.subscribe_for_quote_rsp(ids),
                    });
                    self.step(Input::Sent { request_id, result });
                }
                Output::Unsubscribe { feed, ids, request_id } => {
                    let result = self.call(&ids, |api, ids| match feed {
                        Feed::Ticks => api.unsubscribe_market_data(ids),
                        Feed::QuoteRequests => api.unsubscribe_for_quote_rsp(ids),
                    });
                    self.step(Input::Sent { request_id, result });
                }
                Output::Renew => self.object.renew(),
                Output::State(state) => {
                    self.state_log.write(now(&self.clock).instant, &state);
                    self.state.send_replace(state);
                }
                Output::Event(event) => self.events.send(&event),
                Output::Ended(ended) => tracing::trace!(?ended, "request"),
            }
        }
    }

    fn call(
        &self,
        ids: &[Id],
        method: impl Fn(&MdApi, &[&str]) -> Result<(), ctp_sys::ApiError>,
    ) -> Result<(), SendRefusal> {
        let texts: Vec<_> = ids.iter().map(Id::to_str).collect();
        let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        SendRefusal::read(method(self.object.api(), &texts))
    }

    /// Stops the library, then ends the streams.
    async fn close(mut self) {
        self.commands.close();
        let ending = self.object.close().await;
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
                Output::Send { .. }
                | Output::Subscribe { .. }
                | Output::Unsubscribe { .. }
                | Output::Renew
                | Output::Ended(_) => {}
            }
        }
        while let Ok(command) = self.commands.try_recv() {
            command.refuse(self.session.state());
        }
        self.ticks.close();
        self.events.close();
        self.raw_events.close();
        let (end, timeout) = (self.recording.end(), self.object.close_timeout());
        // The runtime may be shutting down; the writer ends by itself.
        let _ = tokio::task::spawn_blocking(move || end(timeout)).await;
        self.ended.send_replace(Some(ending));
    }
}
