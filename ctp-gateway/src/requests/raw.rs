//! The whole API, typed, for what has no nicer form: every callback as an event, every request by its name.

use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use ctp_types::{Callback, Record, RecordBox, RspInfoField};

use crate::error::ServerError;
use crate::fanout::{Events, Fanout};
use crate::requests::Sent;

/// A callback of the library, as it came. `C` is [`TraderCallback`](ctp_types::TraderCallback) or
/// [`MdCallback`](ctp_types::MdCallback).
///
/// `Debug` never shows a secret.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RawEvent<C> {
    /// Which one.
    pub callback: C,
    /// The record, `None` for NULL or where the callback carries none.
    pub record: Option<RecordBox>,
    /// C: `pRspInfo`; `None` for NULL or where the callback carries none.
    pub rsp_info: Option<RspInfoField>,
    /// C: `nRequestID`, `nReason`, `nTimeLapse` or `nSeqNo`; 0 where the callback carries none.
    pub number: i32,
    /// C: `bIsLast`; `true` where the callback carries none.
    pub is_last: bool,
    /// When it was received, in nanoseconds since the Unix epoch.
    pub received_ns: i64,
}

impl<C: Callback> RawEvent<C> {
    /// Returns the record if it is an `R`.
    pub fn get<R: Record>(&self) -> Option<&R> {
        self.record.as_ref().and_then(RecordBox::get)
    }

    /// Returns the refusal that the callback carries, if it carries one.
    pub fn error(&self) -> Option<ServerError> {
        self.check().err()
    }

    /// As [`error`](Self::error), for `?`.
    pub(crate) fn check(&self) -> Result<(), ServerError> {
        ServerError::check(self.rsp_info.as_ref())
    }

    /// Returns the refusal of a callback that means one even when it gives no reason.
    pub(crate) fn refusal(&self) -> ServerError {
        self.error().unwrap_or_else(|| ServerError::counter(0, "no reason given"))
    }

    /// Returns whether it is an answer to the requester (C: `OnRsp…`).
    pub(crate) fn is_answer(&self) -> bool {
        self.callback.name().starts_with("OnRsp")
    }

    /// Returns whether it is a push (C: `OnRtn…`) rather than an answer.
    fn is_push(&self) -> bool {
        self.callback.name().starts_with("OnRtn")
    }
}

/// What a raw request brought.
#[derive(Debug)]
#[non_exhaustive]
pub enum RawAnswer {
    /// The records of a query, none if there are none.
    Rows(Vec<RecordBox>),
    /// The record of an answered request, `None` for NULL.
    Answer(Option<RecordBox>),
    /// A request without an answer was sent.
    Sent(Sent),
}

/// A stream of the records of one kind that the front pushes. It ends after the session has ended.
#[derive(Debug)]
pub struct Pushes<C, R> {
    events: Events<RawEvent<C>>,
    record: PhantomData<fn() -> R>,
}

impl<C: Callback, R: Record> Pushes<C, R> {
    pub(crate) fn of(events: &Fanout<RawEvent<C>>) -> Self {
        let events = events.subscribe_where(|event| event.is_push() && event.get::<R>().is_some());
        Self { events, record: PhantomData }
    }

    /// Returns the next record, or `None` after the session has ended.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe: a record is either returned or still in the queue.
    pub async fn next(&mut self) -> Option<R> {
        loop {
            let event = self.events.next().await?;
            if let Some(record) = event.get::<R>() {
                return Some(*record);
            }
        }
    }

    /// Returns the next record if there is one already.
    pub fn try_next(&mut self) -> Option<R> {
        self.events.try_next().and_then(|event| event.get::<R>().copied())
    }
}

impl<C: Callback, R: Record> futures_core::Stream for Pushes<C, R> {
    type Item = R;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<R>> {
        loop {
            match Pin::new(&mut self.events).poll_next(context) {
                Poll::Ready(Some(event)) => {
                    if let Some(record) = event.get::<R>() {
                        return Poll::Ready(Some(*record));
                    }
                }
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ctp_types::{InstrumentStatusField, TradeField, TraderCallback};

    use super::*;

    fn event(callback: TraderCallback, record: RecordBox) -> RawEvent<TraderCallback> {
        RawEvent { callback, record: Some(record), rsp_info: None, number: 0, is_last: true, received_ns: 0 }
    }

    #[test]
    fn pushes_are_of_one_record_and_no_answers() {
        let fanout = Fanout::default();
        let mut trades = Pushes::<TraderCallback, TradeField>::of(&fanout);
        let trade = |volume| RecordBox::new(&TradeField { volume, ..Default::default() });
        fanout.send(&event(TraderCallback::OnRspQryTrade, trade(1)));
        let status = RecordBox::new(&InstrumentStatusField::default());
        fanout.send(&event(TraderCallback::OnRtnInstrumentStatus, status));
        fanout.send(&event(TraderCallback::OnRtnTrade, trade(2)));
        assert_eq!(trades.try_next().map(|trade| trade.volume), Some(2));
        assert!(trades.try_next().is_none());
    }
}
