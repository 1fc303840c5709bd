//! Gaps: after a broken link each instrument that had ticked is told of once, with its last tick (F35).

use std::collections::BTreeMap;

use ctp_types::Text;

use crate::md::{Gap, Seen};

#[derive(Debug, Default)]
pub(crate) struct Gaps {
    /// The last tick of each wanted instrument on this link.
    last: BTreeMap<Text<81>, Seen>,
    /// What broken links left behind and was not told yet.
    untold: BTreeMap<Text<81>, Seen>,
    /// Between the end of a link and the next login: an object that is given up may tick until it is released.
    is_down: bool,
}

impl Gaps {
    /// The session is told that a wanted instrument ticked.
    pub(crate) fn ticked(&mut self, seen: Seen) {
        let ticks = if self.is_down { &mut self.untold } else { &mut self.last };
        ticks.insert(seen.instrument_id, seen);
    }

    pub(crate) fn unsubscribed(&mut self, id: &Text<81>) {
        self.last.remove(id);
        self.untold.remove(id);
    }

    pub(crate) fn link_lost(&mut self) {
        self.untold.append(&mut self.last);
        self.is_down = true;
    }

    pub(crate) fn logged_in(&mut self) {
        self.is_down = false;
    }

    /// The session tells of a gap.
    pub(crate) fn told(&mut self, gap: &Gap) -> Result<(), String> {
        match self.untold.remove(&gap.instrument_id) {
            Some(last) if last == gap.last => Ok(()),
            Some(last) => Err(format!("a gap after {:?}, but the last tick was {last:?}", gap.last)),
            None => Err(format!("a gap that is none, or was told before: {gap:?}")),
        }
    }

    /// Returns which gaps were never told.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self.untold.keys().next() {
            Some(id) => Err(format!("{} gaps were not told, one of {id:?}", self.untold.len())),
            None => Ok(()),
        }
    }
}
