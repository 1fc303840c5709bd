//! What the view shows and what the keys do, without a terminal.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::pane::Pane;
use super::snapshot::{News, Snapshot, Wish};
use super::style::Theme;
use super::tables;

/// How long a message stays.
const MESSAGE_STAYS: Duration = Duration::from_secs(6);

/// The stretch that rates are counted over.
const RATE_STRETCH: Duration = Duration::from_secs(3);

/// The reasons of a disconnect to choose from (§2.4).
pub(super) const REASONS: [(i32, &str); 5] = [
    (0x1001, "read failed"),
    (0x1002, "write failed"),
    (0x2001, "heartbeat not received"),
    (0x2002, "heartbeat not sent"),
    (0x2003, "bad packet received"),
];

/// Which words of an order's status are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Both,
    Chinese,
    English,
}

/// What stands before everything else and takes the keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Dialog {
    Help,
    Disconnect { session: u64, who: String, choice: usize },
    Settle,
    Quit { clients: usize },
    Instrument(String),
}

/// What a key led to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Stay,
    Quit,
    Wish(Wish),
}

/// How many in a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rates {
    pub(super) ticks: f64,
    pub(super) orders: f64,
    pub(super) trades: f64,
}

/// The view's state.
#[derive(Debug)]
pub(super) struct App {
    pub(super) theme: Theme,
    /// What clients register.
    pub(super) addresses: String,
    /// Whether the exchange ends with the view.
    pub(super) owns: bool,
    pub(super) snapshot: Option<Snapshot>,
    /// Why there is nothing newer.
    pub(super) lost: Option<String>,
    pub(super) rates: Rates,
    pub(super) focus: Pane,
    /// The pane that shares its place with others and was looked at last.
    pub(super) shared: Pane,
    pub(super) selected: [usize; Pane::ALL.len()],
    pub(super) filter: String,
    pub(super) editing_filter: bool,
    pub(super) dialog: Option<Dialog>,
    pub(super) language: Language,
    message: Option<(Instant, Result<String, String>)>,
    history: VecDeque<(Instant, [u64; 3])>,
}

impl App {
    pub(super) fn new(addresses: String, owns: bool, theme: Theme) -> Self {
        Self {
            theme,
            addresses,
            owns,
            snapshot: None,
            lost: None,
            rates: Rates::default(),
            focus: Pane::Sessions,
            shared: Pane::Trades,
            selected: [0; Pane::ALL.len()],
            filter: String::new(),
            editing_filter: false,
            dialog: None,
            language: Language::Both,
            message: None,
            history: VecDeque::new(),
        }
    }

    /// Takes what comes from the exchange.
    pub(super) fn take(&mut self, news: News) {
        match news {
            News::Snapshot(snapshot) => {
                self.lost = None;
                self.count(&snapshot);
                self.snapshot = Some(*snapshot);
                for pane in Pane::ALL {
                    self.select(pane, |row| row);
                }
            }
            News::Done(done) => self.message = Some((Instant::now(), done)),
            News::Lost(reason) => self.lost = Some(reason),
        }
    }

    /// Returns the message that is still to be shown.
    pub(super) fn message(&self) -> Option<&Result<String, String>> {
        let (at, message) = self.message.as_ref()?;
        (at.elapsed() < MESSAGE_STAYS).then_some(message)
    }

    fn count(&mut self, snapshot: &Snapshot) {
        let counts = &snapshot.state.counts;
        let counts = [counts.ticks, counts.orders, counts.trades];
        if self.history.back().is_some_and(|(_, before)| (0..3).any(|kind| counts[kind] < before[kind])) {
            // Another exchange: it counts anew.
            self.history.clear();
        }
        self.history.push_back((snapshot.at, counts));
        while self.history.len() > 2
            && self.history.get(1).is_some_and(|(at, _)| snapshot.at.duration_since(*at) >= RATE_STRETCH)
        {
            self.history.pop_front();
        }
        let Some((first, before)) = self.history.front() else { return };
        let seconds = snapshot.at.duration_since(*first).as_secs_f64();
        let rate =
            |kind: usize| if seconds > 0.0 { (counts[kind] - before[kind]) as f64 / seconds } else { 0.0 };
        self.rates = Rates { ticks: rate(0), orders: rate(1), trades: rate(2) };
    }

    /// Returns whether a row is to be shown: every word of the filter is in it.
    pub(super) fn shows(&self, row: &str) -> bool {
        if self.filter.is_empty() {
            return true;
        }
        let row = row.to_lowercase();
        self.filter.to_lowercase().split_whitespace().all(|word| row.contains(word))
    }

    /// Moves the selection of a pane, inside its rows.
    fn select(&mut self, pane: Pane, to: impl FnOnce(usize) -> usize) {
        let last = tables::length(self, pane).saturating_sub(1);
        let selected = &mut self.selected[pane as usize];
        *selected = to(*selected).min(last);
    }

    /// Does what a key says.
    pub(super) fn key(&mut self, key: KeyEvent) -> Step {
        if key.kind == KeyEventKind::Release {
            return Step::Stay;
        }
        if key.modifiers.contains(KeyModifiers::CONTROL) && matches!(key.code, KeyCode::Char('c' | 'C')) {
            return Step::Quit;
        }
        if self.editing_filter {
            return self.filter_key(key.code);
        }
        if let Some(dialog) = self.dialog.take() {
            return self.dialog_key(dialog, key.code);
        }
        self.message = None;
        match key.code {
            KeyCode::Char('q' | 'Q') => return self.quit(),
            KeyCode::Char('?' | 'h') | KeyCode::F(1) => self.dialog = Some(Dialog::Help),
            KeyCode::Tab => self.turn_to(self.focus.next()),
            KeyCode::BackTab => self.turn_to(self.focus.previous()),
            KeyCode::Char(digit @ '1'..='7') => {
                let place = usize::from(digit as u8 - b'1');
                self.turn_to(Pane::ALL[place.min(Pane::ALL.len() - 1)]);
            }
            KeyCode::Up | KeyCode::Char('k') => self.select(self.focus, |row| row.saturating_sub(1)),
            KeyCode::Down | KeyCode::Char('j') => self.select(self.focus, |row| row + 1),
            KeyCode::PageUp => self.select(self.focus, |row| row.saturating_sub(10)),
            KeyCode::PageDown => self.select(self.focus, |row| row + 10),
            KeyCode::Home | KeyCode::Char('g') => self.select(self.focus, |_| 0),
            KeyCode::End | KeyCode::Char('G') => self.select(self.focus, |_| usize::MAX),
            KeyCode::Left => return self.turn_book(false),
            KeyCode::Right => return self.turn_book(true),
            KeyCode::Enter => return self.enter(),
            KeyCode::Char('b') => self.dialog = Some(Dialog::Instrument(String::new())),
            KeyCode::Char('/') => self.editing_filter = true,
            KeyCode::Esc => self.filter.clear(),
            KeyCode::Char('l') => {
                self.language = match self.language {
                    Language::Both => Language::Chinese,
                    Language::Chinese => Language::English,
                    Language::English => Language::Both,
                };
            }
            KeyCode::Char('p' | ' ') => return self.pause(),
            KeyCode::Char('+' | '=') => return self.speed(2.0),
            KeyCode::Char('-' | '_') => return self.speed(0.5),
            KeyCode::Char('d') => self.ask_disconnect(),
            KeyCode::Char('s') => self.dialog = Some(Dialog::Settle),
            _ => {}
        }
        Step::Stay
    }

    fn turn_to(&mut self, pane: Pane) {
        self.focus = pane;
        if pane.shares() {
            self.shared = pane;
        }
    }

    fn filter_key(&mut self, code: KeyCode) -> Step {
        match code {
            KeyCode::Enter => self.editing_filter = false,
            KeyCode::Esc => {
                self.filter.clear();
                self.editing_filter = false;
            }
            KeyCode::Backspace => drop(self.filter.pop()),
            KeyCode::Char(letter) if self.filter.len() < 64 => self.filter.push(letter),
            _ => {}
        }
        for pane in Pane::ALL {
            self.select(pane, |row| row);
        }
        Step::Stay
    }

    fn dialog_key(&mut self, dialog: Dialog, code: KeyCode) -> Step {
        let yes = matches!(code, KeyCode::Char('y' | 'Y') | KeyCode::Enter);
        match dialog {
            Dialog::Help => Step::Stay,
            Dialog::Settle if yes => Step::Wish(Wish::Settle),
            Dialog::Quit { .. } if yes || matches!(code, KeyCode::Char('q' | 'Q')) => Step::Quit,
            Dialog::Settle | Dialog::Quit { .. } => Step::Stay,
            Dialog::Disconnect { session, who, choice } => {
                let choice = match code {
                    KeyCode::Up | KeyCode::Char('k') => choice.checked_sub(1).unwrap_or(REASONS.len() - 1),
                    KeyCode::Down | KeyCode::Char('j') | KeyCode::Tab => (choice + 1) % REASONS.len(),
                    KeyCode::Char(digit @ '1'..='5') => usize::from(digit as u8 - b'1'),
                    KeyCode::Enter => {
                        return Step::Wish(Wish::Disconnect { session, reason: REASONS[choice].0 });
                    }
                    KeyCode::Esc | KeyCode::Char('q' | 'n') => return Step::Stay,
                    _ => choice,
                };
                self.dialog = Some(Dialog::Disconnect { session, who, choice });
                Step::Stay
            }
            Dialog::Instrument(mut id) => {
                match code {
                    KeyCode::Enter if id.is_empty() => return Step::Stay,
                    KeyCode::Enter => return Step::Wish(Wish::Book(id)),
                    KeyCode::Esc => return Step::Stay,
                    KeyCode::Backspace => drop(id.pop()),
                    KeyCode::Char(letter) if id.len() < 80 => id.push(letter),
                    _ => {}
                }
                self.dialog = Some(Dialog::Instrument(id));
                Step::Stay
            }
        }
    }

    fn quit(&mut self) -> Step {
        let sessions = self.snapshot.iter().flat_map(|snapshot| &snapshot.state.sessions);
        let clients = sessions.filter(|session| session.connected).count();
        if !self.owns || clients == 0 {
            return Step::Quit;
        }
        self.dialog = Some(Dialog::Quit { clients });
        Step::Stay
    }

    fn pause(&self) -> Step {
        let paused = self.snapshot.as_ref().map(|snapshot| snapshot.state.paused);
        paused.map_or(Step::Stay, |paused| Step::Wish(Wish::Pause(!paused)))
    }

    fn speed(&mut self, factor: f64) -> Step {
        let Some(snapshot) = &self.snapshot else { return Step::Stay };
        match snapshot.state.speed {
            Some(speed) => Step::Wish(Wish::Speed((speed * factor).clamp(1.0 / 64.0, 1000.0))),
            None => {
                let clock = &snapshot.state.clock;
                let reason = format!("the clock is {clock} and has one speed: serve with --clock virtual");
                self.message = Some((Instant::now(), Err(reason)));
                Step::Stay
            }
        }
    }

    fn ask_disconnect(&mut self) {
        let session = tables::sessions(self).into_iter().nth(self.selected[Pane::Sessions as usize]).cloned();
        let refusal = match session {
            Some(session) if session.connected => {
                let who = session.investor.or(session.user).unwrap_or_else(|| session.api.clone());
                self.dialog = Some(Dialog::Disconnect { session: session.session, who, choice: 0 });
                return;
            }
            Some(session) => format!("session {} is not connected", session.session),
            None => "there is no session".to_owned(),
        };
        self.message = Some((Instant::now(), Err(refusal)));
    }

    /// Shows the book of the selected order's or trade's instrument.
    fn enter(&mut self) -> Step {
        let row = self.selected[self.focus as usize];
        let id = match self.focus {
            Pane::Orders => tables::orders(self).get(row).map(|order| order.instrument.clone()),
            Pane::Trades => tables::trades(self).get(row).map(|trade| trade.instrument.clone()),
            Pane::Book => {
                self.dialog = Some(Dialog::Instrument(String::new()));
                None
            }
            _ => None,
        };
        id.map_or(Step::Stay, |id| Step::Wish(Wish::Book(id)))
    }

    /// Shows the book of the instrument before or after the present one.
    fn turn_book(&self, forward: bool) -> Step {
        let Some(snapshot) = &self.snapshot else { return Step::Stay };
        let ids = &snapshot.instruments;
        let present = snapshot.book.as_ref().map(|shown| shown.book.instrument.as_str());
        let place = ids.iter().position(|id| Some(id.as_str()) == present);
        let next = match (place, ids.len()) {
            (_, 0) => return Step::Stay,
            (None, _) => 0,
            (Some(place), length) if forward => (place + 1) % length,
            (Some(place), length) => (place + length - 1) % length,
        };
        Step::Wish(Wish::Book(ids[next].clone()))
    }
}
