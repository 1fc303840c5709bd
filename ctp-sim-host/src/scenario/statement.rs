//! What a scenario file says, as read.

use std::time::Duration;

use ctp_sim::{ApiKind, Timestamp};
use ctp_types::{MdCallback, MdRequest, RecordDescriptor, ResumeType, TraderCallback, TraderRequest};

use super::value::Template;
use super::words::Operator;
use crate::SubscriptionChange;

/// A scenario file, read and checked.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The file as it was named.
    pub file: String,
    /// The sections of the CTP behaviour notes that it tests.
    pub sections: Vec<String>,
    /// The words of the notes that it tests.
    pub quotes: Vec<String>,
    /// The library versions that it runs against.
    pub versions: Versions,
    /// When its exchange starts.
    pub start: Timestamp,
    /// How long time passes after each request and command. Default 100 ms.
    pub settle: Duration,
    pub(crate) config: Vec<(String, Template)>,
    /// Files of fault plans, beside the scenario's own.
    pub(crate) faults: Vec<Template>,
    pub(crate) rows: Vec<Row>,
    pub(crate) lines: Vec<Line>,
}

impl Scenario {
    /// Returns how often the file runs against one version.
    pub fn row_count(&self) -> usize {
        self.rows.len()
    }

    /// Returns whether it has fault plans of its own.
    pub fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    /// Returns the scenario without its fault plans: what it waits for must then not come.
    #[must_use]
    pub fn without_faults(mut self) -> Self {
        self.faults.clear();
        self
    }
}

/// Which versions a scenario runs against; empty is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions(pub(crate) Vec<(Operator, (u16, u16, u16))>);

impl Versions {
    /// Returns whether a version is among them.
    pub fn allow(&self, version: (u16, u16, u16)) -> bool {
        let holds = |&(operator, bound): &(Operator, (u16, u16, u16))| match operator {
            Operator::Equal | Operator::Contains => version == bound,
            Operator::NotEqual => version != bound,
            Operator::Less => version < bound,
            Operator::AtMost => version <= bound,
            Operator::More => version > bound,
            Operator::AtLeast => version >= bound,
        };
        // Single versions are alternatives; bounds hold together.
        let (single, bounds): (Vec<_>, Vec<_>) =
            self.0.iter().partition(|(operator, _)| *operator == Operator::Equal);
        (single.is_empty() || single.into_iter().any(&holds)) && bounds.into_iter().all(&holds)
    }
}

/// One row of `with:`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row(pub(crate) Vec<(String, String)>);

/// A statement and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) number: usize,
    /// As written, without comment.
    pub(crate) text: String,
    pub(crate) statement: Statement,
}

#[derive(Clone, Debug)]
pub(crate) enum Statement {
    /// `trader NAME …`, `md NAME …`
    Open(Open),
    /// `NAME > …`
    Send(Send),
    /// `NAME < …`, `NAME << …`
    Expect(Expect),
    /// `NAME < nothing`
    Nothing { client: String },
    /// `NAME < ...`, or `...` for every client
    Skip { client: Option<String> },
    /// `NAME release`
    Release { client: String },
    /// `NAME reconnects`
    Reconnects { client: String },
    /// `sim > advance DURATION`
    Advance(Template),
    /// `sim > until TIME`
    Until(Template),
    /// `sim > COMMAND …`
    Command { words: Vec<(Option<String>, Template)>, at_once: bool },
    /// `let NAME = VALUE`
    Let { name: String, value: Template },
}

/// A new API object.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    pub(crate) client: String,
    pub(crate) kind: ApiKind,
    pub(crate) investor: Template,
    pub(crate) private: (ResumeType, i32),
    pub(crate) public: ResumeType,
    pub(crate) until: Stage,
    pub(crate) password: Option<Template>,
    pub(crate) authenticates: bool,
    pub(crate) confirms: bool,
    /// Clients with the same flow share their flow files one after the other.
    pub(crate) flow: Option<String>,
}

/// How far a new API object goes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Created and initialised.
    Started,
    /// Connected.
    Connected,
    /// Logged in, a trader confirmed.
    LoggedIn,
}

/// What a client calls.
#[derive(Clone, Debug)]
pub(crate) struct Send {
    pub(crate) client: String,
    pub(crate) call: Call,
    /// The order whose record it starts from.
    pub(crate) like: Option<String>,
    pub(crate) fields: Vec<(String, Template)>,
    /// `nRequestID`, if it is not the client's next.
    pub(crate) number: Option<Template>,
    /// What it must return.
    pub(crate) code: i32,
    pub(crate) bind: Option<String>,
    /// No time passes after it.
    pub(crate) at_once: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Call {
    /// Any request.
    Request(Request),
    /// `order …`: the fields hold what the sugar says.
    Order,
    /// `cancel a`
    Cancel { order: String, by_ref: bool },
    /// `SubscribeMarketData` and its like
    Subscription(SubscriptionChange, Vec<Template>),
}

/// A request of one of the two APIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Of `CThostFtdcTraderApi`.
    Trader(TraderRequest),
    /// Of `CThostFtdcMdApi`.
    Md(MdRequest),
}

impl Request {
    /// Returns the C name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trader(request) => request.name(),
            Self::Md(request) => request.name(),
        }
    }

    /// Returns the record that the request carries.
    pub fn record(self) -> &'static RecordDescriptor {
        match self {
            Self::Trader(request) => request.record(),
            Self::Md(request) => request.record(),
        }
    }

    pub(crate) fn named(kind: ApiKind, name: &str) -> Option<Self> {
        match kind {
            ApiKind::Trader => {
                TraderRequest::ALL.iter().find(|request| request.name() == name).copied().map(Self::Trader)
            }
            ApiKind::Md => {
                MdRequest::ALL.iter().find(|request| request.name() == name).copied().map(Self::Md)
            }
        }
    }
}

/// Returns the callback of a name with its record.
pub(crate) fn callback(
    kind: ApiKind,
    name: &str,
) -> Option<(&'static str, Option<&'static RecordDescriptor>)> {
    match kind {
        ApiKind::Trader => {
            let found = TraderCallback::ALL.iter().find(|callback| callback.name() == name);
            found.map(|callback| (callback.name(), callback.record()))
        }
        ApiKind::Md => {
            let found = MdCallback::ALL.iter().find(|callback| callback.name() == name);
            found.map(|callback| (callback.name(), callback.record()))
        }
    }
}

/// A callback that must come.
#[derive(Clone, Debug)]
pub(crate) struct Expect {
    pub(crate) client: String,
    /// Others before it are skipped.
    pub(crate) skips: bool,
    pub(crate) callback: &'static str,
    /// How many must match; and whether more may.
    pub(crate) count: (usize, bool),
    pub(crate) checks: Vec<Check>,
    /// The order that it must be about.
    pub(crate) of: Option<String>,
    pub(crate) bind: Option<String>,
}

/// One thing that must hold of a callback.
#[derive(Clone, Debug)]
pub(crate) enum Check {
    /// A field of the record.
    Field { name: String, operator: Operator, value: Template },
    /// `ErrorID`
    Error { operator: Operator, value: Template },
    /// `ErrorMsg`
    Message { operator: Operator, value: Template },
    /// `nRequestID`, `nReason` and their like.
    Number { name: &'static str, operator: Operator, value: Template },
    /// Whether the record is NULL.
    Null,
    /// `bIsLast`
    Last(bool),
}
