//! What the view knows of the exchange, and the thread that asks for it.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use ctp_sim_host::Line;
use ctp_sim_host::control::look::{Account, InstrumentsWanted, Order, Trade, Wanted};
use ctp_sim_host::control::{
    Accounts, BookAndTrades, BookWanted, ControlError, Disconnect, Door, ExchangeState, Faults, Log, Orders,
    Pause, Resume, Settle, Speed, State, Trades,
};

/// Time between two looks at the exchange.
const INTERVAL: Duration = Duration::from_millis(250);

/// Time between two attempts to reach an exchange that does not answer.
const RETRY: Duration = Duration::from_secs(1);

/// Rows of a list.
const ROWS: usize = 200;

/// Instruments to choose from.
const INSTRUMENTS: usize = 1_000;

/// Lines of the log that are asked for at once.
const LINES: usize = 300;

/// What the exchange is like at a moment.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    /// When it was taken, for rates.
    pub(super) at: Instant,
    pub(super) state: ExchangeState,
    pub(super) orders: Vec<Order>,
    pub(super) trades: Vec<Trade>,
    pub(super) accounts: Vec<Account>,
    /// The faults of the plans in force.
    pub(super) faults: Vec<Fault>,
    /// The newest lines of the log.
    pub(super) lines: Vec<Line>,
    pub(super) book: Option<BookAndTrades>,
    /// Instruments that somebody looks at or trades.
    pub(super) instruments: Vec<String>,
}

/// A fault of a plan in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// The plan's number and name.
    pub(super) plan: String,
    /// What it does.
    pub(super) text: String,
    /// Whether it has something under way.
    pub(super) active: bool,
    /// How often it was done.
    pub(super) done: u64,
}

/// What the view wants done.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wish {
    /// Stops the clock, or lets it go on.
    Pause(bool),
    /// Changes the speed.
    Speed(f64),
    /// Ends a client's connection.
    Disconnect { session: u64, reason: i32 },
    /// Ends the trading day.
    Settle,
    /// Shows this instrument's book.
    Book(String),
}

/// What comes from the exchange.
#[derive(Debug)]
pub(super) enum News {
    /// How it is now.
    Snapshot(Box<Snapshot>),
    /// What became of a wish.
    Done(Result<String, String>),
    /// It is not reached.
    Lost(String),
}

/// The thread that asks. It ends when the view is gone.
#[derive(Debug)]
pub(super) struct Courier {
    pub(super) wishes: Sender<Wish>,
    pub(super) news: Receiver<News>,
}

impl Courier {
    /// Starts the thread.
    pub(super) fn start(door: Door) -> std::io::Result<Self> {
        let (wish_tx, wishes) = mpsc::channel();
        let (news_tx, news) = mpsc::channel();
        let mut errand = Errand { door, book: None, lines: Vec::new(), next: 0, instruments: Vec::new() };
        thread::Builder::new().name("ctp-sim-view".to_owned()).spawn(move || {
            errand.run(&wishes, &news_tx);
        })?;
        Ok(Self { wishes: wish_tx, news })
    }
}

/// What the thread keeps between two looks.
struct Errand {
    door: Door,
    book: Option<String>,
    lines: Vec<Line>,
    next: u64,
    instruments: Vec<String>,
}

impl Errand {
    fn run(&mut self, wishes: &Receiver<Wish>, news: &Sender<News>) {
        let mut round = 0_u32;
        loop {
            let looked = self.look(round);
            round = round.wrapping_add(1);
            let (told, pause) = match looked {
                Ok(snapshot) => (News::Snapshot(Box::new(snapshot)), INTERVAL),
                Err(error) => (News::Lost(error.to_string()), RETRY),
            };
            if news.send(told).is_err() {
                return;
            }
            match wishes.recv_timeout(pause) {
                Ok(wish) => {
                    if self.carry_out(wish).is_some_and(|done| news.send(News::Done(done)).is_err()) {
                        return;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn look(&mut self, round: u32) -> Result<Snapshot, ControlError> {
        let state = self.door.ask(State {})?;
        let newest = Wanted { newest: true, limit: Some(ROWS), ..Wanted::default() };
        let orders = self.door.ask(Orders(newest.clone()))?.rows;
        let trades = self.door.ask(Trades(newest))?.rows;
        let accounts = self.door.ask(Accounts { limit: Some(ROWS), ..Accounts::default() })?.rows;
        let new = self.door.ask(Log { from: self.next, limit: Some(LINES) })?;
        if new.next < self.next || new.lines.first().is_some_and(|line| line.number < self.next) {
            // Another exchange under the same address: it counts anew.
            self.lines.clear();
        }
        self.next = new.next;
        self.lines.extend(new.lines);
        let surplus = self.lines.len().saturating_sub(LINES);
        self.lines.drain(..surplus);
        if round.is_multiple_of(4) {
            let wanted =
                InstrumentsWanted { subscribed: true, limit: Some(INSTRUMENTS), ..Default::default() };
            self.instruments = self.door.ask(wanted)?.rows.into_iter().map(|row| row.id).collect();
        }
        let mut instruments = self.instruments.clone();
        for order in &orders {
            if !instruments.contains(&order.instrument) {
                instruments.push(order.instrument.clone());
            }
        }
        if self.book.is_none() {
            self.book = instruments.first().cloned();
        }
        let book = match self.book.clone() {
            // An instrument that is no longer listed has no book.
            Some(id) => self.door.ask(BookWanted { id, trades: 20 }).ok(),
            None => None,
        };
        let faults = self.faults()?;
        let lines = self.lines.clone();
        Ok(Snapshot { at: Instant::now(), state, orders, trades, accounts, faults, lines, book, instruments })
    }

    fn faults(&self) -> Result<Vec<Fault>, ControlError> {
        let plans = self.door.ask(Faults {})?.plans;
        let faults = plans.into_iter().flat_map(|plan| {
            let name = format!("{} {}", plan.id, plan.name);
            plan.faults.into_iter().map(move |fault| Fault {
                plan: name.clone(),
                text: fault.text,
                active: fault.active,
                done: fault.done,
            })
        });
        Ok(faults.collect())
    }

    fn carry_out(&mut self, wish: Wish) -> Option<Result<String, String>> {
        let done = match wish {
            Wish::Pause(true) => self.door.ask(Pause {}).map(|now| format!("stopped at {}", now.now)),
            Wish::Pause(false) => self.door.ask(Resume {}).map(|now| format!("goes on at {}", now.now)),
            Wish::Speed(speed) => self.door.ask(Speed { speed }).map(|_| format!("speed ×{speed}")),
            Wish::Disconnect { session, reason } => {
                let told = format!("session {session} was disconnected ({reason:#06x})");
                self.door.ask(Disconnect { session, reason }).map(|_| told)
            }
            Wish::Settle => {
                self.door.ask(Settle {}).map(|day| format!("settled; trading day {} begins", day.trading_day))
            }
            Wish::Book(id) => {
                let before = self.book.replace(id.clone());
                match self.door.ask(BookWanted { id, trades: 0 }) {
                    Ok(_) => return None,
                    Err(error) => {
                        self.book = before;
                        Err(error)
                    }
                }
            }
        };
        Some(done.map_err(|error| error.to_string()))
    }
}
