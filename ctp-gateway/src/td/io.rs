//! What goes into a trading session and what comes out of it.

use std::sync::Arc;

use ctp_types::{RecordBox, Text, TraderCallback, TraderRequest};
use tokio::sync::oneshot;

use crate::config::Secret;
use crate::error::{Error, SendRefusal};
use crate::journal::Entry;
use crate::requests::RawEvent;
use crate::requests::submission::{Ended, Submission};
use crate::state::SessionState;
use crate::td::event::TdEvent;
use crate::td::instructions::InstructionId;
use crate::td::instructions::desk::CancelReply;
use crate::td::ledger::{Comparison, Mark};
use crate::td::orders::Placed;
use crate::td::orders::order::{Order, OrderId};
use crate::td::recovery::GateState;
use crate::td::risk::Counted;
use crate::td::rows::Instrument;
pub(crate) use crate::td::session::CallReply;
use crate::td::session::Clearing;
use crate::td::session::InstructionReply;

/// A callback, copied.
pub(crate) type SpiEvent = RawEvent<TraderCallback>;

/// What a client wants of the session.
#[derive(Debug)]
pub(crate) enum Command {
    /// Do something that changes the account: everything of that kind comes this way, but cancels of orders. It belongs
    /// to the login that its caller saw.
    Act {
        logins: u64,
        request: TraderRequest,
        /// What the caller wants. The session fills in what it leaves empty: account, exchange, numbers.
        record: RecordBox,
        reply: ActReply,
    },
    /// Cancel an order of the book, by the best names known.
    Cancel { logins: u64, id: OrderId, reply: oneshot::Sender<Result<Arc<Order>, Error>> },
    /// Cancel the orders of this gateway that work, of one instrument or of all, as fast as the pace allows.
    CancelAll { logins: u64, instrument: Option<Text<81>>, reply: oneshot::Sender<Result<Clearing, Error>> },
    /// Withdraw an instruction, by the best names known.
    CancelInstruction { logins: u64, id: InstructionId, reply: CancelReply },
    /// A query waits until the session can be used; other requests belong to the login that their caller saw.
    Request { logins: u64, submission: Submission<TraderRequest> },
    /// Change the password, and log in with it from then on.
    ChangePassword { new: Secret, reply: CallReply },
    /// Have a code sent to a telephone.
    RequestSmsCode { mobile: String, reply: CallReply },
    /// Go on with the login.
    LogInWithSmsCode { code: Secret, reply: CallReply },
    /// Compare the ledger with the counter.
    Reconcile { reply: oneshot::Sender<Result<Comparison, Error>> },
    /// Take the counter's word for what differs.
    AcceptDifferences { reply: CallReply },
    /// Take the instruments of a trading day as an earlier query returned them.
    Learn {
        trading_day: Text<9>,
        records: Vec<RecordBox>,
        reply: oneshot::Sender<Result<Vec<Arc<Instrument>>, Error>>,
    },
}

/// Who waits for an action, by what is made of it.
#[derive(Debug)]
pub(crate) enum ActReply {
    /// An order of the book.
    Order(oneshot::Sender<Result<Placed, Error>>),
    /// An instruction.
    Instruction(InstructionReply),
}

impl Command {
    /// Returns the C name of the request that the command leads to.
    pub(crate) fn request(&self) -> &'static str {
        match self {
            Self::Act { request, .. } => request.name(),
            Self::Cancel { .. } | Self::CancelAll { .. } => TraderRequest::ReqOrderAction.name(),
            Self::CancelInstruction { .. } => "the withdrawal of an instruction",
            Self::Request { submission, .. } => submission.request.name(),
            Self::ChangePassword { .. } => TraderRequest::ReqUserPasswordUpdate.name(),
            Self::RequestSmsCode { .. } => TraderRequest::ReqGenSMSCode.name(),
            Self::LogInWithSmsCode { .. } => TraderRequest::ReqUserLogin.name(),
            Self::Learn { .. } => TraderRequest::ReqQryInstrument.name(),
            Self::Reconcile { .. } | Self::AcceptDifferences { .. } => {
                TraderRequest::ReqQryInvestorPosition.name()
            }
        }
    }
}

#[cfg(test)]
impl Command {
    /// Tells the caller that the session has ended, as the clients do.
    pub(crate) fn refuse(self, state: &SessionState) {
        let request = self.request();
        let error = Error::NotSent { request, reason: SendRefusal::NotReady(state.clone()) };
        // Callers that went away are no failure.
        match self {
            Self::Act { reply: ActReply::Order(reply), .. } => drop(reply.send(Err(error))),
            Self::Act { reply: ActReply::Instruction(reply), .. } => drop(reply.send(Err(error))),
            Self::CancelInstruction { reply, .. } => drop(reply.send(Err(error))),
            Self::Cancel { reply, .. } => drop(reply.send(Err(error))),
            Self::CancelAll { reply, .. } => drop(reply.send(Err(error))),
            Self::Request { submission, .. } => submission.asker.tell(Err(error)),
            Self::ChangePassword { reply, .. }
            | Self::RequestSmsCode { reply, .. }
            | Self::LogInWithSmsCode { reply, .. }
            | Self::AcceptDifferences { reply } => drop(reply.send(Err(error))),
            Self::Reconcile { reply } => drop(reply.send(Err(error))),
            Self::Learn { reply, .. } => drop(reply.send(Err(error))),
        }
    }
}

/// What happened.
#[derive(Debug)]
pub(crate) enum Input {
    /// The library called back.
    Callback(SpiEvent),
    /// A callback panicked: the session stops for good.
    Panicked { callback: &'static str, message: String },
    /// What the library said when it was given the request with this number.
    Sent { request_id: i32, result: Result<(), SendRefusal> },
    /// What the library says of the front (C: `GetFrontInfo`): its address, and the queries and the packets per second
    /// that it allows, 0 if it does not say.
    FrontInfo { address: Text<101>, query_frequency: i32, package_frequency: i32 },
    /// What other sessions of the account sent since the last step, each with its age in nanoseconds.
    Elsewhere(Vec<(u64, Counted, Text<81>)>),
    /// The kill switch was thrown.
    Kill { reason: String },
    /// The kill switch is turned off.
    Release,
    /// What became of [`Output::Renew`].
    Renewed { result: Result<(), String> },
    /// The market data say what an instrument of the account is worth.
    Mark(Box<Mark>),
    /// A client wants something.
    Command(Command),
    /// The journal of earlier runs remembers this. Entries come in their order, before everything else.
    Remembered(Entry),
    /// The journal of earlier runs is not as it was written, here.
    JournalDamaged { place: String },
    /// The journal cannot be written any more: no new order may leave.
    JournalFailed { reason: String },
    /// A deadline came, or time is to be looked at.
    Time,
    /// The library has stopped: say the last things.
    Finish,
}

/// What the shell has to do, in this order.
#[derive(Clone, Debug)]
pub(crate) enum Output {
    /// Give the request to the library and its word to [`Input::Sent`].
    Send { request: TraderRequest, record: RecordBox, request_id: i32 },
    /// Write the entry into the journal.
    Journal(Entry),
    /// Note that a request other than an order, a cancel or a step of the login is over.
    Ended(Ended<TraderRequest>),
    /// Close the API object, make a fresh one, and tell [`Input::Renewed`].
    Renew {
        /// Whether its private stream begins with the day, whatever is configured.
        replays_day: bool,
    },
    /// Publish the state.
    State(SessionState),
    /// Publish whether orders may leave.
    Gate(GateState),
    /// Publish the event.
    Event(TdEvent),
    /// Read what the library says of the front and give it to [`Input::FrontInfo`].
    ReadFrontInfo,
}

/// What a step puts out, in order.
pub(crate) type Outputs = Vec<Output>;
