//! Twenty processes that trade through the gateway are killed with SIGKILL, one after the other. Each next one finds
//! what the last one did: no fill is lost or told twice, no order is sent twice, and what it holds is what the exchange says.
//!
//! `CTP_KILLS` says how many (20 unless it is set), `CTP_KILL_SEED` when.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use ctp::types::{Direction, OffsetFlag, OrderStatus};
use ctp::{NewOrder, TdClient, TdConfig, TdEvent};
use ctp_sim_host::Timestamp;
use ctp_sim_host::serve::{Listen, ServeOptions, Server};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);
const USER: &str = "000001";
const INSTRUMENT: &str = "rb2701";

/// What a child is told by its environment: the front, the folder, the number of its life, and whether it only reports.
const FRONT: &str = "CTP_KILL_FRONT";
const FOLDER: &str = "CTP_KILL_FOLDER";
const LIFE: &str = "CTP_KILL_LIFE";
const LAST: &str = "CTP_KILL_LAST";
/// What the instrument is worth.
const PRICE: &str = "CTP_KILL_PRICE";

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|number| number.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn twenty_processes_are_killed_and_nothing_is_lost_or_doubled() {
    let kills = number("CTP_KILLS", 20);
    let mut chance = fastrand::Rng::with_seed(number("CTP_KILL_SEED", 7));
    let server = served();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| fill_now_and_then(&server, &done));
        // A failure must not leave the filler running: the scope would wait for it for ever.
        let _ended = Ended(&done);
        let mut placed = 0;
        for life in 0..kills {
            let mut trader = Trader::start(&server, folder.path(), life, false);
            trader.wait_for("ready");
            std::thread::sleep(Duration::from_millis(chance.u64(0..400)));
            let said = trader.kill();
            check_life(life, &said);
            placed += said.iter().filter(|line| line.starts_with("sent ")).count();
        }
        assert!(placed > kills as usize, "{placed} orders in {kills} lives");
    });
    let trader = Trader::start(&server, folder.path(), kills, true);
    let said = trader.finish();
    check_life(kills, &said);
    compare(&server, &said);
}

struct Ended<'a>(&'a AtomicBool);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn served() -> Server {
    let mut options = ServeOptions::new("kill", Listen::One("127.0.0.1:0".parse().expect("an address")));
    let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    options.exchange.settings = vec![
        set("crowd", "off"),
        set("products", "rb"),
        set("options", "off"),
        set("queries_per_second", "50"),
        set("initial_balance", "1000000000"),
    ];
    options.exchange.start = Timestamp::from_china("2026-11-23 10:00:00");
    Server::start(options).expect("a server")
}

/// Somebody trades with the account's resting orders, whether its process lives or not.
fn fill_now_and_then(server: &Server, done: &AtomicBool) {
    let mut chance = fastrand::Rng::with_seed(1);
    while !done.load(Ordering::SeqCst) {
        let live = server.simulator().look_at(|exchange| {
            let (orders, _) = exchange.look_at_counts();
            let rests = |record: &ctp::types::OrderField| {
                matches!(
                    record.order_status,
                    OrderStatus::NO_TRADE_QUEUEING | OrderStatus::PART_TRADED_QUEUEING
                )
            };
            let records = (0..orders).filter_map(|place| exchange.look_at_order_record(place));
            records.filter(rests).map(|record| record.order_sys_id.to_str().into_owned()).collect::<Vec<_>>()
        });
        if let Some(order) = live.and_then(|live| live.get(chance.usize(0..live.len().max(1))).cloned()) {
            let fill = ctp_sim::FillOrder { order, volume: Some(1), price: None };
            server.simulator().command(ctp_sim::Command::FillOrder(fill));
        }
        std::thread::sleep(Duration::from_millis(chance.u64(1..12)));
    }
}

/// What one process said holds together: each trade once.
fn check_life(life: u64, said: &[String]) {
    let mut trades = BTreeSet::new();
    for trade in said.iter().filter_map(|line| line.strip_prefix("trade ")) {
        assert!(trades.insert(trade), "life {life}: trade {trade} was told twice");
    }
}

/// What the last process knows is what the exchange has.
fn compare(server: &Server, said: &[String]) {
    let told: BTreeSet<&str> = said.iter().filter_map(|line| line.strip_prefix("trade ")).collect();
    let (orders, trades, position) = server
        .simulator()
        .look_at(|exchange| {
            let (orders, trades) = exchange.look_at_counts();
            let orders: Vec<_> =
                (0..orders).filter_map(|place| exchange.look_at_order_record(place)).collect();
            let trades: Vec<_> =
                (0..trades).filter_map(|place| exchange.look_at_trade_record(place)).collect();
            (orders, trades, exchange.look_at_position_records(USER))
        })
        .expect("an exchange");
    let there: BTreeSet<String> = trades.iter().map(trade_line).collect();
    let there: BTreeSet<&str> = there.iter().map(String::as_str).collect();
    assert_eq!(told.difference(&there).collect::<Vec<_>>(), Vec::<&&str>::new(), "trades that there are not");
    assert_eq!(there.difference(&told).collect::<Vec<_>>(), Vec::<&&str>::new(), "trades that were lost");
    let mut memos = BTreeMap::new();
    for record in &orders {
        *memos.entry(record.order_memo.to_string()).or_insert(0) += 1;
    }
    let twice: Vec<_> = memos.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "orders that are there twice: {twice:?}");
    let phases: BTreeMap<&str, &str> =
        said.iter().filter_map(|line| line.strip_prefix("order ")?.split_once(' ')).collect();
    for record in &orders {
        let key = record.order_local_id.to_str().trim().to_owned();
        let phase = phases.get(&*key).unwrap_or_else(|| panic!("order {key} of the exchange is not known"));
        let expected = match record.order_status {
            OrderStatus::ALL_TRADED => "Filled",
            OrderStatus::CANCELED => "Canceled",
            _ => "Working",
        };
        assert_eq!(*phase, expected, "order {key}");
    }
    let lots: i32 = position.iter().map(|row| row.position).sum();
    let bought: i32 = trades.iter().map(|record| record.volume).sum();
    assert_eq!(lots, bought, "the exchange itself");
    let held = said.iter().find_map(|line| line.strip_prefix("holds ")).expect("what it holds");
    assert_eq!(held, lots.to_string(), "lots held");
    assert!(!trades.is_empty(), "nothing was traded");
    eprintln!("{} orders and {} trades at the exchange", orders.len(), trades.len());
}

fn price(server: &Server) -> f64 {
    let book = server.simulator().look_at(|exchange| exchange.look_at_book(INSTRUMENT)).flatten();
    book.and_then(|book| book.pre_settlement).expect("an instrument with a price")
}

fn trade_line(record: &ctp::types::TradeField) -> String {
    let (id, order) = (record.trade_id.to_str(), record.order_sys_id.to_str());
    format!("{} {:?} {} {}", id.trim(), record.direction, order.trim(), record.volume)
}

/// A process that trades.
struct Trader {
    child: Child,
    lines: mpsc::Receiver<String>,
    said: Vec<String>,
}

impl Trader {
    fn start(server: &Server, folder: &Path, life: u64, last: bool) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "a_process_that_trades", "--nocapture", "--test-threads=1"])
            .env(FRONT, server.td_front())
            .env(FOLDER, folder)
            .env(LIFE, life.to_string())
            .env(PRICE, price(server).to_string())
            .env(LAST, if last { "1" } else { "" })
            .stdout(Stdio::piped())
            .spawn()
            .expect("the child starts");
        let out = BufReader::new(child.stdout.take().expect("piped"));
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if let Some(line) = line.split_once("@ ").map(|(_, line)| line.to_owned())
                    && sender.send(line).is_err()
                {
                    break;
                }
            }
        });
        Self { child, lines, said: Vec::new() }
    }

    fn wait_for(&mut self, what: &str) {
        let end = Instant::now() + PATIENCE;
        while self.said.last().is_none_or(|line| line != what) {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => self.said.push(line),
                Err(_) => panic!("{what} does not come; it said {:?}", self.said),
            }
        }
    }

    /// Ends it as nothing else does: SIGKILL. Returns what it said.
    fn kill(mut self) -> Vec<String> {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ended");
        self.said.extend(self.lines.iter());
        self.said
    }

    /// Waits for its end. Returns what it said.
    fn finish(mut self) -> Vec<String> {
        self.wait_for("done");
        let status = self.child.wait().expect("it ended");
        assert!(status.success(), "{status}: {:?}", self.said);
        self.said
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A parent that is gone hears nothing.
    let _ = writeln!(out, "\n@ {line}").and_then(|()| out.flush());
}

/// The child: does nothing unless a parent asks for it.
#[test]
fn a_process_that_trades() {
    let (Ok(front), Ok(folder)) = (std::env::var(FRONT), std::env::var(FOLDER)) else { return };
    std::thread::spawn(|| {
        std::thread::sleep(PATIENCE);
        std::process::exit(9);
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .expect("a runtime");
    let last = std::env::var(LAST).is_ok_and(|last| !last.is_empty());
    runtime.block_on(live(&front, Path::new(&folder), number(LIFE, 0), last));
}

/// What a process was told of its orders and trades.
#[derive(Default)]
struct Told {
    /// Phases by the counter's own number.
    orders: BTreeMap<String, String>,
    lots: i32,
}

async fn live(front: &str, folder: &Path, life: u64, last: bool) {
    let mut config = TdConfig::new([front], "9999", USER, "simulator");
    config.flow_dir = folder.to_owned();
    config.library = Some(ctp::sys::find_simulator(ctp::API_VERSION).expect("the facades").trader);
    let td = TdClient::connect(config).await.expect("a client");
    let mut events = td.events();
    let told = Arc::new(std::sync::Mutex::new(Told::default()));
    let hears = Arc::clone(&told);
    let (news, mut heard) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            hear(&event, &mut hears.lock().expect("no panic"));
            let _ = news.send(());
        }
    });
    td.ready().await.expect("ready");
    say("ready");
    if last {
        // Quiet: nobody trades with the account any more.
        while tokio::time::timeout(Duration::from_millis(1_500), heard.recv()).await.is_ok() {}
        let told = told.lock().expect("no panic");
        told.orders.iter().for_each(|(key, phase)| say(&format!("order {key} {phase}")));
        say(&format!("holds {}", told.lots));
        say("done");
        return;
    }
    let mut chance = fastrand::Rng::with_seed(life);
    let price: f64 = std::env::var(PRICE).ok().and_then(|price| price.parse().ok()).expect("a price");
    let mut handles = Vec::new();
    for number in 0.. {
        let memo = format!("{life}-{number}");
        let direction = if chance.bool() { Direction::BUY } else { Direction::SELL };
        let away = if direction == Direction::BUY { -10.0 } else { 10.0 };
        let order = NewOrder::limit(INSTRUMENT, direction, OffsetFlag::OPEN, chance.i32(1..4), price + away)
            .exchange("SHFE")
            .memo(&memo);
        match td.place(order).await {
            Ok(handle) => {
                say(&format!("sent {memo}"));
                handles.push(handle);
            }
            Err(error) => say(&format!("not sent {memo}: {error}")),
        }
        let picked = chance.usize(0..handles.len().max(1));
        if let Some(handle) = handles.get(picked).filter(|_| chance.u8(0..4) == 0) {
            // It may be over already.
            let _ = handle.cancel().await;
        }
        tokio::time::sleep(Duration::from_millis(chance.u64(0..160))).await;
    }
}

fn hear(event: &TdEvent, told: &mut Told) {
    if let TdEvent::Trade { trade, .. } = event {
        told.lots += trade.volume;
        say(&format!("trade {}", trade_line(&trade.record)));
    }
    if let Some(order) = event.order() {
        let key = order.keys.order_local_id.to_str().trim().to_owned();
        told.orders.insert(key, format!("{:?}", order.phase));
    }
}
