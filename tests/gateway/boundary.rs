//! F10–F13, F15, F16: what crosses the border between the library's thread and the session.

use std::sync::mpsc;
use std::time::Duration;

use crate::Case;
use crate::world::{World, order, scene};

pub(crate) const CASES: &[Case] = crate::cases![
    f11_everything_is_copied_before_a_callback_returns: "records are overwritten as soon as their callback has returned: ticks, orders and rows are what they are without it",
    f12_no_rsp_info_is_success: "every answer without pRspInfo, in the oldest line and the newest: login, confirmation, subscription and queries succeed",
    f13_an_empty_result_ends_a_query: "every query answered by NULL and bIsLast: empty lists at once, nothing hangs, the slot is free",
];

/// Everything of a small day that comes out of records, as text.
async fn day(world: &World) -> Vec<String> {
    let (md, td) = (world.md().await, world.td().await);
    let (mut ticks, mut events) = (md.ticks(), td.events());
    md.subscribe(&["rb2701", "SR701"]).expect("subscribed");
    // An order goes from this thread into the library; the subscription goes from the session's task.
    world.pass(Duration::from_secs(1)).await;
    let mut handle = world.soon(td.place(order())).await.expect("sent");
    world.soon(handle.accepted()).await.expect("accepted");
    world.exchange.tick("rb2701", 3_190.0).expect("a tick");
    world.pass(Duration::from_secs(1)).await;
    let mut said = Vec::new();
    while let Some(tick) = ticks.try_next() {
        said.push(format!("{:?}", tick.record));
    }
    while let Some(event) = events.try_next() {
        said.push(format!("{event:?}"));
    }
    let _ = handle.next_event().await;
    let instruments = world.soon(td.instruments()).await.expect("instruments");
    said.extend(instruments.iter().map(|row| format!("{row:?}")));
    said.extend(world.soon(td.orders()).await.expect("orders").iter().map(|row| format!("{row:?}")));
    said.extend(world.soon(td.account()).await.expect("an account").iter().map(|row| format!("{row:?}")));
    said.extend(world.soon(td.positions()).await.expect("positions").iter().map(|row| format!("{row:?}")));
    md.close().await.expect("closed in time");
    td.close().await.expect("closed in time");
    said.iter().map(|text| plain(text)).collect()
}

/// Leaves out what differs from run to run: numbers of requests, and when something was received.
fn plain(text: &str) -> String {
    let mut words: Vec<&str> = text.split(' ').collect();
    for at in 1..words.len() {
        if matches!(words[at - 1], "request_id:" | "received_ns:") {
            words[at] = "…";
        }
    }
    words.join(" ")
}

fn f11_everything_is_copied_before_a_callback_returns() {
    let (told, said) = mpsc::channel();
    let plain = told.clone();
    scene().play(async move |world| plain.send(day(world).await).expect("somebody waits"));
    scene().play(async move |world| {
        world.plan("F11-poison");
        told.send(day(world).await).expect("somebody waits");
        assert!(world.done() > 0, "nothing was overwritten");
    });
    let (plain, poisoned) = (said.recv().expect("a day"), said.recv().expect("a day"));
    assert!(plain.len() > 20, "{plain:#?}");
    for (plain, poisoned) in plain.iter().zip(&poisoned) {
        assert_eq!(plain, poisoned);
    }
    assert_eq!(plain.len(), poisoned.len());
}

fn f12_no_rsp_info_is_success() {
    for version in ["6.3.15", "6.7.11", ctp::API_VERSION] {
        f12_through(version);
    }
}

fn f12_through(version: &'static str) {
    scene().version(version).play(async |world| {
        world.plan("F12-no-rsp-info");
        let (md, td) = (world.md().await, world.td().await);
        let mut ticks = md.ticks();
        md.subscribe(&["rb2701"]).expect("subscribed");
        assert!(world.soon(ticks.next()).await.is_some());
        assert!(!world.soon(td.instruments()).await.expect("instruments").is_empty());
        assert_eq!(world.soon(td.account()).await.expect("an account").len(), 1);
        let handle = world.soon(td.place(order())).await.expect("sent");
        world.soon(handle.accepted()).await.expect("confirmed, so accepted");
        assert!(world.done() >= 4, "{} answers had no pRspInfo", world.done());
        md.close().await.expect("closed in time");
        td.close().await.expect("closed in time");
    });
}

fn f13_an_empty_result_ends_a_query() {
    scene().play(async |world| {
        world.plan("F13-empty-result");
        let td = world.td().await;
        let limit = Duration::from_secs(4);
        for _ in 0..2 {
            assert!(
                world.within("instruments", limit, td.instruments()).await.expect("an answer").is_empty()
            );
            assert!(world.within("an account", limit, td.account()).await.expect("an answer").is_empty());
            assert!(world.within("positions", limit, td.positions()).await.expect("an answer").is_empty());
            assert!(world.within("orders", limit, td.orders()).await.expect("an answer").is_empty());
            assert!(world.within("trades", limit, td.trades()).await.expect("an answer").is_empty());
            assert!(
                world
                    .within("a contract", limit, td.instrument("rb2701"))
                    .await
                    .expect("an answer")
                    .is_none()
            );
        }
        assert!(world.done() >= 12, "{} answers were empty", world.done());
        td.close().await.expect("closed in time");
    });
}
