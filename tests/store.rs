//! `ctp sim serve --store`, killed while clients trade through facades, and started again: no order that was acknowledged
//! is lost, no trade comes twice, and positions and money are what the clients' streams say.
//!
//! `CTP_STORE_KILLS` says how often (3 unless it is set), `CTP_STORE_SEED` when.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::{Callbacks, Seen, simulator, trader_recorder};
use ctp_sys::{TraderApi, TraderLibrary, TraderOptions};
use ctp_types::*;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);
const PASSWORD: &str = "simulator";

fn text<const N: usize>(text: &str) -> Text<N> {
    Text::new(text).expect("short ASCII")
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|number| number.parse().ok()).unwrap_or(otherwise)
}

/// A running `ctp sim serve`.
struct Server {
    child: Child,
    front: String,
    port: String,
    day: String,
}

impl Server {
    fn start(store: &Path, port: &str, options: &[&str]) -> Self {
        // A file that may not grow is an error to be told, not a signal that ends the process.
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_ctp")]);
        command
            .args(["sim", "serve", "--json", "--listen", &format!("127.0.0.1:{port}"), "--store"])
            .arg(store);
        for setting in [
            "products=rb",
            "options=off",
            "combinations=off",
            "queries_per_second=0",
            "seed=5",
            "initial_balance=1000000000000000",
        ] {
            command.args(["--set", setting]);
        }
        let mut child = command.args(options).stdout(Stdio::piped()).spawn().expect("ctp starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        lines.read_line(&mut line).expect("readable");
        let listening: serde_json::Value =
            line.parse().unwrap_or_else(|error| panic!("{error} in {line:?}: the server did not start"));
        assert_eq!(listening["event"], "listening", "{line}");
        // Its other lines are read, so that it never waits for us.
        thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        let front = listening["td"].as_str().expect("an address").to_owned();
        let port = front.rsplit(':').next().expect("a port").to_owned();
        let day = listening["trading_day"].as_str().expect("a day").to_owned();
        Self { child, front, port, day }
    }

    /// Ends it as nothing else does: SIGKILL.
    fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ended");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that was killed already is no error.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A trader and all that its stream told it.
struct Client {
    api: TraderApi,
    callbacks: Callbacks<TraderCallback>,
    investor: String,
    resume: ResumeType,
    instrument: String,
    exchange: String,
    prices: (f64, f64),
    request_id: i32,
    ready: bool,
    logins: usize,
    order_ref: u32,
    /// The stream: each message as text, by its number less 1.
    stream: Vec<String>,
    /// The number that OnRtnPrivateSeqNo gave the message to come.
    numbered: Option<usize>,
    orders: BTreeMap<(i32, String), OrderField>,
    trades: BTreeMap<String, TradeField>,
    _flow: tempfile::TempDir,
}

/// Both sides of a trade have its number.
fn key_of(trade: &TradeField) -> String {
    format!("{} {:?}", trade.trade_id.to_str().trim(), trade.direction)
}

/// What a query returned.
fn rows<R: Record>(seen: &[Seen<TraderCallback>]) -> Vec<R> {
    seen.iter().filter_map(|seen| seen.record.as_ref()?.get::<R>().copied()).collect()
}

impl Client {
    fn new(library: &TraderLibrary, front: &str, place: usize) -> Self {
        let flow = tempfile::tempdir().expect("a temporary folder");
        let api = library.create(&TraderOptions::new(flow.path().join("td"))).expect("an API object");
        let (spi, callbacks) = trader_recorder();
        let resume = if place.is_multiple_of(2) { ResumeType::Resume } else { ResumeType::Restart };
        api.register_spi(spi).expect("registered");
        api.register_front(front).expect("a front");
        api.subscribe_private_topic(resume, 1).expect("private stream");
        api.subscribe_public_topic(ResumeType::Quick).expect("public stream");
        api.init().expect("initialised");
        Self {
            api,
            callbacks,
            investor: format!("1000{place:02}"),
            resume,
            instrument: String::new(),
            exchange: "SHFE".to_owned(),
            prices: (0.0, 0.0),
            request_id: 0,
            ready: false,
            logins: 0,
            order_ref: 0,
            stream: Vec::new(),
            numbered: None,
            orders: BTreeMap::new(),
            trades: BTreeMap::new(),
            _flow: flow,
        }
    }

    fn next_id(&mut self) -> i32 {
        self.request_id += 1;
        self.request_id
    }

    /// Takes what came, logs in and confirms where that is due.
    fn hear(&mut self) {
        for seen in self.callbacks.drain() {
            self.hear_one(&seen);
        }
    }

    fn hear_one(&mut self, seen: &Seen<TraderCallback>) {
        match seen.callback {
            TraderCallback::OnFrontConnected => {
                let login = ReqUserLoginField {
                    broker_id: text("9999"),
                    user_id: text(&self.investor),
                    password: text(PASSWORD),
                    ..Default::default()
                };
                let id = self.next_id();
                // A connection that ended meanwhile is told by its callback.
                drop(self.api.req_user_login(&login, id));
            }
            TraderCallback::OnFrontDisconnected => {
                self.ready = false;
                self.numbered = None;
            }
            TraderCallback::OnRspUserLogin => {
                assert_eq!(seen.error_id(), 0, "{seen:?}");
                self.logins += 1;
                let confirm = SettlementInfoConfirmField {
                    broker_id: text("9999"),
                    investor_id: text(&self.investor),
                    ..Default::default()
                };
                let id = self.next_id();
                drop(self.api.req_settlement_info_confirm(&confirm, id));
            }
            TraderCallback::OnRspSettlementInfoConfirm => self.ready = seen.error_id() == 0,
            TraderCallback::OnRspOrderInsert => panic!("{}: an order was refused: {seen:?}", self.investor),
            TraderCallback::OnRtnPrivateSeqNo => self.numbered = usize::try_from(seen.number).ok(),
            TraderCallback::OnRtnOrder => {
                let order = *seen.record::<OrderField>();
                self.note(seen);
                self.orders.insert((order.session_id, order.order_ref.to_str().trim().to_owned()), order);
            }
            TraderCallback::OnRtnTrade => {
                let trade = *seen.record::<TradeField>();
                let is_new = self.note(seen);
                let before = self.trades.insert(key_of(&trade), trade);
                assert_eq!(before.is_none(), is_new, "{}: a trade comes twice: {trade:?}", self.investor);
            }
            _ => {}
        }
    }

    /// Notes a message of the stream by its number; returns whether it is new. One that comes again is what it was.
    fn note(&mut self, seen: &Seen<TraderCallback>) -> bool {
        let number =
            self.numbered.take().unwrap_or_else(|| panic!("{}: no number before {seen:?}", self.investor));
        let message = format!("{:?} {:?}", seen.callback, seen.record);
        let known = self.stream.len();
        match number {
            _ if number == known + 1 => {
                self.stream.push(message);
                true
            }
            _ if number <= known && self.resume == ResumeType::Restart => {
                assert_eq!(
                    self.stream[number - 1],
                    message,
                    "{}: message {number} is another",
                    self.investor
                );
                false
            }
            _ => panic!("{}: message {number} after {known}: {message}", self.investor),
        }
    }

    /// Asks and returns all answers.
    fn ask(&mut self, what: &str, send: impl FnOnce(&TraderApi, i32)) -> Vec<Seen<TraderCallback>> {
        let id = self.next_id();
        send(&self.api, id);
        let mut found = Vec::new();
        let end = Instant::now() + PATIENCE;
        loop {
            for seen in self.callbacks.drain() {
                if seen.number == id && format!("{:?}", seen.callback).starts_with("OnRspQry") {
                    let is_last = seen.is_last;
                    found.push(seen);
                    if is_last {
                        return found;
                    }
                } else {
                    self.hear_one(&seen);
                }
            }
            assert!(Instant::now() < end, "{}: {what} is not answered", self.investor);
            thread::sleep(Duration::from_millis(2));
        }
    }

    fn find_instrument(&mut self, id: &str) {
        let query = QryDepthMarketDataField { instrument_id: text(id), ..Default::default() };
        let seen = self.ask("the price", |api, id| api.req_qry_depth_market_data(&query, id).expect("sent"));
        let tick = rows::<DepthMarketDataField>(&seen)[0];
        self.instrument = id.to_owned();
        self.prices = (tick.lower_limit_price, tick.upper_limit_price);
    }

    /// Buys or sells a lot of what is there, or lets an order rest.
    fn trade(&mut self) {
        self.order_ref += 1;
        let (low, high) = self.prices;
        let (direction, price) = match self.order_ref % 5 {
            0 => (Direction::BUY, low),
            1 | 3 => (Direction::BUY, high),
            _ => (Direction::SELL, low),
        };
        let order = InputOrderField {
            broker_id: text("9999"),
            investor_id: text(&self.investor),
            user_id: text(&self.investor),
            instrument_id: text(&self.instrument),
            exchange_id: text(&self.exchange),
            order_ref: text(&self.order_ref.to_string()),
            direction,
            comb_offset_flag: text("0"),
            comb_hedge_flag: text("1"),
            order_price_type: OrderPriceType::LIMIT_PRICE,
            time_condition: TimeCondition::GFD,
            volume_condition: VolumeCondition::AV,
            contingent_condition: ContingentCondition::IMMEDIATELY,
            force_close_reason: ForceCloseReason::NOT_FORCE_CLOSE,
            limit_price: price,
            volume_total_original: 1,
            min_volume: 1,
            ..Default::default()
        };
        let id = self.next_id();
        // What the library does not take was not sent.
        drop(self.api.req_order_insert(&order, id));
    }

    /// Compares what the exchange says with what the stream said.
    fn compare(&mut self) {
        let who = self.investor.clone();
        let (broker, investor) = (text("9999"), text(&who));
        let query = QryOrderField { broker_id: broker, investor_id: investor, ..Default::default() };
        let seen = self.ask("orders", |api, id| api.req_qry_order(&query, id).expect("sent"));
        let mut asked = BTreeMap::new();
        for order in rows::<OrderField>(&seen) {
            let key = (order.session_id, order.order_ref.to_str().trim().to_owned());
            assert!(asked.insert(key.clone(), order).is_none(), "{who}: order {key:?} is there twice");
        }
        for (key, order) in &self.orders {
            let kept = asked.get(key).unwrap_or_else(|| panic!("{who}: order {key:?} is lost: {order:?}"));
            assert_eq!(
                (kept.order_sys_id, kept.order_status, kept.volume_traded),
                (order.order_sys_id, order.order_status, order.volume_traded),
                "{who}: order {key:?}"
            );
        }
        assert_eq!(asked.len(), self.orders.len(), "{who}: an order is not in the stream");
        let numbers: BTreeSet<_> = asked
            .values()
            .filter(|order| !order.order_sys_id.is_empty())
            .map(|order| order.order_sys_id)
            .collect();
        assert_eq!(numbers.len(), asked.len(), "{who}: an OrderSysID is given twice, or missing");

        let query = QryTradeField { broker_id: broker, investor_id: investor, ..Default::default() };
        let seen = self.ask("trades", |api, id| api.req_qry_trade(&query, id).expect("sent"));
        let trades = rows::<TradeField>(&seen);
        let ids: BTreeSet<String> = trades.iter().map(key_of).collect();
        assert_eq!(ids.len(), trades.len(), "{who}: a trade is there twice");
        assert_eq!(ids, self.trades.keys().cloned().collect(), "{who}: trades");
        let traded: i32 = asked.values().map(|order| order.volume_traded).sum();
        assert_eq!(traded, self.trades.values().map(|trade| trade.volume).sum::<i32>(), "{who}: lots traded");

        let query =
            QryInvestorPositionField { broker_id: broker, investor_id: investor, ..Default::default() };
        let seen = self.ask("positions", |api, id| api.req_qry_investor_position(&query, id).expect("sent"));
        for (direction, side) in
            [(Direction::BUY, PosiDirection::LONG), (Direction::SELL, PosiDirection::SHORT)]
        {
            let held =
                rows::<InvestorPositionField>(&seen).into_iter().filter(|row| row.posi_direction == side);
            let told = self.trades.values().filter(|trade| trade.direction == direction);
            let (held, told): (Vec<_>, Vec<_>) = (held.collect(), told.collect());
            let lots = |trades: &[&TradeField]| trades.iter().map(|trade| trade.volume).sum::<i32>();
            assert_eq!(held.iter().map(|row| row.position).sum::<i32>(), lots(&told), "{who}: {side:?} lots");
            let cost: f64 = told.iter().map(|trade| trade.price * f64::from(trade.volume) * 10.0).sum();
            let kept: f64 = held.iter().map(|row| row.open_cost).sum();
            assert!((cost - kept).abs() < 0.01, "{who}: {side:?} cost {kept}, told {cost}");
        }

        let query = QryInstrumentCommissionRateField {
            broker_id: broker,
            investor_id: investor,
            instrument_id: text(&self.instrument),
            ..Default::default()
        };
        let seen =
            self.ask("rates", |api, id| api.req_qry_instrument_commission_rate(&query, id).expect("sent"));
        let rate = rows::<InstrumentCommissionRateField>(&seen)[0];
        let query = QryTradingAccountField { broker_id: broker, investor_id: investor, ..Default::default() };
        let seen = self.ask("the account", |api, id| api.req_qry_trading_account(&query, id).expect("sent"));
        let account = rows::<TradingAccountField>(&seen)[0];
        let commission: f64 = self
            .trades
            .values()
            .map(|trade| {
                let lots = f64::from(trade.volume);
                let fee =
                    trade.price * lots * 10.0 * rate.open_ratio_by_money + lots * rate.open_ratio_by_volume;
                (fee * 10_000.0).round() / 10_000.0
            })
            .sum();
        let difference = (account.commission - commission).abs();
        assert!(
            difference < 0.001 * (1.0 + trades.len() as f64),
            "{who}: commission {}, told {commission}",
            account.commission
        );
        let balance =
            account.pre_balance - account.commission + account.close_profit + account.position_profit;
        assert!((account.balance - balance).abs() < 0.001, "{who}: {account:?}");
    }
}

/// Trades until `stop`.
fn run(client: &mut Client, stop: &AtomicBool) {
    while !stop.load(Ordering::SeqCst) {
        client.hear();
        if client.ready {
            client.trade();
        }
        thread::sleep(Duration::from_millis(3));
    }
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < end, "{what} does not come");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The contract of the next January, which always exists.
fn contract(day: &str) -> String {
    let year: u32 = day[..4].parse().expect("a year");
    format!("rb{:02}01", (year + 1) % 100)
}

fn store_command(arguments: &[&str], store: &Path) -> (bool, serde_json::Value, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_ctp"))
        .args(["sim", "store"])
        .arg(store)
        .args(arguments)
        .arg("--json")
        .output()
        .expect("ctp runs");
    let value = String::from_utf8_lossy(&output.stdout).parse().unwrap_or_default();
    (output.status.success(), value, String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_server_that_is_killed_goes_on() {
    let (kills, mut chance) = (number("CTP_STORE_KILLS", 3), number("CTP_STORE_SEED", 1));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = folder.path().join("day.db");
    let mut server = Server::start(&store, "0", &[]);
    let library = TraderLibrary::open(&simulator("6.7.13").trader).expect("the facade");
    let mut clients: Vec<Client> = (0..4).map(|place| Client::new(&library, &server.front, place)).collect();
    for client in &mut clients {
        wait_until("a login", || {
            client.hear();
            client.ready
        });
        client.find_instrument(&contract(&server.day));
    }
    let stop = Arc::new(AtomicBool::new(false));
    let traders: Vec<_> = clients
        .into_iter()
        .map(|mut client| {
            let stop = Arc::clone(&stop);
            thread::spawn(move || {
                run(&mut client, &stop);
                client
            })
        })
        .collect();
    for _ in 0..kills {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // Clients are back a second after the server.
        thread::sleep(Duration::from_millis(1_400 + (chance >> 33) % 700));
        server.kill();
        let (_, summary, said) = store_command(&[], &store);
        assert_eq!(summary["state"], "interrupted", "{summary} {said}");
        server = Server::start(&store, &server.port, &[]);
    }
    thread::sleep(Duration::from_millis(1_500));
    stop.store(true, Ordering::SeqCst);
    let mut clients: Vec<Client> =
        traders.into_iter().map(|trader| trader.join().expect("it trades")).collect();
    for client in &mut clients {
        // Everybody comes back by itself.
        wait_until("the last login", || {
            client.hear();
            client.ready
        });
        wait_until("the last word on every order", || {
            client.hear();
            client.orders.values().all(|order| !order.order_sys_id.is_empty())
        });
    }
    thread::sleep(Duration::from_millis(300));
    let (mut orders, mut trades) = (0, 0);
    for client in &mut clients {
        client.hear();
        client.compare();
        assert!(client.logins > usize::from(kills > 0), "{}: {} logins", client.investor, client.logins);
        (orders, trades) = (orders + client.orders.len(), trades + client.trades.len());
        assert!(!client.trades.is_empty(), "{} did not trade", client.investor);
        client.api.close(Duration::from_secs(10)).expect("closed in time");
    }
    let (sound, running, said) = store_command(&["--check"], &store);
    assert!(!sound && said.contains("in use"), "a running store is not checked: {running} {said}");
    server.kill();
    let (sound, checked, said) = store_command(&["--check"], &store);
    assert!(sound, "{said}");
    assert_eq!(checked["runs"].as_array().map(Vec::len), Some(kills as usize + 1));
    println!(
        "killed {kills} times: {orders} orders, {trades} trades, {} inputs: nothing lost, nothing twice",
        checked["rows"]
    );
}

#[test]
fn a_second_server_on_a_store_is_refused_and_a_disk_without_room_keeps_orders_out() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = folder.path().join("day.db");
    let server = Server::start(&store, "0", &[]);
    let second = Command::new(env!("CARGO_BIN_EXE_ctp"))
        .args(["sim", "serve", "--listen", "127.0.0.1:0", "--store"])
        .arg(&store)
        .output()
        .expect("ctp runs");
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(
        !second.status.success() && said.contains("in use") && said.contains(&server.child.id().to_string()),
        "{said}"
    );

    let library = TraderLibrary::open(&simulator("6.7.13").trader).expect("the facade");
    let mut client = Client::new(&library, &server.front, 0);
    wait_until("a login", || {
        client.hear();
        client.ready
    });
    client.find_instrument(&contract(&server.day));
    // No file of the server may grow beyond what they have now: the system itself refuses to write.
    let limit = |bytes: &str| {
        let done = Command::new("prlimit")
            .args(["--pid", &server.child.id().to_string(), &format!("--fsize={bytes}:")])
            .status();
        assert!(done.is_ok_and(|status| status.success()), "prlimit");
    };
    limit("4096");
    client.order_ref = 5;
    client.trade_refused();
    let before = client.orders.len();
    limit("unlimited");
    client.trade();
    wait_until("a trade after there is room again", || {
        client.hear();
        client.orders.len() > before && !client.trades.is_empty()
    });
    client.compare();
    client.api.close(Duration::from_secs(10)).expect("closed in time");
}

impl Client {
    /// Sends an order that cannot be kept, and hears so.
    fn trade_refused(&mut self) {
        self.trade();
        let end = Instant::now() + PATIENCE;
        loop {
            for seen in self.callbacks.drain() {
                if seen.callback == TraderCallback::OnRspOrderInsert {
                    assert_eq!((seen.error_id(), seen.number, seen.is_last), (1, self.request_id, true));
                    return;
                }
                self.hear_one(&seen);
            }
            assert!(Instant::now() < end, "the order is not answered; heard of {} orders", self.orders.len());
            thread::sleep(Duration::from_millis(2));
        }
    }
}
