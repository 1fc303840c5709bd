//! Silence: a link that says nothing is asked a question, and given up when it does not answer.
//!
//! A half-open connection and a library that hangs look alike: no callback comes, and none says so. Only an answer
//! proves that the link lives.

use std::time::{Duration, Instant};

/// What the owner has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing has come for this long: ask the front something.
    Ask(Duration),
    /// Nothing has come for this long, nor an answer: the link is dead.
    Dead(Duration),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The session is not usable: the handshake has time limits of its own.
    Off,
    /// Something came at `since`; silence is judged at `due`. `doubts` if something was asked since and not answered.
    Listening { since: Instant, due: Instant, doubts: bool },
    /// A question is under way.
    Asking { since: Instant, until: Instant },
}

#[derive(Debug)]
pub(crate) struct Watchdog {
    /// How long silence is borne; zero: for ever.
    silence: Duration,
    /// How long an answer may take.
    answer: Duration,
    phase: Phase,
}

impl Watchdog {
    pub(crate) fn new(silence: Duration, answer: Duration) -> Self {
        Self { silence, answer, phase: Phase::Off }
    }

    /// Begins to listen: the session became usable.
    pub(crate) fn start(&mut self, now: Instant) {
        if !self.silence.is_zero() {
            self.phase = Phase::Listening { since: now, due: now + self.silence, doubts: false };
        }
    }

    pub(crate) fn stop(&mut self) {
        self.phase = Phase::Off;
    }

    /// Notes a sign of life.
    pub(crate) fn heard(&mut self, now: Instant) {
        if self.phase != Phase::Off {
            self.start(now);
        }
    }

    /// Asks at the next opportunity, as after a sleep of the machine.
    pub(crate) fn hurry(&mut self, now: Instant) {
        if let Phase::Listening { due, .. } = &mut self.phase {
            *due = now;
        }
    }

    /// Notes that a question of the session's or a caller's was not answered: silence that lasts is judged at any hour.
    pub(crate) fn doubt(&mut self) {
        if let Phase::Listening { doubts, .. } = &mut self.phase {
            *doubts = true;
        }
    }

    /// Returns when [`Self::handle_time`] has to be called.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Off => None,
            Phase::Listening { due, .. } => Some(due),
            Phase::Asking { until, .. } => Some(until),
        }
    }

    /// Judges the silence. Where nothing is expected, as outside trading hours, it is borne, unless something was asked.
    pub(crate) fn handle_time(
        &mut self,
        now: Instant,
        is_expected: impl FnOnce() -> bool,
    ) -> Option<Verdict> {
        match self.phase {
            Phase::Listening { since, due, doubts } if due <= now => {
                if !doubts && !is_expected() {
                    self.phase = Phase::Listening { since, due: now + self.silence, doubts };
                    return None;
                }
                self.phase = Phase::Asking { since, until: now + self.answer };
                Some(Verdict::Ask(now.saturating_duration_since(since)))
            }
            Phase::Asking { since, until } if until <= now => {
                self.phase = Phase::Off;
                Some(Verdict::Dead(now.saturating_duration_since(since)))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SILENCE: Duration = Duration::from_secs(60);
    const ANSWER: Duration = Duration::from_secs(10);

    fn listening() -> (Watchdog, Instant) {
        let now = Instant::now();
        let mut dog = Watchdog::new(SILENCE, ANSWER);
        dog.start(now);
        (dog, now)
    }

    #[test]
    fn silence_is_asked_about_and_then_given_up() {
        let (mut dog, start) = listening();
        assert_eq!(dog.next_deadline(), Some(start + SILENCE));
        assert_eq!(dog.handle_time(start + SILENCE / 2, || true), None);
        assert_eq!(dog.handle_time(start + SILENCE, || true), Some(Verdict::Ask(SILENCE)));
        assert_eq!(dog.next_deadline(), Some(start + SILENCE + ANSWER));
        let dead = dog.handle_time(start + SILENCE + ANSWER, || true);
        assert_eq!(dead, Some(Verdict::Dead(SILENCE + ANSWER)));
        assert_eq!(dog.next_deadline(), None);
    }

    #[test]
    fn any_sign_of_life_answers() {
        let (mut dog, start) = listening();
        dog.handle_time(start + SILENCE, || true);
        dog.heard(start + SILENCE + ANSWER / 2);
        assert_eq!(dog.handle_time(start + SILENCE + ANSWER, || true), None);
        assert_eq!(dog.next_deadline(), Some(start + SILENCE * 2 + ANSWER / 2));
    }

    #[test]
    fn silence_is_borne_where_nothing_is_expected() {
        let (mut dog, start) = listening();
        assert_eq!(dog.handle_time(start + SILENCE, || false), None);
        assert_eq!(dog.next_deadline(), Some(start + SILENCE * 2));
        assert_eq!(dog.handle_time(start + SILENCE * 2, || true), Some(Verdict::Ask(SILENCE * 2)));
    }

    #[test]
    fn silence_after_a_question_is_borne_at_no_hour() {
        let (mut dog, start) = listening();
        dog.doubt();
        assert_eq!(dog.handle_time(start + SILENCE, || false), Some(Verdict::Ask(SILENCE)));
        dog.heard(start + SILENCE);
        assert_eq!(dog.handle_time(start + SILENCE * 2, || false), None);
    }

    #[test]
    fn a_hurry_asks_at_once_and_signs_of_life_start_nothing() {
        let (mut dog, start) = listening();
        dog.hurry(start + ANSWER);
        assert_eq!(dog.handle_time(start + ANSWER, || true), Some(Verdict::Ask(ANSWER)));
        dog.stop();
        dog.heard(start + SILENCE);
        assert_eq!(dog.next_deadline(), None);
        let mut off = Watchdog::new(Duration::ZERO, ANSWER);
        off.start(start);
        assert_eq!(off.next_deadline(), None);
    }
}
