//! A recording of ticks: read, then played.
#![no_main]

use std::time::Duration;

use ctp_sim::{Command, Config, Exchange, Input, Timestamp, replay};
use libfuzzer_sys::fuzz_target;

/// Monday 2026-11-23, 10:00 in China.
const START: Timestamp = Timestamp(1_795_399_200_000_000_000);

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let (from_now, text) = match text.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, &*text),
    };
    let csv = match replay::parse(text) {
        Ok(csv) => csv,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let config = Config {
        products: vec!["rb".to_owned()],
        options: false,
        crowd: false,
        ..Config::starting_at(START)
    };
    let mut exchange = Exchange::new(config).expect("an exchange");
    let mut outputs = Vec::new();
    exchange.step(START, Input::Command(Command::Replay(replay::Replay::new(csv, from_now))), &mut outputs);
    exchange.step(START.after(Duration::from_secs(3_600)), Input::Advance, &mut outputs);
    exchange.check_consistency().expect("a consistent state");
});
