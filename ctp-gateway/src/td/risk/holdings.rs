//! What the gate asks the ledger.

use ctp_market::Money;
use ctp_types::{HedgeFlag, InputOrderField, PosiDirection, Text};

use crate::td::ledger::{Closable, Ledger, PositionKey};

/// The positions and the result of the account, `None` where they are not known.
pub(crate) trait Holdings {
    /// Returns what an order that closes can close: what is held less what working orders close already.
    fn closable(&self, order: &InputOrderField, is_long: bool) -> Option<Closable>;

    /// Returns the lots held of an instrument, long or short.
    fn held(&self, instrument: &Text<81>, is_long: bool) -> Option<i64>;

    /// Returns the lots held of all instruments in both directions.
    fn held_in_all(&self) -> Option<i64>;

    /// Returns the day's profit, negative for a loss: of closed and open positions, after fees. What has no price or rate
    /// yet counts as nothing.
    fn result(&self) -> Option<Money>;
}

fn direction(is_long: bool) -> PosiDirection {
    if is_long { PosiDirection::LONG } else { PosiDirection::SHORT }
}

/// Without the positions at the start of the day it knows nothing.
impl Holdings for Ledger {
    fn closable(&self, order: &InputOrderField, is_long: bool) -> Option<Closable> {
        let hedge = HedgeFlag::from_char(order.comb_hedge_flag.raw()[0]);
        let key = PositionKey::new(order.instrument_id, direction(is_long), hedge);
        self.has_baseline().then(|| self.closable(&key))
    }

    fn held(&self, instrument: &Text<81>, is_long: bool) -> Option<i64> {
        self.has_baseline().then(|| i64::from(self.held(instrument, direction(is_long))))
    }

    fn held_in_all(&self) -> Option<i64> {
        self.has_baseline().then(|| self.held_in_all())
    }

    fn result(&self) -> Option<Money> {
        self.has_baseline().then(|| self.day_profit().total())
    }
}
