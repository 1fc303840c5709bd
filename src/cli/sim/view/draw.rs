//! Draws the whole view.

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use super::app::{App, Dialog, REASONS};
use super::pane::{Pane, places};
use super::style::Look;
use super::text::{cut, grouped, width};
use super::{book, tables};

/// The least height of a pane with a border.
const BORDER_AT: u16 = 5;

/// Draws everything.
pub(super) fn draw(frame: &mut Frame<'_>, app: &App) {
    let places = places(frame.area(), app.focus, app.shared);
    header(frame, app, places.header);
    if !places.tabs.is_empty() {
        let seen: Vec<Pane> = places.panes.iter().map(|(pane, _)| *pane).collect();
        tabs(frame, app, &seen, places.tabs);
    }
    for (pane, area) in &places.panes {
        draw_pane(frame, app, *pane, *area);
    }
    footer(frame, app, places.footer);
    if let Some(dialog) = &app.dialog {
        draw_dialog(frame, app, dialog);
    }
}

fn draw_pane(frame: &mut Frame<'_>, app: &App, pane: Pane, area: Rect) {
    let focused = app.focus == pane;
    let inner = if area.height >= BORDER_AT && area.width >= 12 {
        let count = match tables::length(app, pane) {
            0 => String::new(),
            count => format!(" {count}"),
        };
        let title = format!(" {}{count} ", pane.title());
        let block = Block::bordered()
            .border_style(app.theme.border(focused))
            .title(Span::styled(title, app.theme.style(if focused { Look::Name } else { Look::Plain })));
        let inner = block.inner(area);
        frame.render_widget(block, area);
        inner
    } else {
        area
    };
    match pane {
        Pane::Book => book::draw(frame, app, inner),
        pane => tables::draw(frame, app, pane, inner),
    }
}

/// A part of a line, and whether it goes first where there is little room: the lowest rank stays.
type Part = (u8, String, Look);

/// Puts the parts that fit into a line, in their order. Those of rank 0 are cut rather than left out.
fn line(app: &App, parts: &[Part], cells: usize, between: &'static str) -> Line<'static> {
    let mut by_rank: Vec<usize> = (0..parts.len()).collect();
    by_rank.sort_by_key(|place| parts[*place].0);
    let mut kept: Vec<(usize, String)> = Vec::new();
    let mut left = cells;
    for place in by_rank {
        let (rank, text, _) = &parts[place];
        let gap = if kept.is_empty() { 0 } else { width(between) };
        let room = left.saturating_sub(gap);
        if width(text) <= room || (*rank == 0 && room > 0) {
            let text = cut(text, room);
            left = room - width(&text);
            kept.push((place, text));
        }
    }
    kept.sort_unstable();
    let mut line = Line::default();
    for (number, (place, text)) in kept.into_iter().enumerate() {
        if number > 0 {
            line.push_span(Span::styled(between, app.theme.style(Look::Faint)));
        }
        line.push_span(Span::styled(text, app.theme.style(parts[place].2)));
    }
    line
}

fn header(frame: &mut Frame<'_>, app: &App, area: Rect) {
    if area.is_empty() {
        return;
    }
    let cells = usize::from(area.width);
    let Some(snapshot) = &app.snapshot else {
        let text = match &app.lost {
            Some(reason) => (0, format!("not reached: {reason}"), Look::Alarm),
            None => (0, "asking the exchange …".to_owned(), Look::Faint),
        };
        frame.render_widget(Paragraph::new(line(app, &[text], cells, " ")), area);
        return;
    };
    let state = &snapshot.state;
    let day = state.trading_day.as_str();
    let day = match (day.get(..4), day.get(4..6), day.get(6..)) {
        (Some(year), Some(month), Some(day)) => format!("{year}-{month}-{day}"),
        _ => day.to_owned(),
    };
    // To a tenth of a second.
    let clock = state.now.split_once(' ').map_or(state.now.as_str(), |(_, clock)| clock);
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let now = format!("{whole}.{}", fraction.get(..1).unwrap_or("0"));
    let (pace, pace_look) = match (state.paused, state.speed) {
        (true, _) => (format!("■ PAUSED ({})", state.clock), Look::Alarm),
        (false, Some(speed)) => (format!("▶ ×{speed}"), Look::Good),
        (false, None) => (format!("▶ {}", state.clock), Look::Good),
    };
    let connected = state.sessions.iter().filter(|session| session.connected);
    let (md, all) =
        connected.fold((0, 0), |(md, all), session| (md + u32::from(session.api == "md"), all + 1));
    let name = (0, format!("CTP-SIM {}", state.exchange), Look::Name);
    let time = (1, now, Look::Strong);
    let pace = (1, pace, pace_look);
    let lost = app.lost.as_ref().map(|reason| (0, format!("not reached: {reason}"), Look::Alarm));
    let rest = [
        (2, format!("clients {all} (md {md}, td {})", all - md), Look::Plain),
        (3, format!("{} ticks/s", grouped(app.rates.ticks, 0)), Look::Plain),
        (4, format!("{} orders/s", grouped(app.rates.orders, 0)), Look::Plain),
        (5, format!("{} trades/s", grouped(app.rates.trades, 0)), Look::Plain),
    ];
    let lines = if area.height >= 2 {
        let mut first = vec![
            name,
            (1, app.addresses.clone(), Look::Plain),
            (2, format!("trading day {day}"), Look::Plain),
        ];
        first.extend(lost);
        let mut second = vec![time, pace];
        second.extend(rest);
        vec![line(app, &first, cells, "  "), line(app, &second, cells, "  ")]
    } else {
        let mut only = vec![(3, name.1, name.2), (0, time.1, time.2), pace];
        // Where there is one line only, that the exchange is not reached says more than its last time.
        only.extend(rest.first().cloned().map(|(_, text, look)| (4, text, look)));
        if let Some(lost) = lost {
            only = vec![lost];
        }
        vec![line(app, &only, cells, " ")]
    };
    frame.render_widget(Paragraph::new(lines), area);
}

/// Writes the names of the panes; those that are seen stand out.
fn tabs(frame: &mut Frame<'_>, app: &App, seen: &[Pane], area: Rect) {
    let cells = usize::from(area.width);
    let full: usize = Pane::ALL.iter().map(|pane| pane.title().len() + 3).sum();
    let mut line = Line::default();
    for pane in Pane::ALL {
        let number = pane as usize + 1;
        let text = match full <= cells {
            true => format!("{number} {}", pane.title()),
            false if pane == app.focus => format!("{number}{}", pane.title()),
            false => number.to_string(),
        };
        let look = match pane {
            pane if pane == app.focus => Look::Bar,
            pane if seen.contains(&pane) => Look::Strong,
            _ => Look::Faint,
        };
        line.push_span(Span::styled(text, app.theme.style(look)));
        line.push_span(Span::raw(" "));
    }
    frame.render_widget(Paragraph::new(line), area);
}

fn footer(frame: &mut Frame<'_>, app: &App, area: Rect) {
    if area.is_empty() {
        return;
    }
    let cells = usize::from(area.width);
    let shown = if app.editing_filter {
        line(
            app,
            &[
                (0, format!("/{}▏", app.filter), Look::Strong),
                (1, "Enter keeps, Esc clears".to_owned(), Look::Faint),
            ],
            cells,
            "  ",
        )
    } else if let Some(message) = app.message() {
        let (text, look) = match message {
            Ok(text) => (text, Look::Good),
            Err(text) => (text, Look::Alarm),
        };
        line(app, &[(0, text.clone(), look)], cells, " ")
    } else {
        let hint = |rank: u8, text: &str| (rank, text.to_owned(), Look::Faint);
        let mut parts = Vec::new();
        if !app.filter.is_empty() {
            parts.push((1, format!("filter: {} (Esc clears)", app.filter), Look::Alarm));
        }
        let paused = app.snapshot.as_ref().is_some_and(|snapshot| snapshot.state.paused);
        parts.extend([
            hint(0, "q quit"),
            hint(1, "? help"),
            hint(2, if paused { "p go on" } else { "p pause" }),
            hint(3, "+/- speed"),
            hint(4, "d disconnect"),
            hint(5, "s settle"),
            hint(6, "/ filter"),
            hint(7, "Tab pane"),
            hint(8, "←/→ instrument"),
        ]);
        line(app, &parts, cells, "  ")
    };
    frame.render_widget(Paragraph::new(shown), area);
}

/// The keys, as the help shows them.
const KEYS: [(&str, &str); 15] = [
    ("Tab, Shift-Tab, 1–7", "go to a pane"),
    ("↑ ↓ PgUp PgDn Home End", "choose a row (j, k, g, G too)"),
    ("Enter", "show the book of the row's instrument"),
    ("← →", "the instrument before or after"),
    ("b", "show the book of an instrument by its id"),
    ("p, space", "stop the clock, or let it go on"),
    ("+ -", "twice or half the speed (virtual clocks)"),
    ("d", "disconnect the chosen session, with a reason"),
    ("s", "settle: end the trading day (asks first)"),
    ("/", "filter every list by words; Esc clears"),
    ("l", "words of a status: both, Chinese, English"),
    ("?", "this help; any key closes it"),
    ("q, Ctrl-C", "quit"),
    ("", ""),
    ("red, green", "buying and rising, selling and falling"),
];

fn draw_dialog(frame: &mut Frame<'_>, app: &App, dialog: &Dialog) {
    let strong = app.theme.style(Look::Strong);
    let faint = app.theme.style(Look::Faint);
    let keys = |text: &'static str| Line::styled(text, faint);
    let (title, lines): (&str, Vec<Line<'static>>) = match dialog {
        Dialog::Help => {
            let row = |(key, does): &(&'static str, &'static str)| {
                let blanks = " ".repeat(24_usize.saturating_sub(width(key)));
                Line::from(vec![Span::styled(*key, strong), Span::raw(blanks), Span::raw(*does)])
            };
            ("Keys", KEYS.iter().map(row).collect())
        }
        Dialog::Disconnect { session, who, choice } => {
            let mut lines = vec![Line::raw(format!("End the connection of session {session} ({who})?"))];
            for (place, (reason, words)) in REASONS.iter().enumerate() {
                let text = format!(" {} {reason:#06x} {words} ", place + 1);
                let style =
                    if place == *choice { app.theme.selected(true) } else { app.theme.style(Look::Plain) };
                lines.push(Line::styled(text, style));
            }
            lines.push(keys("Enter: disconnect   ↑ ↓: reason   Esc: leave it"));
            ("Disconnect", lines)
        }
        Dialog::Settle => {
            let lines = vec![
                Line::raw("Settle the trading day now?"),
                Line::raw("Orders end, positions are settled, the next day begins."),
                keys("y: settle   any other key: leave it"),
            ];
            ("Settle", lines)
        }
        Dialog::Quit { clients } => {
            let clients =
                if *clients == 1 { "1 client is".to_owned() } else { format!("{clients} clients are") };
            let lines = vec![
                Line::raw(format!("End the server? {clients} connected.")),
                keys("y: end it   any other key: stay"),
            ];
            ("Quit", lines)
        }
        Dialog::Instrument(id) => {
            let lines = vec![
                Line::from(vec![Span::raw("Instrument: "), Span::styled(format!("{id}▏"), strong)]),
                keys("Enter: show its book   Esc: leave it"),
            ];
            ("Book", lines)
        }
    };
    let area = frame.area();
    let widest = lines.iter().map(Line::width).max().unwrap_or(0).max(width(title) + 2);
    let cells = u16::try_from(widest + 4).unwrap_or(u16::MAX).min(area.width);
    let rows = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX).min(area.height);
    let place = Rect {
        x: area.x + (area.width - cells) / 2,
        y: area.y + (area.height - rows) / 2,
        width: cells,
        height: rows,
    };
    frame.render_widget(Clear, place);
    // What has not even room for a border is at least to be read.
    if rows < lines.len() as u16 + 2 && area.height < 8 {
        frame.render_widget(Clear, area);
        frame.render_widget(Paragraph::new(lines), area);
        return;
    }
    let block = Block::bordered()
        .border_style(app.theme.border(true))
        .title(Span::styled(format!(" {title} "), app.theme.style(Look::Name)))
        .title_alignment(Alignment::Center);
    let inner = block.inner(place);
    frame.render_widget(block, place);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    frame.render_widget(Paragraph::new(lines), inner);
}
