//! Keys, read on a thread of their own: a read of a terminal that has vanished never returns.

use std::io;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use ratatui::crossterm::event::{self, Event};

/// Reads what is typed from now on, until the process ends.
pub(super) fn start() -> io::Result<Receiver<io::Result<Event>>> {
    let (typed, events) = mpsc::channel();
    thread::Builder::new().name("ctp-sim-keys".to_owned()).spawn(move || {
        loop {
            let event = event::read();
            let has_failed = event.is_err();
            if typed.send(event).is_err() || has_failed {
                return;
            }
        }
    })?;
    Ok(events)
}
