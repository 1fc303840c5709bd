//! The log of states: a session that flaps for hours writes each kind of state once a minute.

use std::time::Instant;

use crate::observe::Repeated;
use crate::state::SessionState;

#[derive(Debug, Default)]
pub(crate) struct StateLog {
    kinds: Vec<(&'static str, Repeated)>,
}

impl StateLog {
    pub(crate) fn write(&mut self, now: Instant, session: &'static str, state: &SessionState) {
        let name = state.name();
        let index = self.kinds.iter().position(|(kind, _)| *kind == name).unwrap_or_else(|| {
            self.kinds.push((name, Repeated::default()));
            self.kinds.len() - 1
        });
        match self.kinds[index].1.allow(now) {
            Some(0) => tracing::info!(session, %state, "state"),
            Some(held_back) => tracing::info!(session, %state, held_back, "state"),
            None => tracing::debug!(session, %state, "state"),
        }
    }
}
