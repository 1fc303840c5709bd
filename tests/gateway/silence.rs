//! F30, F32, F72: links that say nothing, fronts that are away for days, clocks that jump.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ctp::alert::Alert;
use ctp::state::LinkLoss;
use ctp::{MdEvent, SessionState, TdEvent};

use crate::Case;
use crate::child::{child, say};
use crate::world::{States, scene};

pub(crate) const CASES: &[Case] = crate::cases![
    f17_a_library_that_hangs_is_noticed: "the library's thread never comes back: within the configured minute the session says that nothing comes, gives the link up, and close still ends",
    f30_a_half_open_link_is_given_up: "nothing comes and nothing arrives: market silence and the lost link are told within two minutes, a fresh API object logs in when the front is there again, everything is subscribed",
    f72_a_jump_of_the_clock_is_told_and_changes_no_deadline: "the wall clock an hour ahead and back: told with its size, no login, link or query is touched, ticks go on",
    f72_the_exchange_jumps: "the counter's clock jumps an hour and later stands still: sessions stay ready or come back by themselves",
    f32_a_weekend_is_waited_out: "the front is away from Friday's close to Monday: at most a line of log per session and minute, memory flat (less than 1 MiB more), ready on Monday by itself",
];

fn f32_a_weekend_is_waited_out() {
    // In a process of its own, whose memory and whose log are of nobody else.
    let (said, code) = child("weekend", &[]);
    assert_eq!((said.last().map(String::as_str), code), (Some("ready on Monday"), Some(0)), "{said:?}");
}

fn f17_a_library_that_hangs_is_noticed() {
    scene().play(async |world| {
        let md = world.md().await;
        let (mut ticks, mut events) = (md.ticks(), md.events());
        md.subscribe(&["rb2701"]).expect("subscribed");
        world.pass(Duration::from_secs(1)).await;
        assert!(ticks.try_next().is_some());
        world.fault("hang on=OnRtnDepthMarketData");
        world.exchange.tick("rb2701", 3_201.0).expect("a tick");
        let silence = world.md_config().timeouts.silence;
        let mut alerts = Vec::new();
        world
            .alone(silence * 3, || {
                while let Some(event) = events.try_next() {
                    if let MdEvent::Alert(alert) = event {
                        alerts.push(alert);
                    }
                }
            })
            .await;
        let silent =
            alerts.iter().any(|alert| matches!(alert, Alert::MarketSilent { hours_known: true, .. }));
        let given_up = alerts.iter().any(|alert| matches!(alert, Alert::LinkGivenUp(LinkLoss::Silent(_))));
        assert!(silent && given_up, "{alerts:?}");
        assert_eq!(world.done(), 1, "nothing hangs");
        assert!(!md.state().borrow().is_ready());
        let _ = md.close().await;
        assert_eq!(*md.state().borrow(), SessionState::Closed);
    });
}

fn f30_a_half_open_link_is_given_up() {
    scene().play(async |world| {
        let (md, td) = (world.md().await, world.td().await);
        let (mut ticks, mut events) = (md.ticks(), md.events());
        md.subscribe(&["rb2701", "m2701"]).expect("subscribed");
        world.pass(Duration::from_secs(55)).await;
        let connected = world.count("OnFrontConnected");
        // From 10:01 for ten minutes.
        world.plan("F30-half-open");
        let mut states = States::new(md.state());
        let mut alerts = Vec::new();
        for _ in 0..300 {
            world.pass_by(Duration::from_secs(1), Duration::from_millis(250)).await;
            states.look();
            while let Some(event) = events.try_next() {
                if let MdEvent::Alert(alert) = event {
                    alerts.push(alert);
                }
            }
        }
        let silent =
            alerts.iter().any(|alert| matches!(alert, Alert::MarketSilent { hours_known: true, .. }));
        let given_up = alerts.iter().any(|alert| matches!(alert, Alert::LinkGivenUp(LinkLoss::Silent(_))));
        assert!(silent && given_up, "{alerts:?}");
        let lost =
            states.seen.iter().any(|state| matches!(state, SessionState::Reconnecting(LinkLoss::Silent(_))));
        assert!(lost, "{:?}", states.seen);
        world.pass_by(Duration::from_secs(420), Duration::from_millis(500)).await;
        world.md_ready(&md).await;
        world.td_ready(&td).await;
        assert!(connected.seen() >= 1);
        while ticks.try_next().is_some() {}
        for id in ["rb2701", "m2701"] {
            let book = world.exchange.book(id).expect("a book").book;
            world.exchange.tick(id, book.pre_settlement.expect("a price")).expect("a tick");
            let tick = world.soon(ticks.next()).await.expect("a tick");
            assert_eq!(tick.instrument(), id);
        }
        world.soon(td.account()).await.expect("an account");
        md.close().await.expect("closed in time");
        td.close().await.expect("closed in time");
    });
}

fn f72_a_jump_of_the_clock_is_told_and_changes_no_deadline() {
    const HOUR: i64 = 3_600_000_000_000;
    scene().play(async |world| {
        let (md, td) = (world.md().await, world.td().await);
        let (mut md_events, mut td_events) = (md.events(), td.events());
        md.subscribe(&["rb2701"]).expect("subscribed");
        let logins = world.count("ReqUserLogin");
        world.pass(Duration::from_secs(10)).await;
        let mut told = [Vec::new(), Vec::new()];
        for jump in [HOUR, -HOUR] {
            world.jump(jump);
            for second in 0..90_i32 {
                world.exchange.tick("rb2701", 3_200.0 + f64::from(second)).expect("a tick");
                world.pass(Duration::from_secs(1)).await;
            }
            while let Some(event) = md_events.try_next() {
                if let MdEvent::Alert(Alert::ClockJumped { by_ns }) = event {
                    told[0].push(by_ns);
                }
            }
            while let Some(event) = td_events.try_next() {
                if let TdEvent::Alert(Alert::ClockJumped { by_ns }) = event {
                    told[1].push(by_ns);
                }
            }
            assert_eq!(world.soon(td.account()).await.expect("an account").len(), 1);
            assert!(md.state().borrow().is_ready() && td.state().borrow().is_ready());
        }
        for told in told {
            let near = |by: i64, wanted: i64| (by - wanted).abs() < 2_000_000_000;
            assert!(told.len() == 2 && near(told[0], HOUR) && near(told[1], -HOUR), "{told:?}");
        }
        assert_eq!(logins.seen(), 0);
        md.close().await.expect("closed in time");
        td.close().await.expect("closed in time");
    });
}

fn f72_the_exchange_jumps() {
    scene().play(async |world| {
        let (md, td) = (world.md().await, world.td().await);
        let mut ticks = md.ticks();
        md.subscribe(&["rb2701"]).expect("subscribed");
        world.plan("F72-clock-jump");
        world.pass_by(Duration::from_secs(70), Duration::from_millis(250)).await;
        assert!(world.done() >= 1, "nothing jumped");
        world.md_ready(&md).await;
        world.td_ready(&td).await;
        world.soon(td.account()).await.expect("an account");
        while ticks.try_next().is_some() {}
        world.exchange.tick("rb2701", 3_234.0).expect("a tick");
        assert_eq!(world.soon(ticks.next()).await.expect("a tick").last_price(), Some(3_234.0));
        md.close().await.expect("closed in time");
        td.close().await.expect("closed in time");
    });
}

/// Lives through a weekend and says so.
pub(crate) fn weekend() {
    let lines = Arc::new(AtomicU64::new(0));
    tracing::subscriber::set_global_default(Lines(Arc::clone(&lines))).expect("the only one");
    scene().at("2026-11-20 14:59:00").set("hours", "exchange").play(async move |world| {
        world.plan("F32-weekend");
        let (md, td) = (world.md().await, world.td().await);
        md.subscribe(&["rb2701"]).expect("subscribed");
        let (mut md_states, mut td_states) = (States::new(md.state()), States::new(td.state()));
        world.pass_by(Duration::from_secs(120), Duration::from_secs(1)).await;
        assert!(!md_states.look().is_ready() && !td_states.look().is_ready());
        world.pass_by(Duration::from_secs(3_600), Duration::from_secs(10)).await;
        let (mut sizes, mut said) = (Vec::new(), lines.load(Ordering::Relaxed));
        for minute in 0..63 * 60 {
            world.pass_by(Duration::from_secs(60), Duration::from_secs(60)).await;
            assert!(!md_states.look().is_over() && !td_states.look().is_over());
            assert!(!md_states.look().is_ready() && !td_states.look().is_ready());
            let now = lines.load(Ordering::Relaxed);
            // A line of each of the two sessions.
            assert!(now - said <= 2, "{} lines in minute {minute}", now - said);
            said = now;
            if minute % 480 == 0 {
                sizes.push(resident());
            }
        }
        // What is made once is made in the first hours.
        let grown = sizes.last().expect("one").saturating_sub(sizes[2]);
        assert!(grown < 1 << 20, "{grown} bytes more after a weekend: {sizes:?}");
        world.pass_by(Duration::from_secs(3_600), Duration::from_secs(1)).await;
        world.md_ready(&md).await;
        world.td_ready(&td).await;
        md.close().await.expect("closed in time");
        td.close().await.expect("closed in time");
        say("ready on Monday");
    });
}

/// Counts what the gateway logs.
struct Lines(Arc<AtomicU64>);

impl tracing::Subscriber for Lines {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("ctp_gateway") && *metadata.level() <= tracing::Level::INFO
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, _: &tracing::Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

/// Returns how much memory this process holds, in bytes.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").expect("statm");
    let pages: u64 = text.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("pages");
    pages * 4_096
}
