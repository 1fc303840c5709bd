//! The emitted conversions at work, and what must be true of every pair of versions.
//!
//! What must arrive where is said here by the models and `overlay/renames.toml` alone, by code of the tests' own:
//! nothing of the emitter's is believed.

mod counterparts;
#[path = "../support/cpp.rs"]
mod cpp;
mod program;

use std::{
    collections::HashSet,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use ctp_gen::{
    Api,
    emit::{Output, conversions},
    models,
    overlay::Overlay,
};

/// The seeds of the random records. A fault prints its own; put it here to see it again.
const SEEDS: [u64; 2] = [1, 20_261_121];

/// A version that is not its family's current one, and that.
fn pairs() -> Vec<(&'static Api, &'static Api)> {
    let older = |family| {
        let current = models::current_of(family).expect("a family has a model");
        models::of(family).skip(1).map(move |version| (version, current))
    };
    models::families().into_iter().flat_map(older).collect()
}

#[test]
fn every_field_of_an_older_version_has_a_place_in_the_current_one() {
    let pairs = pairs();
    let faults: Vec<String> =
        pairs.iter().flat_map(|(version, current)| counterparts::faults(version, current)).collect();
    assert_eq!(faults, [""; 0]);
    assert_eq!(counterparts::stale_renames(&pairs), [""; 0]);
}

#[test]
fn adapters_and_facades_convert_by_the_functions_that_are_tested() {
    let mut found = 0;
    for (version, current) in pairs() {
        let emit = |output: Output| output.emit(version, current, Overlay::committed()).expect("a text");
        let tested = conversions::cpp(version, current, Overlay::committed()).expect("conversions");
        let tested: HashSet<&str> = program::functions(&tested).collect();
        let facades = [Output::FacadeMd, Output::FacadeTrader];
        // Between families a facade's conversions are its own, and lose what the other side lacks.
        let outputs =
            [Output::Adapter].into_iter().chain(facades.into_iter().filter(|_| version.family == "se"));
        for output in outputs {
            let text = emit(output);
            let foreign = program::functions(&text).find(|function| !tested.contains(function));
            assert_eq!(foreign, None, "{} {}", version.label(), output.file_name());
            found += program::functions(&text).count();
        }
    }
    assert!(found > 500, "{found}");
}

#[test]
fn every_record_goes_to_the_current_version_and_back() {
    let pairs = pairs();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut converted = 0;
        while let Some((version, current)) = pairs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (program, records) = program::of(version, current, Overlay::committed());
            let expected = format!("{records} records, 0 faults\n");
            let seeds: Vec<String> = SEEDS.iter().map(u64::to_string).collect();
            let said = program::run(&program, &seeds);
            assert!(said == expected, "{}:\n{said}", version.label());
            converted += records;
        }
        converted
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let converted: usize = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().expect("a program per version")).sum()
    });
    // Nothing is proved by programs that convert nothing: 6.3.15 alone has 157 records laid out otherwise.
    assert!(converted > 400, "{converted}");
}
