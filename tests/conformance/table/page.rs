//! The table for people: on a terminal and as Markdown.

use std::fmt::Write as _;

use super::Table;
use crate::{outcome::Verdict, reasons::Known};

/// Columns of the totals.
const VERDICTS: [(Verdict, &str); 4] = [
    (Verdict::Pass, "pass"),
    (Verdict::Fail, "fail"),
    (Verdict::Cannot, "cannot express"),
    (Verdict::OtherVersion, "other version"),
];

/// Returns everything that did not pass, expected and seen side by side.
pub(super) fn failures(table: &Table) -> String {
    let mut text = String::new();
    for ((column, file), outcome) in &table.outcomes {
        if !matches!(outcome.verdict, Verdict::Fail | Verdict::Cannot) {
            continue;
        }
        let (client, file) = (table.columns[*column].package.name, &table.files[*file]);
        let known = match table.reasons.of(client, file) {
            Some((_, reason)) => format!(" (known: {})", reason.what),
            None => String::new(),
        };
        let _ = writeln!(text, "=== {client} {file}: {}{known}\n{}", outcome.verdict.text(), outcome.text);
    }
    text
}

/// Returns how many of each verdict every client has.
pub(super) fn totals(table: &Table) -> String {
    let mut text = format!("{:<12} {:<10}", "client", "version");
    for (_, name) in VERDICTS {
        let _ = write!(text, " {name:>14}");
    }
    let _ = writeln!(text, " {:>6}", "rows");
    for (column, of) in table.columns.iter().enumerate() {
        let _ = write!(text, "{:<12} {:<10}", of.package.name, of.hello.package);
        for (verdict, _) in VERDICTS {
            let _ = write!(text, " {:>14}", table.count(column, verdict));
        }
        let _ = writeln!(text, " {:>6}", table.rows(column));
    }
    text
}

/// Returns the page that is committed.
pub(super) fn markdown(table: &Table) -> String {
    let mut text = String::from("# Conformance table\n\n");
    let today = table.columns.first().map_or("", |column| &column.hello.today);
    let _ = writeln!(
        text,
        "Written by `cargo xtask conformance --write` on {today}; docs/conformance.md says how to read it.\n"
    );
    let _ = writeln!(
        text,
        "| client | version | bound to | pass | fail | cannot express | other version | rows |"
    );
    let _ = writeln!(text, "|---|---|---|---|---|---|---|---|");
    for (column, of) in table.columns.iter().enumerate() {
        let _ = write!(text, "| {} | {} | {}", of.package.name, of.hello.package, of.hello.library);
        for (verdict, _) in VERDICTS {
            let _ = write!(text, " | {}", table.count(column, verdict));
        }
        let _ = writeln!(text, " | {} |", table.rows(column));
    }
    text.push_str("\n## Why not\n\n| | client | | what | evidence |\n|---|---|---|---|---|\n");
    for (number, reason) in table.reasons.reason.iter().enumerate() {
        let verdict = match reason.verdict {
            Known::Fail => "fail",
            Known::Cannot => "cannot",
        };
        let (number, client) = (number + 1, &reason.client);
        let _ = writeln!(text, "| {number} | {client} | {verdict} | {} | {} |", reason.what, reason.evidence);
    }
    text.push_str("\n## Every scenario\n\n`–`: the file is about other versions.\n\n| scenario |");
    for of in &table.columns {
        let _ = write!(text, " {} |", of.package.name);
    }
    text.push_str("\n|---|");
    text.push_str(&"---|".repeat(table.columns.len()));
    text.push('\n');
    for (file, name) in table.files.iter().enumerate() {
        let _ = write!(text, "| {name} |");
        for (column, of) in table.columns.iter().enumerate() {
            let shown = table.outcome(column, file).map_or("?".to_owned(), |outcome| {
                let reason = table.reasons.of(of.package.name, name);
                match (outcome.verdict, reason) {
                    (Verdict::Pass, _) => "pass".to_owned(),
                    (Verdict::OtherVersion, _) => "–".to_owned(),
                    (Verdict::Fail, Some((number, _))) => format!("**fail** ({number})"),
                    (Verdict::Fail, None) => "**fail**".to_owned(),
                    (Verdict::Cannot, Some((number, _))) => format!("cannot ({number})"),
                    (Verdict::Cannot, None) => "cannot".to_owned(),
                }
            });
            let _ = write!(text, " {shown} |");
        }
        text.push('\n');
    }
    text
}
