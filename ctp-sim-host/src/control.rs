//! One JSON interface to exchanges: start them, let time pass, do what no client does, look.
//!
//! A request is an object with `op` and `exchange`; an answer is `{"ok": true, …}` or `{"ok": false, "error": "…"}`.
//! [`operations`] lists every operation with its arguments; docs/control.md shows the same table. In Rust each has a
//! typed [`Request`].

mod command;
mod door;
mod fault;
mod life;
mod log;
mod market;
mod money;
mod operation;
mod operations;
mod orders;
mod remote;
mod time;

pub use command::Disconnect;
pub use door::Door;
pub use fault::{ClearFaults, Fault, FaultAdded, FaultPlans, Faults, FaultsCleared};
pub use life::{ExchangeState, Restart, Session, SessionList, Sessions, State};
pub use log::{Lines, Log};
pub use market::{BookAndTrades, BookWanted, Instrument, InstrumentFields};
pub use money::{Accounts, Positions};
pub use operation::{Argument, ArgumentKind, Done, Operation, Request};
pub use operations::operations;
pub use orders::{Orders, Trades};
pub use remote::{Remote, RemoteError};
pub use time::{Advance, Barrier, Day, Now, Pause, Resume, Settle, Speed, Until};

pub use ctp_sim::look;

use serde_json::{Value, json};

use self::operation::Answer;
use crate::simulator::Simulator;

/// The longest request, in bytes.
pub const REQUEST_LENGTH_MAX: usize = 1 << 20;

/// Why a request was not carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// It is too long.
    #[error("the request has {0} bytes; at most {REQUEST_LENGTH_MAX} are taken")]
    TooLong(usize),
    /// It is no JSON object, or a field is missing, unknown or of the wrong type.
    #[error("the request is not understood: {0}")]
    Json(#[from] serde_json::Error),
    /// There is no such operation.
    #[error("op {name:?} is not known: write one of {known}")]
    Operation {
        /// What was given.
        name: String,
        /// Every operation, separated by commas.
        known: String,
    },
    /// The operation needs an exchange and the request names none.
    #[error("missing field `exchange`; running: {running}")]
    Unnamed {
        /// The names of those that run, separated by commas.
        running: String,
    },
    /// The operation is about the exchanges of a process, not about one that runs.
    #[error("{0} is for exchanges inside a process: a served one starts and ends with its server")]
    InProcess(&'static str),
    /// The exchange does not run.
    #[error("exchange {name:?} does not run in this process; running: {running}")]
    NoExchange {
        /// The name asked for.
        name: String,
        /// The names of those that run, separated by commas.
        running: String,
    },
    /// The exchange's clock is not moved by hand.
    #[error("the clock of exchange {0:?} is not manual: start it with \"clock\": \"manual\"")]
    Clock(String),
    /// A value that cannot be.
    #[error("{name} {value:?} is not {expected}")]
    Value {
        /// The field.
        name: &'static str,
        /// What was given.
        value: String,
        /// What is taken.
        expected: &'static str,
    },
    /// The exchange cannot start.
    #[error(transparent)]
    Start(#[from] crate::StartError),
    /// A setting cannot be.
    #[error(transparent)]
    Config(#[from] ctp_sim::ConfigError),
    /// There is no such command, or its values cannot be.
    #[error(transparent)]
    Command(#[from] crate::CommandError),
    /// A command names what there is not.
    #[error(transparent)]
    Refused(#[from] ctp_sim::Refused),
    /// A command was not carried out.
    #[error(transparent)]
    Undone(#[from] crate::Undone),
    /// A plan of faults cannot be: every problem of it.
    #[error("{0}")]
    Faults(#[from] crate::fault::PlanError),
    /// The clock does not do that.
    #[error(transparent)]
    Pace(#[from] crate::PaceError),
    /// A served exchange was not asked, or gave no answer.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// What a served exchange said.
    #[error("{0}")]
    Told(String),
    /// The exchange is dead.
    #[error("exchange {0:?} has ended")]
    Dead(String),
    /// Time could not pass to its end.
    #[error(transparent)]
    Quiet(#[from] crate::QuietError),
}

/// Carries out a request and returns its answer, both JSON texts.
///
/// A request with `front`, `tcp://HOST:PORT`, is carried out by the exchange that is served there.
pub fn control(request: &str) -> String {
    finish(operations::carry_out(request))
}

/// Carries out a request on one exchange, which it need not name, and returns its answer, both JSON texts.
pub fn control_of(exchange: &Simulator, request: &str) -> String {
    finish(operations::carry_out_on(exchange, request))
}

fn finish(answer: Result<Answer, ControlError>) -> String {
    let answer = match answer {
        Ok(mut answer) => {
            answer.insert("ok".to_owned(), Value::Bool(true));
            Value::Object(answer)
        }
        Err(error) => json!({ "ok": false, "error": with_causes(&error) }),
    };
    answer.to_string()
}

/// Looks at an exchange.
fn look<T>(exchange: &Simulator, look: impl FnOnce(&ctp_sim::Exchange) -> T) -> Result<T, ControlError> {
    exchange.look_at(look).ok_or_else(|| ControlError::Dead(exchange.name().to_owned()))
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Some errors show their cause themselves.
        let said = error.to_string();
        if !text.ends_with(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(request: Value) -> Value {
        control(&request.to_string()).parse().expect("JSON")
    }

    fn refused(request: Value, named: &str) {
        let answer = answer(request.clone());
        let error = answer["error"].as_str().unwrap_or_default();
        assert!(answer["ok"] == false && error.contains(named), "{request}: {answer}");
    }

    #[test]
    fn an_exchange_is_started_moved_asked_and_ended() {
        let name = "control-life";
        let started = answer(json!({
            "op": "start", "exchange": name, "start": "2026-11-23 10:00:00",
            "config": { "crowd": "off", "seed": 7, "authentication_required": true },
        }));
        assert_eq!(started["ok"], true, "{started}");
        refused(json!({ "op": "start", "exchange": name }), "already running");
        let moved = answer(json!({ "op": "advance", "exchange": name, "duration": "1500ms" }));
        assert_eq!(moved["now"], "2026-11-23 10:00:01.5");
        let moved = answer(json!({ "op": "until", "exchange": name, "time": "10:30:00" }));
        assert_eq!(moved["now"], "2026-11-23 10:30:00");
        let state = answer(json!({ "op": "state", "exchange": name }));
        assert_eq!((&state["trading_day"], &state["sessions"]), (&json!("20261123"), &json!([])));
        let deposit = json!({ "op": "command", "exchange": name, "command": "deposit", "investor": "a", "amount": 5.0 });
        assert_eq!(answer(deposit)["ok"], true);
        let text = json!({ "op": "command", "exchange": name, "text": "deposit a amount=5" });
        assert_eq!(answer(text)["ok"], true);
        let found = answer(json!({ "op": "instrument", "exchange": name, "id": "rb2701" }));
        assert_eq!(found["fields"]["ExchangeID"], "SHFE", "{found}");
        let none = answer(json!({ "op": "instrument", "exchange": name, "id": "nothing" }));
        assert_eq!(none["fields"], Value::Null);
        assert_eq!(answer(json!({ "op": "barrier", "exchange": name }))["ok"], true);
        assert_eq!(answer(json!({ "op": "end", "exchange": name }))["ok"], true);
        refused(json!({ "op": "barrier", "exchange": name }), "does not run");
    }

    #[test]
    fn what_cannot_be_says_what_can() {
        refused(json!([]), "not understood");
        refused(json!({ "exchange": "x" }), "op");
        refused(json!({ "op": "explode" }), "start, state");
        refused(json!({ "op": "barrier" }), "exchange");

        refused(json!({ "op": "start", "exchange": "a b" }), "name");
        refused(json!({ "op": "start", "exchange": "control-bad", "config": { "colour": "red" } }), "colour");
        refused(json!({ "op": "start", "exchange": "control-bad", "start": "noon" }), "noon");
        refused(json!({ "op": "start", "exchange": "control-bad", "clock": "sun" }), "manual");
        let real = answer(json!({ "op": "start", "exchange": "control-real", "clock": "real" }));
        assert_eq!(real["ok"], true, "{real}");
        refused(json!({ "op": "advance", "exchange": "control-real" }), "duration");
        refused(
            json!({ "op": "advance", "exchange": "control-real", "duration": "1s", "colour": 1 }),
            "colour",
        );
        refused(json!({ "op": "advance", "exchange": "control-real", "duration": "1s" }), "manual");
        refused(json!({ "op": "command", "exchange": "control-real", "command": "explode" }), "deposit");
        refused(json!({ "op": "command", "exchange": "control-real", "text": "" }), "command");
        refused(json!({ "op": "command", "exchange": "control-real", "text": "disconnect one 1" }), "one");
        assert_eq!(answer(json!({ "op": "end", "exchange": "control-real" }))["ok"], true);
        let long = control(&" ".repeat(REQUEST_LENGTH_MAX + 1));
        assert!(long.contains("1048577"), "{long}");
        assert!(control("{").contains("not understood"));
    }
}
