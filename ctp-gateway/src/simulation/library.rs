//! One API object as the vendor's library is: it connects, reconnects by itself, and tells of both.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use ctp_sim::{ApiKind, Received, SessionId};

use super::clock::At;

/// Which of the two sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Md,
    Td,
}

impl Side {
    pub(super) const BOTH: [Self; 2] = [Self::Md, Self::Td];

    pub(super) fn kind(self) -> ApiKind {
        match self {
            Self::Md => ApiKind::Md,
            Self::Td => ApiKind::Trader,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Md => "md",
            Self::Td => "td",
        })
    }
}

/// What flows behind each other on a connection: answers, rows of queries, pushes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Channel {
    Dialog,
    Query,
    Push,
}

#[derive(Debug)]
pub(super) struct Library {
    /// The number of the API object; a fresh object has another.
    pub(super) object: u64,
    /// The number of the connection, from 1.
    pub(super) connection: u32,
    /// Whether there is a connection.
    pub(super) is_linked: bool,
    /// Whether `OnFrontConnected` came on it, so that requests are taken.
    pub(super) is_connected: bool,
    /// Whether it was released.
    pub(super) is_closed: bool,
    /// The connection that the exchange believes in.
    pub(super) exchange_connection: Option<u32>,
    /// Whether nothing passes any more, though neither end has noticed.
    pub(super) is_half_open: bool,
    /// Nobody listens until then.
    pub(super) front_down_until: At,
    /// How often the link still breaks right after a connection.
    pub(super) flaps_left: u32,
    /// No request is taken until then.
    pub(super) refuses_until: At,
    /// The codes that the next logins are refused with.
    pub(super) login_refusals: VecDeque<i32>,
    /// Requests whose remaining answers are lost.
    pub(super) lost: BTreeSet<i32>,
    /// The earliest time of the next message, so that none overtakes another.
    pub(super) last_down: BTreeMap<Channel, At>,
    pub(super) last_up: At,
    pub(super) last_report: At,
    /// How far the streams are, as the flow files say; they outlive the API object and its process.
    pub(super) received: Received,
}

impl Library {
    pub(super) fn new(side: Side) -> Self {
        Self {
            object: match side {
                Side::Md => 1,
                Side::Td => 2,
            },
            connection: 0,
            is_linked: false,
            is_connected: false,
            is_closed: false,
            exchange_connection: None,
            is_half_open: false,
            front_down_until: At::default(),
            flaps_left: 0,
            refuses_until: At::default(),
            login_refusals: VecDeque::new(),
            lost: BTreeSet::new(),
            last_down: BTreeMap::new(),
            last_up: At::default(),
            last_report: At::default(),
            received: Received::default(),
        }
    }

    /// Throws the API object away and makes a new one.
    pub(super) fn replace(&mut self) {
        self.object += Side::BOTH.len() as u64;
        self.is_linked = false;
        self.is_connected = false;
        self.exchange_connection = None;
        self.is_half_open = false;
        self.lost.clear();
    }

    pub(super) fn session(&self) -> SessionId {
        SessionId(self.object)
    }

    /// Begins a connection.
    pub(super) fn connect(&mut self) {
        self.connection += 1;
        self.is_linked = true;
        self.is_connected = false;
        self.is_half_open = false;
        self.exchange_connection = Some(self.connection);
        self.lost.clear();
    }

    /// Returns when a message sent now arrives, behind all before it on its channel.
    pub(super) fn arrival(&mut self, channel: Channel, at: At) -> At {
        let last = self.last_down.entry(channel).or_default();
        *last = at.max(*last);
        *last
    }

    /// Returns when the end of the connection arrives: behind everything.
    pub(super) fn arrival_of_end(&self, at: At) -> At {
        self.last_down.values().copied().fold(at, At::max)
    }
}
