//! The view on screens of every size.

use std::time::Instant;

use ctp_sim_host::control::look::Wanted;
use ctp_sim_host::control::{Accounts, BookWanted, Door, Log, Orders, Sessions, State, Trades};
use ctp_sim_host::{Command, Config, ManualClock, Simulator, Timestamp};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::{Value, json};

use super::app::{App, Dialog, Step};
use super::draw;
use super::pane::Pane;
use super::snapshot::{Courier, Fault, News, Snapshot, Wish};
use super::style::Theme;
use super::text::width;

/// An exchange with something on it, as the view sees it.
fn snapshot() -> Snapshot {
    let start = Timestamp::from_china("2026-11-23 10:00:00").expect("a time");
    let mut config = Config::starting_at(start);
    config.set("products", "rb,m").expect("a setting");
    let exchange = Simulator::start(&name(), config, ManualClock::new(start)).expect("an exchange");
    let door = Door::here(exchange.clone());
    exchange.command(Command::Deposit { investor: "146571".to_owned(), amount: 1_000_000.0 });
    let state = door.ask(State {}).expect("a state");
    let session = |number: u64, api: &str, investor: Option<&str>, connected: bool| {
        json!({
            "session": number, "api": api, "version": "6.7.13", "connected": connected, "silent": false,
            "subscriptions": if api == "md" { 12 } else { 0 }, "user": investor, "investor": investor,
            "front_id": 1, "session_id": 1_234_567 + number,
        })
    };
    let sessions = [
        session(1, "trader", Some("146571"), true),
        session(2, "md", None, true),
        session(3, "trader", Some("螺纹"), false),
    ];
    let order = |number: i32, instrument: &str, status: &str, message: &str, live: bool| {
        json!({
            "investor": "146571", "instrument": instrument, "exchange": "SHFE",
            "direction": if number % 2 == 0 { "buy" } else { "sell" }, "offset": "close-today", "hedge": "speculation",
            "price": 3200.0 + f64::from(number), "volume": 10, "traded": number, "status": status,
            "submit": if status == "canceled" { "insert-rejected" } else { "accepted" }, "message": message,
            "live": live, "order_ref": number.to_string(), "order_sys_id": number.to_string(), "front_id": 1,
            "session_id": 1, "time": "10:00:00", "cancel_time": "",
        })
    };
    let orders = [
        order(4, "rb2701", "part-traded-queueing", "部分成交", true),
        order(3, "m2701", "all-traded", "全部成交报单已提交", false),
        order(2, "SPD SA701&SA705", "canceled", "已撤单报单被拒绝DCE:超出合约最大下单量", false),
        order(1, "rb2701", "no-trade-queueing", "未成交", true),
    ];
    let trade = json!({
        "investor": "146571", "instrument": "rb2701", "exchange": "SHFE", "direction": "buy", "offset": "open",
        "price": 3200.0, "volume": 2, "trade_id": "1", "order_ref": "1", "order_sys_id": "1", "time": "10:00:01",
    });
    let typed = |value: Value| serde_json::from_value(value);
    let mut shown = door.ask(BookWanted { id: "rb2701".to_owned(), trades: 5 }).expect("a book");
    shown.trades = vec![serde_json::from_value(trade.clone()).expect("a trade")];
    let _ = (
        door.ask(Sessions::default()),
        door.ask(Orders(Wanted::default())),
        door.ask(Trades(Wanted::default())),
    );
    let snapshot = Snapshot {
        at: Instant::now(),
        state: {
            let mut whole = serde_json::to_value(state).expect("JSON");
            whole["sessions"] = json!(sessions);
            serde_json::from_value(whole).expect("a state")
        },
        orders: orders.into_iter().map(|order| serde_json::from_value(order).expect("an order")).collect(),
        trades: vec![typed(trade).expect("a trade")],
        accounts: door.ask(Accounts::default()).expect("accounts").rows,
        faults: vec![Fault {
            plan: "1 lost-trades".to_owned(),
            text: "drop what=OnRtnTrade".to_owned(),
            active: false,
            done: 3,
        }],
        lines: door.ask(Log::default()).expect("a log").lines,
        book: Some(shown),
        instruments: vec!["rb2701".to_owned(), "m2701".to_owned()],
    };
    exchange.end();
    snapshot
}

/// Returns a name that no other test has.
fn name() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("view-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn app(snapshot: Snapshot) -> App {
    let mut app = App::new("tcp://127.0.0.1:17001".to_owned(), true, Theme::new(true));
    app.take(News::Snapshot(Box::new(snapshot)));
    app
}

fn press(app: &mut App, code: KeyCode) -> Step {
    app.key(KeyEvent::new(code, KeyModifiers::NONE))
}

/// Draws on a screen of a size and returns its lines.
fn screen(app: &App, cells: u16, rows: u16) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(cells, rows)).expect("a screen in memory");
    terminal.draw(|frame| draw::draw(frame, app)).expect("it is drawn");
    let buffer = terminal.backend().buffer();
    let mut lines = Vec::new();
    for row in 0..rows {
        let mut line = String::new();
        let mut column = 0;
        while column < cells {
            let symbol = buffer[(column, row)].symbol();
            line.push_str(symbol);
            column += u16::try_from(width(symbol).max(1)).expect("a cell is narrow");
        }
        lines.push(line);
    }
    lines
}

#[test]
fn every_size_is_drawn_and_every_line_fits() {
    let snapshot = snapshot();
    let sizes = [
        (1, 1),
        (5, 2),
        (20, 5),
        (39, 7),
        (40, 12),
        (78, 22),
        (80, 24),
        (100, 30),
        (120, 34),
        (200, 50),
        (300, 100),
    ];
    let dialogs = [
        None,
        Some(Dialog::Help),
        Some(Dialog::Disconnect { session: 1, who: "螺纹".to_owned(), choice: 2 }),
        Some(Dialog::Settle),
        Some(Dialog::Quit { clients: 2 }),
        Some(Dialog::Instrument("rb".to_owned())),
    ];
    for colour in [true, false] {
        for (cells, rows) in sizes {
            let mut app = App::new("tcp://127.0.0.1:17001".to_owned(), true, Theme::new(colour));
            screen(&app, cells, rows);
            app.take(News::Lost("nothing answers there".to_owned()));
            screen(&app, cells, rows);
            app.take(News::Snapshot(Box::new(snapshot.clone())));
            for pane in Pane::ALL {
                app.focus = pane;
                for dialog in &dialogs {
                    app.dialog = dialog.clone();
                    for line in screen(&app, cells, rows) {
                        assert_eq!(width(&line), usize::from(cells), "{cells}×{rows} {pane:?}: {line:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_large_screen_shows_everything() {
    let app = app(snapshot());
    let text = screen(&app, 160, 48).join("\n");
    for wanted in [
        "CTP-SIM view-",
        "tcp://127.0.0.1:17001",
        "trading day 2026-11-23",
        "10:00:00.0",
        "clients 2 (md 1, td 1)",
        "146571",
        "logged in",
        "gone",
        "螺纹",
        "rb2701 螺纹钢2701 SHFE continuous",
        "a1",
        "b5",
        "spread",
        "部分成交 part traded queueing",
        "4/10",
        "SPD SA701&SA705",
        "close-td",
        "2,000,000.00",
        "drop what=OnRtnTrade",
        "Deposit",
        "q quit",
        "? help",
    ] {
        assert!(text.contains(wanted), "{wanted} is missing:\n{text}");
    }
}

#[test]
fn an_exchange_that_is_not_reached_is_told_on_every_screen() {
    let mut app = app(snapshot());
    app.take(News::Lost("the connection to tcp://127.0.0.1:17001 broke: ".repeat(3)));
    for (cells, rows) in [(20, 5), (80, 24), (100, 12), (160, 48)] {
        let text = screen(&app, cells, rows).join("\n");
        assert!(text.contains("not reached: the"), "{text}");
    }
}

#[test]
fn a_small_screen_shows_one_pane_at_a_time() {
    let mut app = app(snapshot());
    let text = screen(&app, 20, 5).join("\n");
    assert!(text.contains("10:00:00.0") && text.contains("146571") && text.contains("q quit"), "{text}");
    press(&mut app, KeyCode::Char('3'));
    let text = screen(&app, 40, 10).join("\n");
    assert!(text.contains("rb2701") && text.contains("3Orders") && !text.contains("logged in"), "{text}");
    press(&mut app, KeyCode::Tab);
    assert_eq!(app.focus, Pane::Trades);
    press(&mut app, KeyCode::BackTab);
    assert_eq!(app.focus, Pane::Orders);
    press(&mut app, KeyCode::Char('7'));
    assert!(screen(&app, 40, 10).join("\n").contains("Deposit"));
}

#[test]
fn keys_become_wishes() {
    let mut app = app(snapshot());
    assert_eq!(press(&mut app, KeyCode::Char('p')), Step::Wish(Wish::Pause(true)));
    assert_eq!(press(&mut app, KeyCode::Char('+')), Step::Stay);
    assert!(matches!(app.message(), Some(Err(reason)) if reason.contains("manual")), "{:?}", app.message());
    if let Some(snapshot) = &mut app.snapshot {
        snapshot.state.speed = Some(4.0);
    }
    assert_eq!(press(&mut app, KeyCode::Char('+')), Step::Wish(Wish::Speed(8.0)));
    assert_eq!(press(&mut app, KeyCode::Char('-')), Step::Wish(Wish::Speed(2.0)));

    assert_eq!(press(&mut app, KeyCode::Char('d')), Step::Stay);
    press(&mut app, KeyCode::Down);
    press(&mut app, KeyCode::Down);
    assert!(screen(&app, 80, 24).join("\n").contains("End the connection of session 1 (146571)?"));
    assert_eq!(press(&mut app, KeyCode::Enter), Step::Wish(Wish::Disconnect { session: 1, reason: 0x2001 }));
    press(&mut app, KeyCode::End);
    assert_eq!(press(&mut app, KeyCode::Char('d')), Step::Stay);
    assert!(matches!(app.message(), Some(Err(reason)) if reason.contains("session 3 is not connected")));

    press(&mut app, KeyCode::Char('s'));
    assert_eq!(press(&mut app, KeyCode::Char('x')), Step::Stay, "not confirmed");
    press(&mut app, KeyCode::Char('s'));
    assert_eq!(press(&mut app, KeyCode::Char('y')), Step::Wish(Wish::Settle));

    assert_eq!(press(&mut app, KeyCode::Right), Step::Wish(Wish::Book("m2701".to_owned())));
    press(&mut app, KeyCode::Char('3'));
    press(&mut app, KeyCode::Down);
    assert_eq!(press(&mut app, KeyCode::Enter), Step::Wish(Wish::Book("m2701".to_owned())));
    press(&mut app, KeyCode::Char('b'));
    for letter in "cu2701".chars() {
        press(&mut app, KeyCode::Char(letter));
    }
    assert_eq!(press(&mut app, KeyCode::Enter), Step::Wish(Wish::Book("cu2701".to_owned())));

    assert_eq!(press(&mut app, KeyCode::Char('q')), Step::Stay, "clients are connected");
    assert_eq!(app.dialog, Some(Dialog::Quit { clients: 2 }));
    assert_eq!(press(&mut app, KeyCode::Char('n')), Step::Stay);
    press(&mut app, KeyCode::Char('q'));
    assert_eq!(press(&mut app, KeyCode::Char('y')), Step::Quit);
    app.owns = false;
    assert_eq!(press(&mut app, KeyCode::Char('q')), Step::Quit);
    let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    app.dialog = Some(Dialog::Settle);
    assert_eq!(app.key(interrupt), Step::Quit);
}

#[test]
fn the_filter_keeps_what_has_every_word() {
    let mut app = app(snapshot());
    press(&mut app, KeyCode::Char('3'));
    press(&mut app, KeyCode::End);
    press(&mut app, KeyCode::Char('/'));
    for letter in "RB 未成交".chars() {
        press(&mut app, KeyCode::Char(letter));
    }
    assert_eq!(app.selected[Pane::Orders as usize], 0);
    press(&mut app, KeyCode::Enter);
    let text = screen(&app, 160, 48).join("\n");
    assert!(
        text.contains("no trade queueing") && !text.contains("SPD SA701") && text.contains("filter: RB"),
        "{text}"
    );
    press(&mut app, KeyCode::Esc);
    assert!(app.filter.is_empty());
    press(&mut app, KeyCode::Char('l'));
    let text = screen(&app, 160, 48).join("\n");
    assert!(text.contains("未成交") && !text.contains("no trade queueing"), "{text}");
}

#[test]
fn the_courier_brings_snapshots_and_carries_wishes() {
    let start = Timestamp::from_china("2026-11-23 10:00:00").expect("a time");
    let mut config = Config::starting_at(start);
    config.set("products", "rb").expect("a setting");
    let clock = ctp_sim_host::VirtualClock::new(start, 1.0);
    let exchange = Simulator::start(&name(), config, clock).expect("an exchange");
    let courier = Courier::start(Door::here(exchange.clone())).expect("a thread");
    let next = || courier.news.recv_timeout(std::time::Duration::from_secs(20)).expect("news");
    assert!(
        matches!(next(), News::Snapshot(first) if first.state.speed == Some(1.0) && first.book.is_none())
    );
    for (wish, done) in [
        (Wish::Pause(true), "stopped at 2026-11-23 10:00:0"),
        (Wish::Speed(4.0), "×4"),
        (Wish::Pause(false), "goes on"),
        (Wish::Settle, "20261124"),
        (Wish::Disconnect { session: 9, reason: 0x1001 }, "session \"9\" is not known"),
        (Wish::Book("zz".to_owned()), "instrument \"zz\" is not known"),
    ] {
        courier.wishes.send(wish).expect("the courier");
        let told = loop {
            if let News::Done(told) = next() {
                break told.unwrap_or_else(|error| error);
            }
        };
        assert!(told.contains(done), "{told}");
    }
    courier.wishes.send(Wish::Book("rb2701".to_owned())).expect("the courier");
    while !matches!(next(), News::Snapshot(shown) if shown.book.is_some()) {}
    exchange.end();
    while !matches!(next(), News::Lost(reason) if reason.contains("has ended")) {}
}
