//! The pane of one instrument's book with the last trades.

use ctp_sim_host::control::BookAndTrades;
use ctp_sim_host::control::look::{Book, Level};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::app::App;
use super::style::{Look, Theme};
use super::text::{cut, fit, grouped, price};

/// Cells of a label, a price and a volume.
const LABEL: usize = 3;
const PRICE: usize = 10;
const VOLUME: usize = 7;

/// The least width for trades beside the levels.
const TRADES_AT: usize = 54;

/// Cells of the trades beside the levels.
const TRADES: usize = 28;

/// Draws the pane.
pub(super) fn draw(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let Some(shown) = app.snapshot.as_ref().and_then(|snapshot| snapshot.book.as_ref()) else {
        let text = "no instrument yet: b asks for one";
        frame.render_widget(Paragraph::new(Span::styled(text, app.theme.style(Look::Faint))), area);
        return;
    };
    let (cells, height) = (usize::from(area.width), usize::from(area.height));
    let mut lines = heading(&shown.book, app.theme, cells, height);
    let room = height.saturating_sub(lines.len());
    let beside = cells >= TRADES_AT;
    let ladder_cells = if beside { cells - TRADES } else { cells };
    // The middle line shows the last price; as many levels above it as below.
    let depth = (room.saturating_sub(1) / 2).min(5);
    let mut ladder = ladder(&shown.book, app.theme, ladder_cells, depth);
    if beside {
        let trades = trades(shown, app.theme, room);
        for (place, spans) in trades.into_iter().enumerate() {
            if ladder.len() <= place {
                ladder.push(Line::raw(" ".repeat(ladder_cells)));
            }
            ladder[place].spans.extend(spans);
        }
    } else if room > ladder.len() + 1 {
        let rest = room - ladder.len() - 1;
        ladder.push(Line::raw(""));
        ladder.extend(trades(shown, app.theme, rest).into_iter().map(Line::from));
    }
    lines.extend(ladder);
    frame.render_widget(Paragraph::new(lines), area);
}

/// Returns what the instrument is and where it stands.
fn heading(book: &Book, theme: Theme, cells: usize, height: usize) -> Vec<Line<'static>> {
    let (change, look) = match (book.last, book.pre_settlement) {
        (Some(last), Some(before)) if before != 0.0 => {
            let change = last - before;
            let look = match change {
                change if change > 0.0 => Look::Up,
                change if change < 0.0 => Look::Down,
                _ => Look::Plain,
            };
            (format!("{}{} {:+.2}%", sign(change), price(change), change / before.abs() * 100.0), look)
        }
        _ => (String::new(), Look::Plain),
    };
    let name = format!("{} {}", book.instrument, book.name);
    let place = format!(" {} {}", book.exchange, book.phase);
    let mut first = vec![Span::styled(cut(&name, cells), theme.style(Look::Name))];
    let left = cells.saturating_sub(super::text::width(&name));
    if left > super::text::width(&place) {
        let phase = if book.phase == "continuous" { Look::Plain } else { Look::Alarm };
        first.push(Span::styled(place, theme.style(phase)));
    }
    let mut lines = vec![Line::from(first)];
    if height >= 6 {
        let last = book.last.map_or_else(|| "no trade".to_owned(), price);
        let mut second = vec![Span::styled(format!("{last} {change} "), theme.style(look))];
        let volume =
            format!("vol {} oi {}", grouped(f64::from(book.volume), 0), grouped(book.open_interest, 0));
        let taken = super::text::width(&second[0].content);
        second.push(Span::styled(cut(&volume, cells.saturating_sub(taken)), theme.style(Look::Plain)));
        lines.push(Line::from(second));
    }
    if height >= 14 {
        let value = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), price);
        let day = format!(
            "open {} high {} low {}  limits {} … {}",
            value(book.open),
            value(book.high),
            value(book.low),
            value(book.lower),
            value(book.upper)
        );
        lines.push(Line::styled(cut(&day, cells), theme.style(Look::Faint)));
    }
    lines
}

fn sign(change: f64) -> &'static str {
    if change > 0.0 { "+" } else { "" }
}

/// Returns the levels, the highest price first, with the last price in the middle.
fn ladder(book: &Book, theme: Theme, cells: usize, depth: usize) -> Vec<Line<'static>> {
    let shown = |levels: &[Level]| levels.iter().take(depth).map(|level| level.volume).max().unwrap_or(0);
    let largest = shown(&book.asks).max(shown(&book.bids)).max(1);
    let bar_cells = cells.saturating_sub(LABEL + PRICE + VOLUME + 3).min(30);
    let row = |label: String, level: Option<&Level>, look: Look| {
        let Some(level) = level else {
            let text = fit(&fit(&label, LABEL, false), cells, false);
            return Line::styled(text, theme.style(Look::Faint));
        };
        let length = (i64::from(level.volume) * bar_cells as i64 / i64::from(largest)) as usize;
        let bar = "▇".repeat(length.max(usize::from(bar_cells > 0)));
        let text = format!(
            "{}{} {} ",
            fit(&label, LABEL, false),
            fit(&price(level.price), PRICE, true),
            fit(&grouped(f64::from(level.volume), 0), VOLUME, true)
        );
        let text = cut(&text, cells);
        let rest = cells.saturating_sub(super::text::width(&text));
        Line::from(vec![
            Span::styled(text, theme.style(Look::Plain)),
            Span::styled(fit(&bar, rest, false), theme.style(look)),
        ])
    };
    let mut lines = Vec::new();
    for place in (0..depth).rev() {
        lines.push(row(format!("a{}", place + 1), book.asks.get(place), Look::Down));
    }
    let spread = match (book.asks.first(), book.bids.first()) {
        (Some(ask), Some(bid)) => format!("spread {}", price(ask.price - bid.price)),
        _ => String::new(),
    };
    let last = book.last.map_or_else(|| "-".to_owned(), price);
    let middle = format!("{}{} {spread}", fit("", LABEL, false), fit(&last, PRICE, true));
    lines.push(Line::styled(fit(&middle, cells, false), theme.style(Look::Strong)));
    for place in 0..depth {
        lines.push(row(format!("b{}", place + 1), book.bids.get(place), Look::Up));
    }
    lines
}

/// Returns the clients' last trades.
fn trades(shown: &BookAndTrades, theme: Theme, room: usize) -> Vec<Vec<Span<'static>>> {
    if room == 0 {
        return Vec::new();
    }
    let title = fit("clients' trades", TRADES, false);
    let mut rows = vec![vec![Span::styled(title, theme.style(Look::Faint))]];
    for trade in shown.trades.iter().take(room - 1) {
        let look = if trade.direction == "buy" { Look::Up } else { Look::Down };
        rows.push(vec![
            Span::styled(format!("{} ", trade.time), theme.style(Look::Faint)),
            Span::styled(fit(&price(trade.price), 9, true), theme.style(look)),
            Span::styled(fit(&format!("×{}", trade.volume), 6, true), theme.style(Look::Plain)),
        ]);
    }
    if shown.trades.is_empty() && room > 1 {
        rows.push(vec![Span::styled("none yet", theme.style(Look::Faint))]);
    }
    rows
}
