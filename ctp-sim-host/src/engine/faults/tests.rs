use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ctp_sim::{ApiKind, Config, Delivery, Exchange, Input, Journal, Output, SessionId, Timestamp};
use ctp_types::{
    ContingentCondition, Direction, InputOrderField, OrderField, OrderPriceType, QryOrderField, RecordBox,
    ReqUserLoginField, SettlementInfoConfirmField, Text, TimeCondition, TradeField, TraderRequest,
    VolumeCondition,
};

use super::super::Engine;
use crate::fault::{FaultPlan, LibraryFault};
use crate::mailbox::Mailbox;
use crate::wire::Admission;

/// Everything that a client got, in order.
#[derive(Clone, Default)]
pub(super) struct Recorded(Arc<Mutex<Vec<Delivery>>>, Arc<Mutex<Vec<String>>>);

impl Mailbox for Recorded {
    fn put(&self, delivery: Delivery) -> bool {
        crate::lock(&self.0).push(delivery);
        false
    }

    fn library(&self, fault: LibraryFault) {
        crate::lock(&self.1).push(format!("{fault:?}"));
    }

    fn admit(&self, admission: Admission) {
        crate::lock(&self.1).push(format!("{:?}", admission.refusals));
    }

    fn barrier(&self, _now: Timestamp, _passed: Sender<()>) {}

    fn waiting(&self) -> usize {
        0
    }
}

impl Recorded {
    fn take(&self) -> Vec<Delivery> {
        std::mem::take(&mut crate::lock(&self.0))
    }

    fn told(&self) -> Vec<String> {
        std::mem::take(&mut crate::lock(&self.1))
    }
}

/// An exchange with clients, in virtual time.
pub(super) struct World {
    pub(super) engine: Engine,
    pub(super) now: Timestamp,
    pub(super) clients: Vec<(SessionId, ApiKind, Recorded)>,
    request_id: i32,
}

pub(super) fn world(settings: &[(&str, &str)]) -> World {
    let start = Timestamp::from_china("2026-11-23 10:00:00").expect("a time");
    let mut config = Config::starting_at(start);
    for (key, value) in [("products", "rb"), ("options", "off"), ("combinations", "off"), ("crowd", "off")] {
        config.set(key, value).expect("a setting");
    }
    for (key, value) in settings {
        config.set(key, value).expect("a setting");
    }
    let engine = Engine::new(Exchange::new(config).expect("an exchange"), start, false);
    World { engine, now: start, clients: Vec::new(), request_id: 0 }
}

impl World {
    pub(super) fn plan(&mut self, text: &str) -> u64 {
        let plan = FaultPlan::parse("test", text).unwrap_or_else(|error| panic!("{error}"));
        self.engine.add_faults(self.now, plan)
    }

    pub(super) fn add(&mut self, kind: ApiKind) -> usize {
        let recorded = Recorded::default();
        let session = self.engine.add_session(Box::new(recorded.clone()));
        self.clients.push((session, kind, recorded));
        self.clients.len() - 1
    }

    pub(super) fn connect(&mut self, client: usize) {
        let (session, kind, _) = self.clients[client];
        self.engine
            .step(self.now, Input::Connect { session, kind, api_version: (6, 7, 11) })
            .expect("no store");
    }

    pub(super) fn pass(&mut self, duration: Duration) {
        let until = self.now.after(duration);
        while self.engine.run(until, 1_000) < until {}
        self.now = until;
    }

    pub(super) fn call(&mut self, client: usize, request: TraderRequest, record: RecordBox) -> i32 {
        let session = self.clients[client].0;
        self.request_id += 1;
        let input = Input::Trader { session, request, record, request_id: self.request_id };
        let code = self.engine.admit(self.now, &input);
        if code == 0 {
            self.engine.step(self.now, input).expect("no store");
        }
        code
    }

    pub(super) fn login(&mut self, client: usize, user: &str) {
        let record = ReqUserLoginField {
            broker_id: Text::new("9999").expect("a text"),
            user_id: Text::new(user).expect("a text"),
            password: Text::new("simulator").expect("a text"),
            ..ReqUserLoginField::default()
        };
        self.call(client, TraderRequest::ReqUserLogin, RecordBox::new(&record));
    }

    pub(super) fn confirm(&mut self, client: usize, user: &str) {
        let record = SettlementInfoConfirmField {
            broker_id: Text::new("9999").expect("a text"),
            investor_id: Text::new(user).expect("a text"),
            ..SettlementInfoConfirmField::default()
        };
        self.call(client, TraderRequest::ReqSettlementInfoConfirm, RecordBox::new(&record));
    }

    pub(super) fn order(&mut self, client: usize, user: &str, buys: bool, volume: i32) -> i32 {
        let record = InputOrderField {
            broker_id: Text::new("9999").expect("a text"),
            investor_id: Text::new(user).expect("a text"),
            user_id: Text::new(user).expect("a text"),
            instrument_id: Text::new("rb2701").expect("a text"),
            exchange_id: Text::new("SHFE").expect("a text"),
            direction: if buys { Direction::BUY } else { Direction::SELL },
            comb_offset_flag: Text::new("0").expect("a text"),
            comb_hedge_flag: Text::new("1").expect("a text"),
            limit_price: self.price(),
            volume_total_original: volume,
            order_price_type: OrderPriceType::LIMIT_PRICE,
            time_condition: TimeCondition::GFD,
            volume_condition: VolumeCondition::AV,
            contingent_condition: ContingentCondition::IMMEDIATELY,
            min_volume: 1,
            force_close_reason: ctp_types::ForceCloseReason::from_char(b'0'),
            ..InputOrderField::default()
        };
        self.call(client, TraderRequest::ReqOrderInsert, RecordBox::new(&record))
    }

    fn price(&self) -> f64 {
        let [_, tick] = self.engine.instrument("rb2701").expect("rb2701");
        tick.get::<ctp_types::DepthMarketDataField>().expect("a tick").pre_settlement_price
    }

    pub(super) fn query(&mut self, client: usize) -> i32 {
        self.call(client, TraderRequest::ReqQryOrder, RecordBox::new(&QryOrderField::default()))
    }

    /// A trader who is connected, logged in and has confirmed.
    pub(super) fn trader(&mut self, user: &str) -> usize {
        let client = self.add(ApiKind::Trader);
        self.connect(client);
        self.pass(Duration::from_millis(50));
        self.login(client, user);
        self.pass(Duration::from_millis(50));
        self.confirm(client, user);
        self.pass(Duration::from_millis(50));
        client
    }

    pub(super) fn names(&self, client: usize) -> Vec<String> {
        self.clients[client].2.take().iter().map(name).collect()
    }
}

fn name(delivery: &Delivery) -> String {
    match delivery {
        Delivery::Trader { callback, .. } => callback.name().to_owned(),
        Delivery::Md { callback, .. } | Delivery::Burst { callback, .. } => callback.name().to_owned(),
        Delivery::Close { reason } => format!("Close {reason:#x}"),
    }
}

/// Two traders fill each other, with a plan; returns what the first one got since.
fn trade(plan: &str) -> Vec<Delivery> {
    let mut world = world(&[]);
    let (one, two) = (world.trader("one"), world.trader("two"));
    world.clients[one].2.take();
    world.plan(plan);
    assert_eq!(world.order(one, "one", true, 2), 0);
    world.pass(Duration::from_millis(50));
    assert_eq!(world.order(two, "two", false, 1), 0);
    world.pass(Duration::from_millis(50));
    assert_eq!(world.order(two, "two", false, 1), 0);
    world.pass(Duration::from_secs(5));
    world.engine.exchange().expect("an exchange").check_consistency().expect("consistency");
    world.clients[one].2.take()
}

/// What comes of an order that rests and is filled by halves.
const PLAIN: [&str; 8] = [
    "OnRtnOrder",
    "OnRtnOrder",
    "OnRtnOrder",
    "OnRtnOrder",
    "OnRtnTrade",
    "OnRtnOrder",
    "OnRtnOrder",
    "OnRtnTrade",
];

fn names(deliveries: &[Delivery]) -> Vec<String> {
    deliveries.iter().map(name).collect()
}

fn order(delivery: &Delivery) -> Option<&OrderField> {
    match delivery {
        Delivery::Trader { record: Some(record), .. } => record.get(),
        _ => None,
    }
}

#[test]
fn without_a_plan_everything_comes() {
    let names = names(&trade("[[fault]]\ndo = \"drop\"\nwhat = \"ticks\""));
    assert_eq!(names, PLAIN, "the plan touches none of these");
}

#[test]
fn dropped_doubled_and_held_callbacks() {
    let drop = trade("[[fault]]\ndo = \"drop\"\nwhat = \"OnRtnTrade\"\ncount = 1\nwho = { session = 1 }");
    assert_eq!(names(&drop), [&PLAIN[..4], &PLAIN[5..]].concat());
    let double = trade(
        "[[fault]]\ndo = \"duplicate\"\nwhat = \"trades\"\ntimes = 2\nafter = 1\nwho = { session = 1 }",
    );
    assert_eq!(names(&double)[6..], ["OnRtnOrder", "OnRtnTrade", "OnRtnTrade", "OnRtnTrade"]);
    let late = trade("[[fault]]\ndo = \"delay\"\nwhat = \"trades\"\nby = \"1s\"");
    assert_eq!(names(&late)[4..], ["OnRtnOrder", "OnRtnOrder", "OnRtnTrade", "OnRtnTrade"]);
    let behind = trade(
        "[[fault]]\ndo = \"reorder\"\nwhat = \"OnRtnOrder\"\nwhere = { OrderStatus = \"1\" }\nbehind = \"OnRtnTrade\"",
    );
    assert_eq!(
        names(&behind)[2..],
        ["OnRtnOrder", "OnRtnTrade", "OnRtnOrder", "OnRtnOrder", "OnRtnTrade", "OnRtnOrder"]
    );
    let backwards = trade("[[fault]]\ndo = \"reorder\"\nwhat = \"trades\"");
    let numbers: Vec<i32> = backwards
        .iter()
        .filter_map(|delivery| match delivery {
            Delivery::Trader { record: Some(record), number, .. } => {
                record.get::<TradeField>().map(|_| *number)
            }
            _ => None,
        })
        .collect();
    assert!(numbers.len() == 2 && numbers[0] > numbers[1], "{numbers:?}");
    let gathered = trade("[[fault]]\ndo = \"reorder\"\nwhat = \"trades\"\nwindow = 3\nby = \"20ms\"");
    assert_eq!(
        names(&gathered).iter().filter(|name| *name == "OnRtnTrade").count(),
        2,
        "let go after a time"
    );
}

#[test]
fn changed_records_and_arguments() {
    let cut = trade("[[fault]]\ndo = \"cut-text\"\nwhat = \"orders\"");
    let texts = cut.iter().filter_map(order).map(|order| order.status_msg.to_str().into_owned());
    assert!(texts.clone().all(|text| text.ends_with('\u{fffd}')), "{:?}", texts.collect::<Vec<_>>());
    let set = trade(
        "[[fault]]\ndo = \"set\"\nwhat = \"orders\"\nfields = { OrderStatus = \"~\", ExchangeID = \"TTS\", VolumeTotal = 9 }",
    );
    for order in set.iter().filter_map(order) {
        assert_eq!(
            (order.order_status.as_char(), order.exchange_id.to_str().as_ref(), order.volume_total),
            (b'~', "TTS", 9)
        );
    }
    let null = trade("[[fault]]\ndo = \"null-record\"\nwhat = \"pushes\"");
    assert!(
        null.iter().all(|delivery| matches!(delivery, Delivery::Trader { record: None, .. })),
        "{null:?}"
    );
    let garbled = trade("[[fault]]\ndo = \"garble\"\nwhat = \"orders\"");
    assert_eq!(names(&garbled).len(), PLAIN.len());
    let plain = trade("[[fault]]\ndo = \"drop\"\nwhat = \"ticks\"");
    assert_ne!(format!("{garbled:?}"), format!("{plain:?}"));
}

#[test]
fn answers_lose_their_parts() {
    let ask = |plan: &str| {
        let mut world = world(&[]);
        let one = world.trader("one");
        world.clients[one].2.take();
        world.plan(plan);
        assert_eq!(world.query(one), 0);
        world.pass(Duration::from_secs(1));
        world.clients[one].2.take()
    };
    let parts = |deliveries: &[Delivery]| {
        let [Delivery::Trader { rsp_info, number, is_last, .. }] = deliveries else {
            panic!("{deliveries:?}")
        };
        (rsp_info.map(|info| info.error_id), *number, *is_last)
    };
    let all = "what = \"queries\"\n[[fault]]\ndo = \"drop\"\nwhat = \"ticks\"";
    let (info, number, is_last) = parts(&ask(&format!("[[fault]]\ndo = \"null-record\"\n{all}")));
    assert!(info.is_none_or(|error| error == 0) && is_last);
    assert_eq!(parts(&ask(&format!("[[fault]]\ndo = \"lose-last\"\n{all}"))), (info, number, false));
    assert_eq!(parts(&ask(&format!("[[fault]]\ndo = \"null-info\"\n{all}"))).0, None);
    assert_eq!(parts(&ask(&format!("[[fault]]\ndo = \"request-id\"\nnumber = 4711\n{all}"))).1, 4711);
    assert_ne!(parts(&ask(&format!("[[fault]]\ndo = \"request-id\"\n{all}"))).1, number);
    assert_eq!(parts(&ask(&format!("[[fault]]\ndo = \"error\"\nerror = 90\n{all}"))).0, Some(90));
}

/// The digest of everything that three clients got under a plan that leaves much to chance.
fn digest(seed: u64) -> (String, u64) {
    let mut world = world(&[("crowd", "on")]);
    world.plan(&format!(
        r#"
        seed = {seed}
        [[fault]]
        do = "drop"
        what = "pushes"
        probability = 0.2
        [[fault]]
        do = "delay"
        what = ["orders", "ticks"]
        by = "1ms..900ms"
        probability = 0.5
        [[fault]]
        do = "duplicate"
        what = "all"
        every = 7
        [[fault]]
        do = "garble"
        what = "trades"
        [[fault]]
        do = "disconnect"
        on = "OnRtnOrder"
        after = 20
        "#
    ));
    let (one, two) = (world.trader("one"), world.trader("two"));
    let md = world.add(ApiKind::Md);
    world.connect(md);
    world.pass(Duration::from_millis(20));
    let session = world.clients[md].0;
    let instruments = vec![Text::new("rb2701").expect("a text")];
    world.engine.step(world.now, Input::Subscribe { session, instruments }).expect("no store");
    for round in 0..20 {
        world.order(one, "one", round % 2 == 0, 3);
        world.order(two, "two", round % 2 == 1, 2);
        world.pass(Duration::from_millis(300));
    }
    let mut journal = Journal::new();
    for (session, _, recorded) in &world.clients {
        for delivery in recorded.take() {
            journal.output(world.now, &Output { session: *session, delivery });
        }
    }
    (journal.hex(), journal.entries())
}

#[test]
fn the_same_seed_gives_the_same_faults() {
    let (one, entries) = digest(7);
    assert!(entries > 50, "{entries}");
    assert_eq!(digest(7).0, one);
    assert_ne!(digest(8).0, one);
}

#[test]
fn a_fault_is_for_whom_it_names() {
    let mut world = world(&[]);
    world.plan("[[fault]]\ndo = \"drop\"\nwhat = \"answers\"\nwho = { investor = \"two\" }");
    let (one, two) = (world.trader("one"), world.trader("two"));
    assert_eq!(
        world.names(one),
        ["OnFrontConnected", "OnRspUserLogin", "OnRtnInstrumentStatus", "OnRspSettlementInfoConfirm"]
    );
    assert_eq!(world.names(two), ["OnFrontConnected", "OnRtnInstrumentStatus"]);
    let [state] = &world.engine.fault_states()[..] else { panic!("one plan") };
    assert_eq!((state.faults[0].done, state.faults[0].chances), (2, 2));
}

fn one_trader(plan: &str) -> (World, usize) {
    let mut world = world(&[]);
    let one = world.trader("one");
    world.clients[one].2.take();
    world.plan(plan);
    (world, one)
}

#[test]
fn connections_end_at_each_stage_of_the_handshake() {
    for (on, reason, before) in [
        ("ReqUserLogin", 8193, &["OnFrontConnected"][..]),
        ("OnRspUserLogin", 8194, &["OnFrontConnected", "OnRspUserLogin"]),
        ("OnFrontConnected", 8195, &["OnFrontConnected"]),
        (
            "OnRspSettlementInfoConfirm",
            4098,
            &["OnFrontConnected", "OnRspUserLogin", "OnRtnInstrumentStatus", "OnRspSettlementInfoConfirm"],
        ),
    ] {
        let mut world = world(&[]);
        world.plan(&format!("[[fault]]\ndo = \"disconnect\"\non = {on:?}\nreason = {reason}"));
        let one = world.trader("one");
        let expected: Vec<String> =
            before.iter().map(|name| (*name).to_owned()).chain([format!("Close {reason:#x}")]).collect();
        assert_eq!(world.names(one), expected, "{on}");
        // Once: the second connection stands.
        world.connect(one);
        world.pass(Duration::from_millis(50));
        world.login(one, "one");
        world.pass(Duration::from_millis(50));
        assert_eq!(world.names(one), ["OnFrontConnected", "OnRspUserLogin", "OnRtnInstrumentStatus"], "{on}");
    }
}

#[test]
fn an_end_takes_the_place_of_an_answer() {
    let mut world = world(&[]);
    world.plan(
        "[[fault]]\ndo = \"drop\"\nwhat = \"OnRspUserLogin\"\ncount = 1\n[[fault]]\ndo = \"disconnect\"\non = \"OnRspUserLogin\"",
    );
    let one = world.trader("one");
    assert_eq!(world.names(one), ["OnFrontConnected", "Close 0x1001"]);
}

#[test]
fn nobody_is_let_in_for_a_while() {
    let mut world = world(&[]);
    world.plan("[[fault]]\ndo = \"refuse-connect\"\nfor = \"1m\"\nwho = { api = \"trader\" }");
    let (one, md) = (world.add(ApiKind::Trader), world.add(ApiKind::Md));
    world.connect(one);
    world.connect(md);
    world.pass(Duration::from_secs(59));
    assert!(world.names(one).is_empty() && world.names(md) == ["OnFrontConnected"]);
    world.pass(Duration::from_secs(2));
    assert_eq!(world.names(one), ["OnFrontConnected"]);
}

#[test]
fn what_is_half_open_hears_nothing_and_then_ends() {
    let (mut world, one) = one_trader("[[fault]]\ndo = \"half-open\"\non = \"ReqOrderInsert\"\nfor = \"1m\"");
    assert_eq!(world.order(one, "one", true, 1), 0);
    world.pass(Duration::from_secs(59));
    assert!(world.names(one).is_empty());
    assert_eq!(world.query(one), 0, "the library notices nothing");
    world.pass(Duration::from_secs(2));
    assert_eq!(world.names(one), ["Close 0x1001"]);
    world.connect(one);
    world.pass(Duration::from_millis(50));
    world.login(one, "one");
    world.pass(Duration::from_millis(50));
    let names = world.names(one);
    assert_eq!(names.iter().filter(|name| *name == "OnRtnOrder").count(), 2, "the order arrived: {names:?}");
}

#[test]
fn what_is_stalled_comes_later_in_order() {
    let (mut world, one) = one_trader("[[fault]]\ndo = \"stall\"\nfor = \"10s\"\nin = \"2ms\"");
    assert_eq!(world.order(one, "one", true, 1), 0);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.names(one), ["OnRtnOrder"]);
    assert_eq!(world.query(one), 0);
    world.pass(Duration::from_secs(10));
    assert_eq!(world.names(one), ["OnRtnOrder", "OnRspQryOrder"]);
}

#[test]
fn a_silent_front_warns_and_is_given_up() {
    let (mut world, one) = one_trader("[[fault]]\ndo = \"silence\"");
    world.pass(Duration::from_secs(130));
    assert_eq!(world.names(one), ["OnHeartBeatWarning", "Close 0x2001"]);
    let (mut world, one) = one_trader("[[fault]]\ndo = \"silence\"\nfor = \"70s\"");
    world.pass(Duration::from_secs(130));
    assert_eq!(world.names(one), ["OnHeartBeatWarning"]);
}

#[test]
fn connections_flap() {
    let (mut world, one) = one_trader("[[fault]]\ndo = \"disconnect\"\nevery = \"50ms\"\nfor = \"1s\"");
    for _ in 0..30 {
        world.connect(one);
        world.pass(Duration::from_millis(50));
    }
    let names = world.names(one);
    let closed = names.iter().filter(|name| name.starts_with("Close")).count();
    assert!((15..=20).contains(&closed), "{names:?}");
}

#[test]
fn requests_are_refused_lost_and_late() {
    let codes = |plan: &str| {
        let (mut world, one) = one_trader(plan);
        let codes: Vec<i32> = (0..6)
            .map(|_| {
                let code = world.query(one);
                world.pass(Duration::from_secs(2));
                code
            })
            .collect();
        (codes, world.names(one))
    };
    let two =
        "[[fault]]\ndo = \"return-code\"\nwhat = \"queries\"\ncode = -2\nafter = 1\nevery = 2\ncount = 3\n";
    let three = "[[fault]]\ndo = \"return-code\"\nwhat = \"queries\"\ncode = -3\nafter = 1\ncount = 1\n";
    let (given, came) = codes(&format!("{two}{three}"));
    assert_eq!((given, came.len()), (vec![0, -2, -3, -2, 0, -2], 2));
    let (given, came) =
        codes("[[fault]]\ndo = \"lose-request\"\nwhat = \"queries\"\nafter = 1\nevery = 3\ncount = 2");
    assert_eq!((given, came.len()), (vec![0; 6], 4));
    let (_, came) = codes("[[fault]]\ndo = \"refuse\"\nwhat = \"queries\"\nerror = 90\nfor = \"5s\"");
    assert_eq!(
        came,
        ["OnRspError", "OnRspError", "OnRspError", "OnRspQryOrder", "OnRspQryOrder", "OnRspQryOrder"]
    );
    let (_, came) = codes(
        "[[fault]]\ndo = \"refuse\"\nwhat = \"queries\"\nerror = 7\ncount = 1\nvia = [\"OnRspError\", \"OnRspQryTrade\"]",
    );
    assert_eq!(came[..3], ["OnRspError", "OnRspQryTrade", "OnRspQryOrder"]);
    let (mut world, one) = one_trader("[[fault]]\ndo = \"delay-request\"\nwhat = \"orders\"\nby = \"3s\"");
    assert_eq!(world.order(one, "one", true, 1), 0);
    world.pass(Duration::from_millis(2_900));
    assert!(world.names(one).is_empty());
    world.pass(Duration::from_secs(1));
    assert_eq!(world.names(one), ["OnRtnOrder", "OnRtnOrder"]);
}

#[test]
fn a_server_restarts_and_its_clock_jumps() {
    let (mut world, one) =
        one_trader("[[fault]]\ndo = \"restart\"\nin = \"1s\"\ndown = \"30s\"\nclear-flow = true");
    world.order(one, "one", true, 1);
    world.pass(Duration::from_secs(2));
    assert_eq!(world.names(one), ["OnRtnOrder", "OnRtnOrder", "Close 0x1001"]);
    world.connect(one);
    world.pass(Duration::from_secs(28));
    assert!(world.names(one).is_empty());
    world.pass(Duration::from_secs(2));
    assert_eq!(world.names(one), ["OnFrontConnected"]);

    let (mut world, _) = one_trader("[[fault]]\ndo = \"clock-jump\"\nby = \"1h\"\nin = \"1s\"");
    let begin = world.now;
    world.pass(Duration::from_secs(2));
    let offset = world.engine.clock_offset().load(std::sync::atomic::Ordering::SeqCst);
    assert_eq!(offset, 3_600_000_000_000);
    assert!(world.engine.latest >= begin.after(Duration::from_secs(3_601)), "{:?}", world.engine.latest);
}

#[test]
fn the_day_is_pushed_again() {
    let (mut world, one) = one_trader("[[fault]]\ndo = \"replay\"\ntimes = 3\nin = \"1s\"");
    world.order(one, "one", true, 1);
    world.pass(Duration::from_secs(2));
    assert_eq!(world.names(one), ["OnRtnOrder"; 8]);
}

#[test]
fn a_full_disk_refuses_requests() {
    let (mut world, one) = one_trader("[[fault]]\ndo = \"disk-full\"\nfor = \"10s\"");
    world.order(one, "one", true, 1);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.names(one), ["OnRspOrderInsert"]);
    world.pass(Duration::from_secs(10));
    world.order(one, "one", true, 1);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.names(one), ["OnRtnOrder", "OnRtnOrder"]);
}

#[test]
fn libraries_are_told_their_faults() {
    let (mut world, one) = one_trader(
        "[[fault]]\ndo = \"poison\"\nfor = \"1s\"\n[[fault]]\ndo = \"abort\"\non = \"OnRtnOrder\"",
    );
    assert_eq!(world.clients[one].2.told(), ["Poison(true)"]);
    world.order(one, "one", true, 1);
    world.pass(Duration::from_secs(2));
    assert_eq!(world.clients[one].2.told(), ["Abort", "Poison(false)"]);
    let id = world.plan("[[fault]]\ndo = \"hang\"\n[[fault]]\ndo = \"late-callbacks\"\nfor = \"50ms\"");
    assert_eq!(world.clients[one].2.told(), ["Hang(true)", "LateCallbacks(50)"]);
    let now = world.now;
    assert_eq!(world.engine.clear_faults(now, Some(id)), 1);
    assert_eq!(world.clients[one].2.told(), ["LateCallbacks(0)", "Hang(false)"]);
    world.plan("[[fault]]\ndo = \"return-code\"\nwhat = \"orders\"\ncode = -1\nafter = 2\ncount = 1");
    let told = world.clients[one].2.told();
    assert!(told[0].contains("code: -1") && told[0].contains("skip: 2"), "{told:?}");
}

#[test]
fn a_plan_that_goes_in_circles_is_stopped() {
    let (mut world, one) = one_trader("[[fault]]\ndo = \"replay\"\non = \"OnRtnOrder\"\ncount = 1000000");
    world.order(one, "one", true, 1);
    world.pass(Duration::from_secs(1));
    assert!(world.names(one).len() > 100);
    assert_eq!(world.engine.clear_faults(world.now, None), 1);
    world.order(one, "one", true, 1);
    world.pass(Duration::from_secs(1));
    assert_eq!(world.names(one), ["OnRtnOrder", "OnRtnOrder"]);
}

/// Random plans that the property test tries; `CTP_SIM_FAULT_PLANS` is how many otherwise.
const PLANS: u64 = 60;

#[test]
fn random_plans_leave_the_exchange_consistent() {
    let plans =
        std::env::var("CTP_SIM_FAULT_PLANS").ok().and_then(|plans| plans.parse().ok()).unwrap_or(PLANS);
    for seed in 0..plans {
        let world = live(&[FaultPlan::random(seed).expect("a plan")], 25);
        let exchange =
            world.engine.exchange().unwrap_or_else(|| panic!("the exchange panicked with seed {seed}"));
        exchange.check_consistency().unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
}

#[test]
fn the_documentation_s_plans_run() {
    let documented = include_str!("../../../../docs/faults.md");
    for block in documented.split("```toml\n").skip(1) {
        let plan = FaultPlan::parse("docs", block.split("```").next().unwrap_or_default()).expect("a plan");
        let mut world = live(&[plan], 400);
        world.engine.exchange().expect("an exchange").check_consistency().expect("consistency");
        let [state] = &world.engine.fault_states()[..] else { panic!("one plan") };
        // What waits for a query or a Chinese text met none.
        let met = state.faults.iter().any(|fault| fault.done > 0);
        assert!(met || state.faults[0].text.contains("after=3"), "{state:?}");
        world.engine.clear_faults(world.now, None);
    }
}

/// Two traders and a market-data client who live with plans as clients do: they log in again when they are told that
/// their connection ended, trade and ask.
fn live(plans: &[FaultPlan], rounds: u64) -> World {
    let mut world = world(&[]);
    for plan in plans {
        world.engine.add_faults(world.now, plan.clone());
    }
    for kind in [ApiKind::Trader, ApiKind::Trader, ApiKind::Md] {
        let client = world.add(kind);
        world.connect(client);
    }
    for round in 0..rounds {
        world.pass(Duration::from_millis(if round < 5 { 20 } else { 1_000 }));
        for (client, user) in [(0, "one"), (1, "two")] {
            let names = world.names(client);
            if names.iter().any(|name| name.starts_with("Close")) {
                world.connect(client);
            } else if names.iter().any(|name| name == "OnFrontConnected") {
                world.login(client, user);
            } else if names.iter().any(|name| name == "OnRspUserLogin") {
                world.confirm(client, user);
            } else {
                world.order(client, user, (client == 0) == (round % 3 != 0), 1 + (round % 3) as i32);
                world.query(client);
            }
        }
        let md = world.names(2);
        let session = world.clients[2].0;
        if md.iter().any(|name| name.starts_with("Close")) {
            world.connect(2);
        } else if md.iter().any(|name| name == "OnFrontConnected") {
            let record = RecordBox::new(&ReqUserLoginField::default());
            let input =
                Input::Md { session, request: ctp_types::MdRequest::ReqUserLogin, record, request_id: 1 };
            world.engine.step(world.now, input).expect("no store");
        } else if round % 5 == 0 {
            let instruments = vec![Text::new("rb2701").expect("a text")];
            world.engine.step(world.now, Input::Subscribe { session, instruments }).expect("no store");
        }
    }
    world
}
