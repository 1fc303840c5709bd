//! A scenario file.
#![no_main]

use ctp_sim_host::scenario;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    match scenario::parse(&text) {
        Ok(scenario) => drop(format!("{scenario:?} {}", scenario.row_count())),
        Err(errors) => {
            assert!(!errors.is_empty(), "neither a scenario nor an error");
            for error in errors {
                assert!(!error.to_string().is_empty());
            }
        }
    }
});
