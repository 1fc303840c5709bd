//! The live counts, as a program sees them.

use std::time::{Duration, Instant};

use super::{Killed, RiskGate};

/// What the risk gate counts at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RiskSnapshot {
    /// Orders and cancels in the window that ends now.
    pub actions_in_window: usize,
    /// How many the window may hold: the configured limit, or the front's (C: `FTDPkgFreq`) if that is less; `None`: no
    /// limit.
    pub actions_max: Option<u32>,
    /// How many of them orders may fill; the rest is for cancels.
    pub actions_max_with_orders: Option<u32>,
    /// How long the window is.
    pub window: Duration,
    /// How long an order would have to wait; zero: it need not.
    pub order_wait: Duration,
    /// The most actions that a window held on this trading day, in this run.
    pub busiest_window: usize,
    /// How often there were ten actions in one second on this trading day, in this run. Exchanges count that.
    pub seconds_of_ten: u32,
    /// Orders and quotes sent on this trading day, by earlier runs too if there is a journal.
    pub orders_today: u32,
    /// Cancels sent on this trading day, likewise.
    pub cancels_today: u32,
    /// Orders that can still be cancelled, of all sessions of the account.
    pub open_orders: u32,
    /// Of them, this gateway's.
    pub open_orders_own: u32,
    /// Requests that the gate denied, in this run.
    pub denied: u64,
    /// Orders whose first answer was late, in this run.
    pub late_acks: u64,
    /// The kill switch, if it is on.
    pub killed: Option<Killed>,
    /// Orders that the kill switch has still to get cancelled.
    pub to_cancel: usize,
    /// Whether nothing is sent.
    pub dry_run: bool,
}

impl RiskGate {
    /// Returns the counts at this moment.
    pub(crate) fn snapshot(&self, now: Instant) -> RiskSnapshot {
        let from = self.counts.allows_orders_from(now, 1);
        RiskSnapshot {
            actions_in_window: self.counts.in_window(now),
            actions_max: self.counts.most(),
            actions_max_with_orders: self.counts.most_with_orders(),
            window: self.config.window,
            order_wait: from.map_or(Duration::MAX, |from| from.saturating_duration_since(now)),
            busiest_window: self.counts.busiest,
            seconds_of_ten: self.counts.bursts,
            orders_today: self.counts.orders,
            cancels_today: self.counts.cancels,
            open_orders: self.open,
            open_orders_own: self.own,
            denied: self.denied,
            late_acks: self.acks.late,
            killed: self.switch.clone(),
            to_cancel: self.sweep.left(),
            dry_run: self.config.dry_run,
        }
    }
}
