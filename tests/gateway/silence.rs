//! F30, F32, F72: links that say nothing, fronts that are away for days, clocks that jump.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::Case;
use crate::child::{child, say};
use crate::world::{States, scene};

pub(crate) const CASES: &[Case] = crate::cases![
    f32_a_weekend_is_waited_out: "the front is away from Friday's close to Monday: at most a line of log per session and minute, memory flat (less than 1 MiB more), ready on Monday by itself",
];

fn f32_a_weekend_is_waited_out() {
    // In a process of its own, whose memory and whose log are of nobody else.
    let (said, code) = child("weekend", &[]);
    assert_eq!((said.last().map(String::as_str), code), (Some("ready on Monday"), Some(0)), "{said:?}");
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
