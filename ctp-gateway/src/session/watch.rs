//! What both kinds of session notice by time alone: silence, outages, clocks that jump.

use std::time::{Duration, Instant};

use super::Now;
use super::clocks::Clocks;
use super::hours::Hours;
use super::outage::Outage;
use super::watchdog::{Verdict, Watchdog};
use crate::alert::Alert;
use crate::state::SessionState;

#[derive(Debug)]
pub(crate) struct Watch {
    clocks: Clocks,
    outage: Outage,
    dog: Watchdog,
    is_usable: bool,
}

impl Watch {
    /// `silence`: how long a usable session may hear nothing; `answer`: how long the answer to a question may take.
    pub(crate) fn new(silence: Duration, answer: Duration) -> Self {
        Self {
            clocks: Clocks::default(),
            outage: Outage::default(),
            dog: Watchdog::new(silence, answer),
            is_usable: false,
        }
    }

    /// Begins a step. Returns an alert if the wall clock jumped.
    pub(crate) fn begin(&mut self, now: Now) -> Option<Alert> {
        let by_ns = self.clocks.check(now)?;
        // The machine may have slept, and the link died meanwhile.
        self.dog.hurry(now.instant);
        Some(alert(Alert::ClockJumped { by_ns }))
    }

    /// Ends a step with the state that the session is in now.
    pub(crate) fn end(&mut self, now: Instant, state: &SessionState) {
        let is_usable = state.is_usable();
        // What is over, or waits for a call, is no outage.
        self.outage.note(now, is_usable || matches!(state, SessionState::Faulted(_) | SessionState::Closed));
        if is_usable && !self.is_usable {
            self.dog.start(now);
        } else if !is_usable {
            self.dog.stop();
        }
        self.is_usable = is_usable;
    }

    /// Takes the front's time of day from the answer to a login. C: `LoginTime`.
    pub(crate) fn logged_in(&mut self, front_time: &str) {
        self.clocks.compare(front_time);
    }

    /// Notes a sign of life of the link.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.dog.heard(now);
    }

    /// Notes that a question to the front was not answered.
    pub(crate) fn doubt(&mut self) {
        self.dog.doubt();
    }

    /// Returns when time has to be looked at.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        [self.outage.next_deadline(), self.dog.next_deadline()].into_iter().flatten().min()
    }

    /// Returns an alert the first time that an outage is due to be told; each time it is logged.
    pub(crate) fn outage(&mut self, now: Instant, state: &SessionState) -> Option<Alert> {
        let (waited, is_first) = self.outage.handle_time(now)?;
        let alert = alert(Alert::NotUsable { waited, state: Box::new(state.clone()) });
        is_first.then_some(alert)
    }

    /// Judges the silence; `hours` are those of what the session waits for, at a moment in nanoseconds since the Unix epoch.
    pub(crate) fn silence(&mut self, now: Now, hours: impl Fn(i64) -> Hours) -> Option<Verdict> {
        let Self { clocks, dog, .. } = self;
        dog.handle_time(now.instant, || hours_now(clocks, now, hours) != Hours::Closed)
    }

    /// Returns what `hours` says of now; [`Hours::Unknown`] where it says one thing of the wall clock's time and another of
    /// what the time would be had nobody set that clock.
    pub(crate) fn hours(&self, now: Now, hours: impl Fn(i64) -> Hours) -> Hours {
        hours_now(&self.clocks, now, hours)
    }
}

fn hours_now(clocks: &Clocks, now: Now, hours: impl Fn(i64) -> Hours) -> Hours {
    let by_wall_clock = hours(now.unix_ns);
    match clocks.other_time(now.unix_ns) {
        Some(other) if hours(other) != by_wall_clock => Hours::Unknown,
        _ => by_wall_clock,
    }
}

/// Logs an alert.
pub(crate) fn alert(alert: Alert) -> Alert {
    tracing::warn!(%alert, "session");
    alert
}
