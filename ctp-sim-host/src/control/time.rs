//! Time passes as told, and everything due is delivered.

use std::time::Duration;

use ctp_sim::{Command, Timestamp};
use serde::{Deserialize, Serialize};

use super::ControlError;
use super::operation::{Done, Operation, Request, Run, needed};
use crate::scenario;
use crate::simulator::Simulator;

/// How long a client may stay in a callback, in real time.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: Advance::NAME,
        help: "lets time pass on a manual clock; every callback due has then returned",
        arguments: &[needed("duration", "such as 500ms, 2s or 1h")],
        answer: "now, nanoseconds",
        example: "duration=500ms",
        run: Run::of::<Advance>(),
    },
    Operation {
        name: Until::NAME,
        help: "lets time pass until a moment on a manual clock",
        arguments: &[needed("time", "such as 15:00:00, the next one, or \"2026-11-23 15:00:00\"")],
        answer: "now, nanoseconds",
        example: "time=15:00:00",
        run: Run::of::<Until>(),
    },
    Operation {
        name: Barrier::NAME,
        help: "waits until every callback due has returned",
        arguments: &[],
        answer: "",
        example: "",
        run: Run::of::<Barrier>(),
    },
    Operation {
        name: Pause::NAME,
        help: "stops the clock: no ticks; requests are taken, their answers wait",
        arguments: &[],
        answer: "now, nanoseconds",
        example: "",
        run: Run::of::<Pause>(),
    },
    Operation {
        name: Resume::NAME,
        help: "lets a stopped clock go on; a real one shows the machine's time again",
        arguments: &[],
        answer: "now, nanoseconds",
        example: "",
        run: Run::of::<Resume>(),
    },
    Operation {
        name: Speed::NAME,
        help: "changes the speed of a virtual clock",
        arguments: &[needed("speed", "seconds per second: above 0, at most 1000").number()],
        answer: "now, nanoseconds",
        example: "speed=10",
        run: Run::of::<Speed>(),
    },
    Operation {
        name: Settle::NAME,
        help: "settles the trading day at once; the next one begins",
        arguments: &[],
        answer: "trading_day",
        example: "",
        run: Run::of::<Settle>(),
    },
];

/// Lets time pass.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advance {
    /// Such as `500ms`.
    pub duration: String,
}

/// Lets time pass until a moment.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Until {
    /// Such as `15:00:00`, the next one, or a date and time.
    pub time: String,
}

/// Waits until every callback due has returned.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Barrier {}

/// Stops the clock.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pause {}

/// Lets a stopped clock go on.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resume {}

/// Changes the speed of a virtual clock.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Speed {
    /// Seconds per second.
    pub speed: f64,
}

/// Settles the trading day at once.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settle {}

/// The trading day that has begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// `yyyymmdd`
    pub trading_day: String,
}

/// What time it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Now {
    /// In China.
    pub now: String,
    /// Since the Unix epoch.
    pub nanoseconds: i64,
}

impl Now {
    pub(super) fn of(at: Timestamp) -> Self {
        Self { now: at.china(), nanoseconds: at.0 }
    }
}

impl Request for Advance {
    const NAME: &'static str = "advance";
    type Answer = Now;

    fn carry_out(self, exchange: &Simulator) -> Result<Now, ControlError> {
        let expected = "a duration such as 500ms, 2s or 1h";
        let duration = ctp_sim::duration(&self.duration);
        let duration =
            duration.ok_or(ControlError::Value { name: "duration", value: self.duration, expected })?;
        pass(exchange, exchange.now().after(duration))
    }
}

impl Request for Until {
    const NAME: &'static str = "until";
    type Answer = Now;

    fn carry_out(self, exchange: &Simulator) -> Result<Now, ControlError> {
        let expected = "a time such as 15:00:00 or 2026-11-23 15:00:00";
        let time = scenario::time::until(exchange.now(), &self.time);
        pass(exchange, time.ok_or(ControlError::Value { name: "time", value: self.time, expected })?)
    }
}

impl Request for Barrier {
    const NAME: &'static str = "barrier";
    type Answer = Done;

    fn carry_out(self, exchange: &Simulator) -> Result<Done, ControlError> {
        exchange.barrier(PATIENCE)?;
        Ok(Done {})
    }
}

impl Request for Pause {
    const NAME: &'static str = "pause";
    type Answer = Now;

    fn carry_out(self, exchange: &Simulator) -> Result<Now, ControlError> {
        exchange.set_paused(true)?;
        Ok(Now::of(exchange.now()))
    }
}

impl Request for Resume {
    const NAME: &'static str = "resume";
    type Answer = Now;

    fn carry_out(self, exchange: &Simulator) -> Result<Now, ControlError> {
        exchange.set_paused(false)?;
        Ok(Now::of(exchange.now()))
    }
}

impl Request for Speed {
    const NAME: &'static str = "speed";
    type Answer = Now;

    fn carry_out(self, exchange: &Simulator) -> Result<Now, ControlError> {
        exchange.set_speed(self.speed)?;
        Ok(Now::of(exchange.now()))
    }
}

impl Request for Settle {
    const NAME: &'static str = "settle";
    type Answer = Day;

    fn carry_out(self, exchange: &Simulator) -> Result<Day, ControlError> {
        exchange.try_command(Command::Settle)?;
        Ok(Day { trading_day: exchange.look().0 })
    }
}

fn pass(exchange: &Simulator, until: Timestamp) -> Result<Now, ControlError> {
    let clock = exchange.clock().by_hand();
    let clock = clock.ok_or_else(|| ControlError::Clock(exchange.name().to_owned()))?;
    exchange.pass(clock, until, PATIENCE)?;
    Ok(Now::of(exchange.now()))
}
