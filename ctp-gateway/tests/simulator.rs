//! The clients against the simulator's libraries, loaded like the vendor's.
//!
//! They need `cargo xtask sim`; without it the first line of a failure names the command.

mod common;

use std::time::Duration;

use common::{ready, soon, td_config};
use ctp_gateway::error::{Rule, SendRefusal};
use ctp_gateway::md::MdEvent;
use ctp_gateway::state::Fault;
use ctp_gateway::td::{OrderPhase, Origin};
use ctp_gateway::{Error, MdClient, MdConfig, NewOrder, SessionState, TdClient, TdEvent, Tick};
use ctp_types::{Direction, OffsetFlag, PosiDirection};
use tempfile::TempDir;

fn md_config(exchange: &str, folder: &TempDir) -> MdConfig {
    let mut config = MdConfig::new([format!("sim://{exchange}")]);
    config.flow_dir = folder.path().to_owned();
    config
}

/// Returns the nearest contract of a product that trades.
async fn contract(td: &TdClient, product: &str) -> String {
    let instruments = soon(td.instruments()).await.expect("instruments");
    let mut of_product: Vec<_> = instruments.iter().filter(|row| row.product_id == product).collect();
    of_product.sort_by_key(|row| row.expire_date);
    of_product.get(1).expect("two months at least").instrument_id.to_string()
}

async fn tick_with_book(md: &MdClient, id: &str) -> Tick {
    let mut ticks = md.ticks();
    md.subscribe(&[id]).expect("subscribed");
    soon(async {
        while let Some(tick) = ticks.next().await {
            if tick.instrument_id() == id && tick.bid().is_some() && tick.ask().is_some() {
                return tick;
            }
        }
        panic!("the stream ended")
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn ticks_of_two_products_and_the_end_of_the_stream() {
    let folder = TempDir::new().unwrap();
    let td = ready(td_config("gateway-ticks", "000001", &folder)).await;
    let (rb, index) = (contract(&td, "rb").await, contract(&td, "IF").await);
    let md = MdClient::connect(md_config("gateway-ticks", &folder)).await.unwrap();
    let (mut ticks, mut events) = (md.ticks(), md.events());
    // Before the session is ready: remembered.
    md.subscribe(&[&rb, &index]).unwrap();
    soon(md.ready()).await.unwrap();
    let mut seen = [0, 0];
    soon(async {
        while seen[0] < 3 || seen[1] < 3 {
            let tick = ticks.next().await.expect("a tick");
            seen[usize::from(tick.instrument_id() == index.as_str())] += 1;
            assert!(
                tick.last_price().is_none_or(|price| price > 0.0 && price < 1e7),
                "{:?}",
                tick.last_price()
            );
            assert!(tick.received_ns > 0);
        }
    })
    .await;
    assert_eq!(ticks.dropped(), 0);
    assert!(matches!(soon(events.next()).await, Some(MdEvent::Subscribed(_))));
    md.close().await.unwrap();
    md.close().await.unwrap();
    assert_eq!(*md.state().borrow(), SessionState::Closed);
    while soon(ticks.next()).await.is_some() {}
    assert!(matches!(md.subscribe(&[&rb]), Err(Error::Closed)));
    td.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_fills_and_shows_everywhere() {
    let folder = TempDir::new().unwrap();
    let td = ready(td_config("gateway-fill", "000001", &folder)).await;
    let md = MdClient::connect(md_config("gateway-fill", &folder)).await.unwrap();
    let rb = contract(&td, "rb").await;
    let tick = tick_with_book(&md, &rb).await;
    let limit = tick.upper_limit_price().expect("a limit");
    let mut events = td.events();
    let mut handle =
        soon(td.place(NewOrder::limit(&rb, Direction::BUY, OffsetFlag::OPEN, 2, limit))).await.unwrap();
    let order = soon(handle.finished()).await.unwrap();
    assert_eq!((order.phase, order.volume_traded, order.volume_filled), (OrderPhase::Filled, 2, 2));
    assert_eq!(order.status_text().to_string(), "全部成交 all traded");
    assert_eq!(order.origin, Origin::Own);

    let mut filled = 0;
    while let Some(event) = soon(handle.next_event()).await {
        if let TdEvent::Trade { trade, .. } = event {
            filled += trade.volume;
            assert_eq!(trade.instrument_id, rb.as_str());
        }
    }
    assert_eq!(filled, 2);
    assert!(matches!(soon(events.next()).await, Some(TdEvent::Order(_))));

    let positions = soon(td.positions()).await.unwrap();
    let long = positions.iter().find(|row| row.instrument_id == rb.as_str()).expect("a position");
    assert_eq!((long.direction, long.volume, long.volume_today), (PosiDirection::LONG, 2, 2));
    let account = soon(td.account()).await.unwrap();
    assert!(account[0].margin.unwrap() > 0.0 && account[0].commission.unwrap() > 0.0);
    let orders = soon(td.orders()).await.unwrap();
    assert_eq!(orders.iter().filter(|row| row.id == handle.id()).count(), 1);
    let trades = soon(td.trades()).await.unwrap();
    assert_eq!(trades.iter().map(|trade| trade.volume).sum::<i32>(), 2);
    td.close().await.unwrap();
    md.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resting_order_is_cancelled_once() {
    let folder = TempDir::new().unwrap();
    let td = ready(td_config("gateway-cancel", "000001", &folder)).await;
    let md = MdClient::connect(md_config("gateway-cancel", &folder)).await.unwrap();
    let index = contract(&td, "IF").await;
    let far = tick_with_book(&md, &index).await.lower_limit_price().expect("a limit");
    let handle =
        soon(td.place(NewOrder::limit(&index, Direction::BUY, OffsetFlag::OPEN, 1, far))).await.unwrap();
    let order = soon(handle.accepted()).await.unwrap();
    assert_eq!(order.phase, OrderPhase::Working);
    let (one, two) = tokio::join!(soon(handle.cancel()), soon(handle.cancel()));
    assert_eq!(one.unwrap().phase, OrderPhase::Canceled);
    // The second joined the first, or came after it.
    assert!(two.is_ok_and(|order| order.phase == OrderPhase::Canceled) || handle.order().phase.is_over());
    let again = soon(handle.cancel()).await.unwrap_err();
    assert!(matches!(again, Error::Denied(ref denial) if denial.rule == Rule::OrderIsOver), "{again}");
    assert!(again.is_definite());
    td.close().await.unwrap();
    md.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_order_is_rejected_exactly_once() {
    let folder = TempDir::new().unwrap();
    let mut config = td_config("gateway-reject", "000001", &folder);
    config.risk.over_close_check = false;
    let td = ready(config).await;
    let rb = contract(&td, "rb").await;
    let mut events = td.events();
    // There is nothing to close.
    let order = NewOrder::limit(&rb, Direction::SELL, OffsetFlag::CLOSE_TODAY, 1, 3_000.0);
    let handle = soon(td.place(order)).await.unwrap();
    let error = soon(handle.accepted()).await.unwrap_err();
    assert!(matches!(error, Error::Rejected { .. }), "{error}");
    assert!(error.is_definite() && error.server_error().is_some_and(|error| error.code != 0));
    // A query is answered after whatever else the refusal would bring.
    soon(td.account()).await.unwrap();
    td.close().await.unwrap();
    let mut rejected = 0;
    while let Some(event) = soon(events.next()).await {
        rejected += usize::from(matches!(event, TdEvent::Rejected { .. } | TdEvent::ForeignRejected { .. }));
    }
    assert_eq!(rejected, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_session_of_the_account_sees_the_order_as_foreign() {
    let folder = [TempDir::new().unwrap(), TempDir::new().unwrap()];
    let one = ready(td_config("gateway-foreign", "000001", &folder[0])).await;
    let two = ready(td_config("gateway-foreign", "000001", &folder[1])).await;
    let mut seen = two.events();
    let md = MdClient::connect(md_config("gateway-foreign", &folder[0])).await.unwrap();
    let rb = contract(&one, "rb").await;
    let far = tick_with_book(&md, &rb).await.lower_limit_price().expect("a limit");
    let handle =
        soon(one.place(NewOrder::limit(&rb, Direction::BUY, OffsetFlag::OPEN, 1, far))).await.unwrap();
    soon(handle.accepted()).await.unwrap();
    let event = soon(seen.next()).await.expect("an event");
    let order = event.order().expect("an order");
    assert_eq!((order.origin, order.instrument_id.to_string()), (Origin::Foreign, rb));
    // Any session of the account may cancel it.
    assert_eq!(soon(two.cancel(order.id)).await.unwrap().phase, OrderPhase::Canceled);
    assert_eq!(soon(handle.finished()).await.unwrap().phase, OrderPhase::Canceled);
    md.close().await.unwrap();
    one.close().await.unwrap();
    two.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_stops_the_session() {
    let folder = TempDir::new().unwrap();
    let mut config = td_config("gateway-password", "000001", &folder);
    config.password = "canary-wrong".into();
    let td = TdClient::connect(config).await.unwrap();
    let error = soon(td.ready()).await.unwrap_err();
    assert!(matches!(error, Error::Faulted(Fault::LoginRejected(ref error)) if error.code == 3), "{error}");
    assert!(!error.to_string().contains("canary"));
    let order = NewOrder::limit("rb2601", Direction::BUY, OffsetFlag::OPEN, 1, 1.0).exchange("SHFE");
    assert!(soon(td.place(order)).await.unwrap_err().is_definite());
    soon(td.close()).await.unwrap();
    assert!(matches!(*td.state().borrow(), SessionState::Faulted(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_orders_are_denied_before_they_leave() {
    let folder = TempDir::new().unwrap();
    let td = ready(td_config("gateway-denied", "000001", &folder)).await;
    let rb = contract(&td, "rb").await;
    let mut events = td.events();
    let limit =
        |id: &str, volume, price| NewOrder::limit(id, Direction::BUY, OffsetFlag::OPEN, volume, price);
    for (order, rule) in [
        (limit(&rb, 0, 3_900.0), Rule::Volume),
        (limit(&rb, 1, f64::NAN), Rule::Price),
        (limit(&rb, 1, f64::MAX), Rule::Price),
        (limit(&rb, 1, 3_900.5), Rule::PriceTick),
        (limit("nothing", 1, 3_900.0), Rule::Instrument),
        (limit(&rb, 1, 3_900.0).memo("a".repeat(1_000)), Rule::Text),
    ] {
        let error = soon(td.place(order)).await.unwrap_err();
        assert!(matches!(error, Error::Denied(ref denial) if denial.rule == rule), "{rule:?}: {error}");
    }
    td.close().await.unwrap();
    assert!(soon(events.next()).await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clients_cannot_share_a_flow_folder() {
    let folder = TempDir::new().unwrap();
    let one = ready(td_config("gateway-flow", "000001", &folder)).await;
    let error = TdClient::connect(td_config("gateway-flow", "000001", &folder)).await.unwrap_err();
    assert!(matches!(error, Error::Create(_)), "{error}");
    one.close().await.unwrap();
    let two = ready(td_config("gateway-flow", "000001", &folder)).await;
    two.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_front_that_does_not_answer_is_named() {
    let folder = TempDir::new().unwrap();
    let mut config = td_config("unused", "000001", &folder);
    // The simulator's library knows no such front, as the vendor's knows none that is down.
    config.fronts = vec!["tcp://127.0.0.1:9".into()];
    config.library = Some(ctp_sys::find_simulator("6.7.13").expect("built by `cargo xtask sim`").trader);
    config.timeouts.ready = Duration::from_millis(200);
    let td = TdClient::connect(config).await.unwrap();
    let error = soon(td.ready()).await.unwrap_err();
    assert!(
        matches!(error, Error::NotReady { .. }) && error.to_string().contains("tcp://127.0.0.1:9"),
        "{error}"
    );
    let order = NewOrder::limit("rb2601", Direction::BUY, OffsetFlag::OPEN, 1, 1.0).exchange("SHFE");
    let refused = soon(td.place(order)).await.unwrap_err();
    assert!(matches!(refused, Error::NotSent { reason: SendRefusal::NotReady(_), .. }), "{refused}");
    soon(td.close()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_binary_trades_through_every_version() {
    for version in ctp_sys::supported_versions() {
        // What the journal of one exchange remembers, another does not know.
        let folder = TempDir::new().unwrap();
        let simulator = ctp_sys::find_simulator(version).expect("built by `cargo xtask sim`");
        let exchange = format!("gateway-{version}");
        let mut config = td_config(&exchange, "000001", &folder);
        config.library = Some(simulator.trader);
        config.app_id = "client_1.0".into();
        config.auth_code = "0000000000000000".into();
        let td = TdClient::connect(config).await.unwrap();
        let mut states = td.state();
        let mut seen = vec![states.borrow_and_update().clone()];
        soon(async {
            while !seen.last().is_some_and(SessionState::is_ready) {
                states.changed().await.expect("the session lives");
                seen.push(states.borrow_and_update().clone());
            }
        })
        .await;
        assert!(td.is_simulator() && td.library_version().contains(version), "{}", td.library_version());

        let mut config = md_config(&exchange, &folder);
        config.library = Some(simulator.md);
        let md = MdClient::connect(config).await.unwrap();
        let rb = contract(&td, "rb").await;
        let limit = tick_with_book(&md, &rb).await.upper_limit_price().expect("a limit");
        let handle =
            soon(td.place(NewOrder::limit(&rb, Direction::BUY, OffsetFlag::OPEN, 1, limit))).await.unwrap();
        let order = soon(handle.finished()).await.unwrap();
        assert_eq!((order.phase, order.volume_filled), (OrderPhase::Filled, 1), "{version}");
        soon(md.close()).await.unwrap();
        soon(td.close()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_last_client_closes_the_session() {
    let folder = TempDir::new().unwrap();
    let td = ready(td_config("gateway-drop", "000001", &folder)).await;
    let (mut state, mut events) = (td.state(), td.events());
    let clone = td.clone();
    drop(td);
    assert!(clone.positions().await.is_ok());
    drop(clone);
    let closed = soon(state.wait_for(SessionState::is_over)).await.unwrap().clone();
    assert_eq!(closed, SessionState::Closed);
    while soon(events.next()).await.is_some() {}
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_ends_what_waits() {
    let folder = TempDir::new().unwrap();
    let td = ready(td_config("gateway-waits", "000001", &folder)).await;
    let queries: Vec<_> = (0..5)
        .map(|_| {
            let td = td.clone();
            tokio::spawn(async move { td.instruments().await })
        })
        .collect();
    let (one, two) = tokio::join!(soon(td.close()), soon(td.close()));
    one.and(two).unwrap();
    for query in queries {
        // Answered before the close, or ended by it.
        let outcome = soon(query).await.unwrap();
        assert!(!matches!(outcome, Err(Error::TimedOut { .. })), "{outcome:?}");
    }
    assert!(matches!(soon(td.account()).await, Err(Error::Closed)));
}
