//! F56, F57: cancels of orders of an earlier session, and cancels that come too late, twice, or for nothing.

use std::time::Duration;

use ctp::td::OrderPhase;
use ctp::types::{ActionFlag, Direction, InputOrderActionField, Text};
use ctp::{Error, TdClient, TdEvent};

use crate::Case;
use crate::trading::{drain, everywhere, open, phases, trades};
use crate::world::{PATIENCE, USER, World, order, scene};

pub(crate) const CASES: &[Case] = crate::cases![
    f56_an_earlier_sessions_order_is_cancelled: "a session that comes later cancels by the exchange's number, and by the earlier session's names before there is one; never without ExchangeID; in three versions",
    f57_a_fill_wins_against_a_cancel: "filled while the cancel was on its way: the cancel is refused, the order is Filled because its records say so; in three versions",
    f57_a_second_cancel_joins_or_is_refused: "a second cancel of the same session joins the first, one of another session is refused with 24: the order's records alone say where it stands; in three versions",
    f57_nothing_to_cancel_is_said: "an order that is over is denied before it leaves, one that nobody knows is refused with 25 and one that is over at the counter with 26, each told once",
];

/// Refusals of cancels among events, by code.
fn refused_cancels(events: &[TdEvent]) -> Vec<i32> {
    let code = |event: &TdEvent| match event {
        TdEvent::CancelRejected { error, .. } => Some(error.code),
        _ => None,
    };
    events.iter().filter_map(code).collect()
}

/// Returns the order that the day's replay showed to a session that did not place it.
async fn theirs(world: &World, td: &TdClient) -> std::sync::Arc<ctp::Order> {
    let orders = world.soon(td.orders()).await.expect("orders");
    let [order] = orders.as_slice() else { panic!("{} orders", orders.len()) };
    std::sync::Arc::clone(order)
}

fn f56_an_earlier_sessions_order_is_cancelled() {
    everywhere(&scene().set("exchange_delay", "15s"), async |world| {
        // Before the exchange has given a number, only the earlier session's names tell which order it is.
        for has_number in [false, true] {
            let td = world.td().await;
            let handle = world.place(&td, order()).await;
            let phase = if has_number { OrderPhase::Working } else { OrderPhase::Acknowledged };
            world.phase(&handle, phase).await;
            td.close().await.expect("closed in time");
            let cancels = world.count("ReqOrderAction");
            let mut config = world.td_config_elsewhere(if has_number { "second" } else { "first" });
            config.timeouts.order = PATIENCE;
            let later = TdClient::connect(config).await.expect("a second session");
            world.td_ready(&later).await;
            let orders = world.soon(later.orders()).await.expect("orders");
            let order =
                orders.iter().find(|order| !order.phase.is_over()).expect("the order of the earlier session");
            assert_eq!(order.keys.order_sys_id.is_empty(), !has_number, "{:?}", order.keys);
            assert_eq!(order.keys.session_id, handle.order().keys.session_id);
            let cancelled = world.soon(later.cancel(order.id)).await.expect("cancelled");
            assert_eq!(cancelled.phase, OrderPhase::Canceled);
            assert_eq!(cancels.seen(), 1);
            later.close().await.expect("closed in time");
        }
    });
}

fn f57_a_fill_wins_against_a_cancel() {
    everywhere(&scene().set("exchange_delay", "300ms"), async |world| {
        let (td, other) = (world.td().await, world.other().await);
        let mut events = td.events();
        let handle = world.rest(&td, open("rb2701", Direction::BUY, 2, 3_200.0)).await;
        world.place(&other, open("rb2701", Direction::SELL, 2, 3_200.0)).await;
        world.pass(Duration::from_millis(100)).await;
        let outcome = world.soon(handle.cancel()).await;
        // Either is true: the order was over before the refusal came, or after.
        match &outcome {
            Ok(order) => assert_eq!(order.phase, OrderPhase::Filled),
            Err(error) => assert!(matches!(error, Error::Rejected { .. }), "{error}"),
        }
        let finished = world.soon(handle.finished()).await.expect("filled");
        assert_eq!((finished.phase, finished.volume_filled), (OrderPhase::Filled, 2));
        world.pass(Duration::from_secs(3)).await;
        let events = drain(&mut events);
        assert_eq!(refused_cancels(&events).len(), 1, "{events:?}");
        assert_eq!(trades(&events).len(), 1);
        assert!(!phases(&events, &handle).contains(&OrderPhase::Canceled), "{events:?}");
        assert_eq!(handle.order().phase, OrderPhase::Filled);
    });
}

fn f57_a_second_cancel_joins_or_is_refused() {
    everywhere(&scene().set("exchange_delay", "300ms"), async |world| {
        let (td, again) = (world.td().await, world.td_elsewhere("again").await);
        let (mut events, mut foreign) = (td.events(), again.events());
        let handle = world.rest(&td, order()).await;
        let known = theirs(world, &again).await;
        let sent = world.count("ReqOrderAction");
        let (first, second, third) = world
            .soon(async { tokio::join!(handle.cancel(), handle.cancel(), again.cancel(known.id)) })
            .await;
        assert_eq!(first.expect("cancelled").phase, OrderPhase::Canceled);
        assert_eq!(second.expect("joined").phase, OrderPhase::Canceled);
        let refused = third.expect_err("the counter has a cancel already");
        assert_eq!(refused.server_error().map(|error| error.code), Some(24), "{refused}");
        assert_eq!(sent.seen(), 2, "one of each session");
        world
            .until("the end", PATIENCE, || (handle.order().phase == OrderPhase::Canceled).then_some(()))
            .await;
        world.pass(Duration::from_secs(3)).await;
        let (own, foreign) = (drain(&mut events), drain(&mut foreign));
        assert_eq!(phases(&own, &handle).last(), Some(&OrderPhase::Canceled));
        // The refusal comes on two callbacks to the session that asked, and on one to the other.
        assert_eq!((refused_cancels(&own), refused_cancels(&foreign)), (vec![24], vec![24]));
    });
}

fn f57_nothing_to_cancel_is_said() {
    everywhere(&scene(), async |world| {
        let td = world.td().await;
        let mut events = td.events();
        let handle = world.rest(&td, order()).await;
        let keys = handle.order().keys.clone();
        world.soon(handle.cancel()).await.expect("cancelled");
        let sent = world.count("ReqOrderAction");
        let denied = world.soon(handle.cancel()).await.expect_err("it is over");
        assert!(matches!(denied, Error::Denied(_)), "{denied}");
        assert_eq!(sent.seen(), 0);
        let mut record = InputOrderActionField {
            instrument_id: Text::new("rb2701").expect("fits"),
            exchange_id: Text::new("SHFE").expect("fits"),
            order_sys_id: keys.order_sys_id,
            action_flag: ActionFlag::DELETE,
            ..InputOrderActionField::default()
        };
        let mut codes = Vec::new();
        for number in [keys.order_sys_id, Text::new("          99").expect("fits")] {
            record.order_sys_id = number;
            let sent = world.soon(td.requests().order_action(&record)).await;
            if let Err(error) = &sent {
                codes.extend(error.server_error().map(|error| error.code));
            }
            world.pass(Duration::from_secs(1)).await;
        }
        let events = drain(&mut events);
        for event in &events {
            match event {
                TdEvent::CancelRejected { error, .. } | TdEvent::Error { error, .. } => {
                    codes.push(error.code)
                }
                _ => {}
            }
        }
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes, [25, 26], "{events:?}");
        assert_eq!(handle.order().phase, OrderPhase::Canceled);
        assert_eq!(world.traded(USER, "rb2701"), 0);
    });
}
