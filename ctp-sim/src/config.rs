//! What an exchange is made of: the settings with defaults that just work.

mod access;
mod keys;

use std::fmt;
use std::time::Duration;

pub use access::{Access, SmsLogin};
use ctp_market::Time;
pub use keys::{ConfigKey, duration};

use crate::interface::Timestamp;
use crate::market::replay::Replay;
use crate::matching::MatchingModel;
pub use crate::money::params::TradingParams;
pub use crate::money::rates::Rates;
use crate::switches::{SwitchError, Switches};

/// The settings of an exchange.
///
/// Made by [`Config::starting_at`]; every field may then be changed before [`Exchange::new`](crate::Exchange::new).
#[derive(Clone)]
pub struct Config {
    /// When the exchange comes into being; decides its trading day and its contracts.
    pub start: Timestamp,
    /// Seed of every price and every id; the same seed and inputs give the same outputs.
    pub seed: u64,
    /// The only broker (`BrokerID`), default `9999`.
    pub broker: String,
    /// The password of every investor, default `simulator`.
    pub password: String,
    /// Whether login without a successful `ReqAuthenticate` is refused (64). Default: no.
    pub authentication_required: bool,
    /// Who may log in, and how much a session may ask.
    pub access: Access,
    /// Whether orders need a settlement confirmation of the day (42). Default: yes.
    pub confirmation_required: bool,
    /// The money of a new investor, in 1/10,000 CNY. Default 1,000,000 CNY.
    pub initial_balance: i64,
    /// The products listed (`rb`, `IF`, …). Default: all that ctp-market knows.
    pub products: Vec<String>,
    /// Whether options are listed. Default: yes.
    pub options: bool,
    /// Whether combinations of two futures (DCE, CZCE) are listed. Default: yes.
    pub combinations: bool,
    /// Lots that every new investor holds from the day before. Default: none.
    pub carried_lots: Vec<CarriedLot>,
    /// How margin and available money are counted (§6.1).
    pub params: TradingParams,
    /// Margin and commission rates that differ from the reference data's. Default: none.
    pub rates: Vec<Rates>,
    /// Whether a simulated crowd quotes and trades in every market. Without it, clients only meet each other. Default: yes.
    pub crowd: bool,
    /// A recording that is played from the start. Default: none.
    pub replay: Option<Replay>,
    /// Levels of the book on the market-data front, 1 to 5. Default: by exchange, 5 at SHFE and INE and 1 elsewhere.
    pub depth_levels: Option<u8>,
    /// How orders are matched. Default: `book`.
    pub matching: MatchingModel,
    /// Behaviour that no primary source decides.
    pub switches: Switches,
    /// When the markets are open. Default: always.
    pub hours: Hours,
    /// When a trading day is settled, in China's time, with [`Hours::Exchange`]. Default 16:00.
    pub settlement_time: Time,
    /// From a settlement until the core takes logins again; before, they are answered by 7. Default: 3 hours with
    /// [`Hours::Exchange`], none with [`Hours::Always`].
    pub reopening_delay: Option<Duration>,
    /// Whether the broker takes conditional orders; if not they are refused (54). Default: yes.
    pub conditional_orders: bool,
    /// How many conditional orders of all investors may wait at once (52). Default 0, which is no limit.
    pub conditional_limit: u32,
    /// Whether DCE takes orders for the section (GFS). Default: no.
    pub dce_section_orders: bool,
    /// Orders and cancels of an investor per trading day (158). Default 0, which is no limit.
    pub orders_per_day: u32,
    /// Queries answered per session and second; more are answered by `OnRspError` 90. 0 is no limit.
    ///
    /// Default 2: the historical front allows 1, which a client that waits exactly one second trips over now and then.
    pub queries_per_second: u32,
    /// From `Connect` to `OnFrontConnected`. Default 20 ms.
    pub connect_delay: Duration,
    /// From a request to its answer by the core. Default 1 ms.
    pub answer_delay: Duration,
    /// From a query to its answer. Default 5 ms.
    pub query_delay: Duration,
    /// From the core's acceptance of an order or cancel to the exchange's word. Default 3 ms.
    pub exchange_delay: Duration,
    /// Between two market-data snapshots. Default 500 ms.
    pub tick_interval: Duration,
}

/// A lot that an investor holds when the exchange starts.
#[derive(Clone, Debug)]
pub struct CarriedLot {
    /// The instrument, for example `rb2705`.
    pub instrument: String,
    /// Whether it was bought.
    pub long: bool,
    /// How many.
    pub volume: i32,
    /// At which price it was opened.
    pub open_price: f64,
}

/// When the markets are open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hours {
    /// At any time, on the trading day that the exchange was made on: nothing closes by itself.
    Always,
    /// By the exchanges' timetables and the calendar, with daily settlement and roll.
    Exchange,
}

impl Config {
    /// The default delays: to connect, to answer, to answer a query, and of the exchange.
    const DELAYS: [Duration; 4] = [
        Duration::from_millis(20),
        Duration::from_millis(1),
        Duration::from_millis(5),
        Duration::from_millis(3),
    ];

    /// Returns the default settings of an exchange that starts at `start`.
    pub fn starting_at(start: Timestamp) -> Self {
        let [connect_delay, answer_delay, query_delay, exchange_delay] = Self::DELAYS;
        Self {
            start,
            seed: 1,
            broker: "9999".to_owned(),
            password: "simulator".to_owned(),
            authentication_required: false,
            access: Access::default(),
            confirmation_required: true,
            initial_balance: 1_000_000 * 10_000,
            products: Vec::new(),
            options: true,
            combinations: true,
            carried_lots: Vec::new(),
            params: TradingParams::default(),
            rates: Vec::new(),
            crowd: true,
            replay: None,
            depth_levels: None,
            matching: MatchingModel::default(),
            switches: Switches::default(),
            hours: Hours::Always,
            settlement_time: Time::constant(16, 0, 0, 0),
            reopening_delay: None,
            conditional_orders: true,
            conditional_limit: 0,
            dce_section_orders: false,
            orders_per_day: 0,
            queries_per_second: 2,
            connect_delay,
            answer_delay,
            query_delay,
            exchange_delay,
            tick_interval: Duration::from_millis(500),
        }
    }
}

impl Config {
    /// Returns how long the core takes no logins after a settlement.
    pub(crate) fn reopening_delay(&self) -> Duration {
        const THREE_HOURS: Duration = Duration::from_secs(3 * 60 * 60);
        let usual = if self.hours == Hours::Exchange { THREE_HOURS } else { Duration::ZERO };
        self.reopening_delay.unwrap_or(usual)
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("start", &self.start)
            .field("seed", &self.seed)
            .field("broker", &self.broker)
            .field("products", &self.products)
            .finish_non_exhaustive()
    }
}

/// Why an exchange cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The start is outside the calendar, or the reference data refuse it.
    #[error(transparent)]
    Market(#[from] ctp_market::MarketError),
    /// A product is not known.
    #[error("product {product} is not known; known are: {known}")]
    UnknownProduct {
        /// The id asked for.
        product: String,
        /// All ids, separated by blanks.
        known: String,
    },
    /// A carried lot names an instrument that is not listed, or a price or volume that cannot be.
    #[error("carried lot of {instrument}: {reason}")]
    CarriedLot {
        /// The instrument asked for.
        instrument: String,
        /// What is wrong.
        reason: String,
    },
    /// A text does not fit its CTP field.
    #[error("{setting} does not fit its CTP field: {value:?}; shorten it")]
    Text {
        /// The setting's name.
        setting: &'static str,
        /// Its value.
        value: String,
    },
    /// There is no such setting.
    #[error(
        "there is no setting or switch {key:?}: settings are {known}; `ctp sim switches` lists the switches"
    )]
    UnknownKey {
        /// The name as given.
        key: String,
        /// All settings, separated by commas.
        known: String,
    },
    /// A setting does not take a value.
    #[error("setting {key} does not take {value:?}: write {takes}")]
    Value {
        /// The setting.
        key: &'static str,
        /// What was given.
        value: String,
        /// What it takes.
        takes: &'static str,
    },
    /// A switch does not take a value.
    #[error(transparent)]
    Switch(#[from] SwitchError),
    /// The tick interval is not a positive number of milliseconds.
    #[error("tick_interval must be at least 1 ms, found {0:?}")]
    TickInterval(Duration),
}
