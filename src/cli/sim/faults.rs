//! `ctp sim faults`: what plans of faults may say, and whether a plan can be.

use std::fmt::Write as _;
use std::path::PathBuf;

use ctp_sim_host::fault::{CommonKey, FaultPlan, GROUPS, Kind, random_plan};
use serde_json::json;

use super::Error;
use super::table::{Format, Table};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// Plans to check; the kinds, keys and groups are listed when there are none.
    files: Vec<PathBuf>,
    /// Prints the plan that `random:SEED` is.
    #[arg(long, value_name = "SEED", conflicts_with = "files")]
    seed: Option<u64>,
    #[command(flatten)]
    format: Format,
}

/// Returns what is asked for.
pub(super) fn text(arguments: &Arguments) -> Result<String, Error> {
    if let Some(seed) = arguments.seed {
        return Ok(random_plan(seed));
    }
    if arguments.files.is_empty() {
        return list(arguments.format);
    }
    check(&arguments.files, arguments.format.json)
}

/// Checks plans; every problem of each goes to standard error.
fn check(files: &[PathBuf], as_json: bool) -> Result<String, Error> {
    let mut text = String::new();
    let mut plans = Vec::new();
    let mut failed = 0;
    for path in files {
        match FaultPlan::load(path) {
            Ok(plan) => {
                let _ = writeln!(text, "{}: {}", path.display(), describe(&plan));
                plans.push(json!({
                    "file": path.display().to_string(),
                    "name": plan.name,
                    "rows": plan.rows,
                    "seed": plan.seed,
                    "faults": plan.faults.iter().map(|fault| &fault.text).collect::<Vec<_>>(),
                }));
            }
            Err(error) => {
                failed += 1;
                eprintln!("{}", with_cause(&error));
            }
        }
    }
    match failed {
        0 if as_json => Ok(serde_json::to_string_pretty(&plans)? + "\n"),
        0 => Ok(text),
        _ => {
            eprint!("{text}");
            Err(Error::Plans(format!("{failed} of {} plans", files.len())))
        }
    }
}

fn describe(plan: &FaultPlan) -> String {
    let rows = if plan.rows.is_empty() { String::new() } else { format!(" ({})", plan.rows.join(" ")) };
    let faults: String = plan.faults.iter().map(|fault| format!("\n  {}", fault.text)).collect();
    format!("plan {}{rows}{faults}", plan.name)
}

fn with_cause(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) if !error.to_string().contains(&cause.to_string()) => format!("{error}: {cause}"),
        _ => error.to_string(),
    }
}

fn list(format: Format) -> Result<String, Error> {
    if format.json {
        let kinds = kinds().json_rows();
        let all = json!({ "kinds": kinds, "keys": keys().json_rows(), "groups": groups().json_rows() });
        return Ok(serde_json::to_string_pretty(&all)? + "\n");
    }
    Ok([kinds().write(format)?, keys().write(format)?, groups().write(format)?].join("\n"))
}

fn kinds() -> Table<4> {
    let rows: Vec<_> = Kind::ALL
        .iter()
        .map(|kind| {
            let own = kind.keys.iter().map(|(key, takes)| match key.strip_suffix('!') {
                Some(key) => format!("{key} (needed): {takes}"),
                None => format!("{key}: {takes}"),
            });
            [kind.name, kind.level.name(), &own.collect::<Vec<_>>().join("; "), kind.meaning]
                .map(str::to_owned)
        })
        .collect();
    let summary = format!("{} kinds: what `do` says", rows.len());
    Table { headings: ["do", "level", "own keys", "meaning"], rows, summary }
}

fn keys() -> Table<3> {
    let rows =
        CommonKey::ALL.iter().map(|key| [key.name, key.takes, key.meaning].map(str::to_owned)).collect();
    Table { headings: ["key", "takes", "meaning"], rows, summary: "keys of every kind".to_owned() }
}

fn groups() -> Table<3> {
    let rows =
        GROUPS.iter().map(|group| [group.name, group.callbacks, group.requests].map(str::to_owned)).collect();
    let summary = "groups for `what`; `on` takes callbacks of a group, and single names of both".to_owned();
    Table { headings: ["group", "callbacks", "requests"], rows, summary }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_documentation_has_the_tables() {
        let documented = include_str!("../../../docs/faults.md");
        for table in [kinds().markdown(), keys().markdown(), groups().markdown()] {
            assert!(
                documented.contains(&table),
                "put into docs/faults.md what `ctp sim faults --markdown` prints; it lacks\n{table}"
            );
        }
    }

    #[test]
    fn the_documentation_s_plans_can_be_read() {
        let documented = include_str!("../../../docs/faults.md");
        let mut plans = 0;
        for block in documented.split("```toml\n").skip(1) {
            let plan = block.split("```").next().unwrap_or_default();
            FaultPlan::parse("docs/faults.md", plan).unwrap_or_else(|error| panic!("{error}\n{plan}"));
            plans += 1;
        }
        assert!(plans >= 5, "{plans} examples");
    }

    #[test]
    fn a_seed_is_a_plan() {
        let is_plan = |path: &str| FaultPlan::load(Path::new(path)).is_ok();
        assert!(is_plan("random:7") && !is_plan("random:"));
    }
}
