//! How a scenario file went with a client.

use ctp_sim_host::scenario::{self, Failure, Report, Scenario};

use crate::foreign::{CANNOT, Foreign, Package, Places};

/// The verdict on a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    /// Every row went as the file says.
    Pass,
    /// The client's API offers no way to do or to show it.
    Cannot,
    /// Something was not as the file says.
    Fail,
    /// The file is about other versions.
    OtherVersion,
}

impl Verdict {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Cannot => "cannot express",
            Self::Fail => "FAIL",
            Self::OtherVersion => "–",
        }
    }
}

/// How a file went.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) verdict: Verdict,
    /// Rows that ran.
    pub(crate) rows: usize,
    /// What was not as the file says, for people.
    pub(crate) text: String,
}

/// Runs a file through a client.
pub(crate) fn run(scenario: &Scenario, package: Package, places: &Places) -> Outcome {
    if !scenario.versions.allow(package.version) {
        return Outcome { verdict: Verdict::OtherVersion, rows: 0, text: String::new() };
    }
    let foreign = match Foreign::new(package, places.clone()) {
        Ok(foreign) => foreign,
        Err(error) => return Outcome { verdict: Verdict::Fail, rows: 0, text: error },
    };
    let report = scenario::run(scenario, &foreign);
    Outcome { verdict: verdict(&report, &foreign), rows: report.rows, text: texts(&report.failures) }
}

/// One row that fails makes the file fail; one that cannot be expressed, the file one that cannot.
fn verdict(report: &Report, foreign: &Foreign) -> Verdict {
    let of_row = |failure: &Failure| if cannot(failure, foreign) { Verdict::Cannot } else { Verdict::Fail };
    report.failures.iter().map(of_row).max().unwrap_or(Verdict::Pass)
}

/// Returns whether a row failed only for want of something in the client's API.
fn cannot(failure: &Failure, foreign: &Foreign) -> bool {
    if failure.problem.starts_with(CANNOT) {
        return true;
    }
    let named = |word: &str| word.starts_with("On") && foreign.lacks_callback(word);
    if failure.statement.split_whitespace().any(named) {
        return true;
    }
    let mut wrong = failure.compared.iter().filter(|row| !row.agrees).peekable();
    wrong.peek().is_some() && wrong.all(|row| foreign.lacks_field(&row.name))
}

pub(crate) fn texts<T: std::fmt::Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
