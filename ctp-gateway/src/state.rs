//! Where a session stands, and why.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ctp_types::Text;

use crate::error::ServerError;
use crate::handshake::policy;

/// Where a session stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionState {
    /// The library looks for a front that answers. It says nothing about those that do not.
    Connecting,
    /// The authentication request is under way, or waits.
    Authenticating(Attempt),
    /// The login request is under way, or waits.
    LoggingIn(Attempt),
    /// The settlement is being confirmed, once per trading day.
    Confirming(Attempt),
    /// The session is logged in again after a broken link and makes up for it: market data subscriptions are being
    /// verified, or orders whose outcome the break hid are being asked for. Requests can be made.
    Recovering(Arc<Login>),
    /// The session can be used.
    Ready(Arc<Login>),
    /// The link broke; the library reconnects, or the gateway makes a fresh API object, and logs in again.
    Reconnecting(LinkLoss),
    /// A refusal or a fault stopped the session. After all but [`Fault::PasswordExpired`] a new client is needed.
    Faulted(Fault),
    /// The session was closed.
    Closed,
}

impl SessionState {
    /// Returns whether the session can be used, and nothing is left to make up for.
    pub fn is_ready(&self) -> bool {
        matches!(self, Self::Ready(_))
    }

    /// Returns whether requests can be made: ready, or recovering.
    pub fn is_usable(&self) -> bool {
        matches!(self, Self::Ready(_) | Self::Recovering(_))
    }

    /// Returns whether the session has ended and will not come back.
    pub fn is_over(&self) -> bool {
        match self {
            Self::Faulted(fault) => fault.is_final(),
            Self::Closed => true,
            _ => false,
        }
    }

    /// Returns the name of the state alone, for metrics and comparisons.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Authenticating(_) => "authenticating",
            Self::LoggingIn(_) => "logging in",
            Self::Confirming(_) => "confirming the settlement",
            Self::Recovering(_) => "recovering",
            Self::Ready(_) => "ready",
            Self::Reconnecting(_) => "reconnecting",
            Self::Faulted(_) => "faulted",
            Self::Closed => "closed",
        }
    }
}

impl fmt::Display for SessionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::Connecting | Self::Closed => Ok(()),
            Self::Authenticating(attempt) | Self::LoggingIn(attempt) | Self::Confirming(attempt) => {
                write!(f, "{attempt}")
            }
            Self::Recovering(login) | Self::Ready(login) => {
                write!(f, " on trading day {}", login.trading_day)
            }
            Self::Reconnecting(loss) => write!(f, " after {loss}"),
            Self::Faulted(fault) => write!(f, ": {fault}"),
        }
    }
}

/// What is known of a step of the login.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// The last refusal if this is a retry.
    pub refused: Option<ServerError>,
    /// When the request will be sent, counted from the moment this state was published; `None` if it is under way.
    pub retry_in: Option<Duration>,
    /// Whether the login waits for a code by text message: see
    /// [`TdClient::log_in_with_sms_code`](crate::TdClient::log_in_with_sms_code).
    pub awaits_sms_code: bool,
}

impl From<ServerError> for Attempt {
    fn from(refused: ServerError) -> Self {
        Self { refused: Some(refused), ..Self::default() }
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(pause) = self.retry_in {
            write!(f, ", next try in {:.1} s", pause.as_secs_f64())?;
        }
        if let Some(error) = &self.refused {
            write!(f, ", after a refusal: {error}; {}", policy::hint(error.code))?;
        }
        Ok(())
    }
}

/// Why a link was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LinkLoss {
    /// The library said so. C: `OnFrontDisconnected`.
    Disconnected(DisconnectReason),
    /// Nothing came for this long, nor an answer to a question: the gateway makes a fresh API object.
    Silent(Duration),
    /// A step of the login was sent this often without an answer: the gateway makes a fresh API object.
    Unanswered {
        /// How often the step was sent.
        attempts: u32,
    },
    /// A query showed what happened on the link, and the private stream, which goes on from a number, did not push it: the counter
    /// has begun its streams anew. The gateway makes a fresh API object, whose stream begins with the day.
    StreamBehind,
    /// The front took a new connection for one that is logged in already (error 5): the gateway makes a fresh API
    /// object.
    Stale,
}

impl From<DisconnectReason> for LinkLoss {
    fn from(reason: DisconnectReason) -> Self {
        Self::Disconnected(reason)
    }
}

impl fmt::Display for LinkLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disconnected(reason) => write!(f, "{reason}"),
            Self::Silent(silent_for) => write!(f, "{} s of silence", silent_for.as_secs()),
            Self::Unanswered { attempts } => write!(f, "{attempts} login requests without an answer"),
            Self::StreamBehind => f.write_str("a private stream that leaves out what queries show"),
            Self::Stale => f.write_str("a login that the front thinks it has already (5)"),
        }
    }
}

/// What the login answer said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Login {
    /// The trading day, `yyyymmdd`. C: `TradingDay`.
    pub trading_day: Text<9>,
    /// The time of the login, `HH:MM:SS`. C: `LoginTime`.
    pub login_time: Text<9>,
    /// The name of the system, for example `TradingHosting`. C: `SystemName`.
    pub system_name: Text<41>,
    /// The version of the counter. C: `SysVersion`.
    pub system_version: Text<41>,
    /// The number of the front. C: `FrontID`.
    pub front_id: i32,
    /// The number of the session, any signed number. C: `SessionID`.
    pub session_id: i32,
    /// The address of the front that answered, as it was registered; empty if the library does not tell: only trader
    /// libraries since 6.7.7 do. C: `FrontAddr`.
    pub front: Text<101>,
}

/// Why the link broke (C: `nReason` of `OnFrontDisconnected`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DisconnectReason(pub i32);

impl DisconnectReason {
    /// Returns the meaning in words, if the code is a known one.
    pub fn meaning(self) -> Option<&'static str> {
        match self.0 {
            0x1001 => Some("read failed, or the front closed the connection"),
            0x1002 => Some("write failed"),
            0x2001 => Some("nothing received for 120 s"),
            0x2002 => Some("own heart-beat not sent for 40 s"),
            0x2003 => Some("unreadable packet"),
            _ => None,
        }
    }
}

impl fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x} {}", self.0, self.meaning().unwrap_or("unknown reason"))
    }
}

/// Why a session stopped for good.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The front refused the authentication. The application id and the code belong to one broker, and test
    /// codes work with test fronts only.
    AuthenticationRejected(ServerError),
    /// The library refused the end client's terminal information (C: `RegisterUserSystemInfo`).
    TerminalInfoRejected(Arc<str>),
    /// The front refused the login. It is not repeated: repeated wrong passwords lock the account.
    LoginRejected(ServerError),
    /// The password must be changed before the login. The session lives, and
    /// [`TdClient::change_password`](crate::TdClient::change_password) leads on.
    PasswordExpired(ServerError),
    /// The counter refused the settlement confirmation.
    ConfirmationRejected(ServerError),
    /// The front refused the connection, as when library and front are of different kinds.
    ConnectionRejected(ServerError),
    /// A callback panicked. The library is closed; nothing is delivered any more.
    Panicked {
        /// The C name of the callback.
        callback: &'static str,
        /// The message of the panic.
        message: Arc<str>,
    },
}

impl Fault {
    /// Returns the refusal behind the fault, if there is one.
    pub fn server_error(&self) -> Option<&ServerError> {
        match self {
            Self::AuthenticationRejected(error)
            | Self::LoginRejected(error)
            | Self::PasswordExpired(error)
            | Self::ConfirmationRejected(error)
            | Self::ConnectionRejected(error) => Some(error),
            Self::TerminalInfoRejected(_) | Self::Panicked { .. } => None,
        }
    }

    /// Returns whether only a new client helps.
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::PasswordExpired(_))
    }

    /// Returns what to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Panicked { .. } => "this is a defect of the gateway, please report it",
            Self::TerminalInfoRejected(_) => {
                "the information comes from the end client's own collector; check its version and app_id's type"
            }
            _ => policy::hint(self.server_error().map_or(0, |error| error.code)),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            Self::AuthenticationRejected(_) => "authentication was rejected",
            Self::LoginRejected(_) => "login was rejected",
            Self::PasswordExpired(_) => "the password must be changed",
            Self::TerminalInfoRejected(message) => {
                return write!(f, "terminal information was rejected: {message}; {}", self.hint());
            }
            Self::ConfirmationRejected(_) => "settlement confirmation was rejected",
            Self::ConnectionRejected(_) => "the connection was rejected",
            Self::Panicked { callback, message } => {
                return write!(f, "panic in {callback}: {message}; {}", self.hint());
            }
        };
        match self.server_error() {
            Some(error) => write!(f, "{what}: {error}; {}", self.hint()),
            None => f.write_str(what),
        }
    }
}
