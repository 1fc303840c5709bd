//! The protocol between a client and a served exchange: `docs/sim-protocol.md` describes every byte.
//!
//! A frame is the length of its body (`u32`, little-endian), the body's first byte, which is its kind, and the rest. The
//! length is checked, and the kind with it, before anything is kept for the body; numbers of things inside a body are
//! checked against the bytes that are there. [`Decoder`] takes bytes as they come, from anybody; [`encode`] appends a
//! frame to what goes out.
//!
//! A client says [`Frame::Hello`]; the server answers [`Frame::Welcome`] and connects the session, or
//! [`Frame::Refused`] and closes. After [`Delivery::Close`] the TCP connection stays: the client delivers
//! `OnFrontDisconnected` and says [`Frame::Again`], upon which the server connects the session again after so much of the
//! *exchange's* time. The server's [`Frame::Ping`] is answered by the thread that calls the client, when everything before
//! it has returned.
//!
//! What a server owes its clients:
//! - a [`Frame::Ping`] at least every 15 s of the machine's time, also while nothing happens: a client that hears nothing
//!   for 61 s warns, and gives the connection up after 121 s (§2.2); and one for every barrier;
//! - requests go to the exchange without asking `admit` again: −1, −2 and −3 are the client's own doing. What the exchange
//!   then knows of queries in flight is told *before* the callbacks of the same turn, by [`Frame::Admission`];
//! - [`Frame::Refused`] with the reason, then the end of the connection, for whatever it cannot read.

mod body;
mod decode;
mod encode;
mod greeting;
mod layout;

use std::fmt;
use std::time::Duration;

use ctp_sim::Delivery;
use ctp_types::{MdRequest, RecordBox, Text, TraderRequest};

use crate::SubscriptionChange;
use crate::fault::LibraryFault;

pub use decode::Decoder;
pub use encode::{
    encode, encode_answer, encode_delivery, encode_md_request, encode_subscription, encode_trader_request,
};
pub use greeting::{Count, Hello, Limits, Reason, Refused, Role, Streams, Token, Welcome};
pub use layout::layout_digest;

/// The version of the protocol. Server and client must have the same.
pub const PROTOCOL_VERSION: u16 = 1;

/// The first bytes of a [`Hello`].
pub const MAGIC: [u8; 6] = *b"CTPSIM";

/// The longest body, in bytes; most kinds have less.
pub const BODY_LENGTH_MAX: usize = 1 << 20;

/// The longest text of one [`Frame::Answer`]; [`encode_answer`] makes several of a longer one.
pub const ANSWER_PART_MAX: usize = 512 << 10;

/// The most instrument ids of one [`Frame::Subscription`]; [`encode_subscription`] makes several frames of more.
pub const SUBSCRIPTION_IDS_MAX: usize = 10_000;

/// What is sent.
#[derive(Clone, Debug)]
pub enum Frame {
    /// The first frame of a client: who it is.
    Hello(Hello),
    /// A request of a trader client.
    TraderRequest {
        /// The method called.
        request: TraderRequest,
        /// `nRequestID`.
        request_id: i32,
        /// Its record, of the current model.
        record: RecordBox,
    },
    /// A request of a market-data client.
    MdRequest {
        /// The method called.
        request: MdRequest,
        /// `nRequestID`.
        request_id: i32,
        /// Its record, of the current model.
        record: RecordBox,
    },
    /// A change of a market-data subscription.
    Subscription {
        /// Which, and how.
        change: SubscriptionChange,
        /// The ids as given.
        instruments: Vec<Text<81>>,
    },
    /// After a [`Delivery::Close`]: connect the session again.
    Again {
        /// After how much of the exchange's time.
        delay: Duration,
        /// What a trader client wants of its streams, and has of them.
        streams: Option<Streams>,
    },
    /// Everything before the ping of that number has returned.
    Pong {
        /// The ping's number.
        number: u64,
    },
    /// An operation of the control interface, in JSON.
    Control(String),
    /// A request was refused to its caller by a [`Refusal`], and is not sent.
    Denied {
        /// What the call returned.
        code: i32,
        /// The slot of the request.
        request: u16,
        /// `nRequestID`.
        request_id: i32,
    },
    /// The client is taken: the session connects.
    Welcome(Welcome),
    /// The client is not taken; the server closes.
    Refused(Refused),
    /// What the client receives: a callback, a burst of ticks, or the end of the session's connection.
    Delivery(Delivery),
    /// What the client refuses to its caller by itself. It replaces what an earlier one said.
    Admission(Admission),
    /// A fault in the client's library, in its place between the deliveries.
    Library(LibraryFault),
    /// To be answered by [`Frame::Pong`] when everything before has returned.
    Ping {
        /// Its number.
        number: u64,
        /// The exchange's time, in nanoseconds since the Unix epoch.
        now: i64,
    },
    /// A part of the answer to a [`Frame::Control`], in JSON.
    Answer {
        /// The part.
        text: String,
        /// Whether another part follows.
        more: bool,
    },
}

/// What a client's library refuses by itself, without asking the front (§3.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admission {
    /// How many of the session's queries have ended, whatever became of their answers. A client with as many sent has
    /// none in flight. Counts from the session's last connect.
    pub queries_done: u32,
    /// The front's limits.
    pub limits: Limits,
    /// Refusals that somebody injected, asked in this order; the first that matches decides. `None` leaves those of
    /// before as they are, with how often each refused.
    pub refusals: Option<Vec<Refusal>>,
}

/// An injected refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What the call returns: −1, −2 or −3.
    pub code: i32,
    /// The slots of the requests that it is for; empty is all, subscriptions too.
    pub requests: Vec<u16>,
    /// How many of them it lets through first.
    pub skip: u32,
    /// How many it refuses then; `u32::MAX` is all.
    pub count: u32,
}

/// Why bytes are no frame, or a frame is not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// The body is longer than its kind may be, or empty.
    #[error("a frame says that its body has {length} bytes, where {limit} are the most (and one the least)")]
    Length {
        /// What the frame says.
        length: usize,
        /// What is taken.
        limit: usize,
    },
    /// There is no such kind.
    #[error("a frame is of kind {0:#04x}, which is none of protocol version {PROTOCOL_VERSION}")]
    Kind(u8),
    /// The first bytes are not those of this protocol.
    #[error("this is no client of the simulator: its first frame does not begin with CTPSIM")]
    Magic,
    /// The other side speaks another version.
    #[error(
        "the other side speaks version {theirs} of the protocol, this one version {PROTOCOL_VERSION}: use the \
         simulator's libraries and server of one release"
    )]
    Version {
        /// What it speaks.
        theirs: u16,
    },
    /// A body is shorter or longer than what it tells, or a value in it cannot be.
    #[error("a frame {kind} cannot be read: {problem}")]
    Body {
        /// The name of its kind.
        kind: &'static str,
        /// What is wrong.
        problem: &'static str,
    },
    /// A frame would be longer than its kind may be.
    #[error("a frame {kind} of {length} bytes is not sent: {limit} are the most")]
    TooLong {
        /// The name of its kind.
        kind: &'static str,
        /// How long it would be.
        length: usize,
        /// How long it may be.
        limit: usize,
    },
}

/// The first byte of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    Hello = 0x01,
    TraderRequest = 0x02,
    MdRequest = 0x03,
    Subscription = 0x04,
    Again = 0x05,
    Pong = 0x06,
    Control = 0x07,
    Denied = 0x08,
    Welcome = 0x81,
    Refused = 0x82,
    TraderCallback = 0x83,
    MdCallback = 0x84,
    Burst = 0x85,
    Close = 0x86,
    Admission = 0x87,
    Ping = 0x88,
    Answer = 0x89,
    Library = 0x8a,
}

impl Kind {
    const ALL: [Self; 18] = [
        Self::Hello,
        Self::TraderRequest,
        Self::MdRequest,
        Self::Subscription,
        Self::Again,
        Self::Pong,
        Self::Control,
        Self::Denied,
        Self::Welcome,
        Self::Refused,
        Self::TraderCallback,
        Self::MdCallback,
        Self::Burst,
        Self::Close,
        Self::Admission,
        Self::Ping,
        Self::Answer,
        Self::Library,
    ];

    fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == byte)
    }

    /// The most bytes of a body, its kind included.
    fn limit(self) -> usize {
        match self {
            Self::Pong | Self::Close | Self::Ping | Self::Denied | Self::Again | Self::Library => 64,
            Self::Hello | Self::Welcome => 1 << 10,
            Self::Refused => 4 << 10,
            Self::TraderRequest | Self::MdRequest | Self::TraderCallback | Self::MdCallback | Self::Burst => {
                16 << 10
            }
            Self::Admission => 64 << 10,
            Self::Subscription | Self::Control | Self::Answer => BODY_LENGTH_MAX,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Hello => "Hello",
            Self::TraderRequest => "TraderRequest",
            Self::MdRequest => "MdRequest",
            Self::Subscription => "Subscription",
            Self::Again => "Again",
            Self::Pong => "Pong",
            Self::Control => "Control",
            Self::Denied => "Denied",
            Self::Welcome => "Welcome",
            Self::Refused => "Refused",
            Self::TraderCallback => "TraderCallback",
            Self::MdCallback => "MdCallback",
            Self::Burst => "Burst",
            Self::Close => "Close",
            Self::Admission => "Admission",
            Self::Ping => "Ping",
            Self::Answer => "Answer",
            Self::Library => "Library",
        }
    }
}

impl Frame {
    /// Returns the name of its kind, as `docs/sim-protocol.md` has it.
    pub fn name(&self) -> &'static str {
        self.kind().name()
    }

    /// Returns whether clients send it; the others come from servers.
    pub fn is_of_client(&self) -> bool {
        (self.kind() as u8) < 0x80
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Hello(_) => Kind::Hello,
            Self::TraderRequest { .. } => Kind::TraderRequest,
            Self::MdRequest { .. } => Kind::MdRequest,
            Self::Subscription { .. } => Kind::Subscription,
            Self::Again { .. } => Kind::Again,
            Self::Pong { .. } => Kind::Pong,
            Self::Control(_) => Kind::Control,
            Self::Denied { .. } => Kind::Denied,
            Self::Welcome(_) => Kind::Welcome,
            Self::Refused(_) => Kind::Refused,
            Self::Delivery(Delivery::Trader { .. }) => Kind::TraderCallback,
            Self::Delivery(Delivery::Md { .. }) => Kind::MdCallback,
            Self::Delivery(Delivery::Burst { .. }) => Kind::Burst,
            Self::Delivery(Delivery::Close { .. }) => Kind::Close,
            Self::Admission(_) => Kind::Admission,
            Self::Library(_) => Kind::Library,
            Self::Ping { .. } => Kind::Ping,
            Self::Answer { .. } => Kind::Answer,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod page;
#[cfg(test)]
mod tests;
