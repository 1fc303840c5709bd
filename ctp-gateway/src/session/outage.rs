//! How long a session cannot be used: told once, and logged once a minute.

use std::time::{Duration, Instant};

const INTERVAL: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(crate) struct Outage {
    since: Option<Instant>,
    due: Option<Instant>,
}

impl Outage {
    /// Notes whether the session can be used.
    pub(crate) fn note(&mut self, now: Instant, is_usable: bool) {
        if is_usable {
            (self.since, self.due) = (None, None);
        } else if self.since.is_none() {
            (self.since, self.due) = (Some(now), Some(now + INTERVAL));
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.due
    }

    /// Returns how long it has lasted, once a minute, and whether that is the first time.
    pub(crate) fn handle_time(&mut self, now: Instant) -> Option<(Duration, bool)> {
        let (since, due) = (self.since?, self.due?);
        if due > now {
            return None;
        }
        self.due = Some(now + INTERVAL);
        Some((now.saturating_duration_since(since), due == since + INTERVAL))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_told_once_a_minute() {
        let start = Instant::now();
        let mut outage = Outage::default();
        outage.note(start, true);
        assert_eq!(outage.next_deadline(), None);
        outage.note(start, false);
        outage.note(start + INTERVAL / 2, false);
        assert_eq!(outage.handle_time(start + INTERVAL / 2), None);
        let first = outage.handle_time(start + INTERVAL);
        assert_eq!(first, Some((INTERVAL, true)));
        assert_eq!(outage.handle_time(start + INTERVAL), None);
        assert_eq!(outage.handle_time(start + INTERVAL * 2), Some((INTERVAL * 2, false)));
        outage.note(start + INTERVAL * 2, true);
        assert_eq!(outage.next_deadline(), None);
    }
}
