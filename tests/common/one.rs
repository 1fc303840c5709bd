//! Runs of a single trial: a runner may start each in a process of its own, and then nothing else has to be read.

use std::process::ExitCode;

use libtest_mimic::{Arguments, Conclusion};

/// Returns whether a trial may be called for in whose name `word` stands, between blanks.
pub(crate) fn is_asked(arguments: &Arguments, word: &str) -> bool {
    let one = arguments.filter.as_deref().filter(|_| arguments.exact);
    one.is_none_or(|name| name.split(' ').any(|found| found == word))
}

/// Returns how a run ended. One of a single trial that does not exist has failed: what was left out shows nothing.
pub(crate) fn ended(arguments: &Arguments, conclusion: &Conclusion) -> ExitCode {
    let ran = conclusion.num_passed + conclusion.num_failed + conclusion.num_ignored;
    if arguments.exact && !arguments.list && ran == 0 {
        eprintln!("no trial is called {:?}", arguments.filter.as_deref().unwrap_or_default());
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}
