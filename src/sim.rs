//! Exchanges for tests: a fresh one in milliseconds, in virtual time that passes when it is told to.
//!
//! [`Exchange::start`] starts one in the simulator's library, the one that [`MdClient`](crate::MdClient),
//! [`TdClient`](crate::TdClient) and every facade in this process load; clients reach it by its
//! [`front`](Exchange::front). [`Exchange::at`] is the way to an exchange that `ctp sim serve` serves. It ends when it is
//! dropped.
//!
//! ```
//! use ctp::sim::{Exchange, Wanted};
//!
//! let exchange = Exchange::builder()
//!     .start_at("2026-11-23 10:00:00")
//!     .set("products", "rb,m")
//!     .set("crowd", "off")
//!     .start()?;
//! // … a client registers exchange.front() …
//! exchange.advance("1s")?;
//! exchange.tick("rb2701", 3200.0)?;
//! exchange.command("deposit 146571 amount=50000")?;
//! assert_eq!(exchange.accounts(None)?[0].balance, 1_050_000.0);
//! assert_eq!(exchange.book("rb2701")?.book.last, Some(3200.0));
//! assert!(exchange.orders(Wanted::default())?.is_empty());
//! let error = exchange.tick("rb9999", 3200.0).unwrap_err();
//! assert!(error.to_string().contains("rb9999"));
//! # Ok::<(), ctp::sim::SimError>(())
//! ```

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use ctp_sim_host::control::{self, ControlError, Door, Request};
use ctp_sys::Control;
use serde_json::{Map, Value, json};

pub use ctp_sim_host::Line;
pub use ctp_sim_host::control::look::{
    Account, Book, Instrument, InstrumentsWanted, Level, Order, Position, Trade, Wanted,
};
pub use ctp_sim_host::control::{BookAndTrades, ExchangeState, Now, RemoteError, Session};

/// Counts exchanges of this process, for their names.
static STARTED: AtomicU64 = AtomicU64::new(1);

/// Why an exchange was not started, or did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimError {
    /// The simulator's library is missing or cannot be used.
    #[error(transparent)]
    Library(#[from] ctp_sys::LoadError),
    /// The exchange refused it, or was not reached.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// A served exchange was not reached.
    #[error(transparent)]
    Remote(#[from] RemoteError),
}

/// How an exchange is to be.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    name: Option<String>,
    start: Option<String>,
    clock: Option<(String, f64)>,
    settings: Vec<(String, String)>,
    replay: Option<PathBuf>,
}

/// A running exchange. Dropping one that was started here ends it.
#[derive(Debug)]
pub struct Exchange {
    door: Door,
    owned: bool,
}

impl Builder {
    /// Gives it a name, as in `sim://NAME`; one that no other has is taken when this is left out.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// Says when its time begins, in China: `2026-11-23 10:00:00`. The machine's time when this is left out.
    #[must_use]
    pub fn start_at(mut self, time: &str) -> Self {
        self.start = Some(time.to_owned());
        self
    }

    /// Lets time pass by itself, so many seconds in a second of the machine's.
    #[must_use]
    pub fn running(mut self, speed: f64) -> Self {
        self.clock = Some(("virtual".to_owned(), speed));
        self
    }

    /// Makes a setting or a switch; `ctp sim settings` and `ctp sim switches` list them.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Plays a recording of ticks in CSV: at its own times where a start is given, else from now on.
    #[must_use]
    pub fn replay(mut self, path: impl Into<PathBuf>) -> Self {
        self.replay = Some(path.into());
        self
    }

    /// Starts it.
    ///
    /// # Errors
    ///
    /// Returns an error when the simulator's library is not found, or a setting or the recording cannot be.
    pub fn start(self) -> Result<Exchange, SimError> {
        let control = Control::open(ctp_sys::find_simulator(ctp_types::API_VERSION)?.trader)?;
        let name = self.name.unwrap_or_else(|| {
            format!("rust-{}-{}", std::process::id(), STARTED.fetch_add(1, Ordering::Relaxed))
        });
        let door =
            Door::through(&name, move |request| control.request(request).map_err(|error| error.to_string()));
        let mut start = json!({ "op": "start", "exchange": name, "config": self.settings });
        if let Some(at) = self.start {
            start["start"] = at.into();
        }
        if let Some(path) = self.replay {
            start["replay"] = path.to_string_lossy().into();
        }
        if let Some((clock, speed)) = self.clock {
            start["clock"] = clock.into();
            start["speed"] = speed.into();
        }
        door.ask_json(&start.to_string())?;
        Ok(Exchange { door, owned: true })
    }
}

impl Exchange {
    /// Returns how an exchange is to be: as by default, until told otherwise.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Starts a fresh exchange with default settings, whose time passes by [`advance`](Self::advance) only.
    ///
    /// # Errors
    ///
    /// Returns an error when the simulator's library is not found.
    pub fn start() -> Result<Self, SimError> {
        Self::builder().start()
    }

    /// Returns the exchange that is served at `tcp://HOST:PORT`. It goes on when this is dropped.
    ///
    /// # Errors
    ///
    /// Returns an error when nothing answers there.
    pub fn at(front: &str) -> Result<Self, SimError> {
        Ok(Self { door: Door::to(front)?, owned: false })
    }

    /// Returns what clients register: `sim://NAME`, or the address of a served exchange.
    pub fn front(&self) -> String {
        self.door.front().map_or_else(|| format!("sim://{}", self.door.exchange()), str::to_owned)
    }

    /// Lets time pass, for example `500ms`; every callback due has then returned.
    ///
    /// # Errors
    ///
    /// Returns an error when the duration cannot be read, the clock is not moved by hand, or a client does not return from
    /// a callback.
    pub fn advance(&self, duration: &str) -> Result<Now, SimError> {
        self.ask(control::Advance { duration: duration.to_owned() })
    }

    /// Lets time pass until a moment, for example `15:00:00`, the next one.
    ///
    /// # Errors
    ///
    /// As [`advance`](Self::advance).
    pub fn until(&self, time: &str) -> Result<Now, SimError> {
        self.ask(control::Until { time: time.to_owned() })
    }

    /// Waits until every callback due has returned.
    ///
    /// # Errors
    ///
    /// Returns an error when a client does not return from a callback.
    pub fn barrier(&self) -> Result<(), SimError> {
        self.ask(control::Barrier {}).map(drop)
    }

    /// Pushes a tick of which only the last price is given; the crowd leaves that market.
    ///
    /// # Errors
    ///
    /// Returns an error when the instrument is not listed.
    pub fn tick(&self, instrument: &str, last: f64) -> Result<(), SimError> {
        self.tick_with(json!({ "instrument": instrument, "last": last }))
    }

    /// Pushes a tick with the fields of op `tick`: `json!({ "instrument": "rb2701", "last": 3200.0, "bid": "3199x5" })`.
    ///
    /// # Errors
    ///
    /// Returns an error when the instrument is not listed or a field cannot be.
    pub fn tick_with(&self, tick: Value) -> Result<(), SimError> {
        self.request("tick", tick).map(drop)
    }

    /// Does what no client does: a command as scenarios write it, for example `deposit 146571 amount=50000`.
    ///
    /// # Errors
    ///
    /// Returns an error when there is no such command, or it names what there is not.
    pub fn command(&self, text: &str) -> Result<(), SimError> {
        self.request("command", json!({ "text": text })).map(drop)
    }

    /// Puts a product into a status, `'0'` to `'7'` of `InstrumentStatus`.
    ///
    /// # Errors
    ///
    /// Returns an error when there is no such product or status.
    pub fn set_status(&self, product: &str, status: char) -> Result<(), SimError> {
        self.request("command", json!({ "command": "status", "product": product, "status": status }))
            .map(drop)
    }

    /// Returns how the exchange is.
    ///
    /// # Errors
    ///
    /// Returns an error when the exchange is not reached. So do the functions below, and where an argument names what
    /// there is not.
    pub fn state(&self) -> Result<ExchangeState, SimError> {
        self.ask(control::State {})
    }

    /// Returns the API objects that have connected.
    pub fn sessions(&self) -> Result<Vec<Session>, SimError> {
        Ok(self.ask(control::Sessions::default())?.sessions)
    }

    /// Returns orders of the trading day.
    pub fn orders(&self, wanted: Wanted) -> Result<Vec<Order>, SimError> {
        Ok(self.ask(control::Orders(wanted))?.rows)
    }

    /// Returns the clients' trades of the trading day.
    pub fn trades(&self, wanted: Wanted) -> Result<Vec<Trade>, SimError> {
        Ok(self.ask(control::Trades(wanted))?.rows)
    }

    /// Returns the positions of everybody, or of one investor.
    pub fn positions(&self, investor: Option<&str>) -> Result<Vec<Position>, SimError> {
        let investor = investor.map(str::to_owned);
        Ok(self.ask(control::Positions { investor, ..Default::default() })?.rows)
    }

    /// Returns the accounts of everybody, or of one investor.
    pub fn accounts(&self, investor: Option<&str>) -> Result<Vec<Account>, SimError> {
        let investor = investor.map(str::to_owned);
        Ok(self.ask(control::Accounts { investor, ..Default::default() })?.rows)
    }

    /// Returns an instrument's book with the clients' last ten trades.
    pub fn book(&self, instrument: &str) -> Result<BookAndTrades, SimError> {
        self.ask(control::BookWanted { id: instrument.to_owned(), trades: 10 })
    }

    /// Returns listed instruments.
    pub fn instruments(&self, wanted: InstrumentsWanted) -> Result<Vec<Instrument>, SimError> {
        Ok(self.ask(wanted)?.rows)
    }

    /// Returns the newest lines of the log.
    pub fn log(&self) -> Result<Vec<Line>, SimError> {
        Ok(self.ask(control::Log::default())?.lines)
    }

    /// Settles the trading day and returns the one that begins, `yyyymmdd`.
    pub fn settle(&self) -> Result<String, SimError> {
        Ok(self.ask(control::Settle {})?.trading_day)
    }

    /// Stops a clock that runs by itself.
    pub fn pause(&self) -> Result<Now, SimError> {
        self.ask(control::Pause {})
    }

    /// Lets a stopped clock go on.
    pub fn resume(&self) -> Result<Now, SimError> {
        self.ask(control::Resume {})
    }

    /// Changes the speed of a virtual clock.
    pub fn set_speed(&self, speed: f64) -> Result<Now, SimError> {
        self.ask(control::Speed { speed })
    }

    /// Ends a session's connection with `nReason`; its library connects again.
    pub fn disconnect(&self, session: u64, reason: i32) -> Result<(), SimError> {
        self.ask(control::Disconnect { session, reason }).map(drop)
    }

    /// Restarts the core: every connection ends with 0x1001 and nobody gets one for so long, such as `30s`; the day goes
    /// on. `clear_flow` clears the flow as well.
    pub fn restart(&self, clear_flow: bool, down: Option<&str>) -> Result<(), SimError> {
        self.ask(control::Restart { clear_flow, down: down.map(str::to_owned) }).map(drop)
    }

    /// Carries out any operation of the control interface (docs/control.md) and returns the fields of its answer.
    pub fn request(&self, operation: &str, fields: Value) -> Result<Map<String, Value>, SimError> {
        let mut request = match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        request.insert("op".to_owned(), operation.into());
        request.insert("exchange".to_owned(), self.door.exchange().into());
        Ok(self.door.ask_json(&Value::Object(request).to_string())?)
    }

    fn ask<R: Request>(&self, request: R) -> Result<R::Answer, SimError> {
        Ok(self.door.ask(request)?)
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if self.owned {
            // One that has ended already is as it should be.
            drop(self.request("end", Value::Null));
        }
    }
}
