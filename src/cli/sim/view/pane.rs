//! The panes, and where they are on a screen of any size.

use ratatui::layout::{Constraint, Layout, Rect};

/// A part of the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pane {
    Sessions,
    Book,
    Orders,
    Trades,
    Accounts,
    Faults,
    Log,
}

impl Pane {
    pub(super) const ALL: [Self; 7] =
        [Self::Sessions, Self::Book, Self::Orders, Self::Trades, Self::Accounts, Self::Faults, Self::Log];

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Sessions => "Sessions",
            Self::Book => "Book",
            Self::Orders => "Orders",
            Self::Trades => "Trades",
            Self::Accounts => "Accounts",
            Self::Faults => "Faults",
            Self::Log => "Log",
        }
    }

    pub(super) fn next(self) -> Self {
        Self::ALL[(self as usize + 1) % Self::ALL.len()]
    }

    pub(super) fn previous(self) -> Self {
        Self::ALL[(self as usize + Self::ALL.len() - 1) % Self::ALL.len()]
    }

    /// Returns whether the pane shares its place with others where the screen has not room for all.
    pub(super) const fn shares(self) -> bool {
        matches!(self, Self::Trades | Self::Accounts | Self::Faults | Self::Log)
    }
}

/// Where everything is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Places {
    pub(super) header: Rect,
    /// The names of panes that are not all seen at once; empty where they are.
    pub(super) tabs: Rect,
    pub(super) panes: Vec<(Pane, Rect)>,
    pub(super) footer: Rect,
}

/// The least size for every pane at once.
const ALL_AT: (u16, u16) = (120, 34);

/// The least size for four panes at once.
const SOME_AT: (u16, u16) = (78, 22);

/// Divides a screen.
pub(super) fn places(area: Rect, focus: Pane, shared: Pane) -> Places {
    let header_height = match area.height {
        0..=2 => 0,
        3..=11 => 1,
        _ => 2,
    };
    let footer_height = u16::from(area.height >= 2);
    let sees_all = area.width >= ALL_AT.0 && area.height >= ALL_AT.1;
    let sees_some = area.width >= SOME_AT.0 && area.height >= SOME_AT.1;
    let tabs_height = u16::from(!sees_all && area.height >= 7);
    let [header, tabs, body, footer] = Layout::vertical([
        Constraint::Length(header_height),
        Constraint::Length(tabs_height),
        Constraint::Min(0),
        Constraint::Length(footer_height),
    ])
    .areas(area);
    let panes = match () {
        () if sees_all => all(body),
        () if sees_some => some(body, shared),
        () => vec![(focus, body)],
    };
    Places { header, tabs, panes, footer }
}

fn all(body: Rect) -> Vec<(Pane, Rect)> {
    let [top, middle, bottom] =
        Layout::vertical([Constraint::Length(15), Constraint::Min(8), Constraint::Percentage(26)])
            .areas(body);
    let [sessions, book, faults] = Layout::horizontal([
        Constraint::Percentage(42),
        Constraint::Percentage(36),
        Constraint::Percentage(22),
    ])
    .areas(top);
    let [orders, trades] =
        Layout::horizontal([Constraint::Percentage(60), Constraint::Percentage(40)]).areas(middle);
    let [accounts, log] =
        Layout::horizontal([Constraint::Percentage(46), Constraint::Percentage(54)]).areas(bottom);
    vec![
        (Pane::Sessions, sessions),
        (Pane::Book, book),
        (Pane::Faults, faults),
        (Pane::Orders, orders),
        (Pane::Trades, trades),
        (Pane::Accounts, accounts),
        (Pane::Log, log),
    ]
}

fn some(body: Rect, shared: Pane) -> Vec<(Pane, Rect)> {
    let top_height = (body.height / 2).clamp(8, 15);
    let [top, middle, bottom] =
        Layout::vertical([Constraint::Length(top_height), Constraint::Min(4), Constraint::Percentage(26)])
            .areas(body);
    let [sessions, book] =
        Layout::horizontal([Constraint::Percentage(54), Constraint::Percentage(46)]).areas(top);
    vec![(Pane::Sessions, sessions), (Pane::Book, book), (Pane::Orders, middle), (shared, bottom)]
}
