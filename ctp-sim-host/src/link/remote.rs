//! The way to a served exchange: one TCP connection.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use ctp_sim::{Delivery, Input, SessionId};
use tracing::{error, warn};

use super::admission::{Gate, Verdict};
use super::outgoing::Outgoing;
use crate::instance::NOT_CONNECTED;
use crate::wire::{self, Frame, Streams, Welcome, WireError};

/// A connection to a served exchange, or the way to one.
pub(crate) struct Remote {
    number: u64,
    front: Arc<str>,
    closed: AtomicBool,
    outgoing: OnceLock<Outgoing>,
    welcome: OnceLock<Welcome>,
    pub(super) gate: Mutex<Gate>,
}

/// What the connection's thread tells the instance's.
pub(crate) enum RemoteEvent {
    /// The server took the client, whose session is now connecting.
    Opened {
        /// Tells one run of an exchange from another.
        phase: u16,
    },
    /// Something of the exchange.
    Delivery(Delivery),
    /// To be answered when everything before has returned.
    Ping(u64),
    /// Nothing was heard for so many seconds.
    Silence(i32),
    /// The connection is over: nothing more comes of it.
    Ended(Ended),
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// There was none: nobody listens, or the server does not take the client. No callback comes.
    Unreached(String),
    /// It was there, with or without a welcome: `OnFrontDisconnected` with this reason.
    Lost(i32),
}

impl Remote {
    pub(super) fn new(number: u64, front: &str) -> Self {
        Self {
            number,
            front: front.into(),
            closed: AtomicBool::new(false),
            outgoing: OnceLock::new(),
            welcome: OnceLock::new(),
            gate: Mutex::default(),
        }
    }

    pub(super) fn front(&self) -> &str {
        &self.front
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn session(&self) -> Option<SessionId> {
        self.welcome.get().map(|welcome| SessionId(welcome.session))
    }

    pub(super) fn front_limits(&self) -> (i32, i32) {
        crate::lock(&self.gate).front_limits()
    }

    /// Returns whether the server took the client.
    pub(crate) fn is_welcome(&self) -> bool {
        self.welcome.get().is_some()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// Gives it its connection; returns it, or `None` when it was closed meanwhile.
    pub(super) fn connected(&self, outgoing: Outgoing) -> Option<&Outgoing> {
        let outgoing = self.outgoing.get_or_init(|| outgoing);
        if self.is_closed() {
            outgoing.shut_down();
            return None;
        }
        Some(outgoing)
    }

    /// Takes the server's welcome; returns whether it is the first.
    pub(super) fn welcomed(&self, welcome: Welcome) -> bool {
        crate::lock(&self.gate).welcome(&welcome);
        self.welcome.set(welcome).is_ok()
    }

    /// Ends the connection, or the attempt to connect.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        if let Some(outgoing) = self.outgoing.get() {
            outgoing.shut_down();
        }
    }

    pub(super) fn request(&self, input: &Input) -> i32 {
        // Under the lock until it is sent, so that the order is that of the verdicts.
        let mut gate = crate::lock(&self.gate);
        match gate.admit(input) {
            Verdict::Refuse(code) => code,
            Verdict::Deny(code) => {
                if let Some((request, request_id)) = slot(input) {
                    // A notice for those who watch the server; without it the refusal is the same.
                    self.send(|out| wire::encode(&Frame::Denied { code, request, request_id }, out));
                }
                code
            }
            Verdict::Send => {
                let sent = self.send(|out| encode_input(input, out));
                if !sent {
                    gate.unsent(input);
                }
                if sent { 0 } else { NOT_CONNECTED }
            }
        }
    }

    /// Answers a ping.
    pub(crate) fn pong(&self, number: u64) {
        // What cannot be sent ends the connection, which its thread tells.
        self.send(|out| wire::encode(&Frame::Pong { number }, out));
    }

    pub(super) fn connect_again(&self, delay: Duration, streams: Option<Streams>) {
        self.send(|out| wire::encode(&Frame::Again { delay, streams }, out));
    }

    /// Sends a frame; returns whether it did.
    pub(super) fn send(&self, encode: impl FnOnce(&mut Vec<u8>) -> Result<(), WireError>) -> bool {
        let Some(outgoing) = self.outgoing.get() else {
            return false;
        };
        let mut bytes = Vec::with_capacity(1_024);
        if let Err(cause) = encode(&mut bytes) {
            error!(%cause, "a frame is not sent; this is a bug of the simulator");
            return false;
        }
        let sent = outgoing.send(&bytes);
        if !sent && !self.is_closed() {
            warn!(front = &*self.front, "the server does not read, or is gone: nothing is sent");
        }
        sent
    }
}

fn slot(input: &Input) -> Option<(u16, i32)> {
    match input {
        Input::Trader { request, request_id, .. } => Some((*request as u16, *request_id)),
        Input::Md { request, request_id, .. } => Some((*request as u16, *request_id)),
        _ => None,
    }
}

fn encode_input(input: &Input, out: &mut Vec<u8>) -> Result<(), WireError> {
    use crate::SubscriptionChange::{Subscribe, SubscribeForQuote, Unsubscribe, UnsubscribeForQuote};
    match input {
        Input::Trader { request, request_id, record, .. } => {
            wire::encode_trader_request(*request, *request_id, record, out)
        }
        Input::Md { request, request_id, record, .. } => {
            wire::encode_md_request(*request, *request_id, record, out)
        }
        Input::Subscribe { instruments, .. } => wire::encode_subscription(Subscribe, instruments, out),
        Input::Unsubscribe { instruments, .. } => wire::encode_subscription(Unsubscribe, instruments, out),
        Input::SubscribeForQuote { instruments, .. } => {
            wire::encode_subscription(SubscribeForQuote, instruments, out)
        }
        Input::UnsubscribeForQuote { instruments, .. } => {
            wire::encode_subscription(UnsubscribeForQuote, instruments, out)
        }
        // Clients make no others.
        _ => Ok(()),
    }
}
