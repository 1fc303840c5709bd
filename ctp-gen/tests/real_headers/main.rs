//! The committed models and what is emitted from them, held against the vendor's real headers and libraries.
//!
//! The list of tests is made from the committed models and from `vendor/manifest/headers.toml`:
//! `se-6.7.13::model`, `se-6.7.13::layout`, `se-6.7.13::symbols`, …, `extra-6.7.13-macos::proof`. Needs `vendor/`
//! (`cargo xtask vendor`) and libclang (`cargo xtask tools`).

mod bad_input;
#[path = "../support/cpp.rs"]
mod cpp;
#[path = "../support/layout.rs"]
mod layout;
mod model;
mod other_sets;
mod proof;
mod removed_method;
mod symbols;
mod teeth;
mod vendor;

use std::process::ExitCode;

use ctp_gen::models;
use libtest_mimic::{Arguments, Failed, Trial};

/// A test of its own, as `#[test]` would list it.
type Test = (&'static str, fn());

fn main() -> ExitCode {
    let versions = models::models().flat_map(|api| {
        let test = |what: &str, run: fn(&ctp_gen::Api) -> Result<(), Failed>| {
            Trial::test(format!("{}::{what}", api.label()), move || run(api))
        };
        [test("model", model::check), test("layout", proof::check), test("symbols", symbols::check)]
    });
    let others = other_sets::listed()
        .into_iter()
        .map(|set| Trial::test(format!("{}::proof", set.name), move || Ok(other_sets::check(&set)?)));
    let single =
        [bad_input::TESTS, removed_method::TESTS, teeth::TESTS].concat().into_iter().map(|(name, test)| {
            Trial::test(name, move || {
                test();
                Ok(())
            })
        });
    let trials = versions.chain(others).chain(single).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
