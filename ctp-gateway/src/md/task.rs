//! The task that owns a market data session and drives it.

use std::sync::Arc;
use std::time::Duration;

use ctp_market::ReferenceData;
use ctp_sys::MdApi;
use ctp_types::{MdRequest, RecordRef};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::error::SendRefusal;
use crate::fanout::Fanout;
use crate::md::event::MdEvent;
use crate::md::queue::TickFanout;
use crate::md::session::{Id, MdSession, Output};
use crate::md::spi::{RawTick, Report};
use crate::md::tick::Tick;
use crate::shell::Ending;
use crate::state::SessionState;
use crate::td::task::{now, sleep_until};

/// What a client wants of the session.
#[derive(Debug)]
pub(super) enum Command {
    Subscribe(Vec<Id>),
    Unsubscribe(Vec<Id>),
}

pub(super) struct Task {
    pub(super) session: MdSession,
    pub(super) api: Arc<MdApi>,
    pub(super) raw_ticks: mpsc::Receiver<RawTick>,
    pub(super) reports: mpsc::UnboundedReceiver<Report>,
    pub(super) commands: mpsc::UnboundedReceiver<Command>,
    pub(super) stop: CancellationToken,
    pub(super) state: watch::Sender<SessionState>,
    pub(super) ended: watch::Sender<Option<Ending>>,
    pub(super) ticks: TickFanout,
    pub(super) events: Fanout<MdEvent>,
    /// Multipliers for prices that come per lot.
    pub(super) reference: Option<ReferenceData>,
    pub(super) close_timeout: Duration,
}

impl Task {
    pub(super) async fn run(mut self) {
        loop {
            self.carry_out();
            if self.session.state().is_over() {
                break;
            }
            let deadline = self.session.next_deadline();
            tokio::select! {
                biased; // a stop request is never starved by market data
                () = self.stop.cancelled() => break,
                Some(report) = self.reports.recv() => self.handle_report(report),
                Some(command) = self.commands.recv() => match command {
                    Command::Subscribe(ids) => self.session.handle_subscribe(now(), ids),
                    Command::Unsubscribe(ids) => self.session.handle_unsubscribe(ids),
                },
                Some(raw) = self.raw_ticks.recv() => self.publish(&raw),
                () = sleep_until(deadline) => self.session.handle_deadline(now()),
            }
        }
        self.close().await;
    }

    fn publish(&self, raw: &RawTick) {
        self.ticks.send(&Arc::new(Tick::new(&raw.record, raw.received_ns, self.reference.as_ref())));
    }

    fn handle_report(&mut self, report: Report) {
        match report {
            Report::Callback(event) => self.session.handle_callback(now(), &event),
            Report::Panicked { callback, message } => {
                self.session.handle_panic(now(), callback, &message);
            }
        }
    }

    fn carry_out(&mut self) {
        while let Some(output) = self.session.next_output() {
            match output {
                Output::LogIn(request_id) => {
                    let record = self.session.login_record();
                    let result = self.api.request(
                        MdRequest::ReqUserLogin,
                        RecordRef::from_record(&record),
                        request_id,
                    );
                    self.session.handle_sent(now(), request_id, &SendRefusal::read(result));
                }
                Output::Subscribe(ids) => {
                    let result = self.call(&ids, |api, ids| api.subscribe_market_data(ids));
                    self.session.handle_subscribed(now(), ids, result);
                }
                Output::Unsubscribe(ids) => {
                    if let Err(refusal) = self.call(&ids, |api, ids| api.unsubscribe_market_data(ids)) {
                        self.events.send(&MdEvent::NotSent(refusal));
                    }
                }
                Output::State(state) => {
                    tracing::info!(%state, "market data session");
                    self.state.send_replace(state);
                }
                Output::Event(event) => self.events.send(&event),
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
        SendRefusal::read(method(&self.api, &texts))
    }

    /// Stops the library, then ends the streams.
    async fn close(mut self) {
        self.commands.close();
        let (api, timeout) = (Arc::clone(&self.api), self.close_timeout);
        let ending = match tokio::task::spawn_blocking(move || api.close(timeout)).await {
            Ok(Err(error)) => {
                tracing::error!(%error, "the market data library did not stop");
                Ending::TimedOut
            }
            // The runtime may be shutting down; dropping the API closes it.
            Ok(Ok(())) | Err(_) => Ending::Clean,
        };
        while let Ok(report) = self.reports.try_recv() {
            self.handle_report(report);
        }
        while let Ok(raw) = self.raw_ticks.try_recv() {
            self.publish(&raw);
        }
        self.session.finish();
        while let Some(output) = self.session.next_output() {
            match output {
                Output::Event(event) => self.events.send(&event),
                Output::State(state) => drop(self.state.send_replace(state)),
                Output::LogIn(_) | Output::Subscribe(_) | Output::Unsubscribe(_) => {}
            }
        }
        self.ticks.close();
        self.events.close();
        self.ended.send_replace(Some(ending));
    }
}
