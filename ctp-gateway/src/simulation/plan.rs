//! What kind of run a seed is: which faults there are and how often, how the exchange and the session are set.
//!
//! Each seed has some kinds of fault and not others, so that none hides another all the time.

mod trading;

use std::time::Duration;

use ctp_sim::Config;

use super::chance::Chance;
use super::clock::Clock;

pub(super) use self::trading::Trading;

/// The secrets of every run: no output of a session may show one.
pub(super) const PASSWORD: &str = "canary-password";
pub(super) const AUTH_CODE: &str = "canary-code";
pub(super) const WRONG_PASSWORD: &str = "canary-mistaken";
pub(super) const USER: &str = "000001";
pub(super) const BROKER: &str = "9999";

/// The money of an account that trades, in 1/10,000 CNY: now and then it does not suffice.
const INITIAL_BALANCE: i64 = 20_000_000 * 10_000;

/// How often, of 1,000, something goes wrong with one message.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rates {
    /// A request that the library takes and nobody answers.
    pub(super) request_lost: u32,
    /// An answer that does not come; of a query, the rest of it.
    pub(super) answer_lost: u32,
    /// A callback that comes twice.
    pub(super) doubled: u32,
    /// A callback that comes seconds late.
    pub(super) late: u32,
    /// A request that the library does not take.
    pub(super) not_taken: u32,
}

/// Something that befalls the whole session from time to time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mishap {
    /// The link breaks.
    Cut,
    /// The link breaks again and again, right after each connection.
    Flap,
    /// Nothing passes in either direction; the library notices much later.
    HalfOpen,
    /// Nobody listens for a while.
    FrontDown,
    /// The front ends the connection.
    FrontCloses,
    /// The core restarts without its flow.
    ClearFlow,
    /// The trading day is settled and the next one begins.
    NewDay,
    /// The core takes no logins for a while (7), or the front is not active (8).
    NotReady,
    /// Logins are refused for a reason that passes (7, 8, 21, 60).
    RefusedForNow,
    /// A login is refused for a reason that does not pass.
    RefusedForGood,
    /// `OnFrontConnected` or `OnFrontDisconnected` comes twice.
    Repeated,
    /// The library takes no request for a while (−1, −2, −3).
    NothingTaken,
    /// `OnRspError` that nobody asked for.
    StrayError,
    /// The wall clock is set.
    ClockSet,
    /// The process dies, at any step, and another begins with what the journal has.
    Kill,
    /// The exchange refuses the next orders or cancels.
    Refusals,
    /// The link breaks right after the next order or cancel left.
    CutSent,
    /// The kill switch is thrown for a while.
    KillSwitch,
    /// The journal's disk is full until the process ends.
    DiskFull,
}

const MISHAPS: [(Mishap, u32); 14] = [
    (Mishap::Cut, 600),
    (Mishap::Flap, 300),
    (Mishap::HalfOpen, 300),
    (Mishap::FrontDown, 300),
    (Mishap::FrontCloses, 400),
    (Mishap::ClearFlow, 150),
    (Mishap::NewDay, 250),
    (Mishap::NotReady, 250),
    (Mishap::RefusedForNow, 300),
    (Mishap::RefusedForGood, 40),
    (Mishap::Repeated, 250),
    (Mishap::NothingTaken, 250),
    (Mishap::StrayError, 150),
    (Mishap::ClockSet, 200),
];

#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) seed: u64,
    /// How long users and faults act; then comes the quiet.
    pub(super) active: Duration,
    pub(super) rates: Rates,
    pub(super) mishaps: Vec<Mishap>,
    /// The mean time between two mishaps.
    pub(super) mishap_gap: Duration,
    /// The mean time between two acts of the user.
    pub(super) user_gap: Duration,
    /// How long the network takes, at most.
    pub(super) latency: Duration,
    /// How long the session's task takes to come round to its work, at most.
    pub(super) task_lag: Duration,
    pub(super) authenticate: bool,
    pub(super) confirm: bool,
    pub(super) wrong_password: bool,
    /// Whether the user asks for more instruments than fit one call.
    pub(super) many_instruments: bool,
    pub(super) query_frequency: u32,
    pub(super) api_query_frequency: u32,
    pub(super) query_delay: Duration,
    pub(super) tick_interval: Duration,
    pub(super) crowd: bool,
    /// What a run that trades has besides.
    pub(super) trading: Option<Trading>,
}

impl Plan {
    pub(super) fn of_seed(seed: u64) -> Self {
        let mut chance = Chance::new(seed, "plan");
        let calm = chance.happens(80);
        let mut rate = |most| if calm || chance.happens(500) { 0 } else { chance.below(most) as u32 + 1 };
        let rates = Rates {
            request_lost: rate(60),
            answer_lost: rate(80),
            doubled: rate(100),
            late: rate(60),
            not_taken: rate(80),
        };
        let mishaps = MISHAPS
            .iter()
            .filter(|(_, per_mille)| chance.happens(*per_mille) && !calm)
            .map(|(kind, _)| *kind);
        Self {
            seed,
            mishaps: mishaps.collect(),
            rates,
            active: chance.millis(20_000, 240_000),
            mishap_gap: chance.millis(1_000, 40_000),
            user_gap: chance.millis(200, 5_000),
            latency: chance.pick(&[0, 1, 5, 200]).map_millis(),
            task_lag: chance.pick(&[0, 0, 1, 50]).map_millis(),
            authenticate: chance.happens(600),
            confirm: chance.happens(850),
            wrong_password: chance.happens(30),
            many_instruments: chance.happens(60),
            query_frequency: chance.pick(&[1, 2, 2, 3, 0]),
            api_query_frequency: chance.pick(&[0, 0, 0, 1]),
            query_delay: chance.pick(&[1, 5, 300, 3_000]).map_millis(),
            tick_interval: chance.pick(&[2_000, 10_000]).map_millis(),
            crowd: chance.happens(250),
            trading: None,
        }
    }

    /// Returns how long everything may take to come right once nothing goes wrong any more.
    pub(super) fn quiet_max() -> Duration {
        Duration::from_secs(2_400)
    }

    /// Returns the settings of the exchange.
    pub(super) fn exchange(&self) -> Config {
        let mut config = Config::starting_at(Clock::start());
        config.seed = self.seed;
        PASSWORD.clone_into(&mut config.password);
        config.authentication_required = self.authenticate;
        config.products = ["rb", "m", "SR", "IF"].map(str::to_owned).to_vec();
        config.options = false;
        config.combinations = false;
        config.crowd = self.crowd;
        config.queries_per_second = self.query_frequency;
        config.access.api_queries_per_second = self.api_query_frequency;
        config.query_delay = self.query_delay;
        config.tick_interval = self.tick_interval;
        if self.trading.is_some() {
            config.initial_balance = INITIAL_BALANCE;
        }
        config
    }
}

/// Milliseconds as a duration.
trait Millis {
    fn map_millis(self) -> Duration;
}

impl Millis for u64 {
    fn map_millis(self) -> Duration {
        Duration::from_millis(self)
    }
}
