//! Instances at a served exchange, and at servers of other kinds.
#![cfg(feature = "serve")]
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use ctp_sim_host::fault::FaultPlan;
use ctp_sim_host::serve::{Listen, ServeOptions, Server};
use ctp_sim_host::{
    ApiKind, Command, Instance, InstanceOptions, NOT_CONNECTED, RELEASE_WAIT_MAX, SubscriptionChange,
    Timestamp, Topic,
};
use ctp_types::{
    DepthMarketDataField, Direction, InputOrderField, MdRequest, QryOrderField, QryTradingAccountField,
    RecordBox, ReqUserLoginField, ResumeType, SettlementInfoConfirmField, Text, TradeField, TraderRequest,
};

/// How long a test waits for something that must come. Never a measure of speed.
const PATIENCE: Duration = Duration::from_secs(40);

/// A callback as a test keeps it: its name, number, ErrorID and record.
type Seen = (&'static str, i32, i32, Option<RecordBox>);

struct Client {
    instance: Instance,
    seen: Receiver<Seen>,
    flow: tempfile::TempDir,
}

impl Client {
    fn new(kind: ApiKind, api_version: (u16, u16, u16), fronts: &[&str]) -> Self {
        let flow = tempfile::tempdir().unwrap();
        Self::with_flow(kind, api_version, fronts, flow, ResumeType::Quick)
    }

    fn with_flow(
        kind: ApiKind,
        api_version: (u16, u16, u16),
        fronts: &[&str],
        flow: tempfile::TempDir,
        private: ResumeType,
    ) -> Self {
        let mut options = InstanceOptions::new(kind, flow.path().join("a_"));
        options.api_version = api_version;
        let (sender, seen) = mpsc::channel();
        let instance = Instance::new(options, move |callback| {
            let error = callback.rsp_info.map_or(0, |info| info.error_id);
            // A test that has ended no longer listens.
            drop(sender.send((callback.method.name(), callback.number, error, callback.record.cloned())));
        });
        if kind == ApiKind::Trader {
            instance.subscribe_topic(Topic::Private, private, 1);
            instance.subscribe_topic(Topic::Public, ResumeType::Quick, 1);
        }
        for front in fronts {
            instance.register_front(front);
        }
        instance.init();
        Self { instance, seen, flow }
    }

    fn wait(&self, name: &str) -> Seen {
        let deadline = Instant::now() + PATIENCE;
        let mut passed = Vec::new();
        loop {
            match self.seen.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(seen) if seen.0 == name => return seen,
                Ok(seen) => passed.push(seen.0),
                Err(_) => panic!("{name} does not come; seen: {passed:?}"),
            }
        }
    }

    fn quiet_for(&self, duration: Duration) {
        if let Ok(seen) = self.seen.recv_timeout(duration) {
            panic!("{seen:?}");
        }
    }

    fn request(&self, request: TraderRequest, record: &impl ctp_types::Record) -> i32 {
        self.instance.trader_request(request, RecordBox::new(record), 7)
    }

    fn log_in(&self, user: &str) {
        let mut login = ReqUserLoginField::default();
        login.broker_id.set("9999").unwrap();
        login.user_id.set(user).unwrap();
        login.password.set("simulator").unwrap();
        match self.instance.kind() {
            ApiKind::Md => {
                assert_eq!(self.instance.md_request(MdRequest::ReqUserLogin, RecordBox::new(&login), 1), 0);
                assert_eq!(self.wait("OnRspUserLogin").2, 0);
            }
            ApiKind::Trader => {
                assert_eq!(self.request(TraderRequest::ReqUserLogin, &login), 0);
                assert_eq!(self.wait("OnRspUserLogin").2, 0);
                let mut confirm = SettlementInfoConfirmField::default();
                confirm.broker_id.set("9999").unwrap();
                confirm.investor_id.set(user).unwrap();
                assert_eq!(self.request(TraderRequest::ReqSettlementInfoConfirm, &confirm), 0);
                assert_eq!(self.wait("OnRspSettlementInfoConfirm").2, 0);
            }
        }
    }

    fn order(&self, user: &str, direction: Direction, price: f64) {
        let mut order =
            InputOrderField { limit_price: price, volume_total_original: 1, direction, ..limit() };
        order.investor_id.set(user).unwrap();
        order.user_id.set(user).unwrap();
        assert_eq!(self.request(TraderRequest::ReqOrderInsert, &order), 0);
    }
}

fn limit() -> InputOrderField {
    use ctp_types::{ContingentCondition, OrderPriceType, TimeCondition, VolumeCondition};
    let mut order = InputOrderField {
        order_price_type: OrderPriceType::LIMIT_PRICE,
        time_condition: TimeCondition::GFD,
        volume_condition: VolumeCondition::AV,
        contingent_condition: ContingentCondition::IMMEDIATELY,
        min_volume: 1,
        ..InputOrderField::default()
    };
    order.broker_id.set("9999").unwrap();
    order.exchange_id.set("SHFE").unwrap();
    order.instrument_id.set("rb2701").unwrap();
    order.comb_offset_flag.set("0").unwrap();
    order.comb_hedge_flag.set("1").unwrap();
    order.force_close_reason = ctp_types::ForceCloseReason::NOT_FORCE_CLOSE;
    order
}

/// A served exchange on a free port, in the morning of a trading day.
fn serve(name: &str) -> Server {
    let mut options = ServeOptions::new(name, Listen::One("127.0.0.1:0".parse().unwrap()));
    options.exchange.start = Timestamp::from_china("2026-11-23 10:00:00");
    options.exchange.clock = Some(ctp_sim_host::ClockKind::Virtual);
    options.exchange.settings =
        [("crowd", "off"), ("products", "rb"), ("options", "off"), ("queries_per_second", "0")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .to_vec();
    Server::start(options).unwrap()
}

/// A server that does this to every connection, and its address.
fn stranger(meet: impl Fn(TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            meet(stream);
        }
    });
    format!("tcp://{address}")
}

/// An address at which nobody listens.
fn nobody() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    format!("tcp://{}", listener.local_addr().unwrap())
}

fn release_is_quick(client: &Client) {
    let begin = Instant::now();
    client.instance.release();
    assert!(begin.elapsed() < RELEASE_WAIT_MAX, "a callback was waited for: {:?}", begin.elapsed());
}

const NEW: (u16, u16, u16) = (6, 7, 13);

#[test]
fn versions_trade_with_each_other_on_one_served_exchange() {
    let server = serve("remote-versions");
    let front = server.td_front();
    let versions = [(6, 3, 15), (6, 7, 11), NEW];
    let traders = versions.map(|version| Client::new(ApiKind::Trader, version, &[&front]));
    for (trader, user) in traders.iter().zip(["one", "two", "three"]) {
        trader.wait("OnFrontConnected");
        trader.log_in(user);
    }
    let md = Client::new(ApiKind::Md, NEW, &[&server.md_front()]);
    md.wait("OnFrontConnected");
    md.log_in("one");
    let ids = vec![Text::new("rb2701").unwrap()];
    assert_eq!(md.instance.change_subscription(SubscriptionChange::Subscribe, ids), 0);
    let tick = md.wait("OnRtnDepthMarketData").3.unwrap();
    let price = tick.get::<DepthMarketDataField>().unwrap().pre_settlement_price;
    // Each buys from the next: what one version sends, the other is told of.
    for (buyer, seller) in [(0, 1), (1, 2), (2, 0)] {
        let users = ["one", "two", "three"];
        traders[buyer].order(users[buyer], Direction::BUY, price);
        traders[buyer].wait("OnRtnOrder");
        traders[seller].order(users[seller], Direction::SELL, price);
        for trader in [buyer, seller] {
            let trade = traders[trader].wait("OnRtnTrade").3.unwrap();
            let trade: &TradeField = trade.get().unwrap();
            assert_eq!((trade.volume, trade.price), (1, price));
        }
    }
    // The library's own limit: one query in flight, free again with its last answer.
    let mut query = QryTradingAccountField::default();
    query.broker_id.set("9999").unwrap();
    query.investor_id.set("one").unwrap();
    for _ in 0..3 {
        assert_eq!(traders[0].request(TraderRequest::ReqQryTradingAccount, &query), 0);
        assert_eq!(traders[0].request(TraderRequest::ReqQryTradingAccount, &query), -2);
        traders[0].wait("OnRspQryTradingAccount");
    }
    let info = traders[2].instance.front_info();
    assert_eq!((info.front_addr.to_str().as_ref(), info.qry_freq), (front.as_str(), i32::MAX));
    for trader in &traders {
        release_is_quick(trader);
    }
}

#[test]
fn the_exchange_disconnects_and_the_session_comes_back_after_the_versions_delay() {
    let server = serve("remote-delay");
    for (version, least) in [((6, 7, 8), Duration::ZERO), (NEW, Duration::from_millis(900))] {
        let client = Client::new(ApiKind::Trader, version, &[&server.td_front()]);
        client.wait("OnFrontConnected");
        let session = client.instance.session().unwrap();
        server.simulator().command(Command::Disconnect { session, reason: 0x2003 });
        assert_eq!(client.wait("OnFrontDisconnected").1, 0x2003);
        let begin = Instant::now();
        client.wait("OnFrontConnected");
        assert!(begin.elapsed() >= least, "{:?}", begin.elapsed());
        assert_eq!(client.instance.session(), Some(session), "it is the same session");
    }
}

#[test]
fn a_server_that_dies_is_told_and_looked_for_again() {
    let mut server = serve("remote-dies");
    let front = server.td_front();
    let client = Client::new(ApiKind::Trader, NEW, &[&front]);
    client.wait("OnFrontConnected");
    client.log_in("one");
    server.stop();
    drop(server);
    assert_eq!(client.wait("OnFrontDisconnected").1, 0x1001);
    let query = QryTradingAccountField::default();
    assert_eq!(client.request(TraderRequest::ReqQryTradingAccount, &query), NOT_CONNECTED);
    // Refused connects are silent.
    client.quiet_for(Duration::from_millis(1_500));
    let mut options =
        ServeOptions::new("remote-dies-2", Listen::One(front.trim_start_matches("tcp://").parse().unwrap()));
    options.exchange.start = None;
    let _again = Server::start(options).unwrap();
    client.wait("OnFrontConnected");
    client.log_in("one");
    release_is_quick(&client);
}

#[test]
fn fronts_are_tried_in_turn() {
    let server = serve("remote-turn");
    let closing = stranger(drop);
    let alive = server.td_front();
    let client = Client::new(ApiKind::Trader, NEW, &["tcp://no.such.host.invalid:1", &nobody(), &alive]);
    client.wait("OnFrontConnected");
    assert_eq!(client.instance.front_info().front_addr.to_str(), alive);
    // One that accepts and closes is told, and the next is tried.
    let client = Client::new(ApiKind::Trader, NEW, &[&closing, &alive]);
    assert_eq!(client.wait("OnFrontDisconnected").1, 0x1001);
    client.wait("OnFrontConnected");
    // A port of the other API is passed over without a callback.
    let two = Listen::Two { md: "127.0.0.1:0".parse().unwrap(), td: "127.0.0.1:0".parse().unwrap() };
    let ports = Server::start(ServeOptions::new("remote-ports", two)).unwrap();
    let client = Client::new(ApiKind::Trader, NEW, &[&ports.md_front(), &ports.td_front()]);
    let (first, ..) = client.seen.recv_timeout(PATIENCE).unwrap();
    assert_eq!(first, "OnFrontConnected");
}

#[test]
fn strangers_are_met_as_the_vendors_library_meets_them() {
    let refused = Client::new(ApiKind::Trader, NEW, &[&nobody()]);
    let closing = Client::new(ApiKind::Md, NEW, &[&stranger(drop)]);
    let at_once = Client::new(ApiKind::Md, (6, 7, 8), &[&stranger(drop)]);
    let garbage = Client::new(
        ApiKind::Md,
        NEW,
        &[&stranger(|mut stream| {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
            let mut rest = Vec::new();
            let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
            let _ = stream.read_to_end(&mut rest);
        })],
    );
    let mute = stranger(std::mem::forget);
    let mute = Client::new(ApiKind::Trader, NEW, &[&mute]);
    let begin = Instant::now();
    for time in 0..3 {
        assert_eq!(closing.wait("OnFrontDisconnected").1, 0x1001, "{time}");
    }
    assert!(begin.elapsed() >= Duration::from_millis(1_900), "{:?}", begin.elapsed());
    for _ in 0..20 {
        at_once.wait("OnFrontDisconnected");
    }
    assert_eq!(garbage.wait("OnFrontDisconnected").1, 0x2003);
    refused.quiet_for(Duration::from_millis(10));
    mute.quiet_for(Duration::from_millis(10));
    for client in [&refused, &closing, &at_once, &garbage, &mute] {
        assert!(!client.instance.is_connected());
        assert_eq!(client.instance.front_info().front_addr.to_str(), "");
        release_is_quick(client);
    }
}

#[test]
fn other_machines_are_not_called_without_a_token() {
    // Nobody may have set one for this process.
    assert!(std::env::var_os("CTP_SIM_TOKEN").is_none());
    // An address of documentation: a connect would take its time.
    let client = Client::new(ApiKind::Trader, NEW, &["tcp://192.0.2.1:10130"]);
    client.quiet_for(Duration::from_millis(200));
    release_is_quick(&client);
}

#[test]
fn flow_files_go_on_over_the_connection() {
    let server = serve("remote-flow");
    let fronts = [server.td_front()];
    let fronts: Vec<&str> = fronts.iter().map(String::as_str).collect();
    let flow = tempfile::tempdir().unwrap();
    let client = Client::with_flow(ApiKind::Trader, NEW, &fronts, flow, ResumeType::Resume);
    client.wait("OnFrontConnected");
    client.log_in("one");
    assert_ne!(client.instance.trading_day(), "19800100");
    let instrument = server.simulator().instrument("rb2701").unwrap();
    let price = instrument.iter().find(|(name, _)| name == "PreSettlementPrice").unwrap();
    let price: f64 = price.1.parse().unwrap();
    for _ in 0..3 {
        client.order("one", Direction::BUY, price);
    }
    let phase = server_phase(&client, 3);
    client.instance.release();
    let Client { flow, instance, .. } = client;
    drop(instance);
    let again = Client::with_flow(ApiKind::Trader, NEW, &fronts, flow, ResumeType::Resume);
    again.wait("OnFrontConnected");
    again.log_in("one");
    again.order("one", Direction::BUY, price - 1.0);
    // Nothing from before comes again.
    let order = again.wait("OnRtnOrder").3.unwrap();
    assert_eq!(order.get::<ctp_types::OrderField>().unwrap().limit_price, price - 1.0);
    assert!(phase > 0);
}

/// Waits until so many orders were told of, and returns the phase in the flow file.
fn server_phase(client: &Client, orders: usize) -> u16 {
    let mut told = std::collections::BTreeSet::new();
    while told.len() < orders {
        let record = client.wait("OnRtnOrder").3.unwrap();
        told.insert(record.get::<ctp_types::OrderField>().unwrap().order_sys_id.to_str().into_owned());
        told.remove("");
    }
    let path = client.flow.path().join("a_Private.con");
    let deadline = Instant::now() + PATIENCE;
    loop {
        let bytes = std::fs::read(&path).unwrap();
        let phase = u16::from_be_bytes([bytes[0], bytes[1]]);
        if phase > 0 || Instant::now() > deadline {
            return phase;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn faults_of_the_library_reach_clients_elsewhere() {
    let server = serve("remote-faults");
    let client = Client::new(ApiKind::Trader, NEW, &[&server.td_front()]);
    client.wait("OnFrontConnected");
    client.log_in("one");
    let plan = |text: &str| {
        let id = server.simulator().add_faults(FaultPlan::parse("test", text).unwrap());
        // What was sent has arrived.
        server.simulator().barrier(PATIENCE).unwrap();
        id
    };
    // Every second query of six returns -2, and once in between -3: the answers do not begin that anew.
    plan(
        "[[fault]]\ndo = \"return-code\"\nwhat = \"queries\"\ncode = -2\nafter = 1\nevery = 2\ncount = 2\n\
         [[fault]]\ndo = \"return-code\"\nwhat = \"queries\"\ncode = -3\nafter = 1\ncount = 1",
    );
    let codes: Vec<i32> = (0..6)
        .map(|_| {
            let code = client.request(TraderRequest::ReqQryOrder, &QryOrderField::default());
            if code == 0 {
                client.wait("OnRspQryOrder");
            }
            code
        })
        .collect();
    assert_eq!(codes, [0, -2, -3, -2, 0, 0]);
    assert_eq!(server.simulator().clear_faults(None), 1);
    // A query that is lost or refused holds up no other.
    plan("[[fault]]\ndo = \"lose-request\"\nwhat = \"queries\"\ncount = 2");
    let ask = || {
        let deadline = Instant::now() + PATIENCE;
        while client.request(TraderRequest::ReqQryOrder, &QryOrderField::default()) != 0 {
            assert!(Instant::now() < deadline, "the library may never ask again");
            thread::sleep(Duration::from_millis(1));
        }
    };
    (0..3).for_each(|_| ask());
    client.wait("OnRspQryOrder");
    plan("[[fault]]\ndo = \"refuse\"\nwhat = \"queries\"\nerror = 90\ncount = 2");
    for _ in 0..2 {
        ask();
        assert_eq!(client.wait("OnRspError").2, 90);
    }
    assert_eq!(server.simulator().clear_faults(None), 2);
    let id = plan("[[fault]]\ndo = \"hang\"");
    client.order("one", Direction::BUY, 3_300.0);
    server.simulator().barrier(PATIENCE).unwrap();
    client.quiet_for(Duration::from_millis(300));
    assert_eq!(server.simulator().clear_faults(Some(id)), 1);
    assert!(client.seen.recv_timeout(PATIENCE).is_ok(), "what came meanwhile is handed over");
    // Without a word in its environment the process goes on.
    plan("[[fault]]\ndo = \"abort\"");
    assert_eq!(client.request(TraderRequest::ReqQryOrder, &QryOrderField::default()), 0);
    client.wait("OnRspQryOrder");
}

#[test]
fn the_environment_replaces_every_front() {
    let server = serve("remote-environment");
    // The environment of a process is its own: a child has it.
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "child_with_a_brokers_address"])
        .env("CTP_SIM_FRONT", format!("{}, {}", nobody(), server.td_front()))
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
}

#[test]
#[ignore = "runs as a child of the test above, with a front in its environment"]
fn child_with_a_brokers_address() {
    let client = Client::new(ApiKind::Trader, NEW, &["tcp://192.0.2.1:10130"]);
    client.wait("OnFrontConnected");
    client.log_in("one");
}

#[test]
fn a_token_is_taken_from_the_environment() {
    let mut options = ServeOptions::new("remote-token", Listen::One("127.0.0.1:0".parse().unwrap()));
    let token = "a-token-that-is-long-enough-for-this";
    options.token = ctp_sim_host::serve::Token::new(token);
    let server = Server::start(options).unwrap();
    let run = |token: Option<&str>| {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "--ignored", "child_with_a_brokers_address"]);
        child.env("CTP_SIM_FRONT", server.td_front());
        if let Some(token) = token {
            child.env("CTP_SIM_TOKEN", token);
        }
        child
    };
    let output = run(Some(token)).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    // Without one it is refused, again and again, without a callback.
    let mut child = run(None).stdout(std::process::Stdio::null()).spawn().unwrap();
    thread::sleep(Duration::from_millis(1_500));
    assert_eq!(server.clients(), 0);
    assert!(child.try_wait().unwrap().is_none(), "it waits for OnFrontConnected");
    child.kill().unwrap();
    child.wait().unwrap();
}
