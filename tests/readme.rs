//! The README's example: the same as `examples/first/program.rs`, and it runs.

use std::sync::mpsc;
use std::time::Duration;

use ctp::sim::{Exchange, Wanted};

/// Longer than it takes on a busy machine; a failure ends by it instead of hanging.
const PATIENCE: Duration = Duration::from_secs(120);

mod example {
    include!("../examples/first/program.rs");

    pub(super) fn run() -> Result<(), ctp::Error> {
        main()
    }
}

#[test]
fn the_readme_shows_the_example() {
    let readme = include_str!("../README.md");
    let block = format!("```rust\n{}```\n", include_str!("../examples/first/program.rs"));
    assert!(readme.contains(&block), "README.md has no block of examples/first/program.rs as it is");
}

#[test]
fn the_example_buys_a_lot_and_cancels_an_order() {
    // The flow folder is made where the program runs.
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    std::env::set_current_dir(folder.path()).expect("the folder is there");
    // The example begins its exchange by itself; this is it, where the test can look.
    let exchange = Exchange::builder()
        .name("demo")
        .start_at("2026-11-23 10:00:00")
        .running(1.0)
        .start()
        .expect("the simulator is built by `cargo xtask sim`");
    let (told, ended) = mpsc::channel();
    std::thread::spawn(move || told.send(example::run()));
    ended.recv_timeout(PATIENCE).expect("it ends").expect("it buys and cancels");
    let trades = exchange.trades(Wanted::default()).expect("trades");
    assert_eq!(trades.iter().map(|trade| trade.volume).sum::<i32>(), 1, "{trades:?}");
    let orders = exchange.orders(Wanted::default()).expect("orders");
    assert_eq!(orders.len(), 2, "{orders:?}");
    assert!(orders.iter().all(|order| !order.live), "{orders:?}");
}
