//! What the client's own books say of positions and money, without a query.

use std::sync::Arc;
use std::time::Duration;

use ctp_types::{DepthMarketDataField, HedgeFlag, PosiDirection, Text};

use tokio::time::MissedTickBehavior;

use crate::error::Error;
use crate::md::{Tick, Ticks};
use crate::td::client::TdClient;
use crate::td::ledger::{AccountNow, Closable, DayProfit, Ledger, Mark, PositionKey, PositionNow};

/// How often a stream of ticks is looked at, and how many are taken at once.
const LOOKS: Duration = Duration::from_millis(250);
const TICKS_MAX: usize = 20_000;

impl TdClient {
    /// Returns the positions by the gateway's own books: those at the start of the trading day and every trade since. It asks
    /// nobody and takes microseconds. Positions of the day that are flat by now are among them, with 0 lots.
    ///
    /// What is not known is `None`, with the reason in [`PositionNow::unknown`]. The counter's own rows come from
    /// [`positions`](Self::positions).
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] or [`Error::Faulted`] when the session is over, and [`Error::NotSent`] from inside of a log
    /// subscriber or a recorder of metrics.
    pub fn positions_now(&self) -> Result<Vec<PositionNow>, Error> {
        self.books(Ledger::positions)
    }

    /// Returns the money of the account by the gateway's own books, at the last prices that
    /// [`mark`](Self::mark) told. The counter's own row comes from [`account`](Self::account).
    ///
    /// # Errors
    ///
    /// As [`positions_now`](Self::positions_now).
    pub fn account_now(&self) -> Result<AccountNow, Error> {
        self.books(Ledger::account)
    }

    /// Returns the profit of the trading day by the gateway's own books.
    ///
    /// # Errors
    ///
    /// As [`positions_now`](Self::positions_now).
    pub fn day_profit(&self) -> Result<DayProfit, Error> {
        self.books(Ledger::day_profit)
    }

    /// Returns what can be closed of a speculative position: what is held, less what working orders reserve.
    ///
    /// # Errors
    ///
    /// As [`positions_now`](Self::positions_now).
    pub fn closable(&self, instrument_id: &str, direction: PosiDirection) -> Result<Closable, Error> {
        // An id that does not fit is one that nothing is held of.
        let Ok(id) = Text::new(instrument_id) else { return Ok(Closable::default()) };
        let key = PositionKey::new(id, direction, HedgeFlag::SPECULATION);
        self.books(|ledger| ledger.closable(&key))
    }

    /// Tells the session a price: profits and the checks of orders follow it. A [`Gateway`](crate::Gateway) does so with
    /// every tick of its own market data.
    ///
    /// It may be called with every tick of a market: the session is given at most two prices a second of an instrument,
    /// and only of those that the account has something of or is about to trade. Ticks of no use are left out.
    pub fn mark(&self, tick: &Tick) {
        self.mark_record(&tick.record);
    }

    /// Tells the session the prices of a record of market data: as [`mark`](Self::mark) does, for who has no [`Tick`].
    pub fn mark_record(&self, record: &DepthMarketDataField) {
        self.shared().mark(Mark::of_record(record));
    }

    /// Tells the session the prices of a stream, until the stream or the session ends. Nothing wakes for a tick: the stream
    /// is looked at a few times a second.
    pub(crate) fn follow(&self, mut ticks: Ticks) {
        let shared = Arc::downgrade(self.shared());
        tokio::spawn(async move {
            let mut looks = tokio::time::interval(LOOKS);
            looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                looks.tick().await;
                let Some(shared) = shared.upgrade().filter(|shared| !shared.is_over()) else { return };
                for tick in std::iter::from_fn(|| ticks.try_next()).take(TICKS_MAX) {
                    shared.mark(Mark::of_record(&tick.record));
                }
                if ticks.has_ended() {
                    return;
                }
            }
        });
    }

    pub(super) fn books<T>(&self, look: impl FnOnce(&Ledger) -> T) -> Result<T, Error> {
        let shared = self.shared();
        shared.give_marks();
        let looked = shared.enter(|driver| Ok(look(driver.session.ledger())));
        looked.map_err(|why| self.not_entered("positions", why))
    }
}
