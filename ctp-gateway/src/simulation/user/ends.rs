//! How requests ended: what a caller is told, and whether it can be true.

use std::sync::Arc;

use ctp_types::RecordBox;
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

use super::super::listing::Listing;
use super::Reply;
use crate::error::{Error, SendRefusal};
use crate::requests::submission::Reply as Brought;
use crate::td::orders::Placed;
use crate::td::{Order, OrderId};

/// The end of a request.
#[derive(Debug)]
pub(super) struct End {
    /// In words.
    pub(super) what: String,
    /// What it counts as.
    pub(super) tally: &'static str,
    /// Whether the caller was told that nothing left.
    pub(super) is_not_sent: bool,
    /// The order that was placed.
    pub(super) placed: Option<(OrderId, Placed)>,
    /// Where it is told what becomes of a request that the library took.
    pub(super) outcome: Option<oneshot::Receiver<Result<RecordBox, Error>>>,
}

impl End {
    fn new(tally: &'static str, what: impl Into<String>) -> Self {
        Self { what: what.into(), tally, is_not_sent: false, placed: None, outcome: None }
    }

    fn wrong(tallies: [&'static str; 5], error: &Error) -> Self {
        let [not_sent, rejected, timed_out, unknown, other] = tallies;
        let tally = match error {
            Error::NotSent { .. } => not_sent,
            Error::Rejected { .. } => rejected,
            Error::TimedOut { .. } => timed_out,
            Error::Unknown { .. } => unknown,
            _ => other,
        };
        Self { is_not_sent: tally == not_sent, ..Self::new(tally, error.to_string()) }
    }
}

/// Looks whether a request has ended: not yet, with an end, or with one that cannot be.
///
/// # Errors
///
/// Returns what cannot be; an empty text when nobody will ever answer.
pub(super) fn look(
    reply: &mut Reply,
    listing: &Listing,
    may_be_doubled: bool,
) -> Result<Option<End>, String> {
    match reply {
        Reply::Query { answer, is_table } => match read(answer.try_recv())? {
            Some(answer) => judge_answer(answer, *is_table, listing, may_be_doubled).map(Some),
            None => Ok(None),
        },
        Reply::Effect(reply) => Ok(read(reply.try_recv())?.map(effect_end)),
        Reply::Outcome(reply) => Ok(read(reply.try_recv())?.map(|end| outcome_end(&end))),
        Reply::Place(reply) => Ok(read(reply.try_recv())?.map(place_end)),
        Reply::Cancel(reply) => Ok(read(reply.try_recv())?.map(|end| cancel_end(&end))),
    }
}

fn read<T>(reply: Result<T, TryRecvError>) -> Result<Option<T>, String> {
    match reply {
        Ok(end) => Ok(Some(end)),
        Err(TryRecvError::Empty) => Ok(None),
        Err(TryRecvError::Closed) => Err(String::new()),
    }
}

/// Judges the answer to a query: a table of instruments is whole or it is none, and the library's own limits are no
/// business of a caller's.
fn judge_answer(
    answer: Result<Brought, Error>,
    is_table: bool,
    listing: &Listing,
    may_be_doubled: bool,
) -> Result<End, String> {
    const TALLIES: [&str; 5] =
        ["query: not sent", "query: rejected", "query: timed out", "query: unknown", "query: other"];
    match answer {
        Ok(Brought::Rows(rows)) if is_table => {
            let mut ids: Vec<String> = rows
                .instruments
                .iter()
                .map(|instrument| instrument.instrument_id.to_str().into_owned())
                .collect();
            if may_be_doubled {
                ids.sort_unstable();
                ids.dedup();
            }
            if !listing.knows_table(&ids) {
                return Err(format!("a table of {} instruments, which the exchange never had", ids.len()));
            }
            Ok(End::new("query: answered", format!("{} instruments", ids.len())))
        }
        Ok(_) => Ok(End::new("query: answered", "answered")),
        Err(Error::NotSent { reason: SendRefusal::TooManyUnanswered | SendRefusal::TooFast, request }) => {
            Err(format!("{request} ended with the library's own limit"))
        }
        Err(error) => Ok(End::wrong(TALLIES, &error)),
    }
}

/// What requests with effects other than orders count as.
const EFFECTS: [&str; 5] =
    ["effect: not sent", "effect: rejected", "effect: timed out", "effect: unknown", "effect: denied"];

fn effect_end(end: Result<Brought, Error>) -> End {
    match end {
        Ok(Brought::Sent { request_id, outcome }) => {
            let what = format!("sent as {request_id}");
            End { outcome: Some(outcome), ..End::new("effect: sent", what) }
        }
        Ok(_) => End::new("effect: answered", "answered"),
        Err(error) => End::wrong(EFFECTS, &error),
    }
}

fn outcome_end(end: &Result<RecordBox, Error>) -> End {
    match end {
        Ok(_) => End::new("effect: pushed", "pushed"),
        Err(error) => End::wrong(EFFECTS, error),
    }
}

fn place_end(end: Result<Placed, Error>) -> End {
    const TALLIES: [&str; 5] =
        ["order: not sent", "order: rejected", "order: timed out", "order: unknown", "order: denied"];
    match end {
        Ok(placed) => {
            let id = placed.order().id;
            End { placed: Some((id, placed)), ..End::new("order: sent", format!("order {}", id.0)) }
        }
        Err(error) => End::wrong(TALLIES, &error),
    }
}

fn cancel_end(end: &Result<Arc<Order>, Error>) -> End {
    const TALLIES: [&str; 5] =
        ["cancel: not sent", "cancel: rejected", "cancel: timed out", "cancel: unknown", "cancel: denied"];
    match end {
        Ok(order) => End::new("cancel: over", format!("order {} is {:?}", order.id.0, order.phase)),
        Err(error) => End::wrong(TALLIES, error),
    }
}
