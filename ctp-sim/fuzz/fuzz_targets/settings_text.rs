//! Settings, command lines and front addresses.
#![no_main]

use ctp_sim::{Config, Timestamp};
use ctp_sim_host::FrontAddress;
use libfuzzer_sys::fuzz_target;

/// Monday 2026-11-23, 10:00 in China.
const START: Timestamp = Timestamp(1_795_399_200_000_000_000);

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let mut config = Config::starting_at(START);
    for line in text.lines() {
        if let Some((key, value)) = line.split_once('=')
            && let Err(error) = config.set(key, value)
        {
            assert!(!error.to_string().is_empty());
        }
        let command = ctp_sim_host::read_line(line);
        let command =
            command.and_then(|(name, words)| ctp_sim_host::read_command(&name, &words, &|_| Some(1)));
        if let Err(error) = command {
            assert!(!error.to_string().is_empty());
        }
        if let Ok(FrontAddress::Simulator(address)) = line.parse() {
            drop(format!("{address:?}"));
        }
    }
});
