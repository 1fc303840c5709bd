//! Trades whose order is not known yet.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ctp_types::Text;

use crate::maps::HashMap;
use crate::td::orders::names::Name;
use crate::td::orders::trade::Trade;

/// How long a trade waits for the record of its order before it is reported without.
pub(crate) const TRADE_WAIT: Duration = Duration::from_secs(2);

/// Trades that wait, found by the names of their order. All wait equally long, so the first is the first to be due.
#[derive(Debug, Default)]
pub(crate) struct WaitingTrades {
    last: u64,
    trades: BTreeMap<u64, (Instant, Trade)>,
    by_name: HashMap<Name, Vec<u64>>,
    /// Instrument and lots of trades that were reported without their order, by a name of the order.
    told: HashMap<Name, Vec<(Text<81>, i32)>>,
}

impl WaitingTrades {
    pub(crate) fn add(&mut self, now: Instant, trade: Trade) {
        self.last += 1;
        for name in trade.names().into_iter().flatten() {
            self.by_name.entry(name).or_default().push(self.last);
        }
        self.trades.insert(self.last, (now + TRADE_WAIT, trade));
    }

    /// Takes the trades of an order that just got a name, as they arrived.
    pub(crate) fn take(&mut self, name: Name) -> Vec<Trade> {
        if self.trades.is_empty() {
            return Vec::new();
        }
        let numbers = self.by_name.remove(&name).unwrap_or_default();
        numbers.into_iter().filter_map(|number| self.remove(number)).collect()
    }

    /// Takes the next trade that has waited long enough; all of them without a time.
    pub(crate) fn pop_due(&mut self, now: Option<Instant>) -> Option<Trade> {
        let (number, (until, _)) = self.trades.first_key_value()?;
        let (number, is_due) = (*number, now.is_none_or(|now| *until <= now));
        is_due.then(|| self.remove(number)).flatten()
    }

    /// Notes a trade as reported without its order, which may come still.
    pub(crate) fn note_told(&mut self, trade: &Trade) {
        // One name is enough: an order's records carry all that its trades do.
        if let Some(name) = trade.names().into_iter().flatten().next() {
            self.told.entry(name).or_default().push((trade.instrument_id, trade.volume));
        }
    }

    /// Takes instrument and lots of what was reported without the order that just got a name.
    pub(crate) fn take_told(&mut self, name: Name) -> Vec<(Text<81>, i32)> {
        if self.told.is_empty() {
            return Vec::new();
        }
        self.told.remove(&name).unwrap_or_default()
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.trades.first_key_value().map(|(_, (until, _))| *until)
    }

    fn remove(&mut self, number: u64) -> Option<Trade> {
        let (_, trade) = self.trades.remove(&number)?;
        for name in trade.names().into_iter().flatten() {
            if let Some(numbers) = self.by_name.get_mut(&name) {
                numbers.retain(|other| *other != number);
                if numbers.is_empty() {
                    self.by_name.remove(&name);
                }
            }
        }
        Some(trade)
    }
}
