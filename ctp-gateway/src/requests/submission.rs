//! A request on its way through the session, and what becomes of it.

use std::sync::Arc;
use std::time::Duration;

use ctp_types::{Record, RecordBox, Request};
use tokio::sync::oneshot;

use crate::capture::recorded::{Relay, relay};
use crate::error::{Denial, Error, Rule};
use crate::requests::{RawAnswer, Sent};
use crate::td::{Instrument, Order};

/// A request as its asker wants it.
#[derive(Debug)]
pub(crate) struct Submission<R> {
    pub(crate) request: R,
    pub(crate) record: RecordBox,
    pub(crate) asker: Asker,
}

impl<R: Request> Submission<R> {
    /// Returns the request of a caller, and where the caller waits.
    pub(crate) fn of_caller(
        request: R,
        record: RecordBox,
    ) -> (Self, oneshot::Receiver<Result<Reply, Error>>) {
        let (reply, answer) = oneshot::channel();
        (Self { request, record, asker: Asker::Caller(reply) }, answer)
    }

    /// Returns a request that the session makes for itself; what it brings is found in
    /// [`Finished`](super::queue::Finished).
    pub(crate) fn of_session(request: R, record: RecordBox) -> Self {
        Self { request, record, asker: Asker::Session }
    }
}

impl<R> Submission<R> {
    /// Puts a relay between the session and the caller: see [`Relay`].
    pub(crate) fn relayed(self) -> (Self, Option<Box<dyn Relay>>) {
        let Self { request, record, asker } = self;
        let (asker, relay) = match asker {
            Asker::Caller(reply) => {
                let (reply, relay) = relay(reply);
                (Asker::Caller(reply), Some(relay))
            }
            Asker::Session => (Asker::Session, None),
        };
        (Self { request, record, asker }, relay)
    }
}

/// Who waits for a request.
#[derive(Debug)]
pub(crate) enum Asker {
    Caller(oneshot::Sender<Result<Reply, Error>>),
    Session,
}

impl Asker {
    /// Returns whether nobody waits any more.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self, Self::Caller(reply) if reply.is_closed())
    }

    /// Tells the asker; one that went away is no failure.
    pub(crate) fn tell(self, told: Result<Reply, Error>) {
        if let Self::Caller(reply) = self {
            let _ = reply.send(told);
        }
    }
}

/// What a request brought.
#[derive(Debug)]
pub(crate) enum Reply {
    /// A query's records.
    Rows(Rows),
    /// An answered request's record, `None` for NULL.
    Answer(Option<RecordBox>),
    /// A silent or pushed request was handed to the library.
    Sent {
        request_id: i32,
        /// Gets the first push about it, or the refusal.
        outcome: oneshot::Receiver<Result<RecordBox, Error>>,
    },
}

impl Reply {
    /// Returns the records of a query that are an `R`.
    pub(crate) fn rows<R: Record>(self) -> Vec<R> {
        match self {
            Self::Rows(rows) => rows.records.iter().filter_map(RecordBox::get).copied().collect(),
            Self::Answer(_) | Self::Sent { .. } => Vec::new(),
        }
    }

    /// Returns the record of an answered request if it is an `R`.
    pub(crate) fn answer<R: Record>(self) -> Option<R> {
        match self {
            Self::Answer(record) => record.and_then(|record| record.get::<R>().copied()),
            Self::Rows(_) | Self::Sent { .. } => None,
        }
    }

    /// Returns the handle of a request that was sent; `None` for one of another kind.
    pub(crate) fn sent<R>(self, request: impl Request) -> Option<Sent<R>> {
        match self {
            Self::Sent { request_id, outcome } => Some(Sent::new(request.name(), request_id, outcome)),
            Self::Rows(_) | Self::Answer(_) => None,
        }
    }

    /// Returns it as a raw request's caller gets it.
    pub(crate) fn raw(self, request: impl Request) -> RawAnswer {
        match self {
            Self::Rows(rows) => RawAnswer::Rows(rows.records),
            Self::Answer(record) => RawAnswer::Answer(record),
            Self::Sent { request_id, outcome } => {
                RawAnswer::Sent(Sent::new(request.name(), request_id, outcome))
            }
        }
    }
}

/// Checks that a raw record is the one that the request carries.
pub(crate) fn check_record(request: impl Request, record: &RecordBox) -> Result<(), Denial> {
    if std::ptr::eq(request.record(), record.descriptor()) {
        return Ok(());
    }
    let value = format!("{} with {}", request.name(), record.descriptor().name);
    Err(Denial::new(Rule::Record, value, format!("it takes {}", request.record().name)))
}

/// A query's records, as they came.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) records: Vec<RecordBox>,
    /// When the last of them was received, in nanoseconds since the Unix epoch.
    pub(crate) received_ns: i64,
    /// The trading day of the login under which they came.
    pub(crate) trading_day: ctp_types::Text<9>,
    /// The orders that the session's book made of them, for a query of orders.
    pub(crate) orders: Vec<Arc<Order>>,
    /// The typed instruments, for a query of instruments.
    pub(crate) instruments: Vec<Arc<Instrument>>,
}

/// A request to be given to the library.
#[derive(Clone, Debug)]
pub(crate) struct SendRequest<R> {
    pub(crate) request: R,
    pub(crate) record: RecordBox,
    pub(crate) request_id: i32,
}

/// A request that is over. Every request that a session took ends exactly once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended<R> {
    pub(crate) request: R,
    /// The number of the last attempt; 0 if it was never sent.
    pub(crate) request_id: i32,
    pub(crate) outcome: Outcome,
    /// From the submission to the end.
    pub(crate) waited: Duration,
    /// How long it could not be sent although the session was usable: pace, and queries before it.
    pub(crate) paced: Duration,
    /// How often it was sent.
    pub(crate) attempts: u32,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    /// Answered, or pushed.
    Confirmed,
    /// Refused by counter or exchange.
    Rejected,
    /// Refused by the gateway.
    Denied,
    /// The library did not take it, or the session ended before it was asked to.
    NotSent,
    /// Sent, and nothing tells what became of it.
    Unknown,
    /// A query that was not answered in time.
    TimedOut,
    /// A query whose caller went away.
    Dropped,
}

impl Outcome {
    /// Returns the outcome that a result stands for.
    pub(crate) fn of<T>(result: &Result<T, Error>) -> Self {
        match result {
            Ok(_) => Self::Confirmed,
            Err(Error::Rejected { .. }) => Self::Rejected,
            Err(Error::Denied(_)) => Self::Denied,
            Err(Error::Unknown { .. }) => Self::Unknown,
            Err(Error::TimedOut { .. }) => Self::TimedOut,
            Err(_) => Self::NotSent,
        }
    }
}
