//! F68, F69: the gateway's own positions, lot by lot, against the counter's.

use std::collections::BTreeMap;
use std::time::Duration;

use ctp::td::{CloseFirst, PositionNow};
use ctp::types::{Direction, OffsetFlag, PosiDirection};
use ctp::{Error, TdClient, TdEvent};

use crate::Case;
use crate::trading::{drain, everywhere, limit};
use crate::world::{USER, World, scene};

pub(crate) const CASES: &[Case] = crate::cases![
    f68_lots_of_today_and_yesterday_are_the_counters: "opened, held over the day's end, opened again, closed by close_position on six exchanges, and the program begun anew in between: lots of today and of yesterday are the counter's, and nothing differs; in three versions",
    f68_a_close_of_the_wrong_day_is_denied: "what SHFE and INE keep apart is closed by its own offset: a close of today's lots with an offset for older ones is denied, and so is the reverse",
    f69_rows_in_any_order_and_an_empty_last_one: "rows of positions backwards, then NULL and last: the books agree with the counter, the gate opens; in three versions",
    f69_a_position_that_is_flat_is_told: "the last lot is closed: an event with 0 lots, and a row with 0 lots, also for a program that begins later; in three versions",
];

/// One contract of each exchange.
const CONTRACTS: [(&str, &str); 6] = [
    ("rb2701", "SHFE"),
    ("sc2701", "INE"),
    ("m2701", "DCE"),
    ("SR701", "CZCE"),
    ("IF2612", "CFFEX"),
    ("si2701", "GFEX"),
];

/// Lots of an instrument and a side: all, and those of today.
type Lots = BTreeMap<(String, bool), (i32, i32)>;

/// Returns the lots that the exchange says the user holds.
fn theirs(world: &World) -> Lots {
    let mut lots = Lots::new();
    for row in world.exchange.positions(Some(USER)).expect("positions") {
        let held = lots.entry((row.instrument, row.direction == "long")).or_insert((0, 0));
        *held = (held.0 + row.volume, held.1 + row.today);
    }
    lots.retain(|_, held| held.0 != 0);
    lots
}

/// Returns the lots that the gateway's books say.
fn ours(td: &TdClient) -> Lots {
    let rows = td.positions_now().expect("a session that lives");
    let held = |row: &PositionNow| {
        let side = row.key.direction == PosiDirection::LONG;
        ((row.key.instrument_id.to_string(), side), (row.volume, row.volume_today))
    };
    rows.iter().filter(|row| row.volume != 0).map(held).collect()
}

/// The books are the exchange's to the lot, the counter's rows say nothing else, and orders may leave.
async fn agree(world: &World, td: &TdClient) {
    assert_eq!(ours(td), theirs(world));
    let found = world.soon(td.reconcile()).await.expect("compared");
    assert!(found.agrees(), "{:#?}", found.differences);
    assert!(found.compared > 0);
    assert!(td.gate().borrow().is_open(), "{}", *td.gate().borrow());
}

/// Opens a position at the price of the moment.
async fn buy(world: &World, td: &TdClient, id: &str, venue: &str, volume: i32) {
    let order = at_market(world, td, id, venue, Direction::BUY, OffsetFlag::OPEN, volume).await;
    let handle = world.rest(td, order).await;
    world.fill(&handle, volume).await;
    world.soon(handle.filled()).await.expect("filled");
}

async fn at_market(
    world: &World,
    td: &TdClient,
    id: &str,
    venue: &str,
    direction: Direction,
    offset: OffsetFlag,
    volume: i32,
) -> ctp::NewOrder {
    let snapshot = world.soon(td.snapshot(id)).await.expect("a snapshot").expect("of a contract");
    let price = snapshot.record.pre_settlement_price;
    ctp::NewOrder::limit(id, direction, offset, volume, price).exchange(venue)
}

/// Sells lots, whenever they were opened.
async fn close(world: &World, td: &TdClient, id: &str, venue: &str, volume: i32, first: CloseFirst) -> usize {
    let order = at_market(world, td, id, venue, Direction::SELL, OffsetFlag::CLOSE, volume).await;
    let closing = td.close_position(&order, first).expect("sent");
    assert!(closing.failure.is_none(), "{closing:?}");
    for handle in &closing.orders {
        world.phase(handle, ctp::td::OrderPhase::Working).await;
        world.fill(handle, handle.order().volume).await;
        world.soon(handle.filled()).await.expect("filled");
    }
    closing.orders.len()
}

fn f68_lots_of_today_and_yesterday_are_the_counters() {
    let scene = scene().set("products", "rb,sc,m,SR,IF,si").set("initial_balance", "1000000000000");
    everywhere(&scene, async |world| {
        let td = world.td().await;
        for (id, venue) in CONTRACTS {
            buy(world, &td, id, venue, 3).await;
        }
        agree(world, &td).await;
        world.exchange.settle().expect("settled");
        world.pass(Duration::from_secs(10)).await;
        world.td_ready(&td).await;
        assert!(ours(&td).values().all(|lots| *lots == (3, 0)), "{:?}", ours(&td));
        agree(world, &td).await;
        for (id, venue) in CONTRACTS {
            buy(world, &td, id, venue, 2).await;
        }
        agree(world, &td).await;
        td.close().await.expect("closed in time");
        // Another program, which knows nothing but what the counter tells.
        let td = world.td_elsewhere("later").await;
        agree(world, &td).await;
        for (id, venue) in CONTRACTS {
            // More than all lots of either day: two orders where the exchange keeps them apart.
            let orders = close(world, &td, id, venue, 4, CloseFirst::Yesterday).await;
            assert_eq!(orders, if matches!(venue, "SHFE" | "INE") { 2 } else { 1 }, "{venue}");
            let left = ours(&td)[&(id.to_owned(), true)];
            assert_eq!(left, (1, 1), "{venue}: the older lots go first");
        }
        agree(world, &td).await;
        td.close().await.expect("closed in time");
        // The first program again: its journal and the counter's word about the day.
        let td = world.td().await;
        agree(world, &td).await;
        for (id, venue) in CONTRACTS {
            close(world, &td, id, venue, 1, CloseFirst::Today).await;
        }
        assert!(ours(&td).is_empty());
        agree(world, &td).await;
        td.close().await.expect("closed in time");
    });
}

fn f68_a_close_of_the_wrong_day_is_denied() {
    scene().play(async |world| {
        let td = world.td().await;
        buy(world, &td, "rb2701", "SHFE", 1).await;
        let sell = |offset| limit("rb2701", Direction::SELL, offset, 1, 3_200.0);
        let sent = world.count("ReqOrderInsert");
        for (offset, rule) in
            [(OffsetFlag::CLOSE, true), (OffsetFlag::CLOSE_YESTERDAY, true), (OffsetFlag::CLOSE_TODAY, false)]
        {
            let placed = world.soon(td.place(sell(offset))).await;
            match placed {
                Err(Error::Denied(denial)) => {
                    assert!(rule, "{denial}");
                    assert_eq!(denial.rule, ctp::error::Rule::OverClose, "{denial}");
                }
                Ok(handle) => {
                    assert!(!rule, "{offset:?} passed");
                    world.phase(&handle, ctp::td::OrderPhase::Working).await;
                    world.soon(handle.cancel()).await.expect("cancelled");
                }
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(sent.seen(), 1);
        world.exchange.settle().expect("settled");
        world.pass(Duration::from_secs(10)).await;
        world.td_ready(&td).await;
        let denied = world.soon(td.place(sell(OffsetFlag::CLOSE_TODAY))).await.expect_err("it is older now");
        assert!(matches!(denied, Error::Denied(_)), "{denied}");
        let handle = world.rest(&td, sell(OffsetFlag::CLOSE_YESTERDAY)).await;
        world.soon(handle.cancel()).await.expect("cancelled");
        td.close().await.expect("closed in time");
    });
}

fn f69_rows_in_any_order_and_an_empty_last_one() {
    everywhere(&scene(), async |world| {
        let td = world.td().await;
        buy(world, &td, "rb2701", "SHFE", 2).await;
        buy(world, &td, "m2701", "DCE", 1).await;
        td.close().await.expect("closed in time");
        world.plan("F69-empty-last-row");
        let later = TdClient::connect(world.td_config_elsewhere("later")).await.expect("a client");
        let mut events = later.events();
        world.td_ready(&later).await;
        assert!(world.done() > 0, "the rows came as always");
        let told = drain(&mut events);
        assert!(!told.iter().any(|event| matches!(event, TdEvent::Differences { .. })), "{told:?}");
        world.calm();
        agree(world, &later).await;
        later.close().await.expect("closed in time");
    });
}

fn f69_a_position_that_is_flat_is_told() {
    everywhere(&scene(), async |world| {
        let td = world.td().await;
        buy(world, &td, "m2701", "DCE", 2).await;
        let mut events = td.events();
        close(world, &td, "m2701", "DCE", 1, CloseFirst::Today).await;
        close(world, &td, "m2701", "DCE", 1, CloseFirst::Today).await;
        let told: Vec<i32> = drain(&mut events)
            .iter()
            .filter_map(|event| match event {
                TdEvent::Position(position) => Some(position.volume),
                _ => None,
            })
            .collect();
        assert_eq!(told, [1, 0], "the last lot went without a word");
        let later = world.td_elsewhere("later").await;
        for client in [&td, &later] {
            let rows = client.positions_now().expect("a session that lives");
            let [row] = rows.as_slice() else { panic!("{rows:?}") };
            assert_eq!((row.volume, row.open_volume, row.close_volume), (0, 2, 2));
            agree(world, client).await;
        }
        td.close().await.expect("closed in time");
        later.close().await.expect("closed in time");
    });
}
