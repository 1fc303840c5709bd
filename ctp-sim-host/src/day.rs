//! A whole trading day as fast as possible: an exchange by the calendar, a market-data client, a trader with a script.
//!
//! Everything happens in the caller's thread and in the exchange's time, so that the same options give the same day,
//! message for message; the journal's digest tells.

mod trader;

use std::time::Duration;

use ctp_market::{Date, Exchange as Venue, MarketError, ReferenceData};
use ctp_sim::{
    ApiKind, Config, ConfigError, Delivery, Exchange, Input, Journal, Output, SessionId, Timestamp,
};
use ctp_types::{MdCallback, MdRequest, RecordBox, ReqUserLoginField, Text};

use self::trader::Trader;

/// What day.
#[derive(Clone, Debug)]
pub struct DayOptions {
    /// The trading day. Its night session belongs to it.
    pub date: Date,
    /// Seed of the exchange and of the trader's choices.
    pub seed: u64,
    /// How many futures are listed and subscribed at least; products are listed whole.
    pub instruments: usize,
    /// Orders that the trader sends in a second of trading.
    pub orders_per_second: u32,
    /// Whether every message goes into the journal.
    pub journal: bool,
    /// Further settings and switches, as [`Config::set`] takes them.
    pub settings: Vec<(String, String)>,
}

/// What happened on the day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayReport {
    /// How many instruments were subscribed.
    pub instruments: usize,
    /// Ticks delivered.
    pub ticks: u64,
    /// Orders sent.
    pub orders: u64,
    /// Orders and cancels refused, by the broker or the exchange.
    pub refused: u64,
    /// Trades delivered.
    pub trades: u64,
    /// All callbacks.
    pub callbacks: u64,
    /// The trading day after settlement, `yyyymmdd`.
    pub next_day: String,
    /// The journal's digest and how many entries it has.
    pub journal: Option<(String, u64)>,
}

/// Why a day cannot be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DayError {
    /// It is no trading day.
    #[error("{0} is not a trading day; the next one is {1}")]
    NoTradingDay(Date, Date),
    /// A setting cannot be.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The calendar or the reference data refuse the day.
    #[error(transparent)]
    Market(#[from] MarketError),
    /// The products that may be listed are too few.
    #[error("only {found} futures are listed on the day; ask for at most as many, not {wanted}")]
    Instruments {
        /// Asked for.
        wanted: usize,
        /// Listed.
        found: usize,
    },
    /// The day has no such time.
    #[error("{0} is outside the range of time")]
    Range(Date),
}

const MD: SessionId = SessionId(1);
const TRADER: SessionId = SessionId(2);
/// When the exchange starts, the evening before, and when the day is over, well after settlement.
const OPENING: (i8, i8) = (20, 30);
const END: (i8, i8) = (16, 5);
/// How often clients that have nothing to do look whether they are connected.
const IDLE: Duration = Duration::from_secs(30);

/// Runs a trading day.
///
/// # Errors
///
/// Returns an error when the day is no trading day or a setting cannot be.
pub fn run(options: &DayOptions) -> Result<DayReport, DayError> {
    let reference = ReferenceData::builtin()?.assume_weekdays();
    let calendar = reference.calendar();
    let date = options.date;
    let eve = calendar.previous_trading_day(date)?;
    if calendar.next_trading_day(eve)? != date {
        return Err(DayError::NoTradingDay(date, calendar.next_trading_day(eve)?));
    }
    let at = |date: Date, (hour, minute): (i8, i8)| {
        ctp_market::unix_nanoseconds(date.at(hour, minute, 0, 0)).map(Timestamp).ok_or(DayError::Range(date))
    };
    let (products, listed) = listing(&reference, date, options.instruments)?;
    let mut config = Config::starting_at(at(eve, OPENING)?);
    config.seed = options.seed;
    config.products = products;
    for (key, value) in [
        ("hours", "exchange"),
        ("options", "off"),
        ("combinations", "off"),
        ("initial_balance", "10000000000000"),
    ] {
        config.set(key, value)?;
    }
    for (key, value) in &options.settings {
        config.set(key, value)?;
    }
    let mut day = Day {
        now: config.start,
        exchange: Exchange::new(config)?,
        outputs: Vec::new(),
        journal: options.journal.then(Journal::new),
        report: DayReport {
            instruments: listed.len(),
            ticks: 0,
            orders: 0,
            refused: 0,
            trades: 0,
            callbacks: 0,
            next_day: String::new(),
            journal: None,
        },
        trader: Trader::new(options.seed, &listed),
        instruments: listed.iter().map(|(id, _)| *id).collect(),
    };
    let interval = match options.orders_per_second {
        0 => IDLE,
        count => Duration::from_secs(1) / count,
    };
    day.pass(at(date, END)?, interval, options.orders_per_second > 0);
    day.report.next_day = day.exchange.trading_day().to_str().into_owned();
    day.report.journal = day.journal.map(|journal| (journal.hex(), journal.entries()));
    Ok(day.report)
}

/// Products, and futures of theirs with their exchanges.
type Listing = (Vec<String>, Vec<(Text<81>, Venue)>);

/// Returns products with at least `wanted` futures, and so many of their ids.
fn listing(reference: &ReferenceData, date: Date, wanted: usize) -> Result<Listing, DayError> {
    let (mut products, mut ids) = (Vec::new(), Vec::new());
    for product in reference.products() {
        if ids.len() >= wanted {
            break;
        }
        products.push(product.id.clone());
        let contracts = reference.contracts_of(product, date)?;
        let listed = contracts.iter().filter_map(|contract| Text::new(&contract.id).ok());
        ids.extend(listed.map(|id| (id, product.exchange)));
    }
    if ids.len() < wanted {
        return Err(DayError::Instruments { wanted, found: ids.len() });
    }
    ids.truncate(wanted);
    Ok((products, ids))
}

struct Day {
    exchange: Exchange,
    now: Timestamp,
    outputs: Vec<Output>,
    journal: Option<Journal>,
    report: DayReport,
    trader: Trader,
    instruments: Vec<Text<81>>,
}

impl Day {
    /// Lets time pass until the end; the trader has its turn at every interval.
    fn pass(&mut self, end: Timestamp, interval: Duration, trades: bool) {
        self.connect(MD);
        self.connect(TRADER);
        let mut turn = self.now.after(interval);
        while self.now < end {
            let due = self.exchange.next_deadline().unwrap_or(end);
            self.now = self.now.max(due.min(turn)).min(end);
            self.step(Input::Advance);
            if self.now < turn {
                continue;
            }
            let is_asleep = !trades || !self.trader.is_trading();
            turn = self.now.after(if is_asleep { IDLE } else { interval });
            for input in self.trader.turn(self.now) {
                self.report.orders += u64::from(Trader::is_order(&input));
                self.step(input);
            }
        }
    }

    fn connect(&mut self, session: SessionId) {
        let kind = if session == MD { ApiKind::Md } else { ApiKind::Trader };
        self.step(Input::Connect { session, kind, api_version: (6, 7, 13) });
    }

    /// Steps the exchange, then lets the clients answer what came.
    fn step(&mut self, input: Input) {
        if let Some(journal) = &mut self.journal {
            journal.input(self.now, &input);
        }
        self.exchange.step(self.now, input, &mut self.outputs);
        let mut outputs = std::mem::take(&mut self.outputs);
        let mut answers = Vec::new();
        for output in outputs.drain(..) {
            if let Some(journal) = &mut self.journal {
                journal.output(self.now, &output);
            }
            self.report.callbacks += 1;
            self.take(output, &mut answers);
        }
        self.outputs = outputs;
        for answer in answers {
            self.step(answer);
        }
    }

    fn take(&mut self, output: Output, answers: &mut Vec<Input>) {
        match output.delivery {
            Delivery::Md { callback: MdCallback::OnRtnDepthMarketData, record, .. } => {
                self.report.ticks += 1;
                if let Some(tick) = record.as_ref().and_then(RecordBox::get) {
                    self.trader.see(self.now, tick);
                }
            }
            Delivery::Md { callback: MdCallback::OnFrontConnected, .. } => {
                let record = RecordBox::new(&ReqUserLoginField::default());
                answers.push(Input::Md {
                    session: MD,
                    request: MdRequest::ReqUserLogin,
                    record,
                    request_id: 1,
                });
            }
            Delivery::Md { callback: MdCallback::OnRspUserLogin, .. } => {
                answers.push(Input::Subscribe { session: MD, instruments: self.instruments.clone() });
            }
            Delivery::Trader { callback, record, rsp_info, .. } => {
                let error = rsp_info.map_or(0, |info| info.error_id);
                let (trades, refused) = self.trader.hear(callback, record.as_ref(), error, answers);
                self.report.trades += u64::from(trades);
                self.report.refused += u64::from(refused);
            }
            Delivery::Close { .. } => {
                if output.session == TRADER {
                    self.trader.lose();
                }
                // The library connects again.
                let kind = if output.session == MD { ApiKind::Md } else { ApiKind::Trader };
                answers.push(Input::Connect { session: output.session, kind, api_version: (6, 7, 13) });
            }
            _ => {}
        }
    }
}
