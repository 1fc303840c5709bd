//! Where a session stands, and why.

use std::fmt;
use std::sync::Arc;

use ctp_types::Text;

use crate::error::ServerError;

/// Where a session stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionState {
    /// The library looks for a front that answers.
    Connecting,
    /// The authentication request is under way.
    Authenticating {
        /// The last refusal if this is a retry.
        refused: Option<ServerError>,
    },
    /// The login request is under way.
    LoggingIn {
        /// The last refusal if this is a retry.
        refused: Option<ServerError>,
    },
    /// The settlement is being confirmed.
    Confirming {
        /// The last refusal if this is a retry.
        refused: Option<ServerError>,
    },
    /// The session can be used.
    Ready(Arc<Login>),
    /// The link broke; the library reconnects and the gateway logs in again.
    Reconnecting(DisconnectReason),
    /// The session stopped for good; a new client is needed.
    Faulted(Fault),
    /// The session was closed.
    Closed,
}

impl SessionState {
    /// Returns whether the session can be used.
    pub fn is_ready(&self) -> bool {
        matches!(self, Self::Ready(_))
    }

    /// Returns whether the session has ended and will not come back.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Faulted(_) | Self::Closed)
    }
}

impl fmt::Display for SessionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, refused) = match self {
            Self::Connecting => ("connecting", &None),
            Self::Authenticating { refused } => ("authenticating", refused),
            Self::LoggingIn { refused } => ("logging in", refused),
            Self::Confirming { refused } => ("confirming the settlement", refused),
            Self::Ready(login) => return write!(f, "ready on trading day {}", login.trading_day),
            Self::Reconnecting(reason) => return write!(f, "reconnecting after {reason}"),
            Self::Faulted(fault) => return write!(f, "faulted: {fault}"),
            Self::Closed => ("closed", &None),
        };
        match refused {
            Some(error) => write!(f, "{word}, after a refusal: {error}"),
            None => f.write_str(word),
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
    /// The front refused the login. It is not repeated: repeated wrong passwords lock the account.
    LoginRejected(ServerError),
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
            | Self::ConfirmationRejected(error)
            | Self::ConnectionRejected(error) => Some(error),
            Self::Panicked { .. } => None,
        }
    }

    /// Returns what to do about it.
    pub fn hint(&self) -> &'static str {
        let Some(error) = self.server_error() else {
            return "this is a defect of the gateway, please report it";
        };
        match error.code {
            3 => "check user id and password; repeated wrong passwords lock the account",
            63 | 64 => "check app_id and auth_code, and that front and keys are both production or both test",
            75 => "the account is locked after wrong passwords; wait or call the broker",
            131 | 132 | 140..=142 => "change the password with the broker's own client, then connect again",
            143 | 144 | 4042 | 4060 => "this address may not log in; call the broker",
            145 => "the user has no right in this data centre; use another front",
            4040 => "front and library differ in generation or in production and test keys",
            4043 => "the broker has not granted app_id to this user",
            _ => "see the message of the counter",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            Self::AuthenticationRejected(_) => "authentication was rejected",
            Self::LoginRejected(_) => "login was rejected",
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
