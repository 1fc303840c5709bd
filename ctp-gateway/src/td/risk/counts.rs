//! Counts of what was sent: in a window of time, and in the trading day.

use std::time::{Duration, Instant};

use super::window::Window;
use crate::config::RiskConfig;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Counted {
    /// An order, a quote, or another request that may lead to a trade.
    Order,
    /// A cancel.
    Cancel,
    /// A request that is neither, and still counts for the exchange's and the front's pace.
    Other,
}

/// So many actions in one second are what the exchanges count (docs/risk.md).
const BURST: usize = 10;
const SECOND: Duration = Duration::from_secs(1);
/// So many actions are remembered if there is no limit.
const REMEMBERED: usize = 1_024;

#[derive(Debug)]
pub(super) struct Counts {
    most: Option<u32>,
    /// What the front says it lets through in a second.
    front: Option<u32>,
    reserve: u32,
    window: Window,
    burst: Window,
    last_burst: Option<Instant>,
    /// How often today there were so many actions in one second as the exchanges count.
    pub(super) bursts: u32,
    /// The most actions that a window held today.
    pub(super) busiest: usize,
    pub(super) orders: u32,
    pub(super) cancels: u32,
}

impl Counts {
    pub(super) fn new(config: &RiskConfig) -> Self {
        let capacity = config.actions_per_second.map_or(REMEMBERED, |most| most as usize);
        Self {
            most: config.actions_per_second,
            front: None,
            reserve: config.cancel_reserve,
            window: Window::new(config.window, capacity),
            burst: Window::new(SECOND, BURST),
            last_burst: None,
            bursts: 0,
            busiest: 0,
            orders: 0,
            cancels: 0,
        }
    }

    pub(super) fn begin_trading_day(&mut self) {
        (self.orders, self.cancels, self.bursts, self.busiest) = (0, 0, 0, 0);
    }

    pub(super) fn set_front_frequency(&mut self, per_second: i32) {
        // A front that does not say gives the greatest number there is.
        self.front = u32::try_from(per_second).ok().filter(|most| (1..REMEMBERED as u32).contains(most));
    }

    /// Returns how many actions a window may hold.
    pub(super) fn most(&self) -> Option<u32> {
        self.most.into_iter().chain(self.front).min()
    }

    /// Returns how many actions a window may hold after an order: the rest is for cancels.
    pub(super) fn most_with_orders(&self) -> Option<u32> {
        self.most().map(|most| most.saturating_sub(self.reserve).max(1))
    }

    /// Returns whether so many orders may go at once, at least one.
    pub(super) fn allows_orders(&self, now: Instant, orders: usize) -> bool {
        self.before(orders).is_none_or(|most| self.window.allows(now, most))
    }

    pub(super) fn allows_cancel(&self, now: Instant) -> bool {
        self.most().is_none_or(|most| self.window.allows(now, most as usize))
    }

    pub(super) fn allows_orders_from(&self, now: Instant, orders: usize) -> Option<Instant> {
        self.before(orders).map_or(Some(now), |most| self.window.allows_from(now, most))
    }

    /// Returns how many actions the window may hold after the first of several orders.
    fn before(&self, orders: usize) -> Option<usize> {
        self.most_with_orders().map(|most| (most as usize + 1).saturating_sub(orders))
    }

    pub(super) fn allows_cancel_from(&self, now: Instant) -> Option<Instant> {
        self.most().map_or(Some(now), |most| self.window.allows_from(now, most as usize))
    }

    pub(super) fn in_window(&self, now: Instant) -> usize {
        self.window.count(now)
    }

    pub(super) fn take(&mut self, now: Instant, what: Counted) {
        self.restore(what);
        self.window.take(now);
        self.burst.take(now);
        while self.busiest < self.window.capacity() && !self.window.allows(now, self.busiest + 1) {
            self.busiest += 1;
        }
        let is_burst = !self.burst.allows(now, BURST);
        let is_new = self.last_burst.is_none_or(|last| now.saturating_duration_since(last) > SECOND);
        if is_burst && is_new {
            self.bursts += 1;
            self.last_burst = Some(now);
        }
    }

    /// Takes it that the last actions went as late as now.
    pub(super) fn delay(&mut self, now: Instant, actions: usize) {
        self.window.delay(now, actions);
        self.burst.delay(now, actions);
    }

    /// Counts for the day alone.
    pub(super) fn restore(&mut self, what: Counted) {
        match what {
            Counted::Order => self.orders += 1,
            Counted::Cancel => self.cancels += 1,
            Counted::Other => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_leave_the_reserve_to_cancels() {
        let (start, mut counts) = (Instant::now(), Counts::new(&RiskConfig::default()));
        for _ in 0..7 {
            assert!(counts.allows_orders(start, 1));
            counts.take(start, Counted::Order);
        }
        assert!(!counts.allows_orders(start, 1) && counts.allows_cancel(start));
        counts.take(start, Counted::Cancel);
        counts.take(start, Counted::Cancel);
        assert!(!counts.allows_cancel(start));
        assert_eq!((counts.orders, counts.cancels, counts.in_window(start), counts.busiest), (7, 2, 9, 9));
        let from = counts.allows_orders_from(start, 1).unwrap();
        assert!(counts.allows_orders(from, 1) && counts.allows_cancel_from(start) == Some(from));
    }

    #[test]
    fn a_slower_front_lowers_the_limit() {
        let (now, mut counts) = (Instant::now(), Counts::new(&RiskConfig::default()));
        assert_eq!((counts.most(), counts.most_with_orders()), (Some(9), Some(7)));
        counts.set_front_frequency(6);
        assert_eq!((counts.most(), counts.most_with_orders()), (Some(6), Some(4)));
        counts.set_front_frequency(1);
        assert_eq!((counts.most(), counts.most_with_orders()), (Some(1), Some(1)));
        assert!(counts.allows_orders(now, 1));
        for unsaid in [0, -1, i32::MAX] {
            counts.set_front_frequency(unsaid);
            assert_eq!(counts.most(), Some(9));
        }
    }

    #[test]
    fn seconds_with_ten_actions_are_counted_as_the_exchanges_do() {
        let (start, mut counts) = (Instant::now(), Counts::new(&RiskConfig::unlimited()));
        for _ in 0..9 {
            counts.take(start, Counted::Order);
        }
        assert_eq!(counts.bursts, 0);
        counts.take(start, Counted::Cancel);
        counts.take(start, Counted::Cancel);
        assert_eq!((counts.bursts, counts.busiest), (1, 11), "one second is one");
        for _ in 0..10 {
            counts.take(start + Duration::from_secs(3), Counted::Other);
        }
        assert_eq!((counts.bursts, counts.orders, counts.cancels), (2, 9, 2));
        counts.begin_trading_day();
        assert_eq!((counts.bursts, counts.orders, counts.cancels), (0, 0, 0));
    }
}
