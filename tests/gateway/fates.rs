//! F44–F49: what became of orders when links broke, messages were lost, or the day came again.

use std::collections::BTreeSet;
use std::time::Duration;

use ctp::config::Resume;
use ctp::sim::Wanted;
use ctp::state::LinkLoss;
use ctp::td::OrderPhase;
use ctp::types::Direction;
use ctp::{Events, SessionState, TdClient, TdEvent};

use crate::Case;
use crate::trading::{drain, everywhere, open, phases, rejections, trades};
use crate::world::{PATIENCE, USER, World, order, scene};

pub(crate) const CASES: &[Case] = crate::cases![
    f44_no_reference_is_given_twice: "the login says a MaxOrderRef that is behind, after a restart of the program and in the same session: every order has a higher number than all before it; in three versions",
    f44_a_duplicate_is_rejected_once: "error 22 on both callbacks: one Rejected, and the next order has the next number",
    f45_an_order_cut_from_its_answer_is_found: "sent, the link cut, filled meanwhile: Unknown, never sent again, then found with its trade told once, whatever of the stream is resumed; in three versions",
    f45_an_order_that_never_arrived_is_told: "sent, lost, the link cut: Unknown, never sent again, and after complete queries of the day told once as not accepted; in three versions",
    f45_unknown_stays_unknown_without_proof: "the same while the queries of orders are not answered: Unknown until they are",
    f46_nothing_waits_for_the_next_link: "orders and cancels while the link is down: refused as not sent, and nothing is sent when it is back",
    f47_what_was_missed_is_found: "messages about orders and trades are lost by chance: after the next look every order stands where the counter says, every trade is told once; in three versions",
    f47_a_stream_that_skips_in_silence_is_found_out: "resumed after a restart that cleared the streams, the private one skips what is below its old number: the order that only a query shows has a fresh object ask for the whole day, and the fill after it is pushed; every trade is told once; in three versions",
    f48_a_day_that_comes_again_is_told_once: "the whole day pushed three times more, and again after each of three broken links: every order and trade is told once; in three versions",
    f49_orders_wait_for_the_day_to_be_known: "a session that begins while pushes come two seconds late: no order leaves before the day's orders and trades are known, and what comes late tells nothing twice; in three versions",
];

/// The order references at the exchange, in the order of the orders.
fn references(world: &World) -> Vec<u64> {
    let orders = world.exchange.orders(Wanted { limit: Some(100), ..Wanted::default() }).expect("orders");
    orders.iter().map(|order| order.order_ref.trim().parse().expect("a number")).collect()
}

/// Returns each trade's number and side, and how many lots, as told by events.
fn told(events: &[TdEvent]) -> (BTreeSet<(String, u8)>, Vec<i32>) {
    let trades = trades(events);
    let names = trades.iter().map(|(_, trade)| (trade.trade_id.to_string(), trade.direction.as_char()));
    (names.collect(), trades.iter().map(|(_, trade)| trade.volume).collect())
}

/// Connects with a way to resume, and listens from before the login.
async fn listening(world: &World, resume: Resume) -> (TdClient, Events<TdEvent>) {
    let mut config = world.td_config();
    config.private_resume = resume;
    let td = TdClient::connect(config).await.expect("a client");
    let events = td.events();
    world.td_ready(&td).await;
    (td, events)
}

/// Waits until a session is not ready, and then until it is again.
async fn broken_and_back(world: &World, td: &TdClient) {
    let state = td.state();
    world.until("a broken link", PATIENCE, || (!state.borrow().is_ready()).then_some(())).await;
    world.td_ready(td).await;
}

fn f44_no_reference_is_given_twice() {
    everywhere(&scene(), async |world| {
        for program in 0..3 {
            let td = world.td().await;
            for _ in 0..2 {
                world.rest(&td, order()).await;
            }
            world.exchange.restart(false, Some("2s")).expect("a broken link");
            broken_and_back(world, &td).await;
            world.rest(&td, order()).await;
            td.close().await.expect("closed in time");
            let references = references(world);
            assert_eq!(references.len(), 3 * (program + 1));
            assert!(references.is_sorted_by(|one, other| one < other), "{references:?}");
            // From now on the counter forgets.
            world.fault("set what=OnRspUserLogin set-MaxOrderRef=0");
        }
        assert!(world.done() > 0, "no login was behind");
    });
}

fn f44_a_duplicate_is_rejected_once() {
    everywhere(&scene(), async |world| {
        world.plan("F44-duplicate-ref");
        let td = world.td().await;
        let mut events = td.events();
        let refused = world.place(&td, order()).await;
        let error = world.soon(refused.accepted()).await.expect_err("22");
        assert_eq!(error.server_error().map(|error| error.code), Some(22), "{error}");
        let accepted = world.rest(&td, order()).await;
        let number =
            |handle: &ctp::OrderHandle| handle.order().keys.order_ref.to_string().trim().parse::<u64>();
        assert!(number(&accepted).expect("a number") > number(&refused).expect("a number"));
        world.pass(Duration::from_secs(3)).await;
        assert_eq!(rejections(&drain(&mut events)).len(), 1);
    });
}

fn f45_an_order_cut_from_its_answer_is_found() {
    for resume in [Resume::Restart, Resume::Resume, Resume::Quick] {
        everywhere(&scene(), async move |world| {
            let (td, mut events) = listening(world, resume).await;
            let sent = world.count("ReqOrderInsert");
            world.plan("F45-cut-after-send");
            world.fault("refuse-connect api=trader on=ReqOrderInsert for=20s");
            let handle = world.place(&td, open("rb2701", Direction::BUY, 2, 3_200.0)).await;
            world.phase(&handle, OrderPhase::Unknown).await;
            // Somebody trades with it while nobody is there.
            let orders = world.exchange.orders(Wanted::default()).expect("orders");
            let [at_exchange] = orders.as_slice() else { panic!("{} orders", orders.len()) };
            let fill = format!("fill-order order={} volume=1", at_exchange.order_sys_id.trim());
            world.exchange.command(&fill).expect("filled");
            world.pass(Duration::from_secs(25)).await;
            world.td_ready(&td).await;
            world.phase(&handle, OrderPhase::Working).await;
            world.until("the trade", PATIENCE, || (handle.order().volume_filled == 1).then_some(())).await;
            world.pass(Duration::from_secs(10)).await;
            assert_eq!(sent.seen(), 1, "sent again");
            let events = drain(&mut events);
            let unknown = events.iter().filter(|event| matches!(event, TdEvent::Unknown { .. })).count();
            assert_eq!((unknown, rejections(&events).len()), (1, 0), "{resume:?}");
            assert_eq!(told(&events).1, [1], "{resume:?}");
            assert!(phases(&events, &handle).is_sorted(), "{:?}", phases(&events, &handle));
            let cancelled = world.soon(handle.cancel()).await.expect("it is ours to cancel");
            assert_eq!((cancelled.phase, cancelled.volume_traded), (OrderPhase::Canceled, 1));
            td.close().await.expect("closed in time");
        });
    }
}

fn f45_an_order_that_never_arrived_is_told() {
    everywhere(&scene(), async |world| {
        let (td, mut events) = listening(world, Resume::Restart).await;
        let sent = world.count("ReqOrderInsert");
        world.plan("F45-cut-before-arrival");
        let handle = world.place(&td, order()).await;
        world.phase(&handle, OrderPhase::Unknown).await;
        world.phase(&handle, OrderPhase::Rejected).await;
        world.td_ready(&td).await;
        world.pass(Duration::from_secs(10)).await;
        assert_eq!(sent.seen(), 1, "sent again");
        assert!(world.exchange.orders(Wanted::default()).expect("orders").is_empty());
        let told = drain(&mut events);
        assert_eq!(rejections(&told).len(), 1, "{told:?}");
        let later = world.rest(&td, order()).await;
        assert!(later.order().keys.order_ref > handle.order().keys.order_ref);
        td.close().await.expect("closed in time");
    });
}

fn f45_unknown_stays_unknown_without_proof() {
    scene().play(async |world| {
        let (td, mut events) = listening(world, Resume::Restart).await;
        world.plan("F45-cut-before-arrival");
        let silent = world.fault("lose-request what=ReqQryOrder");
        let handle = world.place(&td, order()).await;
        world.phase(&handle, OrderPhase::Unknown).await;
        world.pass(Duration::from_secs(120)).await;
        assert_eq!(handle.order().phase, OrderPhase::Unknown);
        assert!(rejections(&drain(&mut events)).is_empty());
        let refused = world.soon(td.place(order())).await.expect_err("nothing is known");
        assert!(refused.is_definite(), "{refused}");
        world.ask("clear-faults", serde_json::json!({ "plan": silent }));
        world.phase(&handle, OrderPhase::Rejected).await;
        td.close().await.expect("closed in time");
    });
}

fn f46_nothing_waits_for_the_next_link() {
    everywhere(&scene(), async |world| {
        let td = world.td().await;
        let resting = world.rest(&td, order()).await;
        let (sent, cancels) = (world.count("ReqOrderInsert"), world.count("ReqOrderAction"));
        world.plan("F46-cut-while-trading");
        let state = td.state();
        world.until("the cut", Duration::from_secs(61), || (!state.borrow().is_ready()).then_some(())).await;
        while !td.state().borrow().is_ready() {
            let refused = world.soon(td.place(order())).await;
            match refused {
                Err(error) => assert!(error.is_definite(), "{error}"),
                Ok(handle) => panic!("sent into a broken link: {:?}", handle.order().phase),
            }
            if let Err(error) = world.soon(resting.cancel()).await {
                assert!(error.is_definite(), "{error}");
            }
            world.pass(Duration::from_millis(500)).await;
        }
        world.pass(Duration::from_secs(30)).await;
        assert_eq!(sent.seen(), 0, "an order waited");
        assert_eq!(world.exchange.orders(Wanted::default()).expect("orders").len(), 1);
        // A cancel may leave as soon as the session can be used: then its order is over, else it works on.
        let over = resting.order().phase == OrderPhase::Canceled;
        assert_eq!(cancels.seen(), u64::from(over));
        td.close().await.expect("closed in time");
    });
}

fn f47_what_was_missed_is_found() {
    everywhere(&scene(), async |world| {
        let (td, mut events) = listening(world, Resume::Quick).await;
        world.plan("F47-missed-returns");
        let mut handles = Vec::new();
        for number in 0..6 {
            handles.push(world.place(&td, open("rb2701", Direction::BUY, 1 + number, 3_200.0)).await);
            world.pass(Duration::from_secs(1)).await;
        }
        for order in world.exchange.orders(Wanted::default()).expect("orders") {
            let fill = format!("fill-order order={} volume={}", order.order_sys_id.trim(), order.volume);
            world.exchange.command(&fill).expect("filled");
            world.pass(Duration::from_secs(1)).await;
        }
        assert!(world.done() > 0, "nothing was lost");
        world.calm();
        // What the stream has lost only a look at the counter tells.
        world.exchange.restart(false, Some("2s")).expect("a broken link");
        broken_and_back(world, &td).await;
        for handle in &handles {
            let finished = world.soon(handle.finished()).await.expect("filled");
            assert_eq!((finished.phase, finished.volume_filled), (OrderPhase::Filled, finished.volume));
        }
        world.pass(Duration::from_secs(10)).await;
        let events = drain(&mut events);
        let (names, volumes) = told(&events);
        assert_eq!((names.len(), volumes.len()), (6, 6), "a trade twice or not at all");
        assert_eq!(volumes.iter().sum::<i32>(), world.traded(USER, "rb2701"));
        td.close().await.expect("closed in time");
    });
}

fn f47_a_stream_that_skips_in_silence_is_found_out() {
    everywhere(&scene(), async |world| {
        let (td, mut events) = listening(world, Resume::Resume).await;
        for _ in 0..10 {
            let handle = world.rest(&td, order()).await;
            world.fill(&handle, handle.order().volume).await;
        }
        // The streams begin anew, and the number in the flow files is far above them.
        world.exchange.restart(true, Some("2s")).expect("a broken link");
        broken_and_back(world, &td).await;
        drain(&mut events);
        let (pushed, state) = (world.count("OnRtnOrder"), td.state());
        let handle = world.place(&td, open("m2701", Direction::BUY, 2, 3_000.0)).await;
        world.phase(&handle, OrderPhase::Working).await;
        assert_eq!(pushed.seen(), 0, "nothing was skipped");
        let behind = || {
            let state = state.borrow();
            matches!(*state, SessionState::Reconnecting(LinkLoss::StreamBehind)).then_some(())
        };
        world.until("a fresh object", PATIENCE, behind).await;
        world.td_ready(&td).await;
        world.fill(&handle, 2).await;
        world.soon(handle.finished()).await.expect("filled");
        world.pass(Duration::from_secs(10)).await;
        let (names, volumes) = told(&drain(&mut events));
        assert_eq!(
            (names.len(), volumes),
            (1, vec![2]),
            "the trades of before came again, or its own did not"
        );
        td.close().await.expect("closed in time");
    });
}

fn f48_a_day_that_comes_again_is_told_once() {
    everywhere(&scene(), async |world| {
        let (td, mut events) = listening(world, Resume::Restart).await;
        let handle = world.rest(&td, open("rb2701", Direction::BUY, 3, 3_200.0)).await;
        let resting = world.rest(&td, open("m2701", Direction::BUY, 1, 3_000.0)).await;
        world.fill(&handle, 1).await;
        world.fill(&handle, 2).await;
        world.soon(handle.finished()).await.expect("filled");
        let before = drain(&mut events);
        assert_eq!(told(&before).1, [1, 2]);
        world.plan("F48-replayed-thrice");
        let pushed = world.count("OnRtnTrade");
        world.pass(Duration::from_secs(61)).await;
        assert_eq!(pushed.seen(), 6, "the day did not come again");
        for _ in 0..3 {
            world.exchange.restart(false, Some("2s")).expect("a broken link");
            broken_and_back(world, &td).await;
            world.pass(Duration::from_secs(5)).await;
        }
        let after = drain(&mut events);
        let about: Vec<_> = after
            .iter()
            .filter(|event| {
                matches!(event, TdEvent::Order(_) | TdEvent::Trade { .. } | TdEvent::Rejected { .. })
            })
            .collect();
        assert!(about.is_empty(), "{about:?}");
        assert_eq!((handle.order().volume_filled, resting.order().phase), (3, OrderPhase::Working));
        td.close().await.expect("closed in time");
    });
}

fn f49_orders_wait_for_the_day_to_be_known() {
    everywhere(&scene(), async |world| {
        let td = world.td().await;
        let filled = world.rest(&td, open("rb2701", Direction::BUY, 2, 3_200.0)).await;
        world.rest(&td, open("m2701", Direction::BUY, 1, 3_000.0)).await;
        world.fill(&filled, 2).await;
        td.close().await.expect("closed in time");
        world.plan("F49-slow-replay");
        let late = TdClient::connect(world.td_config_elsewhere("late")).await.expect("a client");
        let mut events = late.events();
        let sent = world.count("ReqOrderInsert");
        let state = late.state();
        let mut known = Vec::new();
        world
            .until("a session that is ready", PATIENCE, || {
                known.extend(drain(&mut events));
                let is_ready = state.borrow().is_ready();
                if !is_ready {
                    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
                    let mut place = Box::pin(late.place(order()));
                    // What is not refused at once would be sent now.
                    let _ = place.as_mut().poll(&mut context);
                }
                is_ready.then_some(())
            })
            .await;
        assert_eq!(sent.seen(), 0, "an order left before the day was known");
        known.extend(drain(&mut events));
        let orders: BTreeSet<_> =
            known.iter().filter_map(TdEvent::order).map(|order| order.instrument_id.to_string()).collect();
        assert_eq!(orders.len(), 2, "not all orders were known: {orders:?}");
        assert_eq!(told(&known).1, [2]);
        let handle = world.place(&late, order()).await;
        world.pass(Duration::from_secs(10)).await;
        assert_eq!(handle.order().phase, OrderPhase::Working);
        let later = drain(&mut events);
        assert!(trades(&later).is_empty(), "a trade twice");
        late.close().await.expect("closed in time");
    });
}
