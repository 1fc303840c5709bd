//! F22–F24, F33, F34: links that break, flap, come twice, or of which one is dead.

use std::time::Duration;

use ctp::SessionState;
use ctp::state::LinkLoss;
use ctp::td::OrderPhase;

use crate::Case;
use crate::world::{PATIENCE, States, World, order, scene};

pub(crate) const CASES: &[Case] = crate::cases![
    f22_broken_before_the_connection_is_told: "each of the five reasons before OnFrontConnected: the state names it, then the session is ready without help",
    f22_broken_at_the_authentication: "each reason when the answer to the authentication is due",
    f22_broken_at_the_login: "each reason when the answer to the login is due",
    f22_broken_at_the_confirmation: "each reason when the answer to the confirmation is due",
    f22_broken_at_a_query: "each reason when the answer to a query is due: the query is asked again by itself and answered",
    f22_broken_at_an_order: "each reason when an order's first return is due: the outcome is unknown, never rejected, and the replay after the reconnect finds the order, sent once",
    f22_broken_at_a_subscription: "each reason when the answer to the subscription is due: subscribed again, ticks come",
    f23_a_flapping_front_sees_few_logins: "broken every 50 ms for five seconds: at most one login per second, then ready, and nothing is locked",
    f24_a_doubled_connection_is_one_login: "OnFrontConnected and the login's answer come twice: one authentication, one login, one confirmation",
    f33_of_several_fronts_one_may_be_dead: "the first front is dead: the second is used, and the session says which",
    f34_market_data_goes_on_without_trading: "trading is gone for an hour: ticks go on, the trading state says so, orders are refused as not sent",
];

/// The reasons of the plans, in their order.
const REASONS: [i32; 5] = [0x1001, 0x1002, 0x2001, 0x2002, 0x2003];

/// The reasons of the broken links among states.
fn reasons(states: &[SessionState]) -> Vec<i32> {
    let reasons = states.iter().filter_map(|state| match state {
        SessionState::Reconnecting(LinkLoss::Disconnected(reason)) => Some(reason.0),
        _ => None,
    });
    reasons.collect()
}

/// Connects a trader to a plan that breaks five links on the way, and waits until it is ready for good.
async fn five_times(world: &World, authenticate: bool) -> (ctp::TdClient, Vec<SessionState>) {
    let mut config = world.td_config();
    if authenticate {
        config.app_id = "client_1.0".into();
        config.auth_code = "0000000000000000".into();
    }
    let td = ctp::TdClient::connect(config).await.expect("a client");
    let mut states = States::new(td.state());
    world
        .until("a session that stays ready", Duration::from_secs(120), || {
            let state = states.look();
            assert!(!state.is_over(), "{state}");
            (state.is_ready() && reasons(&states.seen).len() == REASONS.len()).then_some(())
        })
        .await;
    assert_eq!(reasons(&states.seen), REASONS);
    world.soon(td.account()).await.expect("it can be used");
    (td, states.seen)
}

fn breaks(plan: &'static str, authenticate: bool) {
    scene().play(async move |world| {
        world.plan(plan);
        let (td, _) = five_times(world, authenticate).await;
        td.close().await.expect("closed in time");
    });
}

fn f22_broken_before_the_connection_is_told() {
    breaks("F22-before-connect", false);
}

fn f22_broken_at_the_authentication() {
    breaks("F22-connected", true);
}

fn f22_broken_at_the_login() {
    breaks("F22-authenticated", true);
}

fn f22_broken_at_the_confirmation() {
    breaks("F22-logged-in", true);
}

fn f22_broken_at_a_query() {
    scene().play(async |world| {
        // Whose account only the caller asks for.
        let mut config = world.td_config();
        config.recovery = ctp::config::Recovery::Orders;
        let td = ctp::TdClient::connect(config).await.expect("a client");
        world.td_ready(&td).await;
        world.plan("F22-confirmed");
        let mut states = States::new(td.state());
        let queried = world.count("ReqQryTradingAccount");
        let mut account = Box::pin(td.account());
        let rows = world
            .until("an account", Duration::from_secs(120), || {
                states.look();
                let mut context = std::task::Context::from_waker(std::task::Waker::noop());
                match account.as_mut().poll(&mut context) {
                    std::task::Poll::Ready(rows) => Some(rows),
                    std::task::Poll::Pending => None,
                }
            })
            .await;
        assert_eq!(rows.expect("an account").len(), 1);
        assert_eq!(reasons(&states.seen), REASONS);
        assert_eq!(queried.seen(), 6);
        td.close().await.expect("closed in time");
    });
}

fn f22_broken_at_an_order() {
    scene().play(async |world| {
        let td = world.td().await;
        world.plan("F22-trading");
        let sent = world.count("ReqOrderInsert");
        let mut states = States::new(td.state());
        let handle = world.soon(td.place(order())).await.expect("sent");
        // Each replay of the day breaks off at its order again, until the fifth link lasts.
        world
            .until("five broken links", Duration::from_secs(120), || {
                let state = states.look();
                assert!(!state.is_over(), "{state}");
                let phase = handle.order().phase;
                assert!(!matches!(phase, OrderPhase::Rejected | OrderPhase::Canceled), "{phase:?}");
                (state.is_ready() && reasons(&states.seen).len() == REASONS.len()).then_some(())
            })
            .await;
        assert_eq!(reasons(&states.seen), REASONS);
        world
            .until("the order", PATIENCE, || (handle.order().phase == OrderPhase::Working).then_some(()))
            .await;
        assert_eq!(sent.seen(), 1, "the order was sent again");
        assert_eq!(world.soon(td.orders()).await.expect("orders").len(), 1);
        td.close().await.expect("closed in time");
    });
}

fn f22_broken_at_a_subscription() {
    scene().play(async |world| {
        world.plan("F22-market-data");
        let md = world.connect_md().await;
        let mut states = States::new(md.state());
        let mut ticks = md.ticks();
        md.subscribe(&["rb2701"]).expect("subscribed");
        world
            .until("five broken links", Duration::from_secs(120), || {
                let state = states.look();
                assert!(!state.is_over(), "{state}");
                (state.is_ready() && reasons(&states.seen).len() == REASONS.len()).then_some(())
            })
            .await;
        assert_eq!(reasons(&states.seen), REASONS);
        while ticks.try_next().is_some() {}
        world.exchange.tick("rb2701", 3_333.0).expect("a tick");
        let tick = world.soon(ticks.next()).await.expect("a tick");
        assert_eq!(tick.last_price(), Some(3_333.0));
        md.close().await.expect("closed in time");
    });
}

fn f23_a_flapping_front_sees_few_logins() {
    scene().play(async |world| {
        let (logins, connected) = (world.count("ReqUserLogin"), world.count("OnFrontConnected"));
        world.plan("F23-flap");
        let td = world.connect_td().await;
        let mut state = td.state();
        let mut seen = vec![(Duration::ZERO, 0)];
        let mut waited = Duration::ZERO;
        while waited < Duration::from_secs(30) {
            world.pass(Duration::from_millis(100)).await;
            waited += Duration::from_millis(100);
            let count = logins.seen();
            if count > seen.last().expect("one").1 {
                seen.push((waited, count));
            }
            assert!(!state.borrow_and_update().is_over());
        }
        assert!(connected.seen() >= 5, "the front did not flap");
        // In any second at most one, by the steps in which they came.
        for pair in seen.windows(2) {
            assert_eq!(pair[1].1, pair[0].1 + 1, "two logins at once: {seen:?}");
        }
        for pair in seen[1..].windows(2) {
            assert!(pair[1].0 - pair[0].0 >= Duration::from_millis(900), "two logins in a second: {seen:?}");
        }
        world.td_ready(&td).await;
        world.soon(td.account()).await.expect("nothing is locked");
        td.close().await.expect("closed in time");
    });
}

fn f24_a_doubled_connection_is_one_login() {
    scene().play(async |world| {
        let counters =
            ["ReqAuthenticate", "ReqUserLogin", "ReqSettlementInfoConfirm"].map(|name| world.count(name));
        let (told, answered) = (world.count("OnFrontConnected"), world.count("OnRspUserLogin"));
        world.plan("F24-connected-twice");
        let (heard, heard_login) = (world.count("OnFrontConnected"), world.count("OnRspUserLogin"));
        let mut config = world.td_config();
        config.app_id = "client_1.0".into();
        config.auth_code = "0000000000000000".into();
        let td = ctp::TdClient::connect(config).await.expect("a client");
        world.td_ready(&td).await;
        world.pass(Duration::from_secs(5)).await;
        assert!(td.state().borrow().is_ready());
        assert_eq!(counters.map(|counter| counter.seen()), [1, 1, 1]);
        assert_eq!((heard.seen(), heard_login.seen()), (2 * told.seen(), 2 * answered.seen()));
        td.close().await.expect("closed in time");
    });
}

fn f33_of_several_fronts_one_may_be_dead() {
    scene().play(async |world| {
        let mut config = world.td_config();
        let alive = config.fronts[0].clone();
        config.fronts = vec!["tcp://127.0.0.1:9".into(), alive.clone()];
        let td = ctp::TdClient::connect(config).await.expect("a client");
        let login = world.soon(td.ready()).await.expect("ready");
        assert_eq!(login.front, alive.as_str(), "the front that answered");
        world.soon(td.account()).await.expect("it can be used");
        td.close().await.expect("closed in time");
    });
}

fn f34_market_data_goes_on_without_trading() {
    scene().play(async |world| {
        let (md, td) = (world.md().await, world.td().await);
        let mut ticks = md.ticks();
        md.subscribe(&["rb2701"]).expect("subscribed");
        world.plan("F34-trading-dead");
        world.pass(Duration::from_secs(61)).await;
        while ticks.try_next().is_some() {}
        let mut states = States::new(td.state());
        for minute in 0..10_i32 {
            world.exchange.tick("rb2701", 3_200.0 + f64::from(minute)).expect("a tick");
            world.pass_by(Duration::from_secs(60), Duration::from_millis(500)).await;
            assert!(ticks.try_next().is_some(), "no tick in minute {minute}");
            assert!(md.state().borrow().is_ready());
            let state = states.look();
            assert!(!state.is_ready() && !state.is_over(), "{state}");
            let refused = world.soon(td.place(order())).await.expect_err("trading is gone");
            assert!(refused.is_definite(), "{refused}");
        }
        world.pass_by(Duration::from_secs(3_100), Duration::from_millis(500)).await;
        world.td_ready(&td).await;
        world.soon(td.account()).await.expect("trading is back");
        md.close().await.expect("closed in time");
        td.close().await.expect("closed in time");
    });
}
