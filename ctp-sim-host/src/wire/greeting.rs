//! What client and server tell each other at first.

use std::fmt;

use ctp_sim::{ApiKind, Received};
use ctp_types::ResumeType;

/// What a client says first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// What it wants to be.
    pub role: Role,
    /// The version of the library that it stands for, for example `(6, 7, 13)`.
    pub api_version: (u16, u16, u16),
    /// [`layout_digest`](super::layout_digest) of its records.
    pub layout: u64,
    /// Its process id.
    pub process: u32,
    /// The name of its program, for people.
    pub program: String,
    /// What lets it in where the server wants one.
    pub token: Token,
    /// What a trader client wants of its streams, and has of them.
    pub streams: Option<Streams>,
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Role {
    /// A market-data instance.
    Md = 1,
    /// A trader instance.
    Trader = 2,
    /// The control interface: [`Frame::Control`](super::Frame::Control) and its answers.
    Control = 3,
}

/// A word that lets a client in. Never shown.
#[derive(Clone, Default)]
pub struct Token(pub(super) String);

/// What a trader client wants of its streams at login, and what its flow files say it has (§1.4, §1.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streams {
    /// The private stream: own orders and trades.
    pub private: ResumeType,
    /// The public stream: instrument status.
    pub public: ResumeType,
    /// The first private message wanted, with [`ResumeType::FromSeqNo`].
    pub sequence: i32,
    /// The trading day of the last login, `yyyymmdd`; 0 before the first.
    pub trading_day: u32,
    /// The last private message received.
    pub private_count: Count,
    /// The last public message received.
    pub public_count: Count,
}

/// How far a client has a stream, and of which run of an exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// The run: [`Welcome::phase`].
    pub phase: u16,
    /// The number of the last message.
    pub number: u32,
}

/// What a server answers to a client that it takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Welcome {
    /// The number of the client's session on the exchange; 0 for [`Role::Control`].
    pub session: u64,
    /// Tells one run of an exchange from another, for flow files; never 0.
    pub phase: u16,
    /// The exchange's time, in nanoseconds since the Unix epoch.
    pub now: i64,
    /// The exchange's seconds in one of the machine's; 0 where its time does not follow the machine's.
    pub speed: f64,
    /// The front's limits.
    pub limits: Limits,
    /// The exchange's name.
    pub exchange: String,
}

/// How much a client's library lets through, and what it tells about its front.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Queries that the library itself lets through in a second of the exchange's clock; more get −3. 0 is no limit.
    pub api_queries_per_second: u32,
    /// `QryFreq` of `GetFrontInfo`, after login.
    pub qry_freq: i32,
    /// `FTDPkgFreq` of `GetFrontInfo`, after login.
    pub ftd_pkg_freq: i32,
}

/// What a server answers to a client that it does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub reason: Reason,
    /// Why, for people, with what to do.
    pub text: String,
}

/// Why a client is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Reason {
    /// It is no client of the simulator, or sent a frame that cannot be.
    Protocol = 1,
    /// It speaks another version of the protocol.
    Version = 2,
    /// Its records are laid out otherwise.
    Layout = 3,
    /// Its role is not served on this port.
    Role = 4,
    /// It has no token, or a wrong one.
    Token = 5,
    /// There are too many clients, or the server is ending.
    Busy = 6,
}

impl Role {
    /// Returns which API it is; `None` for control.
    pub fn kind(self) -> Option<ApiKind> {
        match self {
            Self::Md => Some(ApiKind::Md),
            Self::Trader => Some(ApiKind::Trader),
            Self::Control => None,
        }
    }

    pub(super) fn from_byte(byte: u8) -> Option<Self> {
        [Self::Md, Self::Trader, Self::Control].into_iter().find(|role| *role as u8 == byte)
    }
}

impl From<ApiKind> for Role {
    fn from(kind: ApiKind) -> Self {
        match kind {
            ApiKind::Md => Self::Md,
            ApiKind::Trader => Self::Trader,
        }
    }
}

impl Reason {
    pub(super) fn from_byte(byte: u8) -> Option<Self> {
        [Self::Protocol, Self::Version, Self::Layout, Self::Role, Self::Token, Self::Busy]
            .into_iter()
            .find(|reason| *reason as u8 == byte)
    }
}

impl Streams {
    /// Returns what the client has, for an exchange's run: counts of another run are not continued.
    pub fn received(&self, phase: u16) -> Received {
        let of_this = |count: Count| if count.phase == phase { count.number } else { 0 };
        Received {
            trading_day: self.trading_day,
            private: of_this(self.private_count),
            public: of_this(self.public_count),
        }
    }
}

impl Token {
    /// The longest token, in bytes.
    pub const LENGTH_MAX: usize = 256;

    /// Takes a token; `None` when it is longer than [`LENGTH_MAX`](Self::LENGTH_MAX).
    pub fn new(text: impl Into<String>) -> Option<Self> {
        Some(text.into()).filter(|text| text.len() <= Self::LENGTH_MAX).map(Self)
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether two tokens are equal, in a time that does not tell where they differ.
    pub fn matches(&self, other: &Self) -> bool {
        let (one, two) = (self.0.as_bytes(), other.0.as_bytes());
        one.len() == two.len() && one.iter().zip(two).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        self.matches(other)
    }
}

impl Eq for Token {}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "<none>" } else { "<secret>" })
    }
}
