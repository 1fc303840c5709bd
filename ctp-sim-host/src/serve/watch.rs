//! What happens on the exchange of a name, over its end and its next start.

use std::time::Duration;

use crate::notice::Noted;
use crate::simulator::Simulator;

/// Reads the notices of whichever exchange runs under a name.
#[derive(Debug)]
pub struct Watch {
    name: String,
    watched: Option<Simulator>,
    after: u64,
}

impl Watch {
    /// Returns a watch of the exchange that runs under a name, now or later.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), watched: None, after: 0 }
    }

    /// Returns what happened since the last call; waits for something for a while when there is nothing yet.
    pub fn next(&mut self, patience: Duration) -> Vec<Noted> {
        let Some(running) = Simulator::running(&self.name) else {
            std::thread::sleep(patience);
            return Vec::new();
        };
        if !self.watched.as_ref().is_some_and(|watched| watched.is(&running)) {
            self.after = 0;
        }
        let notices = running.notices(self.after, patience);
        self.watched = Some(running);
        self.after = notices.last().map_or(self.after, |noted| noted.number);
        notices
    }
}
