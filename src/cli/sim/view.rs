//! The exchange in a terminal: who is connected, books, orders, trades, accounts, faults and what happened.

mod app;
mod book;
mod draw;
mod keys;
mod pane;
mod snapshot;
mod style;
mod tables;
mod text;

#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal as _};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use ctp_sim_host::control::Door;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::Event;

use self::app::{App, Step};
use self::snapshot::Courier;
use self::style::Theme;
use super::serve::stop::Stop;
use super::{Error, ctl};

/// The least time between two drawings of what the exchange does; a key is answered at once.
const DRAW_INTERVAL: Duration = Duration::from_millis(100);

/// How long a key is waited for.
const KEY_WAIT: Duration = Duration::from_millis(50);

/// Arguments of `ctp sim view`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "NO_COLOR takes the colours away. A server on another machine wants CTP_SIM_TOKEN in the \
                        environment."
)]
pub(in crate::cli) struct Arguments {
    /// The served exchange [default: the first address of CTP_SIM_FRONT, else tcp://127.0.0.1:17001]
    #[arg(long, value_name = "ADDRESS")]
    at: Option<String>,
}

/// Shows a served exchange until q.
pub(super) fn attach(arguments: &Arguments) -> Result<(), Error> {
    let stop = Stop::new()?;
    let front = ctl::front(arguments.at.as_deref());
    let door = Door::to(&front)?;
    show(door, front, false, &stop)
}

/// Returns whether there is a terminal to show something on.
pub(super) fn has_terminal() -> bool {
    io::stdout().is_terminal() && io::stdin().is_terminal()
}

/// Shows an exchange until q, Ctrl-C, or a signal to stop. `owns` is whether the exchange ends with the view.
pub(super) fn show(door: Door, addresses: String, owns: bool, stop: &Stop) -> Result<(), Error> {
    if !has_terminal() {
        return Err(Error::NoTerminal);
    }
    let courier = Courier::start(door)?;
    let mut app = App::new(addresses, owns, Theme::of_environment());
    // The hook that this sets gives the terminal back before it tells of a panic.
    let mut terminal = match ratatui::try_init() {
        Err(_) if !has_terminal() => return Ok(()),
        begun => begun?,
    };
    let shown = run(&mut terminal, &mut app, &courier, stop);
    let restored = ratatui::try_restore();
    match shown.and(restored) {
        // A terminal that vanishes fails in many ways, by far not all with a code of the system.
        Err(_) if !has_terminal() => {
            // Its end would print to the terminal, and panic.
            std::mem::forget(terminal);
            Ok(())
        }
        ended => Ok(ended?),
    }
}

fn run(terminal: &mut DefaultTerminal, app: &mut App, courier: &Courier, stop: &Stop) -> io::Result<()> {
    let keys = keys::start()?;
    let mut drawn: Option<Instant> = None;
    let mut changed = true;
    let mut had_message = false;
    while stop.reason().is_none() {
        for news in courier.news.try_iter() {
            app.take(news);
            changed = true;
        }
        // A message that has been there long enough goes.
        changed |= had_message != app.message().is_some();
        let is_time = drawn.is_none_or(|drawn| drawn.elapsed() >= DRAW_INTERVAL);
        if changed && is_time {
            had_message = app.message().is_some();
            terminal.draw(|frame| draw::draw(frame, app))?;
            (drawn, changed) = (Some(Instant::now()), false);
        }
        let event = match keys.recv_timeout(KEY_WAIT) {
            Ok(event) => event?,
            Err(RecvTimeoutError::Timeout) => continue,
            // It ends after an error, which was told.
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        };
        match event {
            Event::Key(key) => match app.key(key) {
                Step::Quit => return Ok(()),
                // The courier lives as long as the view.
                Step::Wish(wish) => drop(courier.wishes.send(wish)),
                Step::Stay => {}
            },
            Event::Resize(..) => {}
            _ => continue,
        }
        (changed, drawn) = (true, None);
    }
    Ok(())
}
