//! A line that repeats itself is written once a minute.

use std::time::{Duration, Instant};

const INTERVAL: Duration = Duration::from_secs(60);

/// Lets one of many equal lines through per minute, and counts the others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Repeated {
    last: Option<Instant>,
    held_back: u64,
}

impl Repeated {
    /// Returns how many lines were held back since the last one if this one is to be written, `None` if it is held
    /// back too.
    pub(crate) fn allow(&mut self, now: Instant) -> Option<u64> {
        if self.last.is_some_and(|last| now.saturating_duration_since(last) < INTERVAL) {
            self.held_back += 1;
            return None;
        }
        Some(self.force(now))
    }

    /// Lets this line through in any case, and returns how many were held back since the last one.
    pub(crate) fn force(&mut self, now: Instant) -> u64 {
        self.last = Some(now);
        std::mem::take(&mut self.held_back)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_a_minute() {
        let start = Instant::now();
        let mut line = Repeated::default();
        let allowed: Vec<(u64, u64)> = (0..200)
            .filter_map(|second| Some((second, line.allow(start + Duration::from_secs(second))?)))
            .collect();
        assert_eq!(allowed, [(0, 0), (60, 59), (120, 59), (180, 59)]);
    }
}
