//! Runs of a single trial: a runner may start each in a process of its own, and then nothing else has to be read.

use libtest_mimic::Arguments;

/// Returns whether a trial may be called for in whose name `word` stands, between blanks.
pub(crate) fn is_asked(arguments: &Arguments, word: &str) -> bool {
    let one = arguments.filter.as_deref().filter(|_| arguments.exact);
    one.is_none_or(|name| name.split(' ').any(|found| found == word))
}
