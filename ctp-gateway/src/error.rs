//! What can go wrong, in words that tell what is known from what is not.

use std::fmt;
use std::time::Duration;

use ctp_types::RspInfoField;

use crate::config::ConfigError;
use crate::state::{DisconnectReason, Fault, SessionState};

/// An error of a session or of one request.
///
/// The outcome of a request is *confirmed* (`Ok`), [`Rejected`](Self::Rejected), [`Denied`](Self::Denied),
/// [`NotSent`](Self::NotSent) or [`Unknown`](Self::Unknown). Unknown is never turned into rejected, and a
/// request whose outcome is unknown is never sent again by the gateway.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration has problems; all of them are listed.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The library could not be loaded.
    #[error(transparent)]
    Load(Box<ctp_sys::LoadError>),
    /// The API object could not be created, for example because another client holds the flow directory.
    #[error(transparent)]
    Create(#[from] ctp_sys::CreateError),
    /// The library refused a call that prepares the session.
    #[error("{call} failed: {source}")]
    Setup {
        /// The call, for example `RegisterFront`.
        call: &'static str,
        /// What the binding said.
        source: ctp_sys::ApiError,
    },
    /// The recording that is asked for cannot begin.
    #[error(transparent)]
    Capture(#[from] crate::capture::CaptureError),
    /// The journal of the session cannot be opened.
    #[error(transparent)]
    Journal(#[from] crate::journal::JournalError),
    /// The operating system gave no thread.
    #[error("thread {name} could not be started: {source}; raise the limit of threads (ulimit -u)")]
    Thread {
        /// The thread's name.
        name: &'static str,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The counter or the exchange refused the request: it has no effect.
    #[error("{request} was rejected: {error}")]
    Rejected {
        /// The C name of the request.
        request: &'static str,
        /// The refusal as it came.
        error: ServerError,
    },
    /// The gateway refused the request before sending it.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// The library did not take the request: nothing left the process.
    #[error("{request} was not sent: {reason}")]
    NotSent {
        /// The C name of the request.
        request: &'static str,
        /// Why it did not leave.
        reason: SendRefusal,
    },
    /// The request was sent, and nothing tells yet whether it had an effect.
    #[error(
        "the outcome of {request} is unknown: {cause}; it is not sent again, look for what it should have done"
    )]
    Unknown {
        /// The C name of the request.
        request: &'static str,
        /// What cut the request from its answer.
        cause: UnknownCause,
    },
    /// A query was not answered in time. A query has no effect, it can be asked again.
    #[error("{request} was not answered within {waited:?} ({attempts} attempts); ask again")]
    TimedOut {
        /// The C name of the query.
        request: &'static str,
        /// How long the gateway waited in all.
        waited: Duration,
        /// How often the query was sent.
        attempts: u32,
    },
    /// The session did not become ready in time. It goes on trying.
    #[error("the session is not ready after {waited:?}: {state}; fronts: {fronts}{}", not_ready_hint(state))]
    NotReady {
        /// How long the caller waited.
        waited: Duration,
        /// Where the session stands.
        state: SessionState,
        /// The registered front addresses.
        fronts: String,
    },
    /// The session has stopped for good.
    #[error("the session stopped: {0}")]
    Faulted(Fault),
    /// The session was closed.
    #[error("the session is closed; connect a new client")]
    Closed,
    /// The order is over, and not all of its lots were traded.
    #[error(
        "order {} is over with {} of {} lots traded: {}; see its events",
        order.id.0, order.volume_filled, order.volume, order.status_text()
    )]
    NotFilled {
        /// The order as it ended.
        order: std::sync::Arc<crate::td::Order>,
    },
    /// The library did not stop in time; its threads may still run.
    #[error("the library did not stop within {waited:?}")]
    CloseTimedOut {
        /// How long the close waited.
        waited: Duration,
    },
}

impl From<ctp_sys::LoadError> for Error {
    fn from(error: ctp_sys::LoadError) -> Self {
        Self::Load(Box::new(error))
    }
}

impl Error {
    /// Returns whether the venue is known not to have acted on the request.
    ///
    /// `false` for [`Unknown`](Self::Unknown) and [`TimedOut`](Self::TimedOut) only: there the request may have
    /// arrived.
    pub fn is_definite(&self) -> bool {
        !matches!(self, Self::Unknown { .. } | Self::TimedOut { .. })
    }

    /// Returns the refusal of the counter or exchange, if that is what this error is.
    pub fn server_error(&self) -> Option<&ServerError> {
        match self {
            Self::Rejected { error, .. } => Some(error),
            Self::Faulted(fault) => fault.server_error(),
            _ => None,
        }
    }
}

/// Who refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refuser {
    /// The broker's front or trading kernel.
    Counter,
    /// The exchange.
    Exchange,
}

/// A refusal by the counter or the exchange, with its code and text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerError {
    /// Who refused.
    pub refuser: Refuser,
    /// The code; for an exchange the number in front of its text, 0 if there is none. C: `ErrorID`.
    pub code: i32,
    /// The symbol of the counter's code, for example `INSUFFICIENT_MONEY`.
    pub symbol: Option<&'static str>,
    /// The text, decoded from GBK.
    pub message: String,
}

/// The words for an order that the counter does not have.
const ABSENT: &str =
    "order not found: not accepted; complete queries of the day's orders after a later login do not show it";

impl ServerError {
    /// Returns the refusal that a counter's code and text stand for.
    pub fn counter(code: i32, message: impl Into<String>) -> Self {
        let symbol = ctp_types::errors::symbol(code);
        Self { refuser: Refuser::Counter, code, symbol, message: message.into() }
    }

    /// Returns what stands for a refusal that was lost: the counter does not have the order.
    pub(crate) fn absent() -> Self {
        Self::counter(0, ABSENT)
    }

    /// Returns whether nobody said the refusal: it was concluded.
    pub(crate) fn is_absent(&self) -> bool {
        self.code == 0 && self.message == ABSENT
    }

    /// Returns the refusal in the status text of an order that the exchange sent back, for example
    /// `26:已撤单报单被拒绝SHFE:当前状态禁止此项操作`.
    pub(crate) fn exchange(status_text: &str) -> Self {
        let code = status_text.split_once(':').and_then(|(code, _)| code.trim().parse().ok()).unwrap_or(0);
        Self { refuser: Refuser::Exchange, code, symbol: None, message: status_text.to_owned() }
    }

    /// Reads the `RspInfo` of a callback: NULL or code 0 is success.
    pub(crate) fn check(rsp_info: Option<&RspInfoField>) -> Result<(), Self> {
        match rsp_info {
            Some(info) if info.error_id != 0 => Err(Self::counter(info.error_id, info.error_msg.to_str())),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.symbol {
            Some(symbol) => write!(f, "{} (error {} {symbol})", self.message, self.code),
            None => write!(f, "{} (error {})", self.message, self.code),
        }
    }
}

/// A request that the gateway stopped before it was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("denied before sending: {value}; {fix}")]
#[non_exhaustive]
pub struct Denial {
    /// The rule that was broken.
    pub rule: Rule,
    /// The offending value with its name, for example `volume 0`.
    pub value: String,
    /// What the rule allows, for example `at most 500 lots in one order`.
    pub limit: String,
    /// What to do.
    pub fix: String,
}

impl Denial {
    /// Returns the denial by a rule whose limit is the same for everyone, see [`Rule::limit`].
    pub(crate) fn new(rule: Rule, value: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { rule, value: value.into(), limit: rule.limit().to_owned(), fix: fix.into() }
    }

    /// Says what the limit is here.
    #[must_use]
    pub(crate) fn limit(mut self, limit: impl Into<String>) -> Self {
        self.limit = limit.into();
        self
    }
}

/// The rule that a denied request broke. `docs/risk.md` has them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// The volume must be at least one lot and at most what the instrument allows.
    Volume,
    /// The price must be a number, and positive unless the instrument is a combination.
    Price,
    /// The price must be a multiple of the instrument's tick.
    PriceTick,
    /// The instrument must be in the instrument table.
    Instrument,
    /// The exchange must be known.
    Exchange,
    /// Price type, time, volume and trigger of an order must be one of the kinds that its exchange has.
    OrderKind,
    /// A text must fit its field in GBK.
    Text,
    /// A date must be written as CTP writes it.
    Date,
    /// A request must come with its own record.
    Record,
    /// An order that is over cannot be cancelled.
    OrderIsOver,
    /// An order must be known to the session to be cancelled.
    OrderUnknown,
    /// The session has no number left for the order.
    OrderRef,
    /// Orders pass only while the trading gate is open.
    Gate,
    /// No order passes while the kill switch is on.
    KillSwitch,
    /// A dry run sends nothing.
    DryRun,
    /// Orders and cancels in any second, see `risk.actions_per_second`.
    ActionsPerSecond,
    /// Orders of the trading day, see `risk.orders_per_day`.
    OrdersPerDay,
    /// Cancels of the trading day, see `risk.cancels_per_day`.
    CancelsPerDay,
    /// Cancels of the trading day in one instrument, see `risk.cancels_per_instrument`.
    CancelsPerInstrument,
    /// Lots in one order, see `risk.order_lots`.
    OrderLots,
    /// The price must be within the exchange's limits of the day.
    PriceLimit,
    /// The price must be near the last one, see `risk.price_distance_bp`.
    PriceDistance,
    /// A close must not be for more lots than are held and not yet on order.
    OverClose,
    /// An order must not trade against one of the same account.
    SelfTrade,
    /// Lots held and on order in one instrument and direction, see `risk.position_lots`.
    Position,
    /// Lots held and on order in all, see `risk.position_lots_total`.
    PositionTotal,
    /// Working orders in one instrument, see `risk.open_orders`.
    OpenOrders,
    /// Working orders in all, see `risk.open_orders_total`.
    OpenOrdersTotal,
    /// The day's loss, see `risk.loss_cny`.
    Loss,
}

impl Rule {
    /// Returns the rule's name in metrics and logs, for example `price_tick`.
    pub fn name(self) -> &'static str {
        self.words().0
    }

    /// Returns what the rule allows, where that is the same for everyone; a [`Denial`] may say it more exactly.
    pub fn limit(self) -> &'static str {
        self.words().1
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Volume => ("volume", "from 1 lot to the most that the instrument allows"),
            Self::Price => ("price", "a number above 0, except for spreads"),
            Self::PriceTick => ("price_tick", "a multiple of the instrument's tick"),
            Self::Instrument => ("instrument", "an instrument of today's table"),
            Self::Exchange => ("exchange", "the exchange of the instrument"),
            Self::OrderKind => ("order_kind", "a kind of order that the exchange has: docs/orders.md"),
            Self::Text => ("text", "what fits the field in GBK, without NUL"),
            Self::Date => ("date", "yyyymmdd"),
            Self::Record => ("record", "the record that belongs to the request"),
            Self::OrderIsOver => ("order_is_over", "an order that still works"),
            Self::OrderUnknown => ("order_unknown", "an order of this session's book"),
            Self::OrderRef => ("order_ref", "at most 2147483647"),
            Self::Gate => ("gate", "orders only while the trading gate is open"),
            Self::KillSwitch => ("kill_switch", "no orders while the kill switch is on"),
            Self::DryRun => ("dry_run", "nothing is sent in a dry run"),
            Self::ActionsPerSecond => ("actions_per_second", "risk.actions_per_second"),
            Self::OrdersPerDay => ("orders_per_day", "risk.orders_per_day"),
            Self::CancelsPerDay => ("cancels_per_day", "risk.cancels_per_day"),
            Self::CancelsPerInstrument => ("cancels_per_instrument", "risk.cancels_per_instrument"),
            Self::OrderLots => ("order_lots", "risk.order_lots"),
            Self::PriceLimit => ("price_limit", "the exchange's price limits of the day"),
            Self::PriceDistance => ("price_distance", "risk.price_distance_bp"),
            Self::OverClose => ("over_close", "the lots held and not yet on order to close"),
            Self::SelfTrade => ("self_trade", "no order that can trade against one of the same account"),
            Self::Position => ("position", "risk.position_lots"),
            Self::PositionTotal => ("position_total", "risk.position_lots_total"),
            Self::OpenOrders => ("open_orders", "risk.open_orders"),
            Self::OpenOrdersTotal => ("open_orders_total", "risk.open_orders_total"),
            Self::Loss => ("loss", "risk.loss_cny"),
        }
    }
}

/// Why the library, or the session in front of it, did not take a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendRefusal {
    /// The library is not connected (return code −1).
    #[error("the front is not connected (-1)")]
    NotConnected,
    /// Too many requests wait for their answer (return code −2).
    #[error("too many unanswered requests (-2)")]
    TooManyUnanswered,
    /// Too many requests in this second (return code −3).
    #[error("too many requests per second (-3)")]
    TooFast,
    /// The session is not ready.
    #[error("the session is not ready: {0}")]
    NotReady(SessionState),
    /// The session was logged in anew between the call and the sending.
    #[error("the session reconnected meanwhile; decide again and call again")]
    SessionChanged,
    /// The library refused what a relay tells about its user's terminal; the login was not sent.
    #[error("RegisterUserSystemInfo returned {code}: {}", relay_meaning(*code))]
    Relay {
        /// The return code.
        code: i32,
    },
    /// The call came from inside the session.
    #[error(
        "it was called from inside a session, by a log subscriber or a metrics recorder; call from elsewhere"
    )]
    CalledFromInside,
    /// Another thread's call into the library has not returned for seconds. Nothing of this request was given to it.
    #[error(
        "the library does not return from another call of this session; nothing of the session moves until it does"
    )]
    LibraryHangs,
    /// The journal could not be written: what is not written is not sent.
    #[error("it could not be written into the journal: {0}; make that possible and start again")]
    NotJournaled(String),
    /// The loaded version lacks the request.
    #[error("version {version} of the library lacks it, {}; load a newer one", came_with(*since))]
    NotInVersion {
        /// The library's version.
        version: String,
        /// The oldest known version that has it.
        since: Option<&'static str>,
    },
    /// A value does not fit the field that the loaded version has.
    #[error(
        "{field} does not fit version {version} of the library, where it is shorter or missing; shorten it or leave it empty"
    )]
    DoesNotFit {
        /// C name of the field.
        field: &'static str,
        /// The library's version.
        version: String,
    },
    /// The binding refused for another reason.
    #[error("{0}")]
    Library(String),
}

impl SendRefusal {
    /// Returns what the library's word means for the request.
    ///
    /// # Errors
    ///
    /// Returns the refusal if nothing left the process. After an exception inside the library nobody knows: the
    /// request counts as sent, and time tells.
    pub(crate) fn read(result: Result<(), ctp_sys::ApiError>) -> Result<(), Self> {
        match result {
            Ok(()) => Ok(()),
            Err(ctp_sys::ApiError::NotConnected { .. }) => Err(Self::NotConnected),
            Err(ctp_sys::ApiError::TooManyUnanswered { .. }) => Err(Self::TooManyUnanswered),
            Err(ctp_sys::ApiError::TooFast { .. }) => Err(Self::TooFast),
            Err(error @ ctp_sys::ApiError::Exception { .. }) => {
                tracing::error!(%error, "the request may have been sent");
                Ok(())
            }
            Err(ctp_sys::ApiError::NotInVersion { library, since, .. }) => {
                Err(Self::NotInVersion { version: library, since })
            }
            Err(ctp_sys::ApiError::DoesNotFit { field, version, .. }) => {
                Err(Self::DoesNotFit { field, version })
            }
            Err(error) => Err(Self::Library(error.to_string())),
        }
    }
}

impl SendRefusal {
    /// Returns what the library's word about a terminal's information means, whose return codes are its own.
    ///
    /// # Errors
    ///
    /// Returns the refusal.
    pub(crate) fn read_relay(result: Result<(), ctp_sys::ApiError>) -> Result<(), Self> {
        let code = match result {
            Ok(()) => return Ok(()),
            Err(ctp_sys::ApiError::NotConnected { .. }) => -1,
            Err(ctp_sys::ApiError::TooManyUnanswered { .. }) => -2,
            Err(ctp_sys::ApiError::TooFast { .. }) => -3,
            Err(ctp_sys::ApiError::Refused { code, .. }) => code,
            Err(error) => return Err(Self::Library(error.to_string())),
        };
        Err(Self::Relay { code })
    }
}

/// Says what a return code of `RegisterUserSystemInfo` means (ctp-behaviour.md §2.4).
fn relay_meaning(code: i32) -> &'static str {
    match code {
        -1 => "the information has a wrong length",
        -2 => "the information was not made by CTP's collector",
        -3 => "the application id is not one of a relay of many users (多对多中继)",
        -4 => "the application id is not one of an operator's relay (一对多中继)",
        -5 => "a field is too long or has characters that are not allowed",
        -6 => "the collector could not find what is demanded; collect again with more rights",
        -7 => "collector and library are of different versions",
        _ => "the library says no more",
    }
}

fn came_with(since: Option<&str>) -> String {
    since.map_or_else(|| "as all known ones do".to_owned(), |since| format!("which is only since {since}"))
}

/// What cut a request from its answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnknownCause {
    /// The link broke before an answer came.
    #[error("the link broke before an answer came ({0})")]
    Disconnected(DisconnectReason),
    /// No answer came in time.
    #[error("no answer within {0:?}")]
    NoAnswer(Duration),
    /// A new trading day began before an answer came.
    #[error("a new trading day began before an answer came")]
    NewTradingDay,
    /// The session ended before an answer came.
    #[error("the session ended before an answer came")]
    SessionEnded,
}

/// Returns what to look at when a session is not ready in time.
fn not_ready_hint(state: &SessionState) -> &'static str {
    match state {
        SessionState::Connecting => {
            "; no front has answered: check the addresses, the network and the hours of the front"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_refusal_takes_its_code_from_the_text() {
        let error = ServerError::exchange("26:已撤单报单被拒绝SHFE:当前状态禁止此项操作");
        assert_eq!((error.code, error.refuser), (26, Refuser::Exchange));
        let error = ServerError::exchange("已撤单报单被拒绝CFFEX:超出当时价格保护带上带价格");
        assert_eq!(error.code, 0);
    }

    #[test]
    fn null_and_zero_are_success() {
        assert_eq!(ServerError::check(None), Ok(()));
        assert_eq!(ServerError::check(Some(&RspInfoField::default())), Ok(()));
        let mut info = RspInfoField { error_id: 42, ..Default::default() };
        info.error_msg.set("CTP:结算结果未确认").unwrap();
        let error = ServerError::check(Some(&info)).unwrap_err();
        assert_eq!((error.code, error.message.as_str()), (42, "CTP:结算结果未确认"));
    }

    /// Every call that sends something returns one by value; above 128 bytes clippy warns every caller.
    #[test]
    fn an_error_is_small() {
        assert!(size_of::<Error>() < 128, "{} bytes", size_of::<Error>());
    }

    #[test]
    fn only_unknown_and_timed_out_are_indefinite() {
        let unknown = Error::Unknown { request: "ReqOrderInsert", cause: UnknownCause::SessionEnded };
        assert!(!unknown.is_definite());
        let refused = Error::NotSent { request: "ReqOrderInsert", reason: SendRefusal::NotConnected };
        assert!(refused.is_definite());
    }
}
