//! The risk gate and the trading gate, as they stand.

use std::time::Duration;

use ctp_gateway::td;
use pyo3::prelude::*;

use super::view::view;

view! {
    /// A kill switch that is on: no order passes.
    Killed(of: &td::Killed) {
        /// Why, in the words of who threw it.
        reason: String = of.reason.clone(),
        /// Since when, in nanoseconds since the Unix epoch.
        since_ns: i64 = of.since_ns,
    }
    money {}
}

view! {
    /// What the risk gate counts at this moment.
    RiskSnapshot(of: &td::RiskSnapshot) {
        /// Orders and cancels in the window that ends now.
        actions_in_window: usize = of.actions_in_window,
        /// How many the window may hold; `None`: no limit.
        actions_max: Option<u32> = of.actions_max,
        /// How many of them orders may fill; the rest is for cancels.
        actions_max_with_orders: Option<u32> = of.actions_max_with_orders,
        /// How long the window is, in seconds.
        window: f64 = of.window.as_secs_f64(),
        /// How long an order would have to wait, in seconds; 0: it need not. `None`: no order passes.
        order_wait: Option<f64> = Some(of.order_wait).filter(|wait| *wait < Duration::MAX).map(|wait| wait.as_secs_f64()),
        /// The most actions that a window held on this trading day, in this run.
        busiest_window: usize = of.busiest_window,
        /// How often there were ten actions in one second on this trading day, in this run. Exchanges count that.
        seconds_of_ten: u32 = of.seconds_of_ten,
        /// Orders and quotes sent on this trading day, by earlier runs too if there is a journal.
        orders_today: u32 = of.orders_today,
        /// Cancels sent on this trading day, likewise.
        cancels_today: u32 = of.cancels_today,
        /// Orders that can still be cancelled, of all sessions of the account.
        open_orders: u32 = of.open_orders,
        /// Of them, this gateway's.
        open_orders_own: u32 = of.open_orders_own,
        /// Requests that the gate denied, in this run.
        denied: u64 = of.denied,
        /// Orders whose first answer was late, in this run.
        late_acks: u64 = of.late_acks,
        /// The kill switch, if it is on.
        killed: Option<Killed> = of.killed.as_ref().map(Killed::from),
        /// Orders that the kill switch has still to get cancelled.
        to_cancel: usize = of.to_cancel,
        /// Whether nothing is sent.
        dry_run: bool = of.dry_run,
    }
    money {}
}

view! {
    /// Whether new orders may leave, and why not. Cancels pass a closed gate as long as requests can be made.
    GateState(of: &td::GateState) {
        /// Whether orders may leave.
        is_open: bool = of.is_open(),
        /// Why no order may leave, the first to mend first: `not_ready`, `recovering`, `differs`, `unverified`, `kill_switch`,
        /// `journal_failed`, `read_only`.
        reasons: Vec<&'static str> = of.reasons().iter().map(td::GateReason::name).collect(),
        /// What has to happen for the gate to open, one line per reason.
        fixes: Vec<&'static str> = of.reasons().iter().map(td::GateReason::fix).collect(),
    }
    money {}
}
