//! What the machine keeps of faults and sessions.

use std::collections::{BTreeMap, VecDeque};

use ctp_sim::{ApiKind, Input, Output, Random, SessionId, SessionState, Timestamp};

use super::{FaultState, LibraryFault};
use crate::fault::classes::glob;
use crate::fault::plan::{Action, Every, Fault, Who};
use crate::wire::Refusal;

/// A fault and how far it is.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) fault: Fault,
    /// When it is in force.
    pub(super) windows: Vec<Window>,
    pub(super) chances: u64,
    pub(super) done: u64,
    /// How often of that was told to those who watch.
    pub(super) told: u64,
    /// When it was first done.
    pub(super) started: Option<Timestamp>,
    /// Deliveries held to change their order.
    pub(super) gathered: BTreeMap<SessionId, Gathered>,
}

/// A time during which a fault is in force.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// For this session alone.
    pub(super) session: Option<SessionId>,
    pub(super) from: Timestamp,
    /// `None` is until it is cleared.
    pub(super) until: Option<Timestamp>,
}

/// Deliveries that wait for others.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// Tells one gathering from the next.
    pub(super) number: u64,
    pub(super) held: Vec<Output>,
}

/// What is known of a session.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) kind: ApiKind,
    pub(super) version: (u16, u16, u16),
    /// Who logs in, as soon as a request says so.
    pub(super) user: String,
    /// Whether nobody has acted on that yet.
    pub(super) user_is_new: bool,
    pub(super) connected: bool,
    /// Nothing more goes to the client until the end of its connection was told.
    pub(super) cut: bool,
    pub(super) half_open: bool,
    /// The exchange ended the connection and the client does not know.
    pub(super) closed_unseen: bool,
    /// What waits while the connection is stalled.
    pub(super) stalled: Option<Stalled>,
    /// Connecting, and not let in.
    pub(super) waiting: Option<Input>,
    pub(super) silent: bool,
    pub(super) library: Library,
    pub(super) refusals: Vec<Refusal>,
}

/// What waits while a connection is stalled.
#[derive(Debug, Default)]
pub(super) struct Stalled {
    pub(super) outputs: VecDeque<Output>,
    pub(super) inputs: VecDeque<Input>,
}

/// What a client's library was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Library {
    pub(super) poison: bool,
    pub(super) hang: bool,
    pub(super) late: u32,
}

impl Library {
    /// Returns what must be told to come from `self` to `other`.
    pub(super) fn changes(self, other: Self) -> impl Iterator<Item = LibraryFault> {
        let poison = (self.poison != other.poison).then_some(LibraryFault::Poison(other.poison));
        let hang = (self.hang != other.hang).then_some(LibraryFault::Hang(other.hang));
        let late = (self.late != other.late).then_some(LibraryFault::LateCallbacks(other.late));
        poison.into_iter().chain(late).chain(hang)
    }
}

impl Known {
    pub(super) fn new(kind: ApiKind, version: (u16, u16, u16)) -> Self {
        Self {
            kind,
            version,
            user: String::new(),
            user_is_new: false,
            connected: false,
            cut: false,
            half_open: false,
            closed_unseen: false,
            stalled: None,
            waiting: None,
            silent: false,
            library: Library::default(),
            refusals: Vec::new(),
        }
    }

    pub(super) fn of(state: &SessionState) -> Self {
        let mut known = Self::new(state.kind, state.api_version);
        known.connected = state.connected;
        known.user = state.login.as_ref().map(|login| login.user.clone()).unwrap_or_default();
        known
    }

    /// Forgets what ends with a connection.
    pub(super) fn end_connection(&mut self) {
        self.connected = false;
        self.cut = false;
        self.half_open = false;
        self.closed_unseen = false;
        self.silent = false;
        self.user.clear();
    }
}

impl Who {
    /// Returns whether a session is meant.
    pub(super) fn includes(&self, session: SessionId, known: &Known) -> bool {
        (self.sessions.is_empty() || self.sessions.contains(&session))
            && self.api.is_none_or(|api| api == known.kind)
            && (self.versions.is_empty() || self.versions.contains(&known.version))
            && (self.investors.is_empty() || self.investors.iter().any(|wanted| glob(wanted, &known.user)))
    }
}

impl Stage {
    pub(super) fn new(fault: Fault) -> Self {
        Self {
            fault,
            windows: Vec::new(),
            chances: 0,
            done: 0,
            told: 0,
            started: None,
            gathered: BTreeMap::new(),
        }
    }

    /// Counts a chance and returns whether the fault takes it.
    pub(super) fn takes(&mut self, random: &mut Random) -> bool {
        let when = &self.fault.when;
        self.chances += 1;
        if when.count.is_some_and(|count| self.done >= count) || self.chances <= when.skip {
            return false;
        }
        if let Every::Chances(every) = when.every
            && !(self.chances - when.skip - 1).is_multiple_of(every.max(1))
        {
            return false;
        }
        if let Some(probability) = when.probability
            && !happens(random, probability)
        {
            return false;
        }
        self.done += 1;
        true
    }

    /// Returns whether the fault is in force for a session.
    pub(super) fn in_force(&self, now: Timestamp, session: SessionId, known: &Known) -> bool {
        self.windows.iter().any(|window| window.holds(now) && window.session.is_none_or(|own| own == session))
            && self.fault.who.includes(session, known)
    }

    pub(super) fn state(&self, now: Timestamp) -> FaultState {
        let waits = self.fault.when.on.is_some() || self.fault.what_is_open();
        let left = self.fault.when.count.is_none_or(|count| self.done < count);
        let active = self.windows.iter().any(|window| window.holds(now)) && (!waits || left)
            || self.fault.when.on.is_some() && left;
        FaultState { text: self.fault.text.clone(), active, chances: self.chances, done: self.done }
    }
}

impl Fault {
    /// Returns whether the fault is done to single callbacks or requests.
    fn what_is_open(&self) -> bool {
        self.is_delivery() || self.is_request()
    }

    pub(super) fn is_delivery(&self) -> bool {
        matches!(
            self.action,
            Action::Drop
                | Action::Duplicate { .. }
                | Action::Delay { .. }
                | Action::Reorder { .. }
                | Action::CutText { .. }
                | Action::NullRecord
                | Action::NullInfo
                | Action::LoseLast
                | Action::RequestId { .. }
                | Action::Error { .. }
                | Action::Garble { .. }
                | Action::Set { .. }
        )
    }

    pub(super) fn is_request(&self) -> bool {
        matches!(
            self.action,
            Action::ReturnCode { .. }
                | Action::LoseRequest
                | Action::DelayRequest { .. }
                | Action::Refuse { .. }
        )
    }
}

impl Window {
    pub(super) fn holds(&self, now: Timestamp) -> bool {
        self.from <= now && self.until.is_none_or(|until| now < until)
    }
}

/// Returns true with a probability.
pub(super) fn happens(random: &mut Random, probability: f64) -> bool {
    // 53 bits are what a double has.
    ((random.bits() >> 11) as f64) < probability * (1u64 << 53) as f64
}
