//! F10, F15, F16: what handlers may do without hurting anybody.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use ctp::SessionState;

use crate::Case;
use crate::world::{States, order, scene};

pub(crate) const CASES: &[Case] = crate::cases![
    f10_a_handler_may_panic: "a handler that panics at every second tick: caught and counted, it is called with the next tick, the session is ready and everybody else sees everything",
    f15_everything_may_be_called_from_a_handler: "subscribe, unsubscribe, latest, new streams, an order and at last close from inside a handler: nothing waits for itself",
    f16_a_handler_that_sleeps_stops_nobody: "a handler that does not return for three minutes of the market's time: callbacks go on, no link breaks, another reader sees every tick, what it lost is counted",
];

fn f10_a_handler_may_panic() {
    scene().play(async |world| {
        let md = world.md().await;
        let mut ticks = md.ticks();
        let called = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&called);
        let handler = md.on_tick(move |_| {
            let calls = count.fetch_add(1, Ordering::SeqCst) + 1;
            assert!(calls % 2 == 1, "the handler's own bug");
        });
        let handler = handler.expect("a thread");
        md.subscribe(&["rb2701"]).expect("subscribed");
        for number in 0..10 {
            world.exchange.tick("rb2701", 3_200.0 + f64::from(number)).expect("a tick");
            world.pass(Duration::from_millis(500)).await;
        }
        let mut sent = 0;
        while ticks.try_next().is_some() {
            sent += 1;
        }
        assert!(sent >= 10, "{sent} ticks");
        let calls = || handler.calls() == sent && called.load(Ordering::SeqCst) == sent;
        world.until("every call", Duration::from_secs(60), || calls().then_some(())).await;
        world
            .until("every panic", Duration::from_secs(60), || (handler.panics() == sent / 2).then_some(()))
            .await;
        assert!(md.state().borrow().is_ready());
        // The handler may still be busy with its last panic.
        world.soon(md.close()).await.expect("closed in time");
        assert_eq!(*md.state().borrow(), SessionState::Closed);
    });
}

fn f15_everything_may_be_called_from_a_handler() {
    scene().play(async |world| {
        let (md, td) = (world.md().await, world.td().await);
        let (client, trader) = (md.clone(), td.clone());
        let runtime = tokio::runtime::Handle::current();
        let placed = Arc::new(Mutex::new(None));
        let (place, calls) = (Arc::clone(&placed), Arc::new(AtomicU64::new(0)));
        let counted = Arc::clone(&calls);
        let (told, closed) = mpsc::channel();
        let handler = md.on_tick(move |tick| {
            client.subscribe(&["rb2705", "m2701"]).expect("subscribed");
            client.unsubscribe(&["m2701"]).expect("unsubscribed");
            assert!(client.latest(&tick.instrument()).is_some());
            drop(client.ticks());
            match counted.fetch_add(1, Ordering::SeqCst) {
                0 => {
                    let trader = trader.clone();
                    let task = runtime.spawn(async move { trader.place(order()).await.is_ok() });
                    *place.lock().expect("no panic") = Some(task);
                }
                4 => {
                    // It waits for the end of the session that calls it, on the thread that the session would wait for.
                    let ended = runtime.block_on(client.close());
                    told.send(ended.is_ok()).expect("somebody waits");
                }
                _ => {}
            }
        });
        let handler = handler.expect("a thread");
        md.subscribe(&["rb2701"]).expect("subscribed");
        let mut number = 0.0;
        while calls.load(Ordering::SeqCst) < 5 {
            number += 1.0;
            world.exchange.tick("rb2701", 3_200.0 + number).expect("a tick");
            world.pass(Duration::from_millis(50)).await;
            let begun = calls.load(Ordering::SeqCst);
            for _ in 0..100 {
                if calls.load(Ordering::SeqCst) > begun {
                    break;
                }
                world.settle().await;
            }
        }
        // A close is bounded by the time of the world, which stands now.
        let mut ended = None;
        while ended.is_none() {
            world.settle().await;
            ended = closed.try_recv().ok();
        }
        let ended = ended.expect("an end");
        assert!(ended, "the close did not come to its end");
        world.until("the end of calls", Duration::from_secs(60), || handler.has_ended().then_some(())).await;
        assert_eq!(handler.panics(), 0);
        let task = placed.lock().expect("no panic").take().expect("an order");
        assert!(world.soon(task).await.expect("no panic"), "the order was not sent");
        td.close().await.expect("closed in time");
    });
}

fn f16_a_handler_that_sleeps_stops_nobody() {
    scene().play(async |world| {
        let mut config = world.md_config();
        config.tick_capacity = 256;
        let md = ctp::MdClient::connect(config).await.expect("a client");
        world.md_ready(&md).await;
        let mut ticks = md.ticks();
        let (wake, asleep) = mpsc::channel::<()>();
        let (told, begun) = mpsc::channel();
        let handler = md.on_tick(move |_| {
            let _ = told.send(());
            // Until the test lets it go.
            let _ = asleep.recv();
        });
        let handler = handler.expect("a thread");
        md.subscribe(&["rb2701"]).expect("subscribed");
        world.until("the handler's sleep", Duration::from_secs(60), || begun.try_recv().ok()).await;
        let mut states = States::new(md.state());
        let mut seen = 0_u64;
        while ticks.try_next().is_some() {
            seen += 1;
        }
        let mut sent = seen;
        for number in 0..360 {
            for part in 0..3 {
                let price = 3_100.0 + f64::from(number % 100) + f64::from(part);
                world.exchange.tick("rb2701", price).expect("a tick");
                sent += 1;
            }
            world.pass_by(Duration::from_millis(500), Duration::from_millis(500)).await;
            assert!(states.look().is_ready());
            while ticks.try_next().is_some() {
                seen += 1;
            }
        }
        // Every callback has returned, or the exchange would say that one has not.
        world.exchange.barrier().expect("the library's thread is free");
        assert!(md.state().borrow().is_ready());
        assert_eq!((states.seen.len(), seen, ticks.dropped()), (1, sent, 0), "{:?}", states.seen);
        drop(wake);
        let done = || handler.calls() + handler.dropped() == sent;
        world.until("every tick, called or counted", Duration::from_secs(60), || done().then_some(())).await;
        assert!(handler.dropped() > 0);
        world.soon(md.close()).await.expect("closed in time");
    });
}
