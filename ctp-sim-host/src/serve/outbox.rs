//! What waits to be written to a client: frames one after another, so that they go out together.

use std::collections::VecDeque;
use std::mem;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};

use ctp_sim::{ApiKind, Delivery, Timestamp};
use tokio::sync::Notify;
use tracing::warn;

use crate::fault::LibraryFault;
use crate::mailbox::Mailbox;
use crate::wire::{self, Admission, Frame};

/// Bytes that may wait for a market-data client before it is given up: some 10,000 ticks.
const WAITING_MD_MAX: usize = 8 << 20;

/// Bytes that may wait for a trader client before it is given up: a login replays the whole day at once.
const WAITING_TRADER_MAX: usize = 256 << 20;

/// Bytes that may wait for a control client before it is given up.
const WAITING_CONTROL_MAX: usize = 64 << 20;

/// Room that an empty buffer keeps.
const KEPT: usize = 256 << 10;

/// What waits for one client. The exchange fills it under its lock; the connection's task empties it.
pub(super) struct Outbox {
    state: Mutex<State>,
    /// Told when there is something to write, or an end.
    pub(super) ready: Notify,
    waiting_max: usize,
    /// Whether the exchange waits for every callback: each batch then ends with a ping.
    acknowledged: bool,
}

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    /// Whether something was put in that no ping follows yet.
    unacknowledged: bool,
    ping_last: u64,
    /// Pings on their way, oldest first, with those who wait for them.
    pings: VecDeque<(u64, Option<Sender<()>>)>,
    end: Option<End>,
}

/// Why nothing more is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The exchange forgot the session: what waits is written first.
    Forgotten,
    /// The client does not read.
    Full,
}

impl Outbox {
    /// Returns an empty one; `kind` is `None` for a control client.
    pub(super) fn new(kind: Option<ApiKind>, acknowledged: bool) -> Arc<Self> {
        let waiting_max = match kind {
            Some(ApiKind::Md) => WAITING_MD_MAX,
            Some(ApiKind::Trader) => WAITING_TRADER_MAX,
            None => WAITING_CONTROL_MAX,
        };
        Arc::new(Self { state: Mutex::default(), ready: Notify::new(), waiting_max, acknowledged })
    }

    /// Puts a frame in and has it written.
    pub(super) fn send(&self, frame: &Frame) {
        self.put(|bytes| wire::encode(frame, bytes));
        self.ready.notify_one();
    }

    /// Puts the answer of a control request in and has it written.
    pub(super) fn answer(&self, text: &str) {
        self.put(|bytes| wire::encode_answer(text, bytes));
        self.ready.notify_one();
    }

    /// Ends it after what it has.
    pub(super) fn end(&self) {
        crate::lock(&self.state).end.get_or_insert(End::Forgotten);
        self.ready.notify_one();
    }

    /// Exchanges an empty buffer for what waits, and returns whether that was all.
    pub(super) fn take(&self, buffer: &mut Vec<u8>) -> Option<End> {
        buffer.clear();
        buffer.shrink_to(KEPT);
        let mut state = crate::lock(&self.state);
        mem::swap(&mut state.bytes, buffer);
        state.end
    }

    /// Returns whether the client does not read.
    pub(super) fn is_full(&self) -> bool {
        crate::lock(&self.state).end == Some(End::Full)
    }

    /// Takes the answer to a ping, and to all before it.
    pub(super) fn pong(&self, number: u64) {
        let mut state = crate::lock(&self.state);
        while state.pings.front().is_some_and(|(ping, _)| *ping <= number) {
            // Dropping the sender lets the barrier go.
            state.pings.pop_front();
        }
    }

    /// Returns whether the box is now full.
    fn put(&self, encode: impl FnOnce(&mut Vec<u8>) -> Result<(), wire::WireError>) -> bool {
        let mut state = crate::lock(&self.state);
        if state.end.is_some() {
            return false;
        }
        if let Err(cause) = encode(&mut state.bytes) {
            warn!(%cause, "a frame is not sent; this is a bug of the simulator");
            return false;
        }
        if state.bytes.len() < self.waiting_max {
            return false;
        }
        state.end = Some(End::Full);
        state.bytes = Vec::new();
        state.pings.clear();
        true
    }

    fn ping(&self, now: Timestamp, waits: Option<Sender<()>>) {
        let mut state = crate::lock(&self.state);
        if state.end.is_some() {
            return;
        }
        state.ping_last += 1;
        let number = state.ping_last;
        if let Err(cause) = wire::encode(&Frame::Ping { number, now: now.0 }, &mut state.bytes) {
            warn!(%cause, "a frame is not sent; this is a bug of the simulator");
            return;
        }
        state.unacknowledged = false;
        state.pings.push_back((number, waits));
    }
}

/// The mailbox of a client behind a connection.
pub(super) struct RemoteMailbox {
    pub(super) outbox: Arc<Outbox>,
    pub(super) peer: String,
}

impl Mailbox for RemoteMailbox {
    fn put(&self, delivery: Delivery) -> bool {
        // What is no callback, as a welcome, is not waited for.
        crate::lock(&self.outbox.state).unacknowledged = true;
        self.outbox.put(|bytes| wire::encode_delivery(&delivery, bytes))
    }

    fn flush(&self, now: Timestamp) {
        if self.outbox.acknowledged && crate::lock(&self.outbox.state).unacknowledged {
            self.outbox.ping(now, None);
        }
        self.outbox.ready.notify_one();
    }

    fn barrier(&self, now: Timestamp, passed: Sender<()>) {
        self.outbox.ping(now, Some(passed));
        self.outbox.ready.notify_one();
    }

    fn waiting(&self) -> usize {
        let state = crate::lock(&self.outbox.state);
        state.pings.len() + usize::from(state.unacknowledged && self.outbox.acknowledged)
    }

    fn library(&self, fault: LibraryFault) {
        self.outbox.send(&Frame::Library(fault));
    }

    fn peer(&self) -> Option<&str> {
        Some(&self.peer)
    }

    fn admit(&self, admission: Admission) {
        self.outbox.send(&Frame::Admission(admission));
    }
}

impl Drop for RemoteMailbox {
    fn drop(&mut self) {
        self.outbox.end();
    }
}
