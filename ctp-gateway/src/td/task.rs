//! The task that owns a trading session and drives it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ctp_sys::{TraderApi, collector_turn};
use ctp_types::{RecordBox, TraderRequest};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::error::{Error, SendRefusal};
use crate::fanout::Fanout;
use crate::shell::Ending;
use crate::state::SessionState;
use crate::td::event::TdEvent;
use crate::td::new_order::NewOrder;
use crate::td::order::{Order, OrderId};
use crate::td::queries::Query;
use crate::td::session::{Output, Placed, TdSession};
use crate::td::spi::Report;

/// What a client wants of the session.
#[derive(Debug)]
pub(super) enum Command {
    Place { logins: u64, order: Box<NewOrder>, reply: oneshot::Sender<Result<Placed, Error>> },
    Cancel { logins: u64, id: OrderId, reply: oneshot::Sender<Result<Arc<Order>, Error>> },
    Query(Query),
}

/// The library's word about a request that was sent from another thread.
type Sent = (i32, Result<(), SendRefusal>);

pub(super) struct Task {
    pub(super) session: TdSession,
    pub(super) api: Arc<TraderApi>,
    pub(super) reports: mpsc::UnboundedReceiver<Report>,
    pub(super) commands: mpsc::UnboundedReceiver<Command>,
    pub(super) stop: CancellationToken,
    pub(super) state: watch::Sender<SessionState>,
    pub(super) ended: watch::Sender<Option<Ending>>,
    pub(super) events: Fanout<TdEvent>,
    /// How often the session became ready, for the clients to bind their commands to.
    pub(super) logins: Arc<AtomicU64>,
    pub(super) close_timeout: Duration,
}

impl Task {
    pub(super) async fn run(mut self) {
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
                Some((request_id, result)) = sent_rx.recv() => {
                    self.session.handle_sent(now(), request_id, result);
                }
                Some(report) = self.reports.recv() => self.handle_report(report),
                Some(command) = self.commands.recv() => self.handle_command(command),
                () = sleep_until(deadline) => self.session.handle_deadline(now()),
            }
        }
        self.close().await;
    }

    fn handle_report(&mut self, report: Report) {
        match report {
            Report::Callback(event) => self.session.handle_callback(now(), &event),
            Report::Panicked { callback, message } => self.session.handle_panic(callback, &message),
        }
    }

    fn handle_command(&mut self, command: Command) {
        let now = self::now();
        match command {
            Command::Place { logins, order, reply } => self.session.handle_place(now, logins, &order, reply),
            Command::Cancel { logins, id, reply } => self.session.handle_cancel(now, logins, id, reply),
            Command::Query(query) => self.session.handle_query(now, query),
        }
    }

    fn carry_out(&mut self, sent_tx: &mpsc::UnboundedSender<Sent>) {
        while let Some(output) = self.session.next_output() {
            match output {
                Output::Send { request: TraderRequest::ReqUserLogin, record, request_id } => {
                    self.log_in(record, request_id, sent_tx.clone());
                }
                Output::Send { request, record, request_id } => {
                    let result = self.api.request(request, record.as_ref(), request_id);
                    self.session.handle_sent(now(), request_id, SendRefusal::read(result));
                }
                Output::State(state) => {
                    tracing::info!(%state, "trading session");
                    self.logins.store(self.session.logins(), Ordering::Release);
                    self.state.send_replace(state);
                }
                Output::Event(event) => self.events.send(&event),
                Output::ReadFrontInfo => {
                    // Libraries before 6.7.7 cannot tell: the default pace stays.
                    if let Ok(info) = self.api.front_info() {
                        self.session.handle_query_frequency(info.qry_freq);
                    }
                }
            }
        }
    }

    /// Logs in from a thread of its own: the library collects terminal information meanwhile, which takes time and
    /// must not run twice at once in a process.
    fn log_in(&self, record: RecordBox, request_id: i32, sent_tx: mpsc::UnboundedSender<Sent>) {
        let api = Arc::clone(&self.api);
        tokio::task::spawn_blocking(move || {
            let turn = collector_turn();
            let result = api.request(TraderRequest::ReqUserLogin, record.as_ref(), request_id);
            drop(turn);
            // The session has ended meanwhile: nobody waits for the word.
            let _ = sent_tx.send((request_id, SendRefusal::read(result)));
        });
    }

    /// Stops the library, then tells everybody who waits, then ends the streams.
    async fn close(mut self) {
        self.commands.close();
        let (api, timeout) = (Arc::clone(&self.api), self.close_timeout);
        let closing = tokio::task::spawn_blocking(move || api.close(timeout));
        let ending = match closing.await {
            Ok(Ok(())) => Ending::Clean,
            Ok(Err(error)) => {
                tracing::error!(%error, "the trader library did not stop");
                Ending::TimedOut
            }
            // The runtime is shutting down; dropping the API closes it.
            Err(_) => Ending::Clean,
        };
        // What the library delivered before it stopped still counts.
        while let Ok(report) = self.reports.try_recv() {
            self.handle_report(report);
        }
        self.session.finish();
        while let Some(output) = self.session.next_output() {
            match output {
                Output::Event(event) => self.events.send(&event),
                Output::State(state) => drop(self.state.send_replace(state)),
                Output::Send { .. } | Output::ReadFrontInfo => {}
            }
        }
        while let Ok(command) = self.commands.try_recv() {
            refuse(command, self.session.state());
        }
        self.events.close();
        self.ended.send_replace(Some(ending));
    }
}

fn refuse(command: Command, state: &SessionState) {
    let not_sent = |request| Error::NotSent { request, reason: SendRefusal::NotReady(state.clone()) };
    // Callers that went away are no failure.
    match command {
        Command::Place { reply, .. } => drop(reply.send(Err(not_sent("ReqOrderInsert")))),
        Command::Cancel { reply, .. } => drop(reply.send(Err(not_sent("ReqOrderAction")))),
        Command::Query(query) => drop(query.reply.send(Err(not_sent(query.request.name())))),
    }
}

/// Returns the moment by the runtime's clock, which tests may stop and move.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Sleeps until the deadline, or forever without one.
pub(crate) async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
