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
