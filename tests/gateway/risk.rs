//! F39, F73: the pace of orders and cancels, the kill switch, dry runs: seen where the exchange sees them.

use std::time::Duration;

use ctp::alert::Alert;
use ctp::config::RiskConfig;
use ctp::error::Rule;
use ctp::td::{GateReason, OrderPhase};
use ctp::types::{Direction, InputOrderField};
use ctp::{Error, NewOrder, OrderHandle, TdClient, TdEvent};

use crate::Case;
use crate::trading::{drain, everywhere, open};
use crate::world::{Counter, PATIENCE, World, scene};

pub(crate) const CASES: &[Case] = crate::cases![
    f39_a_slow_front_raises_an_alert: "orders that wait in the front for three seconds without a word: an alert after one second, once until an answer comes in time; nothing is sent again; in three versions",
    f39_our_own_pace_comes_first: "a program that places and cancels as fast as it can for twenty seconds: never more than nine orders and cancels in any second reach the front, every other one is denied with the time to wait; in three versions",
    f73_a_thousand_orders_are_cancelled_at_the_pace: "the kill switch with 1,000 working orders of an earlier run: no order passes from the next call on, nine cancels a second at most until nothing works, each order once",
    f73_the_switch_stays_on_over_restarts: "thrown, restarted, on the next trading day too: on before the login, the rest is cancelled, no order passes by any call until release(), which outlives a restart too; in three versions",
    f73_two_clients_of_an_account_share_the_pace: "two clients with the same counts flood the front for ten seconds: together nine in a second at most; in three versions",
    f73_a_dry_run_sends_nothing: "place, quote, raw request, cancel and kill switch in a dry run: shown as events, nothing at the front, no number used, nothing remembered; in three versions",
];

/// Counts what reaches the front, and when.
struct Watch<'a> {
    orders: Counter<'a>,
    cancels: Counter<'a>,
    /// How many had come at each step of time.
    seen: Vec<u64>,
}

/// The steps in which it looks.
const LOOK: Duration = Duration::from_millis(50);

impl<'a> Watch<'a> {
    fn new(world: &'a World) -> Self {
        Self { orders: world.count("ReqOrderInsert"), cancels: world.count("ReqOrderAction"), seen: vec![0] }
    }

    fn both(&self) -> (u64, u64) {
        (self.orders.seen(), self.cancels.seen())
    }

    /// Lets a step pass and notes what came.
    async fn step(&mut self, world: &World) {
        world.pass_by(LOOK, LOOK).await;
        let (orders, cancels) = self.both();
        self.seen.push(orders + cancels);
    }

    /// Returns the most that came within one second.
    fn busiest(&self) -> u64 {
        let second = usize::try_from(Duration::from_secs(1).as_millis() / LOOK.as_millis()).expect("small");
        self.seen.windows(second + 1).map(|window| window[second] - window[0]).max().unwrap_or_default()
    }
}

fn denied<T: std::fmt::Debug>(result: Result<T, Error>) -> Rule {
    match result.expect_err("it passed") {
        Error::Denied(denial) => denial.rule,
        error => panic!("{error}"),
    }
}

fn buy(volume: i32, price: f64) -> NewOrder {
    open("rb2701", Direction::BUY, volume, price)
}

fn killed(events: &[TdEvent]) -> usize {
    events.iter().filter(|event| matches!(event, TdEvent::Alert(Alert::Killed { .. }))).count()
}

fn f39_a_slow_front_raises_an_alert() {
    everywhere(&scene(), async |world| {
        let td = world.td().await;
        let mut events = td.events();
        let sent = world.count("ReqOrderInsert");
        world.plan("F39-slow-acceptance");
        let handle = world.place(&td, buy(1, 3_200.0)).await;
        world.pass(Duration::from_millis(900)).await;
        let slow = |event: &TdEvent| matches!(event, TdEvent::Alert(Alert::OrdersSlow { .. }));
        assert_eq!(drain(&mut events).iter().filter(|event| slow(event)).count(), 0);
        world.place(&td, buy(1, 3_201.0)).await;
        world.pass(Duration::from_millis(1_500)).await;
        let told = drain(&mut events);
        assert_eq!(told.iter().filter(|event| slow(event)).count(), 1, "{told:?}");
        assert_eq!(world.soon(async { td.risk() }).await.expect("counts").late_acks, 2);
        assert_eq!(handle.order().phase, OrderPhase::Sent);
        world.phase(&handle, OrderPhase::Working).await;
        assert_eq!(sent.seen(), 2, "sent again");
        td.close().await.expect("closed in time");
    });
}

fn f39_our_own_pace_comes_first() {
    everywhere(&scene(), async |world| {
        let td = world.td().await;
        let mut watch = Watch::new(world);
        let (mut resting, mut denials, mut waits) = (Vec::<OrderHandle>::new(), 0, 0);
        for step in 0..400 {
            for _ in 0..3 {
                match td.place_now(&buy(1, 3_200.0)) {
                    Ok(handle) => resting.push(handle),
                    Err(error) => {
                        let Error::Denied(denial) = &error else { panic!("{error}") };
                        assert_eq!(denial.rule, Rule::ActionsPerSecond, "{denial}");
                        denials += 1;
                        waits += usize::from(denial.fix.contains(" ms"));
                    }
                }
            }
            if step % 4 == 0 && !resting.is_empty() {
                let handle = resting.remove(0);
                // What is denied is denied at once; all others end with the order.
                let cancel = tokio::spawn(async move { handle.cancel().await.map(drop) });
                watch.step(world).await;
                drop(cancel);
            } else {
                watch.step(world).await;
            }
        }
        let (orders, cancels) = watch.both();
        assert!(watch.busiest() <= 9, "{} within a second", watch.busiest());
        assert!(
            orders > 20 && cancels > 20 && orders + cancels > 20 * 6,
            "{orders} orders and {cancels} cancels"
        );
        assert!(denials > 800 && waits == denials, "{denials}, {waits} of them with a time");
        let counts = td.risk().expect("counts");
        assert_eq!((u64::from(counts.orders_today), u64::from(counts.cancels_today)), (orders, cancels));
        assert!(counts.busiest_window <= 9 && counts.seconds_of_ten == 0, "{counts:?}");
        td.close().await.expect("closed in time");
    });
}

fn f73_a_thousand_orders_are_cancelled_at_the_pace() {
    scene().set("initial_balance", "1000000000000").play(async |world| {
        // An earlier run had no limits.
        let mut config = world.td_config();
        config.risk = RiskConfig::unlimited();
        let careless = TdClient::connect(config).await.expect("a client");
        world.td_ready(&careless).await;
        for number in 0..1_000_u32 {
            let order = buy(1, 3_150.0 + f64::from(number % 50));
            careless.place_now(&order).expect("sent");
            if number % 50 == 0 {
                world.settle().await;
            }
        }
        let open = |td: &TdClient| td.risk().expect("counts").open_orders_own;
        let accepted = || careless.risk().expect("counts").open_orders_own == 1_000;
        world.until("a thousand orders", PATIENCE, || accepted().then_some(())).await;
        world.pass(Duration::from_secs(3)).await;
        careless.close().await.expect("closed in time");

        let td = world.td().await;
        let mut events = td.events();
        assert_eq!(open(&td), 1_000, "known from the journal and the counter");
        let mut watch = Watch::new(world);
        td.kill("a test").expect("the session lives");
        for _ in 0..100 {
            assert_eq!(denied(td.place_now(&buy(1, 3_200.0))), Rule::KillSwitch);
        }
        assert!(td.gate().borrow().reasons().contains(GateReason::KillSwitch));
        let mut steps = 0;
        while open(&td) > 0 {
            assert!(steps < 3_000, "{} are left", open(&td));
            assert_eq!(denied(td.place_now(&buy(1, 3_200.0))), Rule::KillSwitch);
            watch.step(world).await;
            steps += 1;
        }
        assert_eq!(watch.both(), (0, 1_000), "no order, and each cancel once");
        assert_eq!(watch.busiest(), 9, "as fast as it may, no faster");
        let counts = td.risk().expect("counts");
        assert_eq!((counts.to_cancel, counts.cancels_today), (0, 1_000), "{counts:?}");
        assert_eq!(killed(&drain(&mut events)), 1);
        assert_eq!(
            world.soon(td.orders()).await.expect("orders").iter().filter(|o| !o.phase.is_over()).count(),
            0
        );
        td.close().await.expect("closed in time");
    });
}

fn f73_the_switch_stays_on_over_restarts() {
    everywhere(&scene(), async |world| {
        let td = world.td().await;
        for price in [3_150.0, 3_151.0, 3_152.0] {
            world.rest(&td, buy(1, price)).await;
        }
        world.pass(Duration::from_secs(2)).await;
        // The cancels get lost with the process.
        world.fault("lose-request what=ReqOrderAction count=3");
        td.kill("before the news").expect("the session lives");
        td.close().await.expect("closed in time");

        let (sent, quotes) = (world.count("ReqOrderInsert"), world.count("ReqQuoteInsert"));
        let td = world.connect_td().await;
        assert!(td.is_killed(), "from the first moment");
        assert_eq!(denied(td.place_now(&buy(1, 3_200.0))), Rule::KillSwitch, "before the login");
        let mut events = td.events();
        world.td_ready(&td).await;
        world
            .until("nothing that works", PATIENCE, || {
                (td.risk().expect("counts").open_orders == 0).then_some(())
            })
            .await;
        assert_eq!(killed(&drain(&mut events)), 1, "told at the login");
        let why = td.risk().expect("counts").killed.expect("on");
        assert_eq!(why.reason, "before the news");
        assert_eq!(denied(td.place_now(&buy(1, 3_200.0))), Rule::KillSwitch);
        assert_eq!(denied(td.place(buy(1, 3_200.0)).await), Rule::KillSwitch);
        assert_eq!(denied(world.soon(td.park(buy(1, 3_200.0))).await), Rule::KillSwitch);
        let raw = InputOrderField::default();
        assert_eq!(denied(world.soon(td.requests().order_insert(&raw)).await), Rule::KillSwitch);
        // Another trading day, and another link.
        world.exchange.settle().expect("settled");
        world.exchange.restart(false, Some("5s")).expect("a broken link");
        world.pass(Duration::from_secs(10)).await;
        world.td_ready(&td).await;
        assert_eq!(denied(td.place_now(&buy(1, 3_200.0))), Rule::KillSwitch);
        assert_eq!((sent.seen(), quotes.seen()), (0, 0));
        td.release().expect("the session lives");
        assert!(!td.is_killed() && td.gate().borrow().is_open());
        td.close().await.expect("closed in time");

        let td = world.td().await;
        assert!(!td.is_killed());
        world.rest(&td, buy(1, 3_200.0)).await;
        assert_eq!(sent.seen(), 1);
        td.close().await.expect("closed in time");
    });
}

fn f73_two_clients_of_an_account_share_the_pace() {
    everywhere(&scene(), async |world| {
        let first = world.td_config();
        let mut second = first.clone();
        second.instance = "second".to_owned();
        let other_account = {
            let mut config = first.clone();
            config.user_id = "100002".to_owned();
            config
        };
        let mut clients = Vec::new();
        for config in [first, second, other_account] {
            let td = TdClient::connect(config).await.expect("a client");
            world.td_ready(&td).await;
            clients.push(td);
        }
        let mut watch = Watch::new(world);
        let other = clients.pop().expect("three");
        let mut passed = [0, 0];
        for _ in 0..200 {
            for (td, passed) in clients.iter().zip(&mut passed) {
                match td.place_now(&buy(1, 3_200.0)) {
                    Ok(_) => *passed += 1,
                    error => assert_eq!(denied(error), Rule::ActionsPerSecond),
                }
            }
            watch.step(world).await;
        }
        assert!(watch.busiest() <= 9, "{} within a second", watch.busiest());
        assert_eq!(passed[0] + passed[1], watch.orders.seen());
        assert!(passed[0] + passed[1] > 60, "{passed:?}");
        for td in &clients {
            let counts = td.risk().expect("counts");
            assert_eq!(u64::from(counts.orders_today), watch.orders.seen(), "{counts:?}");
        }
        // A clone of the configuration for another account has counts of its own.
        assert_eq!(other.risk().expect("counts").orders_today, 0);
        world.place(&other, buy(1, 3_100.0)).await;
        for td in clients.iter().chain([&other]) {
            td.close().await.expect("closed in time");
        }
    });
}

fn f73_a_dry_run_sends_nothing() {
    everywhere(&scene(), async |world| {
        let working = world.rest(&world.td_elsewhere("another program").await, buy(1, 3_150.0)).await;
        let watch = Watch::new(world);
        let mut config = world.td_config();
        config.risk.dry_run = true;
        let td = TdClient::connect(config).await.expect("a client");
        world.td_ready(&td).await;
        let mut events = td.events();
        assert_eq!(denied(td.place(buy(0, 3_200.0)).await), Rule::Volume, "the rules hold");
        assert_eq!(denied(td.place(buy(1, 3_200.0)).await), Rule::DryRun);
        let raw = InputOrderField { limit_price: 3_201.0, ..record() };
        assert_eq!(denied(world.soon(td.requests().order_insert(&raw)).await), Rule::DryRun);
        let orders = world.soon(td.orders()).await.expect("orders");
        let foreign = orders.iter().find(|order| !order.phase.is_over()).expect("the other program's order");
        assert_eq!(denied(world.soon(td.cancel(foreign.id)).await), Rule::DryRun);
        td.kill("a dry test").expect("the session lives");
        world.pass(Duration::from_secs(5)).await;
        let shown: Vec<&str> = drain(&mut events)
            .iter()
            .filter_map(|event| match event {
                TdEvent::DryRun { request, .. } => Some(request.name()),
                _ => None,
            })
            .collect();
        assert_eq!(shown, ["ReqOrderInsert", "ReqOrderInsert", "ReqOrderAction"]);
        td.release().expect("the session lives");
        td.close().await.expect("closed in time");
        assert_eq!(watch.both(), (0, 0));
        assert_eq!(working.order().phase, OrderPhase::Working);

        // In earnest: no number was used, and nothing is remembered as sent.
        let td = world.td().await;
        let counts = td.risk().expect("counts");
        assert_eq!((counts.orders_today, counts.cancels_today, counts.open_orders_own), (0, 0, 0));
        let handle = world.rest(&td, buy(1, 3_200.0)).await;
        assert_eq!(handle.order().keys.order_ref.to_str().trim(), "2", "the other program had 1");
        td.close().await.expect("closed in time");
    });
}

/// Returns an order as one fills it in by hand.
fn record() -> InputOrderField {
    use ctp::types::{
        ContingentCondition, ForceCloseReason, OrderPriceType, Text, TimeCondition, VolumeCondition,
    };
    InputOrderField {
        instrument_id: Text::new("rb2701").expect("short"),
        exchange_id: Text::new("SHFE").expect("short"),
        direction: Direction::BUY,
        comb_offset_flag: Text::new("0").expect("short"),
        comb_hedge_flag: Text::new("1").expect("short"),
        order_price_type: OrderPriceType::LIMIT_PRICE,
        volume_total_original: 1,
        time_condition: TimeCondition::GFD,
        volume_condition: VolumeCondition::AV,
        min_volume: 1,
        contingent_condition: ContingentCondition::IMMEDIATELY,
        force_close_reason: ForceCloseReason::NOT_FORCE_CLOSE,
        ..InputOrderField::default()
    }
}
