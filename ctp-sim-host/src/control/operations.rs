//! The operations of the control interface.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ctp_sim::{ApiKind, Command, Config, SessionState, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::{Answer, ControlError, REQUEST_LENGTH_MAX};
use crate::address::{FrontAddress, SPEED_MAX};
use crate::clock::{Clock, EventClock, ManualClock, RealClock, VirtualClock};
use crate::command::{read_command, read_line};
use crate::scenario;
use crate::simulator::Simulator;

/// How long a client may stay in a callback, in real time.
const PATIENCE: Duration = Duration::from_secs(20);

/// The clocks that are moved by hand, by the name of their exchange.
static MANUAL: Mutex<BTreeMap<String, Arc<ManualClock>>> = Mutex::new(BTreeMap::new());

/// Reads a request and carries it out.
pub(super) fn carry_out(request: &str) -> Result<Answer, ControlError> {
    if request.len() > REQUEST_LENGTH_MAX {
        return Err(ControlError::TooLong(request.len()));
    }
    let mut fields: Map<String, Value> = serde_json::from_str(request)?;
    let operation = match fields.remove("op") {
        Some(Value::String(operation)) => operation,
        other => {
            return Err(ControlError::Operation(other.map_or_else(String::new, |value| value.to_string())));
        }
    };
    match operation.as_str() {
        "start" => start(read(fields)?),
        "advance" => advance(read(fields)?),
        "until" => until(read(fields)?),
        "barrier" => {
            let exchange: Exchange = read(fields)?;
            find(&exchange.exchange)?.barrier(PATIENCE)?;
            Ok(Answer::new())
        }
        "command" => command(fields),
        "instrument" => {
            let wanted: Instrument = read(fields)?;
            let found = find(&wanted.exchange)?.instrument(&wanted.id);
            let texts = found.map(|fields| {
                // The instrument's own fields go before those of its tick.
                let mut texts = Map::new();
                for (name, value) in fields {
                    texts.entry(name).or_insert(Value::String(value));
                }
                Value::Object(texts)
            });
            Ok(answer(json!({ "fields": texts })))
        }
        "state" => state(read(fields)?),
        "end" => {
            let exchange: Exchange = read(fields)?;
            find(&exchange.exchange)?.end();
            crate::lock(&MANUAL).remove(&exchange.exchange);
            Ok(Answer::new())
        }
        _ => Err(ControlError::Operation(operation)),
    }
}

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
struct Advance {
    exchange: String,
    duration: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Until {
    exchange: String,
    time: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Instrument {
    exchange: String,
    id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    exchange: Option<String>,
}

fn read<T: DeserializeOwned>(fields: Map<String, Value>) -> Result<T, ControlError> {
    Ok(serde_json::from_value(Value::Object(fields))?)
}

fn answer(value: Value) -> Answer {
    match value {
        Value::Object(answer) => answer,
        _ => Answer::new(),
    }
}

fn find(name: &str) -> Result<Simulator, ControlError> {
    Simulator::running(name).ok_or_else(|| ControlError::NoExchange {
        name: name.to_owned(),
        running: Simulator::names().join(", "),
    })
}

fn start(start: Start) -> Result<Answer, ControlError> {
    let name = start.exchange;
    // The same names as in addresses, because clients reach it by one.
    if !matches!(format!("sim://{name}").parse(), Ok(FrontAddress::Simulator(address)) if address.name == name)
    {
        let expected = "a name: 1 to 64 letters, digits, '-', '_' or '.'";
        return Err(ControlError::Time { name: "exchange", value: name, expected });
    }
    let expected = "a time in China such as 2026-11-23 10:00:00";
    let at = match start.start {
        None => RealClock::new().now(),
        Some(text) => {
            let at = Timestamp::from_china(&text);
            at.ok_or(ControlError::Time { name: "start", value: text, expected })?
        }
    };
    let mut config = Config::starting_at(at);
    for (key, value) in start.config.into_pairs() {
        config.set(&key, &setting(&value))?;
    }
    let speed = start.speed.unwrap_or(1.0);
    if !(speed > 0.0 && speed <= SPEED_MAX) {
        let expected = "a number above 0, at most 1000";
        return Err(ControlError::Time { name: "speed", value: speed.to_string(), expected });
    }
    match start.clock {
        Kind::Manual => {
            let clock = Arc::new(ManualClock::new(at));
            Simulator::start(&name, config, Arc::clone(&clock))?;
            crate::lock(&MANUAL).insert(name, clock);
        }
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

fn advance(advance: Advance) -> Result<Answer, ControlError> {
    let simulator = find(&advance.exchange)?;
    let expected = "a duration such as 500ms, 2s or 1h";
    let duration = ctp_sim::duration(&advance.duration);
    let duration =
        duration.ok_or(ControlError::Time { name: "duration", value: advance.duration, expected })?;
    pass(&simulator, simulator.now().after(duration))
}

fn until(until: Until) -> Result<Answer, ControlError> {
    let simulator = find(&until.exchange)?;
    let expected = "a time such as 15:00:00 or 2026-11-23 15:00:00";
    let time = scenario::time::until(simulator.now(), &until.time);
    pass(&simulator, time.ok_or(ControlError::Time { name: "time", value: until.time, expected })?)
}

fn pass(simulator: &Simulator, until: Timestamp) -> Result<Answer, ControlError> {
    let clock = crate::lock(&MANUAL).get(simulator.name()).cloned();
    let clock = clock.ok_or_else(|| ControlError::Clock(simulator.name().to_owned()))?;
    simulator.pass(&clock, until, PATIENCE)?;
    Ok(answer(json!({ "now": simulator.now().china(), "nanoseconds": simulator.now().0 })))
}

fn command(mut fields: Map<String, Value>) -> Result<Answer, ControlError> {
    let take = |fields: &mut Map<String, Value>, name: &str| fields.remove(name).unwrap_or(Value::Null);
    let exchange: String = serde_json::from_value(take(&mut fields, "exchange"))?;
    let simulator = find(&exchange)?;
    let sessions: Option<BTreeMap<String, u64>> = serde_json::from_value(take(&mut fields, "sessions"))?;
    let session = |name: &str| sessions.as_ref()?.get(name).copied();
    let command: Command = match fields.remove("text") {
        Some(text) => {
            let text: String = serde_json::from_value(text)?;
            let (name, arguments) = read_line(&text)?;
            read_command(&name, &arguments, &session)?
        }
        None => {
            let name: String = serde_json::from_value(take(&mut fields, "command"))?;
            let named = if fields.is_empty() && serde_json::from_value::<Command>(json!(name)).is_ok() {
                json!(name)
            } else {
                json!({ name: fields })
            };
            serde_json::from_value(named)?
        }
    };
    simulator.command(command);
    Ok(Answer::new())
}

fn state(state: State) -> Result<Answer, ControlError> {
    let Some(exchange) = state.exchange else {
        return Ok(answer(json!({ "exchanges": Simulator::names() })));
    };
    let simulator = find(&exchange)?;
    let (trading_day, sessions) = simulator.look();
    Ok(answer(json!({
        "now": simulator.now().china(),
        "nanoseconds": simulator.now().0,
        "trading_day": trading_day,
        "sessions": sessions.iter().map(session).collect::<Vec<_>>(),
    })))
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
