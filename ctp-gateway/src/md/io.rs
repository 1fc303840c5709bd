//! What goes into a market data session and what comes out of it.

use ctp_types::{ForQuoteRspField, MdCallback, MdRequest, RecordBox, SpecificInstrumentField, Text};

use crate::error::{Error, SendRefusal};
pub(crate) use crate::md::event::Seen;
use crate::requests::RawEvent;
use crate::requests::submission::{Ended, Submission};

use crate::md::event::MdEvent;
use crate::state::SessionState;

/// An instrument id.
pub(crate) type Id = Text<81>;

/// What of an instrument is subscribed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feed {
    Ticks,
    /// That somebody asks for quotes in it.
    QuoteRequests,
}

impl Feed {
    /// Returns the name of the call that subscribes.
    pub(crate) const fn subscribe_name(self) -> &'static str {
        match self {
            Self::Ticks => "SubscribeMarketData",
            Self::QuoteRequests => "SubscribeForQuoteRsp",
        }
    }

    /// Returns the name of the call that ends subscriptions.
    pub(crate) const fn unsubscribe_name(self) -> &'static str {
        match self {
            Self::Ticks => "UnSubscribeMarketData",
            Self::QuoteRequests => "UnSubscribeForQuoteRsp",
        }
    }
}

/// A callback other than a tick, copied.
pub(crate) type SpiEvent = RawEvent<MdCallback>;

/// Returns the instrument of an answer to a subscription, or of a request for quotes.
pub(crate) fn instrument_of(event: &SpiEvent) -> Option<Id> {
    let asked = || event.get::<ForQuoteRspField>().map(|record| record.instrument_id);
    event.get::<SpecificInstrumentField>().map(|record| record.instrument_id).or_else(asked)
}

/// What a client wants of the session.
#[derive(Debug)]
pub(crate) enum Command {
    Subscribe(Feed, Vec<Id>),
    Unsubscribe(Feed, Vec<Id>),
    /// A query waits until the session can be used; other requests are refused while it cannot.
    Request(Submission<MdRequest>),
}

impl Command {
    /// Tells the caller that the session has ended.
    pub(crate) fn refuse(self, state: &SessionState) {
        if let Self::Request(submission) = self {
            let (request, reason) = (submission.request.name(), SendRefusal::NotReady(state.clone()));
            submission.asker.tell(Err(Error::NotSent { request, reason }));
        }
    }
}

/// What happened. Ticks do not pass through the session.
#[derive(Debug)]
pub(crate) enum Input {
    /// The library called back.
    Callback(SpiEvent),
    /// A callback panicked: the session stops for good.
    Panicked { callback: &'static str, message: String },
    /// What the library said when it was given what the output with this number asked for.
    Sent { request_id: i32, result: Result<(), SendRefusal> },
    /// What became of [`Output::Renew`].
    Renewed { result: Result<(), String> },
    /// A client wants something.
    Command(Command),
    /// The last tick of each instrument that ticked since this was said last: said before each [`Input::Time`] and
    /// before the link's end.
    Ticked(Vec<Seen>),
    /// A deadline came, or time is to be looked at.
    Time,
    /// The library has stopped: say the last things.
    Finish,
}

/// What the shell has to do, in this order.
#[derive(Clone, Debug)]
pub(crate) enum Output {
    /// Give the request to the library and its word to [`Input::Sent`].
    Send { request: MdRequest, record: RecordBox, request_id: i32 },
    /// Subscribe and give the library's word to [`Input::Sent`].
    Subscribe { feed: Feed, ids: Vec<Id>, request_id: i32 },
    /// Unsubscribe and give the library's word to [`Input::Sent`].
    Unsubscribe { feed: Feed, ids: Vec<Id>, request_id: i32 },
    /// Close the API object, make a fresh one, and tell [`Input::Renewed`].
    Renew,
    /// Note that a request of a caller is over.
    Ended(Ended<MdRequest>),
    /// Publish the state.
    State(SessionState),
    /// Publish the event.
    Event(MdEvent),
}

/// What a step puts out, in order.
pub(crate) type Outputs = Vec<Output>;
