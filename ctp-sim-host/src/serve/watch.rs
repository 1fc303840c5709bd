//! What happens on the exchange of a name, over its end and its next start.

use std::time::Duration;

use crate::notice::{Noted, Watcher};
use crate::simulator::Simulator;

/// Reads the notices of whichever exchange runs under a name.
#[derive(Debug)]
pub struct Watch {
    name: String,
    watched: Option<(Simulator, Watcher)>,
}

impl Watch {
    /// Returns a watch of the exchange that runs under a name, now or later.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), watched: None }
    }

    /// Returns what happened since the last call; waits for something for a while when there is nothing yet.
    pub fn next(&mut self, patience: Duration) -> Vec<Noted> {
        let Some(running) = Simulator::running(&self.name) else {
            std::thread::sleep(patience);
            return Vec::new();
        };
        let watcher = match self.watched.take() {
            Some((watched, watcher)) if watched.is(&running) => watcher,
            _ => running.watch(),
        };
        self.watched.insert((running, watcher)).1.next(patience)
    }
}
