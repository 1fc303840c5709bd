//! The panes that are lists: their rows, their columns, and how many of them fit.

use ctp_sim_host::Line as LogLine;
use ctp_sim_host::control::Session;
use ctp_sim_host::control::look::{Account, Order, Trade};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::app::{App, Language};
use super::pane::Pane;
use super::snapshot::Fault;
use super::style::Look;
use super::text::{fit, grouped, price, width};

/// A column of a list.
struct Column {
    title: &'static str,
    right: bool,
    /// The most cells that it takes.
    widest: usize,
    /// Columns of a lower rank stay longer when there is little room.
    rank: u8,
}

const fn left(title: &'static str, widest: usize, rank: u8) -> Column {
    Column { title, right: false, widest, rank }
}

const fn right(title: &'static str, widest: usize, rank: u8) -> Column {
    Column { title, right: true, widest, rank }
}

/// A cell and how it looks.
type Cell = (String, Look);

/// A list as it is drawn.
struct List {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
    /// What stands where there are no rows.
    empty: &'static str,
}

/// Returns how many rows a pane has.
pub(super) fn length(app: &App, pane: Pane) -> usize {
    match pane {
        Pane::Sessions => sessions(app).len(),
        Pane::Book => 0,
        Pane::Orders => orders(app).len(),
        Pane::Trades => trades(app).len(),
        Pane::Accounts => accounts(app).len(),
        Pane::Faults => faults(app).len(),
        Pane::Log => lines(app).len(),
    }
}

/// Returns the sessions to be shown: the connected ones first.
pub(super) fn sessions(app: &App) -> Vec<&Session> {
    let Some(snapshot) = &app.snapshot else { return Vec::new() };
    let is_shown = |session: &&Session| {
        app.shows(&format!(
            "{} {} {} {}",
            session.session,
            session.api,
            session.investor.as_deref().unwrap_or_default(),
            session.user.as_deref().unwrap_or_default()
        ))
    };
    let mut shown: Vec<&Session> = snapshot.state.sessions.iter().filter(is_shown).collect();
    shown.sort_by_key(|session| !session.connected);
    shown
}

pub(super) fn orders(app: &App) -> Vec<&Order> {
    let Some(snapshot) = &app.snapshot else { return Vec::new() };
    let is_shown = |order: &&Order| {
        app.shows(&format!(
            "{} {} {} {} {} {} {} {}",
            order.investor,
            order.instrument,
            order.direction,
            order.offset,
            order.status,
            order.message,
            order.order_sys_id,
            order.order_ref
        ))
    };
    snapshot.orders.iter().filter(is_shown).collect()
}

pub(super) fn trades(app: &App) -> Vec<&Trade> {
    let Some(snapshot) = &app.snapshot else { return Vec::new() };
    let is_shown = |trade: &&Trade| {
        app.shows(&format!(
            "{} {} {} {} {}",
            trade.investor, trade.instrument, trade.direction, trade.offset, trade.trade_id
        ))
    };
    snapshot.trades.iter().filter(is_shown).collect()
}

fn accounts(app: &App) -> Vec<&Account> {
    let Some(snapshot) = &app.snapshot else { return Vec::new() };
    snapshot.accounts.iter().filter(|account| app.shows(&account.investor)).collect()
}

fn faults(app: &App) -> Vec<&Fault> {
    let Some(snapshot) = &app.snapshot else { return Vec::new() };
    snapshot.faults.iter().filter(|fault| app.shows(&format!("{} {}", fault.plan, fault.text))).collect()
}

/// Returns the lines of the log to be shown, the newest first.
fn lines(app: &App) -> Vec<&LogLine> {
    let Some(snapshot) = &app.snapshot else { return Vec::new() };
    let is_shown = |line: &&LogLine| app.shows(&format!("{} {}", line.kind, line.text));
    snapshot.lines.iter().rev().filter(is_shown).collect()
}

/// Draws a list.
pub(super) fn draw(frame: &mut Frame<'_>, app: &App, pane: Pane, area: Rect) {
    if area.is_empty() {
        return;
    }
    let list = match pane {
        Pane::Sessions => session_list(app),
        Pane::Orders => order_list(app),
        Pane::Trades => trade_list(app),
        Pane::Accounts => account_list(app),
        Pane::Faults => fault_list(app),
        Pane::Log | Pane::Book => log_list(app),
    };
    let cells = usize::from(area.width);
    let widths = widths(&list, cells);
    let has_titles = area.height >= 3 && list.columns.len() > 1;
    let mut drawn = Vec::with_capacity(usize::from(area.height));
    if has_titles {
        let titles = widths.iter().map(|(column, cells)| {
            let Column { title, right, .. } = &list.columns[*column];
            Span::styled(fit(title, *cells, *right) + " ", app.theme.style(Look::Faint))
        });
        drawn.push(Line::from_iter(titles));
    }
    if list.rows.is_empty() {
        let empty = if app.filter.is_empty() { list.empty } else { "nothing matches the filter" };
        drawn.push(Line::styled(empty, app.theme.style(Look::Faint)));
    }
    let room = usize::from(area.height).saturating_sub(drawn.len());
    let selected = app.selected[pane as usize];
    let first = (selected + 1).saturating_sub(room);
    for (place, row) in list.rows.iter().enumerate().skip(first).take(room) {
        let spans = widths.iter().map(|(column, cells)| {
            let (text, look) = &row[*column];
            Span::styled(fit(text, *cells, list.columns[*column].right) + " ", app.theme.style(*look))
        });
        let mut line = Line::from_iter(spans);
        if place == selected && (app.focus == pane || pane == Pane::Sessions) {
            line = line.patch_style(app.theme.selected(app.focus == pane));
        }
        drawn.push(line);
    }
    frame.render_widget(Paragraph::new(drawn), area);
}

/// Chooses the columns that fit, and how many cells each takes.
fn widths(list: &List, cells: usize) -> Vec<(usize, usize)> {
    let natural: Vec<usize> = list
        .columns
        .iter()
        .enumerate()
        .map(|(place, column)| {
            let widest = list.rows.iter().map(|row| width(&row[place].0)).max().unwrap_or(0);
            widest.max(width(column.title)).min(column.widest).max(1)
        })
        .collect();
    let mut by_rank: Vec<usize> = (0..list.columns.len()).collect();
    by_rank.sort_by_key(|place| list.columns[*place].rank);
    let mut left = cells;
    let mut chosen = Vec::new();
    for place in by_rank {
        let wanted = natural[place] + 1;
        let is_first = chosen.is_empty();
        if wanted <= left || (is_first && left > 1) {
            let taken = wanted.min(left);
            left -= taken;
            chosen.push((place, taken - 1));
        } else if !list.columns[place].right && left > 8 {
            // A text may be cut, a number not.
            chosen.push((place, left - 1));
            left = 0;
        }
    }
    chosen.sort_unstable();
    chosen
}

fn plain(text: impl Into<String>) -> Cell {
    (text.into(), Look::Plain)
}

fn faint(text: impl Into<String>) -> Cell {
    (text.into(), Look::Faint)
}

fn session_list(app: &App) -> List {
    let rows = sessions(app).into_iter().map(|session| {
        let state = match session {
            session if !session.connected => ("gone".to_owned(), Look::Faint),
            session if session.silent => ("silent".to_owned(), Look::Alarm),
            session if session.user.is_some() => ("logged in".to_owned(), Look::Good),
            _ => ("connected".to_owned(), Look::Plain),
        };
        let look = if session.connected { Look::Plain } else { Look::Faint };
        let text = |text: &str| (text.to_owned(), look);
        vec![
            (session.session.to_string(), Look::Strong),
            text(if session.api == "trader" { "td" } else { &session.api }),
            text(session.investor.as_deref().or(session.user.as_deref()).unwrap_or("-")),
            state,
            text(&session.version),
            text(&match session.subscriptions {
                0 => String::new(),
                count => count.to_string(),
            }),
            text(&session.session_id.filter(|id| *id != 0).map_or_else(String::new, |id| id.to_string())),
        ]
    });
    List {
        columns: vec![
            right("#", 5, 0),
            left("api", 4, 2),
            left("investor", 16, 1),
            left("state", 10, 3),
            left("version", 8, 4),
            right("subscr.", 7, 5),
            right("session id", 12, 6),
        ],
        rows: rows.collect(),
        empty: "nobody has connected yet",
    }
}

fn order_list(app: &App) -> List {
    let rows = orders(app).into_iter().map(|order| {
        let look = match order.status.as_str() {
            _ if order.live => Look::Strong,
            _ if order.submit.ends_with("rejected") => Look::Alarm,
            "all-traded" => Look::Good,
            _ => Look::Faint,
        };
        let words = order.status.replace('-', " ");
        let status = match app.language {
            Language::Both => format!("{} {words}", order.message),
            Language::Chinese => order.message.clone(),
            Language::English => words,
        };
        vec![
            faint(order.time.clone()),
            plain(order.investor.clone()),
            (order.instrument.clone(), Look::Strong),
            direction(&order.direction),
            plain(short_offset(&order.offset)),
            plain(order.price.map_or_else(|| "market".to_owned(), price)),
            plain(format!("{}/{}", order.traded, order.volume)),
            (status, look),
            faint(order.order_sys_id.clone()),
            faint(order.order_ref.clone()),
        ]
    });
    List {
        columns: vec![
            left("time", 8, 7),
            left("investor", 12, 5),
            left("instrument", 20, 0),
            left("side", 4, 2),
            left("offset", 9, 6),
            right("price", 11, 1),
            right("traded", 13, 3),
            left("status", 40, 4),
            right("order", 12, 8),
            right("ref", 12, 9),
        ],
        rows: rows.collect(),
        empty: "no orders yet",
    }
}

fn trade_list(app: &App) -> List {
    let rows = trades(app).into_iter().map(|trade| {
        vec![
            faint(trade.time.clone()),
            plain(trade.investor.clone()),
            (trade.instrument.clone(), Look::Strong),
            direction(&trade.direction),
            plain(short_offset(&trade.offset)),
            plain(price(trade.price)),
            plain(trade.volume.to_string()),
            faint(trade.order_sys_id.clone()),
            faint(trade.trade_id.clone()),
        ]
    });
    List {
        columns: vec![
            left("time", 8, 6),
            left("investor", 12, 4),
            left("instrument", 20, 0),
            left("side", 4, 2),
            left("offset", 9, 5),
            right("price", 11, 1),
            right("lots", 7, 3),
            right("order", 12, 7),
            right("trade", 12, 8),
        ],
        rows: rows.collect(),
        empty: "no trades yet",
    }
}

fn account_list(app: &App) -> List {
    let signed = |amount: f64| {
        let look = match amount {
            amount if amount > 0.0 => Look::Up,
            amount if amount < 0.0 => Look::Down,
            _ => Look::Faint,
        };
        (grouped(amount, 2), look)
    };
    let rows = accounts(app).into_iter().map(|account| {
        vec![
            (account.investor.clone(), Look::Strong),
            plain(grouped(account.balance, 2)),
            plain(grouped(account.available, 2)),
            plain(grouped(account.margin, 2)),
            signed(account.position_profit),
            signed(account.close_profit),
            faint(grouped(account.commission, 2)),
        ]
    });
    List {
        columns: vec![
            left("investor", 12, 0),
            right("balance", 18, 1),
            right("available", 18, 2),
            right("margin", 16, 3),
            right("floating", 14, 4),
            right("closed", 14, 5),
            right("fees", 12, 6),
        ],
        rows: rows.collect(),
        empty: "no accounts yet: one is opened at an investor's first login",
    }
}

fn fault_list(app: &App) -> List {
    let rows = faults(app).into_iter().map(|fault| {
        let look = match fault {
            fault if fault.active => Look::Alarm,
            fault if fault.done > 0 => Look::Strong,
            _ => Look::Plain,
        };
        vec![(fault.text.clone(), look), plain(format!("×{}", fault.done)), faint(fault.plan.clone())]
    });
    List {
        columns: vec![left("fault", 60, 1), right("done", 7, 0), left("plan", 20, 2)],
        rows: rows.collect(),
        empty: "none in force",
    }
}

fn log_list(app: &App) -> List {
    let rows = lines(app).into_iter().map(|line| {
        let look = match line.kind.as_str() {
            "plan" | "refusal" => Look::Alarm,
            "command" => Look::Name,
            _ => Look::Plain,
        };
        let clock = line.time.split_once(' ').map_or(line.time.as_str(), |(_, clock)| clock);
        let clock: String = clock.chars().take(12).collect();
        vec![faint(clock), (line.text.clone(), look)]
    });
    List {
        columns: vec![left("time", 12, 1), left("what", 400, 0)],
        rows: rows.collect(),
        empty: "nothing yet",
    }
}

/// Buying is red and selling green, as on screens in China.
fn direction(direction: &str) -> Cell {
    let look = if direction == "buy" { Look::Up } else { Look::Down };
    (direction.to_owned(), look)
}

fn short_offset(offset: &str) -> String {
    offset.replace("close-today", "close-td").replace("close-yesterday", "close-yd")
}
