//! How many actions any window of time holds.

use std::time::{Duration, Instant};

/// The times of the last actions.
///
/// An action at `t` passes only if of the last `N` ones the first was before `t − window`. So no window, its ends
/// counted in, ever holds more than `N`, at any sequence of times: of `N + 1` actions that passed, the last one was
/// compared with one that is at least as late as the first. Times may even go back, as they do between two threads: each
/// is kept as no earlier than those before it, which only makes those after it wait longer.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    length: Duration,
    /// As a ring, of which `next` is the oldest; `None`: never used.
    times: Box<[Option<Instant>]>,
    next: usize,
    last: Option<Instant>,
}

impl Window {
    /// Returns a window that remembers as many actions, at least one.
    pub(crate) fn new(length: Duration, capacity: usize) -> Self {
        Self { length, times: vec![None; capacity.max(1)].into(), next: 0, last: None }
    }

    /// Returns how many actions it remembers.
    pub(crate) fn capacity(&self) -> usize {
        self.times.len()
    }

    /// Takes an action.
    pub(crate) fn take(&mut self, now: Instant) {
        let at = self.last.map_or(now, |last| last.max(now));
        self.last = Some(at);
        self.times[self.next] = Some(at);
        self.next += 1;
        if self.next == self.times.len() {
            self.next = 0;
        }
    }

    /// Takes it that the last actions went as late as now.
    pub(crate) fn delay(&mut self, now: Instant, actions: usize) {
        for nth in 1..=actions.min(self.capacity()) {
            let at = self.place_of(nth);
            self.times[at] = self.times[at].map(|time| time.max(now));
        }
        if actions > 0 {
            self.last = self.last.map(|last| last.max(now));
        }
    }

    /// Returns whether another action may pass if any window may hold `most`, at most the capacity.
    pub(crate) fn allows(&self, now: Instant, most: usize) -> bool {
        match self.nth_last(most) {
            _ if most == 0 => false,
            Some(time) => now.saturating_duration_since(time) > self.length,
            None => true,
        }
    }

    /// Returns from when on [`allows`](Self::allows) says yes, if nothing else is taken; `None` for never.
    pub(crate) fn allows_from(&self, now: Instant, most: usize) -> Option<Instant> {
        match self.nth_last(most) {
            _ if most == 0 => None,
            Some(time) => Some(now.max(time + self.length + Duration::from_nanos(1))),
            None => Some(now),
        }
    }

    /// Returns how many actions the window that ends now holds, at most the capacity.
    pub(crate) fn count(&self, now: Instant) -> usize {
        let (mut held, mut free) = (0, self.capacity() + 1);
        // The actions are in order: the window holds the last ones.
        while free - held > 1 {
            let middle = held.midpoint(free);
            if self.allows(now, middle) {
                free = middle;
            } else {
                held = middle;
            }
        }
        held
    }

    /// Returns the time of the last action but `nth − 1`.
    fn nth_last(&self, nth: usize) -> Option<Instant> {
        self.times[self.place_of(nth.clamp(1, self.capacity()))]
    }

    /// Returns where the last action but `nth − 1` is, `nth` being from 1 to the capacity.
    fn place_of(&self, nth: usize) -> usize {
        if nth > self.next { self.next + self.capacity() - nth } else { self.next - nth }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_tenth_waits_until_the_first_is_more_than_a_second_old() {
        let start = Instant::now();
        let mut window = Window::new(SECOND, 9);
        for _ in 0..9 {
            assert!(window.allows(start, 9));
            window.take(start);
        }
        assert_eq!(window.count(start), 9);
        assert!(!window.allows(start + SECOND, 9), "both ends of a window count");
        let from = window.allows_from(start, 9).unwrap();
        assert_eq!(from, start + SECOND + Duration::from_nanos(1));
        assert!(window.allows(from, 9));
        assert_eq!(window.count(from), 0);
        // Fewer allowed: also those before count.
        window.take(from);
        assert!(!window.allows(from, 1) && window.allows(from, 2) && !window.allows(from, 0));
        assert_eq!(window.allows_from(from, 0), None);
    }

    #[test]
    fn what_went_late_counts_from_then() {
        let start = Instant::now();
        let mut window = Window::new(SECOND, 3);
        for _ in 0..3 {
            window.take(start);
        }
        let late = start + SECOND / 2;
        window.delay(late, 2);
        window.delay(start, 3);
        let (first, second) = (start + SECOND * 11 / 10, start + SECOND * 16 / 10);
        assert!(window.allows(first, 3) && !window.allows(first, 2));
        assert!(window.allows(second, 1));
        window.take(start);
        assert!(!window.allows(start + SECOND * 15 / 10, 3), "times do not go back");
        window.delay(second, 9);
        assert_eq!(window.count(second + SECOND), 3);
    }

    /// Steps between wishes in milliseconds, some of them back, and how many a wish leaves for others.
    fn wishes() -> impl Strategy<Value = Vec<(i64, usize)>> {
        let step = prop_oneof![4 => 0_i64..60, 2 => 60_i64..1_200, 1 => -400_i64..0, 1 => Just(1_000)];
        proptest::collection::vec((step, 0_usize..4), 1..200)
    }

    proptest! {
        /// At any sequence of times, compared with counting every window by hand.
        #[test]
        fn no_window_ever_holds_more(wishes in wishes(), most in 1_usize..12) {
            let start = Instant::now() + Duration::from_secs(1_000);
            let mut window = Window::new(SECOND, most);
            let (mut offset, mut passed) = (0_i64, Vec::<i64>::new());
            for (step, left) in wishes {
                offset = (offset + step).max(0);
                let now = start + Duration::from_millis(offset.unsigned_abs());
                let allowed = most.saturating_sub(left);
                let passes = window.allows(now, allowed);
                let (mut latest, mut clamped) = (0, Vec::new());
                for time in &passed {
                    latest = i64::max(latest, *time);
                    clamped.push(latest);
                }
                // By hand: those that are kept as less than a second old.
                let busy = clamped.iter().filter(|time| offset - **time <= 1_000).count();
                prop_assert_eq!(passes, busy < allowed);
                prop_assert_eq!(window.count(now), busy.min(most));
                if passes {
                    window.take(now);
                    passed.push(offset);
                }
                let from = window.allows_from(now, allowed);
                prop_assert!(from.is_none_or(|from| window.allows(from, allowed)));
                prop_assert!(from.is_none_or(|from| from == now || !window.allows(from - Duration::from_nanos(1), allowed)));
            }
            // By brute force: every window that begins at an action, ends counted in.
            for begin in &passed {
                let held = passed.iter().filter(|time| (*begin..=begin + 1_000).contains(*time)).count();
                prop_assert!(held <= most, "{held} from {begin}: {passed:?}");
            }
        }
    }
}
