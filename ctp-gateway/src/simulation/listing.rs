//! What the exchange lists: the truth that a table of instruments is compared with.

use std::collections::BTreeSet;

use ctp_sim::Exchange;
use ctp_sim::look::InstrumentsWanted;

#[derive(Debug)]
pub(super) struct Listing {
    /// Instruments that exist, in the exchange's order.
    pub(super) ids: Vec<String>,
    /// The listings so far; a day's roll makes another.
    days: Vec<BTreeSet<String>>,
}

impl Listing {
    pub(super) fn of(exchange: &Exchange) -> Self {
        let mut this = Self { ids: Vec::new(), days: Vec::new() };
        this.renew(exchange);
        this
    }

    /// Reads the listing again, after a roll.
    pub(super) fn renew(&mut self, exchange: &Exchange) {
        self.ids = ids(exchange, false);
        self.days.push(self.ids.iter().cloned().collect());
    }

    /// Returns whether a table of instruments is one that the exchange had: whole, and each once.
    pub(super) fn knows_table(&self, ids: &[String]) -> bool {
        let table: BTreeSet<String> = ids.iter().cloned().collect();
        table.len() == ids.len() && self.days.contains(&table)
    }
}

/// Returns what the exchange sends ticks of.
pub(super) fn subscribed(exchange: &Exchange) -> BTreeSet<String> {
    ids(exchange, true).into_iter().collect()
}

fn ids(exchange: &Exchange, subscribed: bool) -> Vec<String> {
    let wanted = InstrumentsWanted { subscribed, limit: Some(1_000), ..InstrumentsWanted::default() };
    exchange.look_at_instruments(&wanted).rows.into_iter().map(|row| row.id).collect()
}
