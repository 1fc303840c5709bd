//! What a plan says, as read.

use std::time::Duration;

use ctp_sim::{ApiKind, SessionId, Timestamp};

use super::classes::Classes;

/// Faults that belong together: read from a file, drawn from a seed, or added by hand.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultPlan {
    /// Its name; the file's without its ending when it says none.
    pub name: String,
    /// The rows of the catalogue of faults that it makes, such as `F47`.
    pub rows: Vec<String>,
    /// Where its chance begins; that of the exchange when it says none.
    pub seed: Option<u64>,
    /// The faults, in their order: of several that meet one callback each is done to what the one before left.
    pub faults: Vec<Fault>,
}

/// One fault.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// What is done.
    pub action: Action,
    /// To which callbacks or requests; empty where the kind has no `what`.
    pub what: Classes,
    /// Fields of the record that must be so, by C name, with a glob each.
    pub fields: Vec<(String, String)>,
    /// To whom.
    pub who: Who,
    /// When and how often.
    pub when: When,
    /// The fault in one line, for people: `drop what=OnRtnTrade count=2`.
    pub text: String,
}

/// Whom a fault is for: everybody, where nothing is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Who {
    /// One of these users or investors, as globs.
    pub investors: Vec<String>,
    /// The API.
    pub api: Option<ApiKind>,
    /// One of these sessions.
    pub sessions: Vec<SessionId>,
    /// One of these library versions.
    pub versions: Vec<(u16, u16, u16)>,
}

/// When a fault is in force, and which of its chances it takes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct When {
    /// From this time on.
    pub at: Option<At>,
    /// So long after that, or after `on`.
    pub after_that: Duration,
    /// From one of these callbacks or requests on; a fault of a session then is for that session alone.
    pub on: Option<Classes>,
    /// For so long; without, until it is cleared.
    pub lasts: Option<Duration>,
    /// The first so many chances are left out.
    pub skip: u64,
    /// Every so many chances, the first of them included.
    pub every: Every,
    /// How likely it is at each chance.
    pub probability: Option<f64>,
    /// How often at most.
    pub count: Option<u64>,
}

/// A moment of the exchange's time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// A date and time.
    Moment(Timestamp),
    /// The next time of day, `HH:MM:SS`.
    TimeOfDay(String),
}

/// What comes again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Every {
    /// Each chance.
    #[default]
    Chance,
    /// One chance of so many.
    Chances(u64),
    /// Time and again.
    Period(Duration),
}

/// A duration, or a range to draw one from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The shortest.
    pub low: Duration,
    /// The longest; the same where there is no chance in it.
    pub high: Duration,
}

/// What garbled fields hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Garbage {
    /// Whatever the seed gives, within the field's kind.
    Random,
    /// `DBL_MAX` in doubles; other fields stay.
    DblMax,
    /// Not a number in doubles; other fields stay.
    Nan,
    /// Zero bytes.
    Zero,
}

/// What a fault does.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// The callback never comes.
    Drop,
    /// The callback comes again, at once.
    Duplicate {
        /// How many more times.
        times: u32,
    },
    /// The callback comes later; others pass it.
    Delay {
        /// By how much.
        by: Span,
    },
    /// Callbacks come in another order.
    Reorder {
        /// How many are gathered and then given backwards.
        window: usize,
        /// Held until one of these has gone, instead.
        behind: Option<Classes>,
        /// Held at most so long.
        by: Duration,
    },
    /// Text is cut in the middle of a Chinese character.
    CutText {
        /// Which fields, as globs; every text where it is empty.
        fields: Vec<String>,
    },
    /// The record is NULL.
    NullRecord,
    /// `pRspInfo` is NULL.
    NullInfo,
    /// `bIsLast` is false.
    LoseLast,
    /// `nRequestID` is another.
    RequestId {
        /// The number; one from the seed otherwise.
        number: Option<i32>,
    },
    /// `pRspInfo` tells an error.
    Error {
        /// `ErrorID`.
        error: i32,
        /// `ErrorMsg`.
        text: String,
    },
    /// Fields hold garbage.
    Garble {
        /// Which fields, as globs; all where it is empty.
        fields: Vec<String>,
        /// What they hold.
        with: Garbage,
    },
    /// Fields hold what the plan says.
    Set {
        /// C names with values as scenarios write them.
        fields: Vec<(String, String)>,
    },
    /// The connection ends.
    Disconnect {
        /// `nReason`.
        reason: i32,
    },
    /// Nobody gets a connection.
    RefuseConnect,
    /// The front falls silent; the library warns after 61 s and disconnects after 121 s.
    Silence,
    /// Nothing comes and nothing arrives, and the library does not notice.
    HalfOpen,
    /// Nothing comes and nothing arrives until it is over; then everything does.
    Stall,
    /// The private stream of the whole day is pushed again.
    Replay {
        /// How many times.
        times: u32,
    },
    /// A request is not sent and returns at once.
    ReturnCode {
        /// −1, −2 or −3.
        code: i32,
    },
    /// A request is taken and never seen by the exchange.
    LoseRequest,
    /// A request reaches the exchange later.
    DelayRequest {
        /// By how much.
        by: Span,
    },
    /// A request is answered by an error, and has no effect unless it passes.
    Refuse {
        /// `ErrorID`.
        error: i32,
        /// `ErrorMsg`.
        text: String,
        /// The callbacks that say so, by C name; the request's own answer where it is empty.
        via: Vec<&'static str>,
        /// Whether the request goes on all the same.
        passes: bool,
    },
    /// The server restarts: every connection ends.
    Restart {
        /// Whether the flow is cleared.
        clear_flow: bool,
        /// How long nobody gets a connection.
        down: Duration,
    },
    /// The exchange's clock jumps; back means that its time stands still for so long.
    ClockJump {
        /// In nanoseconds; negative is back.
        by: i64,
    },
    /// The store cannot be written: nothing new is taken.
    DiskFull,
    /// A command of the exchange is given.
    Command {
        /// As scenarios write it.
        line: String,
        /// Another when it is over.
        undo: Option<String>,
    },
    /// Records are overwritten after each callback.
    Poison,
    /// The library ends the client's process (only where the client allows it).
    Abort,
    /// The library's thread stands still.
    Hang,
    /// Callbacks come while `Release` runs.
    LateCallbacks,
}

impl Span {
    /// Returns the span that is always this long.
    pub fn exactly(duration: Duration) -> Self {
        Self { low: duration, high: duration }
    }
}
