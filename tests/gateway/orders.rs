//! F50–F55, F58: what is told about orders and trades comes late, twice, backwards, or in characters of no header.

use std::time::Duration;

use ctp::error::Refuser;
use ctp::td::OrderPhase;
use ctp::types::{Direction, OrderStatus};
use ctp::{Error, TdEvent};

use crate::Case;
use crate::trading::{drain, everywhere, open, phases, rejections, trades};
use crate::world::{USER, order, scene};

pub(crate) const CASES: &[Case] = crate::cases![
    f50_a_trade_before_its_order_waits_for_it: "trades that overtake the record with their order's number: told once, after it, with the order that they fill, in the order that they came; in three versions",
    f51_one_number_at_two_exchanges: "every exchange numbers its order 12345: each trade fills the order of its own exchange; in three versions",
    f52_both_sides_of_a_self_trade_are_kept: "an account trades with itself: two trades of one number, one for each order; in three versions",
    f53_states_never_go_backwards: "each state twice, pairs of states in the wrong order: phases only rise, nothing is told twice, the trades are counted once; in three versions",
    f54_a_refusal_is_told_once: "on OnRspOrderInsert alone, OnErrRtnOrderInsert alone, as a cancelled order, on all three: one Rejected with code and text; in three versions",
    f55_unknown_characters_are_kept: "an exchange, a status, a direction, an offset and a type of no header: the order and its trade are told, the characters kept; in three versions",
    f58_traded_and_left_are_always_the_total: "partly filled twice, then cancelled: traded and left make the total at every event, the trades make what is traded; in three versions",
];

fn f50_a_trade_before_its_order_waits_for_it() {
    everywhere(&scene(), async |world| {
        let (td, again) = (world.td().await, world.td_elsewhere("again").await);
        let (mut events, mut foreign) = (td.events(), again.events());
        world.plan("F50-trade-first");
        let resting = world.other().await;
        world.rest(&resting, open("rb2701", Direction::SELL, 2, 3_200.0)).await;
        world.rest(&resting, open("rb2701", Direction::SELL, 1, 3_200.0)).await;
        let handle = world.place(&td, open("rb2701", Direction::BUY, 3, 3_200.0)).await;
        let finished = world.soon(handle.finished()).await.expect("filled");
        assert_eq!((finished.phase, finished.volume_filled), (OrderPhase::Filled, 3));
        world.pass(Duration::from_secs(5)).await;
        assert!(world.done() > 0, "no trade came first");
        for events in [drain(&mut events), drain(&mut foreign)] {
            let trades = trades(&events);
            let volumes: Vec<i32> = trades.iter().map(|(_, trade)| trade.volume).collect();
            assert_eq!(volumes, [2, 1], "{events:?}");
            let mut filled = 0;
            for (order, trade) in trades {
                filled += trade.volume;
                let order = order.expect("a trade without its order");
                assert_eq!((order.volume_filled, order.keys.order_ref), (filled, finished.keys.order_ref));
                assert_eq!(order.keys.order_sys_id, trade.order_sys_id, "before its number was known");
            }
        }
    });
}

fn f51_one_number_at_two_exchanges() {
    everywhere(&scene(), async |world| {
        let td = world.td().await;
        let mut events = td.events();
        world.fault("set what=OnRtnOrder,OnRtnTrade where-OrderSysID=?* set-OrderSysID=\"       12345\"");
        let other = world.other().await;
        let rebar = world.rest(&td, open("rb2701", Direction::BUY, 1, 3_200.0)).await;
        let meal = world.rest(&td, open("m2701", Direction::BUY, 2, 3_000.0)).await;
        assert_eq!(rebar.order().keys.order_sys_id, meal.order().keys.order_sys_id);
        world.place(&other, open("m2701", Direction::SELL, 2, 3_000.0)).await;
        world.soon(meal.finished()).await.expect("filled");
        assert_eq!(rebar.order().volume_filled, 0, "the trade of another exchange");
        world.place(&other, open("rb2701", Direction::SELL, 1, 3_200.0)).await;
        world.soon(rebar.finished()).await.expect("filled");
        world.pass(Duration::from_secs(3)).await;
        assert_eq!((meal.order().volume_filled, rebar.order().volume_filled), (2, 1));
        let events = drain(&mut events);
        let told: Vec<_> = trades(&events)
            .iter()
            .map(|(order, trade)| (order.map(|order| order.id), trade.volume))
            .collect();
        assert_eq!(told, [(Some(meal.id()), 2), (Some(rebar.id()), 1)]);
    });
}

fn f52_both_sides_of_a_self_trade_are_kept() {
    everywhere(&scene(), async |world| {
        let td = world.td().await;
        let mut events = td.events();
        let buy = world.rest(&td, open("rb2701", Direction::BUY, 2, 3_200.0)).await;
        // Another program of the account: a session of ours denies an order that would meet its own.
        let mut config = world.td_config_elsewhere("careless");
        config.risk = ctp::config::RiskConfig::unlimited();
        let careless = ctp::TdClient::connect(config).await.expect("a client");
        world.td_ready(&careless).await;
        let sell = world.place(&careless, open("rb2701", Direction::SELL, 2, 3_200.0)).await;
        world.soon(buy.finished()).await.expect("filled");
        world.soon(sell.finished()).await.expect("filled");
        world.pass(Duration::from_secs(3)).await;
        let events = drain(&mut events);
        let told = trades(&events);
        let [(one, first), (two, second)] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!(first.trade_id, second.trade_id, "no self-trade");
        assert_ne!(first.direction, second.direction);
        assert_ne!(one.map(|order| order.id), two.map(|order| order.id));
        assert!(told.iter().all(|(order, _)| order.is_some_and(|order| order.volume_filled == 2)));
        assert_eq!(world.traded(USER, "rb2701"), 4);
    });
}

fn f53_states_never_go_backwards() {
    everywhere(&scene(), async |world| {
        let td = world.td().await;
        let mut events = td.events();
        world.plan("F53-backwards");
        world.fault("duplicate what=OnRtnTrade times=2");
        let handle = world.place(&td, open("rb2701", Direction::BUY, 3, 3_200.0)).await;
        world.phase(&handle, OrderPhase::Working).await;
        for volume in [1, 2] {
            world.fill(&handle, volume).await;
        }
        world.pass(Duration::from_secs(3)).await;
        let finished = world.soon(handle.finished()).await.expect("filled");
        assert_eq!(
            (finished.phase, finished.volume_traded, finished.volume_filled),
            (OrderPhase::Filled, 3, 3)
        );
        let events = drain(&mut events);
        assert!(phases(&events, &handle).is_sorted(), "{:?}", phases(&events, &handle));
        let volumes: Vec<i32> = trades(&events).iter().map(|(_, trade)| trade.volume).collect();
        assert_eq!(volumes, [1, 2]);
        let said: Vec<_> = events
            .iter()
            .filter_map(|event| match event {
                TdEvent::Order(order) => Some((order.phase, order.volume_traded, order.submit_status)),
                _ => None,
            })
            .collect();
        let mut once = said.clone();
        once.dedup();
        assert_eq!(said, once, "an event that tells nothing new");
        assert!(world.done() > 6, "nothing came backwards");
    });
}

fn f54_a_refusal_is_told_once() {
    for (plan, refuser, code) in [
        ("F54-only-answer", Refuser::Counter, 31),
        ("F54-only-err-rtn", Refuser::Counter, 31),
        ("F54-cancelled-only", Refuser::Exchange, 26),
        ("F54-all-three", Refuser::Counter, 26),
    ] {
        everywhere(&scene(), async move |world| {
            let td = world.td().await;
            let mut events = td.events();
            world.plan(plan);
            let handle = world.place(&td, order()).await;
            let error = world.soon(handle.accepted()).await.expect_err("refused");
            world.pass(Duration::from_secs(15)).await;
            assert!(matches!(error, Error::Rejected { .. }) && error.is_definite(), "{plan}: {error}");
            let events = drain(&mut events);
            let [refusal] = rejections(&events)[..] else { panic!("{plan}: {events:?}") };
            assert_eq!((refusal.refuser, refusal.code), (refuser, code), "{plan}: {refusal}");
            assert!(!refusal.message.is_empty(), "{plan}");
            assert_eq!(handle.order().phase, OrderPhase::Rejected, "{plan}");
            assert!(
                !events.iter().any(|event| matches!(
                    event,
                    TdEvent::Error { .. } | TdEvent::ForeignRejected { .. } | TdEvent::Unknown { .. }
                )),
                "{plan}: {events:?}"
            );
        });
    }
}

fn f55_unknown_characters_are_kept() {
    everywhere(&scene(), async |world| {
        let td = world.td().await;
        let mut events = td.events();
        world.plan("F55-unknown-characters");
        let handle = world.place(&td, open("rb2701", Direction::BUY, 2, 3_200.0)).await;
        world.pass(Duration::from_secs(1)).await;
        let order = handle.order();
        let record = order.record.as_ref().expect("the record");
        assert_eq!((record.order_status.as_char(), record.direction.as_char()), (b'~', b'~'));
        assert_eq!((&*record.exchange_id.to_str(), record.comb_offset_flag.raw()[0]), ("TTS", b'2'));
        assert_eq!(order.status, OrderStatus::from_char(b'~'));
        // The counter has it: no answer is missing.
        world.pass(Duration::from_secs(15)).await;
        let waiting = drain(&mut events);
        assert!(!waiting.iter().any(|event| matches!(event, TdEvent::Unknown { .. })), "{waiting:?}");
        // A query of the orders, which this plan leaves alone, may have told more.
        assert!(matches!(handle.order().phase, OrderPhase::Acknowledged | OrderPhase::Working));
        world.fill(&handle, 2).await;
        world.pass(Duration::from_secs(3)).await;
        let events = drain(&mut events);
        let told = trades(&events);
        let [(order, trade)] = told.as_slice() else { panic!("{events:?}") };
        assert_eq!(order.map(|order| (order.id, order.volume_filled)), Some((handle.id(), 2)));
        assert_eq!((trade.direction.as_char(), trade.offset.as_char()), (b'~', b'~'));
        assert_eq!(&*trade.exchange_id.to_str(), "TTS");
    });
}

fn f58_traded_and_left_are_always_the_total() {
    everywhere(&scene(), async |world| {
        let td = world.td().await;
        let mut events = td.events();
        let handle = world.rest(&td, open("rb2701", Direction::BUY, 10, 3_200.0)).await;
        world.fill(&handle, 3).await;
        world.fill(&handle, 1).await;
        assert_eq!((handle.order().volume_traded, handle.order().volume_left()), (4, 6));
        let cancelled = world.soon(handle.cancel()).await.expect("cancelled");
        assert_eq!((cancelled.phase, cancelled.volume_traded), (OrderPhase::Canceled, 4));
        let finished = world.soon(handle.finished()).await.expect("complete");
        assert_eq!((finished.volume_filled, finished.volume_left()), (4, 0));
        let events = drain(&mut events);
        let mut seen = 0;
        for order in events.iter().filter_map(TdEvent::order) {
            let Some(record) = &order.record else { continue };
            seen += 1;
            assert_eq!(record.volume_traded + record.volume_total, 10, "{record:?}");
            assert_eq!(order.volume_traded, record.volume_traded);
            assert!(order.volume_filled <= order.volume_traded);
        }
        assert!(seen > 3, "{events:?}");
        assert_eq!(trades(&events).iter().map(|(_, trade)| trade.volume).collect::<Vec<_>>(), [3, 1]);
    });
}
