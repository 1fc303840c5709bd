//! An exchange begins and ends, and what runs.

use std::path::PathBuf;
use std::sync::Arc;

use ctp_sim::{ApiKind, Config, SessionState, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::ControlError;
use super::operation::{Answer, Done, Fields, Operation, Request, Run, needed, optional, read, write};
use super::operations::find;
use crate::address::{FrontAddress, SPEED_MAX};
use crate::clock::{Clock, EventClock, ManualClock, Pace, RealClock, VirtualClock};
use crate::counts::Counts;
use crate::fault::FaultPlan;
use crate::recording::read_recording;
use crate::registry::StartError;
use crate::simulator::Simulator;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "start",
        help: "starts an exchange in the process",
        arguments: &[
            needed("exchange", "its name, as in sim://NAME"),
            optional("clock", "manual (default), virtual, real or max"),
            optional("speed", "seconds per second of a virtual clock: above 0, at most 1000; default 1")
                .number(),
            optional("start", "a time in China such as \"2026-11-23 10:00:00\"; the machine's when left out"),
            optional("config", "an object of settings and switches, or a list of pairs").json(),
            optional(
                "replay",
                "a recording of ticks to play, in CSV (docs/simulator.md): at its own times with start, else from now on",
            ),
        ],
        answer: "",
        example: "exchange=x start=\"2026-11-23 10:00:00\"",
        run: Run::Process(start),
    },
    Operation {
        name: State::NAME,
        help: "tells how an exchange is; without exchange, which ones run in the process",
        arguments: &[],
        answer: "exchange, now, nanoseconds, trading_day, clock, speed, paused, counts, sessions; or exchanges",
        example: "",
        run: Run::Either(Run::typed::<State>(), exchanges),
    },
    Operation {
        name: Sessions::NAME,
        help: "lists the API objects that have connected",
        arguments: &[optional("connected", "true: only those that are connected now").switch()],
        answer: "sessions",
        example: "",
        run: Run::of::<Sessions>(),
    },
    Operation {
        name: "end",
        help: "ends an exchange of the process; its name is free again",
        arguments: &[],
        answer: "",
        example: "",
        run: Run::Process(end),
    },
    Operation {
        name: Restart::NAME,
        help: "restarts the core as the fault restart does: every connection ends with 4097, the day goes on",
        arguments: &[
            optional("clear-flow", "true: the flow is cleared; default false").switch(),
            optional("down", "how long nobody gets a connection, such as 30s; default 0"),
        ],
        answer: "",
        example: "down=30s",
        run: Run::of::<Restart>(),
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
    replay: Option<PathBuf>,
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

/// Asks how an exchange is.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {}

/// How an exchange is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExchangeState {
    /// Its name.
    pub exchange: String,
    /// Its time in China.
    pub now: String,
    /// Its time since the Unix epoch.
    pub nanoseconds: i64,
    /// `yyyymmdd`
    pub trading_day: String,
    /// `manual`, `virtual`, `real` or `max`.
    pub clock: String,
    /// Seconds per second of a virtual clock.
    pub speed: Option<f64>,
    /// Whether the clock is stopped.
    pub paused: bool,
    /// What it has done since it started.
    pub counts: Counts,
    /// The API objects that have connected.
    pub sessions: Vec<Session>,
}

/// Asks for the API objects that have connected.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sessions {
    /// Only those that are connected now.
    pub connected: bool,
}

/// Restarts the core: every connection ends, the day goes on.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Restart {
    /// Whether the flow is cleared.
    pub clear_flow: bool,
    /// How long nobody gets a connection, such as `30s`; not at all when it is left out.
    pub down: Option<String>,
}

/// The API objects that have connected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionList {
    /// In the order of their numbers.
    pub sessions: Vec<Session>,
}

/// An API object that has connected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Its number on the exchange.
    pub session: u64,
    /// `md` or `trader`.
    pub api: String,
    /// The version of its library.
    pub version: String,
    /// Whether it is connected.
    pub connected: bool,
    /// Whether the front says nothing to it.
    pub silent: bool,
    /// How many instruments' ticks go to it.
    pub subscriptions: usize,
    /// `UserID`, once it logged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// `InvestorID`, once it logged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub investor: Option<String>,
    /// `FrontID`, once it logged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub front_id: Option<i32>,
    /// `SessionID`, once it logged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<i32>,
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
    let from_now = start.start.is_none();
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
    if let Some(path) = start.replay {
        config.replay = Some(read_recording(&path, from_now).map_err(StartError::from)?);
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

fn exchanges(fields: Fields) -> Result<Answer, ControlError> {
    let Nothing {} = read(fields)?;
    write(&json!({ "exchanges": Simulator::names() }))
}

impl Request for State {
    const NAME: &'static str = "state";
    type Answer = ExchangeState;

    fn carry_out(self, exchange: &Simulator) -> Result<ExchangeState, ControlError> {
        let (trading_day, sessions) = exchange.look();
        let now = exchange.now();
        let pace = exchange.pace();
        Ok(ExchangeState {
            exchange: exchange.name().to_owned(),
            now: now.china(),
            nanoseconds: now.0,
            trading_day,
            clock: pace.to_string(),
            speed: match pace {
                Pace::Times { speed, .. } => Some(speed),
                _ => None,
            },
            paused: pace.is_paused(),
            counts: exchange.counts(),
            sessions: sessions.into_iter().map(Session::from).collect(),
        })
    }
}

impl Request for Sessions {
    const NAME: &'static str = "sessions";
    type Answer = SessionList;

    fn carry_out(self, exchange: &Simulator) -> Result<SessionList, ControlError> {
        let (_, sessions) = exchange.look();
        let wanted = sessions.into_iter().filter(|session| session.connected || !self.connected);
        Ok(SessionList { sessions: wanted.map(Session::from).collect() })
    }
}

impl Request for Restart {
    const NAME: &'static str = "restart";
    type Answer = Done;

    fn carry_out(self, exchange: &Simulator) -> Result<Done, ControlError> {
        let mut fault = Map::from_iter([
            ("do".to_owned(), Value::from("restart")),
            ("clear-flow".to_owned(), Value::from(self.clear_flow)),
        ]);
        fault.extend(self.down.map(|down| ("down".to_owned(), Value::from(down))));
        exchange.do_once(FaultPlan::from_json("restart", &fault)?);
        Ok(Done {})
    }
}

impl From<SessionState> for Session {
    fn from(state: SessionState) -> Self {
        let (major, minor, patch) = state.api_version;
        let login = state.login;
        Self {
            session: state.session.0,
            api: match state.kind {
                ApiKind::Md => "md",
                ApiKind::Trader => "trader",
            }
            .to_owned(),
            version: format!("{major}.{minor}.{patch}"),
            connected: state.connected,
            silent: state.silent,
            subscriptions: state.subscriptions,
            user: login.as_ref().map(|login| login.user.clone()),
            front_id: login.as_ref().map(|login| login.front_id),
            session_id: login.as_ref().map(|login| login.session_id),
            investor: login.map(|login| login.investor),
        }
    }
}
