//! Every kind of order and instruction, placed by the real client through a loaded library, with the exchange's side looked
//! at too: `docs/orders.md` tells what they are.

#[expect(dead_code, reason = "shared with the exam of the gateway")]
#[path = "gateway/trading.rs"]
mod trading;
#[expect(dead_code, reason = "shared with the exam of the gateway")]
#[path = "gateway/world.rs"]
mod world;

use std::sync::Arc;
use std::time::Duration;

use ctp::config::Recovery;
use ctp::error::{Denial, Rule};
use ctp::sim::{Order as OrderRow, Wanted};
use ctp::td::{
    CloseFirst, Combination, Condition, Exercise, InstructionPhase, OrderPhase, Origin, Quote, SelfClose,
};
use ctp::types::{
    CombActionField, Direction, ExecOrderField, OffsetFlag, OptSelfCloseFlag, OptionSelfCloseField,
    OrderField, ParkedOrderStatus, QryExecOrderField, QuoteField,
};
use ctp::{Error, NewOrder, Order, OrderHandle, TdClient, TdEvent};
use serde_json::json;

use crate::trading::drain;
use crate::world::{Scene, USER, World, scene};

const BUY: Direction = Direction::BUY;
const SELL: Direction = Direction::SELL;
const OPEN: OffsetFlag = OffsetFlag::OPEN;
const CLOSE: OffsetFlag = OffsetFlag::CLOSE;

fn market() -> Scene {
    scene().set("products", "rb,m,SR,IF,lc").set("options", "on").set("initial_balance", "10000000000000")
}

impl World {
    /// Returns the user's orders as the exchange has them.
    fn orders_at_exchange(&self, id: &str) -> Vec<OrderRow> {
        let wanted =
            Wanted { investor: Some(USER.into()), instrument: Some(id.to_owned()), ..Wanted::default() };
        self.exchange.orders(wanted).expect("orders")
    }

    fn say(&self, command: &str) {
        self.exchange.command(command).unwrap_or_else(|error| panic!("{command}: {error}"));
    }

    /// Connects a session that may act as often as it likes; its other limits are the usual ones.
    async fn trader(&self) -> TdClient {
        self.connect_as(USER).await
    }

    /// Connects somebody else.
    async fn facing_trader(&self) -> TdClient {
        self.connect_as("100002").await
    }

    async fn connect_as(&self, user: &str) -> TdClient {
        let mut config = self.td_config();
        config.user_id = user.into();
        config.risk.actions_per_second = None;
        let td = TdClient::connect(config).await.expect("a trading client");
        self.td_ready(&td).await;
        td
    }

    /// Breaks the link of a session.
    async fn cut(&self, td: &TdClient) {
        let sessions = self.ask("sessions", json!({ "connected": true }));
        self.ask("disconnect", json!({ "session": sessions["sessions"][0]["session"] }));
        let state = td.state();
        let is_cut = || (!state.borrow().is_ready()).then_some(());
        self.until("the end of the link", world::PATIENCE, is_cut).await;
    }

    /// Another investor's order rests in the book.
    async fn facing(&self, other: &TdClient, order: NewOrder) -> OrderHandle {
        let handle = self.place(other, order).await;
        self.phase(&handle, OrderPhase::Working).await;
        handle
    }

    async fn finished(&self, td: &TdClient, order: NewOrder) -> (OrderPhase, i32, OrderField) {
        let handle = self.place(td, order).await;
        let order = self.soon(handle.finished()).await.expect("finished");
        (order.phase, order.volume_filled, **order.record.as_ref().expect("a record"))
    }
}

#[test]
fn fill_and_kill_fills_what_it_can_and_fill_or_kill_all_or_nothing() {
    market().play(async |world| {
        let (td, other) = (world.trader().await, world.facing_trader().await);
        for (id, exchange, price) in
            [("rb2701", "SHFE", 3_200.0), ("m2701", "DCE", 3_000.0), ("SR701", "CZCE", 5_700.0)]
        {
            let buy = |volume| NewOrder::limit(id, BUY, OPEN, volume, price).exchange(exchange);
            let sell = NewOrder::limit(id, SELL, OPEN, 3, price).exchange(exchange);
            world.facing(&other, sell).await;
            let (phase, filled, _) = world.finished(&td, buy(5).fill_or_kill()).await;
            assert_eq!((phase, filled), (OrderPhase::Canceled, 0), "{id}");
            let (phase, filled, _) = world.finished(&td, buy(5).fill_and_kill_at_least(4)).await;
            assert_eq!((phase, filled), (OrderPhase::Canceled, 0), "{id}");
            let (phase, filled, _) = world.finished(&td, buy(2).fill_or_kill()).await;
            assert_eq!((phase, filled), (OrderPhase::Filled, 2), "{id}");
            let (phase, filled, _) = world.finished(&td, buy(5).fill_and_kill()).await;
            assert_eq!((phase, filled), (OrderPhase::Canceled, 1), "{id}");
            assert_eq!(world.traded(USER, id), 3, "{id}");
            assert!(world.orders_at_exchange(id).iter().all(|row| !row.live), "{id}");
        }
    });
}

#[test]
fn market_orders_where_there_are_any() {
    market().play(async |world| {
        let (td, other) = (world.trader().await, world.facing_trader().await);
        for (id, exchange, price) in [("m2701", "DCE", 3_000.0), ("SR701", "CZCE", 5_700.0)] {
            world.facing(&other, NewOrder::limit(id, SELL, OPEN, 2, price).exchange(exchange)).await;
            let order = NewOrder::market(id, BUY, OPEN, 2).exchange(exchange);
            let (phase, filled, record) = world.finished(&td, order).await;
            assert_eq!((phase, filled, record.limit_price), (OrderPhase::Filled, 2, 0.0), "{id}");
            assert_eq!(world.traded(USER, id), 2, "{id}");
        }
        // The exchange is known from the instruments alone.
        world.soon(td.instruments()).await.expect("instruments");
        world.facing(&other, NewOrder::limit("SR701", SELL, OPEN, 1, 5_700.0).exchange("CZCE")).await;
        let (phase, ..) = world.finished(&td, NewOrder::market("SR701", BUY, OPEN, 1)).await;
        assert_eq!(phase, OrderPhase::Filled);
        let seen = world.orders_at_exchange("rb2701").len();
        let denied = world.soon(td.place(NewOrder::market("rb2701", BUY, OPEN, 1))).await.unwrap_err();
        assert!(
            matches!(&denied, Error::Denied(denial) if denial.fix.contains("upper daily limit")),
            "{denied}"
        );
        assert_eq!(world.orders_at_exchange("rb2701").len(), seen);
    });
}

#[test]
fn best_price_and_five_levels_at_cffex() {
    market().play(async |world| {
        let (td, other) = (world.trader().await, world.facing_trader().await);
        for price in [4_000.0, 4_000.2, 4_000.4] {
            world.facing(&other, NewOrder::limit("IF2612", SELL, OPEN, 1, price).exchange("CFFEX")).await;
        }
        let best = NewOrder::best_price("IF2612", BUY, OPEN, 3).exchange("CFFEX");
        let (phase, filled, _) = world.finished(&td, best.clone()).await;
        assert_eq!((phase, filled), (OrderPhase::Canceled, 1));
        let rest = world.rest(&td, best.rest_as_limit()).await;
        assert_eq!((rest.order().volume_filled, rest.order().volume_left()), (1, 2));
        world.soon(rest.cancel()).await.expect("cancelled");
        let five = NewOrder::five_level("IF2612", BUY, OPEN, 2).exchange("CFFEX");
        let (phase, filled, _) = world.finished(&td, five).await;
        assert_eq!((phase, filled), (OrderPhase::Canceled, 1));
        assert_eq!(world.traded(USER, "IF2612"), 3);
    });
}

#[test]
fn stops_wait_at_the_exchange_until_the_price_touches() {
    market().play(async |world| {
        let (td, other) = (world.trader().await, world.facing_trader().await);
        let stop = NewOrder::limit("m2701", BUY, OPEN, 1, 3_005.0).exchange("DCE").stop_loss(3_002.0);
        let stop = world.rest(&td, stop).await;
        let profit = NewOrder::limit("m2701", BUY, OPEN, 1, 2_998.0).exchange("DCE").take_profit(2_998.0);
        let profit = world.rest(&td, profit).await;
        world.facing(&other, NewOrder::limit("m2701", SELL, OPEN, 3, 3_002.0).exchange("DCE")).await;
        assert_eq!((stop.order().volume_filled, profit.order().volume_filled), (0, 0));
        world.say("tick m2701 last=3002");
        let filled = world.soon(stop.finished()).await.expect("filled");
        assert_eq!((filled.phase, filled.volume_filled), (OrderPhase::Filled, 1));
        assert_eq!(profit.order().phase, OrderPhase::Working);
        let over = world.soon(profit.cancel()).await.expect("cancelled");
        assert_eq!(over.phase, OrderPhase::Canceled);
        let denied = NewOrder::limit("rb2701", BUY, OPEN, 1, 3_200.0).exchange("SHFE").stop_loss(3_210.0);
        assert!(matches!(world.soon(td.place(denied)).await, Err(Error::Denied(_))));
    });
}

#[test]
fn an_order_for_the_section_at_dce() {
    market().set("dce_section_orders", "on").play(async |world| {
        let td = world.trader().await;
        let order = NewOrder::limit("m2701", BUY, OPEN, 1, 2_990.0).exchange("DCE").session_only();
        let handle = world.rest(&td, order).await;
        assert_eq!(handle.order().record.as_ref().expect("a record").time_condition.as_char(), b'2');
        world.soon(handle.cancel()).await.expect("cancelled");
    });
}

#[test]
fn a_conditional_order_becomes_another_order_when_its_price_comes() {
    market().play(async |world| {
        let td = world.trader().await;
        let mut events = td.events();
        for (id, exchange, price) in
            [("rb2701", "SHFE", 3_200.0), ("SR701", "CZCE", 5_700.0), ("IF2612", "CFFEX", 4_000.0)]
        {
            let order = NewOrder::limit(id, BUY, OPEN, 2, price).exchange(exchange);
            let when = order.clone().when(Condition::last_at_least(price + 1.0));
            let parent = world.place(&td, when).await;
            world.phase(&parent, OrderPhase::Untriggered).await;
            let parent_sys_id = parent.order().keys.order_sys_id;
            assert!(parent_sys_id.to_str().starts_with("TJBD_"), "{parent_sys_id}");
            // One that never comes is cancelled like any other.
            let never = world.place(&td, order.when(Condition::ask_below(price / 2.0))).await;
            world.phase(&never, OrderPhase::Untriggered).await;
            let over = world.soon(never.cancel()).await.expect("cancelled");
            assert_eq!(over.phase, OrderPhase::Canceled);

            drain(&mut events);
            world.say(&format!("tick {id} last={}", price + 1.0));
            world.phase(&parent, OrderPhase::Triggered).await;
            world.pass(Duration::from_millis(200)).await;
            let told = drain(&mut events);
            let is_child = |order: &&Arc<Order>| {
                order.record.as_ref().is_some_and(|record| record.relative_order_sys_id == parent_sys_id)
            };
            let child = told.iter().rev().filter_map(TdEvent::order).find(is_child);
            let child = child.expect("what the counter sent");
            assert_eq!(
                (child.phase, child.volume, child.instrument_id == id),
                (OrderPhase::Working, 2, true)
            );
            let over = world.soon(td.cancel(child.id)).await.expect("cancelled");
            assert_eq!(over.phase, OrderPhase::Canceled);
        }
    });
}

#[test]
fn a_spread_has_a_fill_per_leg_and_a_swap_undoes_it() {
    market().play(async |world| {
        let (td, other) = (world.trader().await, world.facing_trader().await);
        let combination = "SP m2701&m2703";
        let spread = |direction| NewOrder::spread(combination, direction, [OPEN; 2], 2, 10.0).exchange("DCE");
        let mut events = td.events();
        let handle = world.rest(&td, spread(BUY)).await;
        world.place(&other, spread(SELL)).await;
        let filled = world.soon(handle.finished()).await.expect("filled");
        assert_eq!(filled.phase, OrderPhase::Filled);
        world.pass(Duration::from_millis(200)).await;
        let legs: Vec<_> = drain(&mut events)
            .iter()
            .filter_map(|event| match event {
                TdEvent::Trade { trade, .. } => Some((trade.instrument_id.to_string(), trade.direction)),
                _ => None,
            })
            .collect();
        assert_eq!(legs, [("m2701".to_owned(), BUY), ("m2703".to_owned(), SELL)]);
        assert_eq!((world.traded(USER, "m2701"), world.traded(USER, "m2703")), (2, 2));

        let swap = |direction| NewOrder::swap(combination, direction, 2, 10.0).exchange("DCE");
        let handle = world.rest(&td, swap(SELL)).await;
        assert_eq!(handle.order().record.as_ref().expect("a record").is_swap_order, 1);
        world.place(&other, swap(BUY)).await;
        let filled = world.soon(handle.finished()).await.expect("filled");
        assert_eq!(filled.phase, OrderPhase::Filled);
        assert_eq!((world.traded(USER, "m2701"), world.traded(USER, "m2703")), (4, 4));
    });
}

#[test]
fn a_parked_order_is_sent_when_the_product_trades() {
    market().play(async |world| {
        let td = world.trader().await;
        let mut events = td.events();
        let order = |price| NewOrder::limit("rb2701", BUY, OPEN, 2, price).exchange("SHFE");
        let first = world.soon(td.park(order(3_190.0))).await.expect("parked");
        let second = world.soon(td.park(order(3_180.0))).await.expect("parked");
        assert_ne!(first.id(), second.id());
        assert_eq!(world.soon(td.parked_orders()).await.expect("rows").len(), 2);
        world.soon(second.remove()).await.expect("removed");
        let again = world.soon(second.remove()).await.unwrap_err();
        assert_eq!(again.server_error().map(|error| error.code), Some(47));
        assert!(world.orders_at_exchange("rb2701").is_empty());

        world.say("status rb 1");
        world.say("status rb 2");
        world.pass(Duration::from_millis(500)).await;
        let rows = world.orders_at_exchange("rb2701");
        assert_eq!(rows.iter().map(|row| (row.price, row.live)).collect::<Vec<_>>(), [(Some(3_190.0), true)]);
        let sent =
            drain(&mut events).iter().filter_map(TdEvent::order).next_back().cloned().expect("an order");
        assert_eq!((sent.phase, sent.origin), (OrderPhase::Working, Origin::Own));
        let error = world.soon(first.remove()).await.unwrap_err();
        assert_eq!(error.server_error().map(|error| error.code), Some(46));

        // The cancel of that order is parked, taken back, parked again, and sent.
        let parked = world.soon(td.park_cancel(&sent)).await.expect("parked");
        world.soon(parked.remove()).await.expect("removed");
        world.soon(td.park_cancel(&sent)).await.expect("parked");
        let rows = world.soon(td.parked_cancels()).await.expect("rows");
        let status: Vec<_> = rows.iter().map(|row| row.status).collect();
        assert_eq!(status, [ParkedOrderStatus::DELETED, ParkedOrderStatus::NOT_SEND]);
        world.say("status rb 1");
        world.say("status rb 2");
        world.pass(Duration::from_millis(500)).await;
        assert!(world.orders_at_exchange("rb2701").iter().all(|row| !row.live));
        let when = order(3_190.0).when(Condition::last_above(3_300.0));
        assert!(matches!(world.soon(td.park(when)).await, Err(Error::Denied(_))));
    });
}

#[test]
fn a_quote_is_two_own_orders_and_its_withdrawal_takes_both() {
    market().play(async |world| {
        let (td, other) = (world.trader().await, world.facing_trader().await);
        let id = "m2701-C-3000";
        let quote = Quote::new(id).ask(120.0, 2, OPEN).bid(100.0, 1, OPEN).exchange("DCE");
        let mut handle = world.soon(td.quote(quote)).await.expect("sent");
        let state = world.soon(handle.accepted()).await.expect("accepted");
        let record: QuoteField = *state.record().expect("a record");
        let sides: Vec<_> = handle.orders().iter().map(|order| order.order()).collect();
        assert_eq!(sides.len(), 2);
        assert!(sides.iter().all(|order| order.origin == Origin::Own && order.phase == OrderPhase::Working));
        assert_eq!((sides[0].direction, sides[1].direction), (SELL, BUY));
        assert_eq!(sides[0].keys.order_sys_id, record.ask_order_sys_id);
        assert_eq!(sides[1].keys.order_sys_id, record.bid_order_sys_id);
        world.place(&other, NewOrder::limit(id, BUY, OPEN, 1, 120.0).exchange("DCE")).await;
        world.pass(Duration::from_millis(200)).await;
        assert_eq!(handle.orders()[0].order().volume_filled, 1);
        let over = world.soon(handle.cancel()).await.expect("withdrawn");
        assert_eq!(over.phase, InstructionPhase::Canceled);
        assert!(handle.orders().iter().all(|order| order.order().phase == OrderPhase::Canceled));
        assert!(world.orders_at_exchange(id).iter().all(|row| !row.live));
        let again = world.soon(handle.cancel()).await.unwrap_err();
        assert!(matches!(again, Error::Denied(_)), "{again}");
    });
}

#[test]
fn a_refused_quote_is_told_once_and_has_no_orders() {
    market().play(async |world| {
        let td = world.trader().await;
        let mut events = td.events();
        // Futures of SHFE are quoted by orders.
        let quote = Quote::new("rb2701").ask(3_210.0, 1, OPEN).bid(3_190.0, 1, OPEN).exchange("SHFE");
        let mut handle = world.soon(td.quote(quote)).await.expect("sent");
        let error = world.soon(handle.accepted()).await.unwrap_err();
        assert_eq!(error.server_error().map(|error| error.code), Some(85));
        for order in handle.orders() {
            assert!(matches!(world.soon(order.accepted()).await, Err(Error::Rejected { .. })));
        }
        world.pass(Duration::from_secs(6)).await;
        let events = drain(&mut events);
        let told = events.iter().filter(|event| matches!(event, TdEvent::Instruction(_))).count();
        let rejected = events.iter().filter(|event| matches!(event, TdEvent::Rejected { .. })).count();
        assert_eq!((told, rejected), (1, 2));
        assert!(!events.iter().any(|event| matches!(event, TdEvent::Unknown { .. })));
        assert!(world.orders_at_exchange("rb2701").is_empty());
    });
}

#[test]
fn options_are_exercised_abandoned_and_closed_against_each_other() {
    market().set("carried", "m2701-C-3000:long:5@100").play(async |world| {
        let td = world.trader().await;
        let id = "m2701-C-3000";
        let exercise = Exercise::new(id, 2).exchange("DCE");
        let handle = world.soon(td.exercise(exercise.clone())).await.expect("sent");
        let state = world.soon(handle.accepted()).await.expect("accepted");
        assert_eq!(state.record::<ExecOrderField>().expect("a record").volume, 2);
        // All five are held, two are on their way.
        let many = world.soon(td.exercise(Exercise::new(id, 4).exchange("DCE"))).await.expect("sent");
        let error = world.soon(many.accepted()).await.unwrap_err();
        assert_eq!(error.server_error().map(|error| error.code), Some(74));
        let over = world.soon(handle.cancel()).await.expect("withdrawn");
        assert_eq!(over.phase, InstructionPhase::Canceled);
        let abandon = world.soon(td.exercise(Exercise::abandon(id, 5).exchange("DCE"))).await.expect("sent");
        world.soon(abandon.accepted()).await.expect("accepted");
        world.soon(abandon.cancel()).await.expect("withdrawn");

        let wish = SelfClose::new(id, 1, OptSelfCloseFlag::CLOSE_SELF_OPTION_POSITION).exchange("DCE");
        let handle = world.soon(td.self_close(wish)).await.expect("sent");
        let state = world.soon(handle.accepted()).await.expect("accepted");
        assert!(!state.keys.sys_id.is_empty() && state.record::<OptionSelfCloseField>().is_some());
        let over = world.soon(handle.cancel()).await.expect("withdrawn");
        assert_eq!(over.phase, InstructionPhase::Canceled);
    });
}

#[test]
fn positions_are_combined_and_split() {
    market().set("carried", "m2701:long:3@3000,m2703:short:2@3000").play(async |world| {
        let td = world.trader().await;
        let id = "SP m2701&m2703";
        let many =
            world.soon(td.combine(Combination::combine(id, BUY, 3).exchange("DCE"))).await.expect("sent");
        let error = world.soon(many.accepted()).await.unwrap_err();
        assert_eq!(error.server_error().map(|error| error.code), Some(30));
        let handle =
            world.soon(td.combine(Combination::combine(id, BUY, 2).exchange("DCE"))).await.expect("sent");
        let done = world.soon(handle.finished()).await.expect("combined");
        assert_eq!(done.phase, InstructionPhase::Done);
        assert!(!done.record::<CombActionField>().expect("a record").com_trade_id.is_empty());
        let split =
            world.soon(td.combine(Combination::split(id, BUY, 1).exchange("DCE"))).await.expect("sent");
        world.soon(split.finished()).await.expect("split");
        let undo = world.soon(td.combine(Combination::undo(id, BUY, 2).exchange("DCE"))).await.expect("sent");
        let error = world.soon(undo.finished()).await.unwrap_err();
        assert_eq!(error.server_error().map(|error| error.code), Some(152));
        assert!(matches!(world.soon(handle.cancel()).await, Err(Error::Denied(_))));
    });
}

#[test]
fn a_batch_cancel_takes_the_orders_of_the_session_at_dce() {
    market().play(async |world| {
        let td = world.trader().await;
        let at = |id, exchange, price| NewOrder::limit(id, BUY, OPEN, 1, price).exchange(exchange);
        let first = world.rest(&td, at("m2701", "DCE", 2_900.0)).await;
        let second = world.rest(&td, at("m2701", "DCE", 2_901.0)).await;
        let third = world.rest(&td, at("rb2701", "SHFE", 3_100.0)).await;
        let sent = world.soon(td.cancel_batch("SHFE")).await.expect("sent");
        let error = world.soon(sent.outcome_record()).await.unwrap_err();
        assert_eq!(error.server_error().map(|error| error.code), Some(103));
        world.soon(td.cancel_batch("DCE")).await.expect("sent");
        world.phase(&first, OrderPhase::Canceled).await;
        world.phase(&second, OrderPhase::Canceled).await;
        assert_eq!(third.order().phase, OrderPhase::Working);
    });
}

#[test]
fn a_close_is_split_as_its_exchange_wants_it() {
    // Two lots of yesterday and one of today, on the long side and on the short one.
    let markets = [
        ("rb2701", "SHFE", 3_200.0),
        ("sc2701", "INE", 530.0),
        ("m2701", "DCE", 3_000.0),
        ("SR701", "CZCE", 5_700.0),
        ("IF2612", "CFFEX", 4_000.0),
        ("lc2701", "GFEX", 72_800.0),
    ];
    for (held, opens, closes) in [("long", BUY, SELL), ("short", SELL, BUY)] {
        for first in [CloseFirst::Yesterday, CloseFirst::Today] {
            let carried = markets.map(|(id, _, price)| format!("{id}:{held}:2@{price}")).join(",");
            let scene = market().set("products", "rb,sc,m,SR,IF,lc").set("carried", &carried);
            scene.play(async move |world| {
                let (td, other) = (world.trader().await, world.facing_trader().await);
                for (id, exchange, price) in markets {
                    let at = |direction, offset, volume| {
                        NewOrder::limit(id, direction, offset, volume, price).exchange(exchange)
                    };
                    let opened = world.rest(&td, at(opens, OPEN, 1)).await;
                    world.place(&other, at(closes, OPEN, 1)).await;
                    world.soon(opened.finished()).await.expect("filled");
                    let order = |volume| at(closes, CLOSE, volume);
                    let orders = close_in_parts(world, &td, first, &order).await;
                    world.place(&other, at(opens, OPEN, 3)).await;
                    for handle in &orders {
                        let over = world.soon(handle.finished()).await.expect("filled");
                        assert_eq!(over.phase, OrderPhase::Filled);
                    }
                    let held = td.positions_now().expect("positions");
                    let held: i32 = held
                        .iter()
                        .filter(|position| position.key.instrument_id == id)
                        .map(|position| position.volume)
                        .sum();
                    assert_eq!((world.traded(USER, id), held), (4, 0), "{id}");
                }
                // The counter thinks so, too.
                let found = world.soon(td.reconcile()).await.expect("a comparison");
                assert!(found.agrees(), "{:?}", found.differences);
            });
        }
    }
}

/// Places orders to close two lots, then the third, and looks at what was sent for them.
async fn close_in_parts(
    world: &World,
    td: &TdClient,
    first: CloseFirst,
    order: &impl Fn(i32) -> NewOrder,
) -> Vec<OrderHandle> {
    let (today, yesterday) = (OffsetFlag::CLOSE_TODAY, OffsetFlag::CLOSE_YESTERDAY);
    let many = td.close_position(&order(4), first).expect_err("too many");
    assert!(matches!(&many, Error::Denied(denial) if denial.rule == Rule::OverClose), "{many}");
    let mut all = Vec::new();
    for (volume, of_yesterday_first, of_today_first) in
        [(2, &[(yesterday, 2)][..], &[(today, 1), (yesterday, 1)][..]), (1, &[(today, 1)], &[(yesterday, 1)])]
    {
        let closing = td.close_position(&order(volume), first).expect("sent");
        assert!(closing.failure.is_none());
        let orders = closing.orders.iter().map(|handle| handle.order());
        let sent: Vec<_> = orders.clone().map(|order| (order.offset, order.volume)).collect();
        let exchange = closing.orders[0].order().keys.exchange_id;
        match (exchange == "SHFE" || exchange == "INE", first) {
            (true, CloseFirst::Yesterday) => assert_eq!(sent, of_yesterday_first),
            (true, CloseFirst::Today) => assert_eq!(sent, of_today_first),
            (false, _) => assert_eq!(sent, [(CLOSE, volume)]),
        }
        for handle in &closing.orders {
            world.phase(handle, OrderPhase::Working).await;
        }
        all.extend(closing.orders);
    }
    // Everything is on order: nothing is free any more.
    let denied = td.close_position(&order(1), first).expect_err("nothing free");
    assert!(matches!(&denied, Error::Denied(denial) if denial.rule == Rule::OverClose), "{denied}");
    // Until an order to close is cancelled.
    let last = all.pop().expect("an order");
    world.soon(last.cancel()).await.expect("cancelled");
    all.extend(td.close_position(&order(1), first).expect("sent").orders);
    all
}

#[test]
fn books_without_a_start_close_no_lots_that_they_do_not_know() {
    market().set("carried", "m2701:long:2@3000").play(async |world| {
        let mut config = world.td_config();
        config.recovery = Recovery::Orders;
        let td = TdClient::connect(config).await.expect("a trading client");
        world.td_ready(&td).await;
        let order = NewOrder::limit("m2701", SELL, CLOSE, 1, 3_000.0).exchange("DCE");
        let denied = td.close_position(&order, CloseFirst::Today).unwrap_err();
        let knows =
            |denial: &Denial| denial.rule == Rule::OverClose && denial.fix.contains("today's lots only");
        assert!(matches!(&denied, Error::Denied(denial) if knows(denial)), "{denied}");
        // With its offset it is an order like any other.
        world.rest(&td, order).await;
    });
}

#[test]
fn an_instruction_cut_from_its_answer_is_unknown_until_the_replay_tells() {
    market().set("carried", "m2701-C-3000:long:5@100").play(async |world| {
        let td = world.trader().await;
        world.fault("drop what=OnRtnExecOrder");
        let exercise = Exercise::new("m2701-C-3000", 2).exchange("DCE");
        let handle = world.soon(td.exercise(exercise)).await.expect("sent");
        world.pass(Duration::from_secs(1)).await;
        assert_eq!(handle.instruction().phase, InstructionPhase::Sent);
        world.calm();
        world.cut(&td).await;
        world.td_ready(&td).await;
        let found = || (handle.instruction().phase == InstructionPhase::Accepted).then_some(());
        world.until("the replay", world::PATIENCE, found).await;
        let over = world.soon(handle.cancel()).await.expect("withdrawn");
        assert_eq!(over.phase, InstructionPhase::Canceled);
    });
}

#[test]
fn an_instruction_that_was_lost_on_its_way_stays_unknown_and_is_never_sent_again() {
    market().set("carried", "m2701-C-3000:long:5@100").play(async |world| {
        let td = world.trader().await;
        let sent = world.count("ReqExecOrderInsert");
        let exercise = Exercise::new("m2701-C-3000", 2).exchange("DCE");
        let handle = world.soon(td.exercise(exercise)).await.expect("sent");
        // It takes its time to the counter; the link does not last as long.
        world.cut(&td).await;
        let unknown = world.soon(handle.finished()).await;
        assert!(matches!(unknown, Err(Error::Unknown { .. })), "{unknown:?}");
        world.td_ready(&td).await;
        world.pass(Duration::from_secs(10)).await;
        let rows = world.soon(td.requests().qry_exec_order(&QryExecOrderField::default())).await;
        assert!(rows.expect("rows").is_empty());
        assert_eq!(handle.instruction().phase, InstructionPhase::Unknown);
        assert_eq!(sent.seen(), 1);
    });
}
