//! `ctp sim store`: what a store holds, and whether it is sound.

use std::fmt::Write as _;
use std::path::PathBuf;

use ctp_sim_host::store::{Check, StoreState, Summary, accept_loss, check, summary};
use serde_json::{Value, json};

use super::Error;

/// Which store, and what to do with it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Ends with 0 when the store can be used, 1 when not; why, and what to do, is on standard error."
)]
pub(crate) struct Arguments {
    /// The file of `ctp sim serve --store`
    file: PathBuf,
    /// Makes the exchange again from its inputs and compares it with what it was; changes nothing
    #[arg(long)]
    check: bool,
    /// Takes the store as it is though rows that were written are gone, as after a power failure
    #[arg(long, conflicts_with = "check")]
    accept_loss: bool,
    /// Writes JSON
    #[arg(long)]
    json: bool,
}

/// Carries the command out and returns what it says.
pub(super) fn run(arguments: &Arguments) -> Result<String, Error> {
    let lost = match arguments.accept_loss {
        true => Some(accept_loss(&arguments.file)?),
        false => None,
    };
    let summary = summary(&arguments.file)?;
    let checked = match arguments.check {
        true => Some(check(&arguments.file)?),
        false => None,
    };
    if arguments.json {
        let mut value = serde_json::to_value(&summary)?;
        if let Value::Object(fields) = &mut value {
            if let Some(check) = checked {
                fields.insert("check".to_owned(), serde_json::to_value(check)?);
            }
            fields.extend(
                lost.map(|(left, written)| {
                    ("accepted".to_owned(), json!({ "rows": left, "written": written }))
                }),
            );
        }
        return Ok(format!("{value:#}\n"));
    }
    Ok(text(&summary, checked.as_ref(), lost))
}

fn text(summary: &Summary, checked: Option<&Check>, lost: Option<(u64, u64)>) -> String {
    let mut text = String::new();
    let mut say = |name: &str, value: String| {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{name:<12} {value}");
    };
    let state = match summary.state {
        StoreState::Running => "a server runs on it",
        StoreState::Closed => "closed in order",
        StoreState::Interrupted => "left as it was when its server was killed; it goes on from there",
    };
    say("store", summary.path.display().to_string());
    say("state", state.to_owned());
    say("began", format!("{} (build {})", summary.start, summary.build));
    say("reached", summary.reached.clone());
    for (key, value) in &summary.settings {
        say("setting", format!("{key}={value}"));
    }
    say("inputs", summary.rows.to_string());
    say("checkpoints", summary.checkpoints.to_string());
    for run in &summary.runs {
        say("run", format!("from input {} at {} (build {})", run.row, run.reached, run.build));
    }
    for (table, rows) in &summary.tables {
        say(table, rows.to_string());
    }
    if let Some((left, written)) = lost {
        say("accepted", format!("{left} of {written} inputs are left"));
    }
    if let Some(Check { rows, compared, reached, entries, digest, .. }) = checked {
        say("check", format!("sound: {rows} inputs lead to {reached}, {compared} states agree"));
        say("journal", format!("{entries} entries, {digest}"));
    }
    text
}
