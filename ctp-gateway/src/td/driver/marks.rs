//! Prices on their way to the session: at most two a second for an instrument, and only where it has something to do with
//! the account. The last one of an instrument is always kept.

use std::time::{Duration, Instant};

use ctp_types::Text;

use crate::maps::HashMap;
use crate::td::ledger::Mark;

/// How often the session is given a price of the same instrument at most.
const PACE: Duration = Duration::from_millis(500);

/// The last price of an instrument.
#[derive(Debug)]
struct Latest {
    mark: Mark,
    /// When one was given to the session.
    given: Option<Instant>,
    /// Whether the session has not been given this one.
    is_new: bool,
    /// Whether it stands in the list of those to be given.
    is_listed: bool,
}

/// The last prices.
#[derive(Debug, Default)]
pub(super) struct Marks {
    latest: HashMap<Text<81>, Latest>,
    /// Instruments with a price that was not given.
    listed: Vec<Text<81>>,
    looked: Option<Instant>,
}

impl Marks {
    /// Takes a price. Returns whether it is time to give some to the session.
    pub(super) fn put(&mut self, now: Instant, mark: Mark) -> bool {
        let id = mark.instrument_id;
        let latest =
            self.latest.entry(id).or_insert(Latest { mark, given: None, is_new: false, is_listed: false });
        latest.is_new |= latest.given.is_none() || latest.mark != mark;
        latest.mark = mark;
        if latest.is_new && !latest.is_listed {
            latest.is_listed = true;
            self.listed.push(id);
        }
        !self.listed.is_empty() && self.looked.is_none_or(|looked| now >= looked + PACE)
    }

    /// Takes the prices that the session is to be given now, of the instruments that it wants.
    pub(super) fn take(&mut self, now: Instant, is_wanted: impl Fn(&Text<81>) -> bool) -> Vec<Mark> {
        self.looked = Some(now);
        let mut taken = Vec::new();
        for id in std::mem::take(&mut self.listed) {
            let Some(latest) = self.latest.get_mut(&id) else { continue };
            latest.is_listed = false;
            if is_wanted(&id) {
                taken.extend(latest.take(now));
            }
        }
        taken
    }

    /// Takes the price of an instrument that is about to be traded, unless the session was given one just now.
    pub(super) fn take_of(
        &mut self,
        now: impl FnOnce() -> Instant,
        instrument_id: &Text<81>,
    ) -> Option<Mark> {
        let latest = self.latest.get_mut(instrument_id).filter(|latest| latest.is_new)?;
        let now = now();
        let is_fresh = latest.given.is_some_and(|given| now < given + PACE);
        if is_fresh { None } else { latest.take(now) }
    }
}

impl Latest {
    fn take(&mut self, now: Instant) -> Option<Mark> {
        let mark = self.is_new.then_some(self.mark);
        if self.is_new {
            (self.is_new, self.given) = (false, Some(now));
        }
        mark
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(id: &str, last: f64) -> Mark {
        Mark { instrument_id: Text::new(id).unwrap(), last: Some(last), ..Mark::default() }
    }

    #[test]
    fn the_last_price_of_what_is_wanted_is_given_twice_a_second() {
        let (mut marks, start) = (Marks::default(), Instant::now());
        assert!(marks.put(start, mark("a", 1.0)));
        assert_eq!(marks.take(start, |_| true), [mark("a", 1.0)]);
        for step in 1..10 {
            let now = start + Duration::from_millis(50 * step);
            assert!(!marks.put(now, mark("a", step as f64)));
        }
        let later = start + PACE;
        assert!(marks.put(later, mark("b", 7.0)));
        // The last of several, and one each.
        assert_eq!(marks.take(later, |_| true), [mark("a", 9.0), mark("b", 7.0)]);
        assert!(!marks.put(later + PACE, mark("a", 9.0)), "nothing new");
        assert_eq!(marks.take(later + PACE, |_| true), []);
    }

    #[test]
    fn a_price_that_nobody_wanted_is_there_for_the_first_order() {
        let (mut marks, start) = (Marks::default(), Instant::now());
        marks.put(start, mark("a", 1.0));
        assert_eq!(marks.take(start, |_| false), []);
        assert_eq!(marks.take_of(|| start, &mark("a", 0.0).instrument_id), Some(mark("a", 1.0)));
        assert_eq!(marks.take_of(|| start, &mark("a", 0.0).instrument_id), None);
        marks.put(start, mark("a", 2.0));
        // One was given just now.
        assert_eq!(marks.take_of(|| start, &mark("a", 0.0).instrument_id), None);
        assert_eq!(marks.take_of(|| start + PACE, &mark("a", 0.0).instrument_id), Some(mark("a", 2.0)));
        assert_eq!(marks.take_of(|| start, &mark("zz", 0.0).instrument_id), None);
    }
}
