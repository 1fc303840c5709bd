//! The gateway's exam: every fault of the catalogue that concerns sessions, requests, ticks and the boundary, made by the
//! simulator and met by the real clients through a loaded library.
//!
//! A test is named after its row, and `docs/gateway-faults.md` is made from the list of tests and from how they ended.
//! `cargo test --test gateway -- f22` runs some. With `CTP_GATEWAY_WITHOUT_PLANS=1` nothing goes wrong, and every test whose
//! fault is a plan must fail.

#[path = "gateway/books.rs"]
mod books;
#[path = "gateway/boundary.rs"]
mod boundary;
#[path = "gateway/cancels.rs"]
mod cancels;
#[path = "gateway/checks.rs"]
mod checks;
#[path = "gateway/child.rs"]
mod child;
#[path = "gateway/dates.rs"]
mod dates;
#[path = "gateway/fates.rs"]
mod fates;
#[path = "gateway/handlers.rs"]
mod handlers;
#[path = "gateway/journal.rs"]
mod journal;
#[path = "gateway/life.rs"]
mod life;
#[path = "gateway/links.rs"]
mod links;
#[path = "gateway/logins.rs"]
mod logins;
#[path = "gateway/orders.rs"]
mod orders;
#[path = "gateway/queries.rs"]
mod queries;
#[path = "gateway/risk.rs"]
mod risk;
#[path = "gateway/secrets.rs"]
mod secrets;
#[path = "gateway/silence.rs"]
mod silence;
#[path = "gateway/subscriptions.rs"]
mod subscriptions;
#[path = "gateway/table.rs"]
mod table;
#[path = "gateway/ticks.rs"]
mod ticks;
#[path = "gateway/trading.rs"]
mod trading;
#[path = "gateway/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::{Arguments, Trial};

/// A test of one row.
pub(crate) struct Case {
    /// Its name; begins with the row.
    pub(crate) name: &'static str,
    /// What it has seen when it passes, for the table.
    pub(crate) shows: &'static str,
    pub(crate) run: fn(),
}

/// Makes cases of test functions, each with what it shows.
macro_rules! cases {
    ($($function:ident: $shows:literal,)*) => {
        &[$($crate::Case { name: stringify!($function), shows: $shows, run: $function },)*]
    };
}
pub(crate) use cases;

fn cases_of_all() -> impl Iterator<Item = &'static Case> {
    [
        life::CASES,
        boundary::CASES,
        child::CASES,
        links::CASES,
        logins::CASES,
        silence::CASES,
        subscriptions::CASES,
        queries::CASES,
        fates::CASES,
        orders::CASES,
        cancels::CASES,
        checks::CASES,
        secrets::CASES,
        books::CASES,
        ticks::CASES,
        dates::CASES,
        handlers::CASES,
        journal::CASES,
        risk::CASES,
    ]
    .into_iter()
    .flatten()
}

fn main() -> ExitCode {
    // Some tests need a process of their own.
    if let Some(code) = child::run() {
        return code;
    }
    let arguments = Arguments::from_args();
    let passed = Arc::new(Mutex::new(BTreeSet::new()));
    let mut trials: Vec<Trial> = cases_of_all()
        .map(|case| {
            let passed = Arc::clone(&passed);
            Trial::test(case.name, move || {
                (case.run)();
                passed.lock().unwrap_or_else(PoisonError::into_inner).insert(case.name);
                Ok(())
            })
        })
        .collect();
    let is_whole = !arguments.list && arguments.filter.is_none() && arguments.skip.is_empty();
    trials.extend(table::trials());
    let conclusion = libtest_mimic::run(&arguments, trials);
    // The table tells how tests ended, so it is compared after the last of them.
    if is_whole {
        let passed = passed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(problem) = table::compare(&passed) {
            eprintln!("error: {problem}");
            return ExitCode::FAILURE;
        }
    }
    conclusion.exit_code()
}
