//! What the journal remembers of earlier runs, until a login says which trading day it is.

use ctp_types::{Text, TraderRequest};

use crate::journal::Entry;
use crate::td::session::TdSession;

/// Entries of the newest trading day in the journal.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// The day of the entries that came last.
    trading_day: Text<9>,
    entries: Vec<Entry>,
}

impl Memory {
    /// Takes an entry. Only those of the newest day are kept.
    pub(super) fn take(&mut self, entry: Entry) {
        if let Entry::Login { trading_day, .. } = &entry
            && *trading_day != self.trading_day
        {
            self.trading_day = *trading_day;
            self.entries.clear();
        }
        self.entries.push(entry);
    }

    /// Returns the entries of a trading day and forgets all others.
    fn of(&mut self, trading_day: Text<9>) -> Vec<Entry> {
        let entries = std::mem::take(&mut self.entries);
        if self.trading_day == trading_day { entries } else { Vec::new() }
    }
}

impl TdSession {
    /// Takes over what earlier runs of this trading day did and heard, at the first login.
    pub(super) fn remember(&mut self, trading_day: Text<9>) {
        for entry in self.memory.of(trading_day) {
            if let Entry::Action { request: TraderRequest::ReqOrderInsert, order_ref, .. } = &entry {
                // Never used again, whatever became of the order and whatever the counter says.
                let used = order_ref.to_str().trim().parse().unwrap_or(0);
                self.last_order_ref = self.last_order_ref.max(used);
            }
        }
    }
}
