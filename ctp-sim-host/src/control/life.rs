//! An exchange begins and ends, and what runs.

use std::sync::Arc;

use ctp_sim::{ApiKind, Config, SessionState, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::ControlError;
use super::operation::{Answer, Fields, Operation, Run, needed, optional, read, write};
use super::operations::find;
use crate::address::{FrontAddress, SPEED_MAX};
use crate::clock::{Clock, EventClock, ManualClock, RealClock, VirtualClock};
use crate::simulator::Simulator;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "start",
        help: "starts an exchange in the process",
        arguments: &[
            needed("exchange", "its name, as in sim://NAME"),
            optional("clock", "manual (default), virtual, real or max"),
            optional("speed", "seconds per second of a virtual clock: above 0, at most 1000; default 1"),
            optional("start", "a time in China such as \"2026-11-23 10:00:00\"; the machine's when left out"),
            optional("config", "an object of settings and switches, or a list of pairs"),
        ],
        answer: "",
        example: "exchange=x start=\"2026-11-23 10:00:00\"",
        run: Run::Process(start),
    },
    Operation {
        name: "state",
        help: "tells how an exchange is; without exchange, which ones run in the process",
        arguments: &[],
        answer: "now, nanoseconds, trading_day, sessions; or exchanges",
        example: "",
        run: Run::Process(state),
    },
    Operation {
        name: "end",
        help: "ends an exchange of the process; its name is free again",
        arguments: &[],
        answer: "",
        example: "",
        run: Run::Process(end),
    },
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exchange {
    exchange: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    exchange: String,
    #[serde(default)]
    clock: Kind,
    speed: Option<f64>,
    start: Option<String>,
    #[serde(default)]
    config: Settings,
}

/// Settings in the order in which they are made: an object, or a list of pairs.
#[derive(Deserialize)]
#[serde(untagged)]
enum Settings {
    Named(Map<String, Value>),
    Listed(Vec<(String, Value)>),
}

impl Default for Settings {
    fn default() -> Self {
        Self::Listed(Vec::new())
    }
}

impl Settings {
    fn into_pairs(self) -> Vec<(String, Value)> {
        match self {
            Self::Named(named) => named.into_iter().collect(),
            Self::Listed(listed) => listed,
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    #[default]
    Manual,
    Virtual,
    Real,
    Max,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    exchange: Option<String>,
}

fn start(fields: Fields) -> Result<Answer, ControlError> {
    let start: Start = read(fields)?;
    let name = start.exchange;
    // The same names as in addresses, because clients reach it by one.
    if !matches!(format!("sim://{name}").parse(), Ok(FrontAddress::Simulator(address)) if address.name == name)
    {
        let expected = "a name: 1 to 64 letters, digits, '-', '_' or '.'";
        return Err(ControlError::Value { name: "exchange", value: name, expected });
    }
    let expected = "a time in China such as 2026-11-23 10:00:00";
    let at = match start.start {
        None => RealClock::new().now(),
        Some(text) => {
            let at = Timestamp::from_china(&text);
            at.ok_or(ControlError::Value { name: "start", value: text, expected })?
        }
    };
    let mut config = Config::starting_at(at);
    for (key, value) in start.config.into_pairs() {
        config.set(&key, &setting(&value))?;
    }
    let speed = start.speed.unwrap_or(1.0);
    if !(speed > 0.0 && speed <= SPEED_MAX) {
        let expected = "a number above 0, at most 1000";
        return Err(ControlError::Value { name: "speed", value: speed.to_string(), expected });
    }
    match start.clock {
        Kind::Manual => drop(Simulator::start(&name, config, Arc::new(ManualClock::new(at)))?),
        Kind::Virtual => drop(Simulator::start(&name, config, VirtualClock::new(at, speed))?),
        Kind::Real => drop(Simulator::start(&name, config, RealClock::new())?),
        Kind::Max => drop(Simulator::start(&name, config, EventClock::new(at))?),
    }
    Ok(Answer::new())
}

/// Returns a setting's value as text: `true` is `on`.
fn setting(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(on) => if *on { "on" } else { "off" }.to_owned(),
        other => other.to_string(),
    }
}

fn end(fields: Fields) -> Result<Answer, ControlError> {
    let Exchange { exchange } = read(fields)?;
    find(&exchange)?.end();
    Ok(Answer::new())
}

fn state(fields: Fields) -> Result<Answer, ControlError> {
    let State { exchange: Some(exchange) } = read(fields)? else {
        return write(&json!({ "exchanges": Simulator::names() }));
    };
    let simulator = find(&exchange)?;
    let (trading_day, sessions) = simulator.look();
    write(&json!({
        "now": simulator.now().china(),
        "nanoseconds": simulator.now().0,
        "trading_day": trading_day,
        "sessions": sessions.iter().map(session).collect::<Vec<_>>(),
    }))
}

fn session(state: &SessionState) -> Value {
    let (major, minor, patch) = state.api_version;
    let mut session = json!({
        "session": state.session.0,
        "api": match state.kind {
            ApiKind::Md => "md",
            ApiKind::Trader => "trader",
        },
        "version": format!("{major}.{minor}.{patch}"),
        "connected": state.connected,
    });
    if let Some(login) = &state.login {
        session["user"] = json!(login.user);
        session["investor"] = json!(login.investor);
        session["front_id"] = json!(login.front_id);
        session["session_id"] = json!(login.session_id);
    }
    session
}
