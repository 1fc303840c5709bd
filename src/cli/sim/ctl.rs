//! `ctp sim ctl`: the control interface of a served exchange, by hand and from scripts.

mod request;
mod show;

use std::fmt::Write as _;
use std::process::ExitCode;

use ctp_sim_host::control::{ArgumentKind, ControlError, Door, Operation, RemoteError, operations};
use serde_json::{Map, Value};

use super::Error;

/// Where `ctp sim serve` listens unless it is told otherwise.
const FRONT: &str = "tcp://127.0.0.1:17001";

/// The fronts of clients that are pointed at a simulator from outside, separated by commas.
const FRONT_VARIABLE: &str = "CTP_SIM_FRONT";

/// Returns the address of the exchange that is meant.
pub(super) fn front(given: Option<&str>) -> String {
    let all = std::env::var(FRONT_VARIABLE).unwrap_or_default();
    let first = all.split(',').map(str::trim).find(|address| address.starts_with("tcp://"));
    given.or(first).unwrap_or(FRONT).to_owned()
}

/// The exit code when the exchange was not reached, or the connection broke.
const NOT_REACHED: u8 = 3;

/// Arguments of the command.
#[derive(Debug, clap::Args)]
#[command(after_long_help = help(), after_help = "`ctp sim ctl --help` lists the operations with examples.")]
pub(in crate::cli) struct Arguments {
    /// The served exchange [default: the first address of CTP_SIM_FRONT, else tcp://127.0.0.1:17001]
    #[arg(long, value_name = "ADDRESS")]
    at: Option<String>,
    /// Sends this request as it is, a JSON object with `op`, and prints the answer as it comes.
    #[arg(long, value_name = "REQUEST", conflicts_with_all = ["operation", "arguments", "output"])]
    json: Option<String>,
    /// How the answer is written.
    #[arg(long, short, value_enum, default_value_t)]
    output: Output,
    /// The operation.
    #[arg(value_name = "OP", required_unless_present = "json")]
    operation: Option<String>,
    /// Its arguments. For `command`: the command and its fields, as scenarios write them.
    #[arg(value_name = "KEY=VALUE")]
    arguments: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Output {
    /// Columns for people.
    #[default]
    Table,
    /// The answer's fields as one JSON object.
    Json,
}

/// Runs the command: 0 when it was done, 1 when the exchange refused it, 2 for wrong arguments, 3 when the exchange was
/// not reached or the connection broke.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    let request = match &arguments.json {
        Some(request) => request.clone(),
        None => {
            let name = arguments.operation.as_deref().unwrap_or_default();
            match request::read(name, &arguments.arguments) {
                Ok(request) => Value::Object(request).to_string(),
                Err(error) => {
                    eprintln!("error: {error}");
                    return Ok(ExitCode::from(2));
                }
            }
        }
    };
    let asked = Door::to(&front(arguments.at.as_deref()))
        .map_err(ControlError::from)
        .and_then(|door| door.ask_json(&request));
    let answer = match asked {
        Ok(answer) => answer,
        Err(ControlError::Remote(error)) => {
            eprintln!("error: {error}");
            let is_ours = matches!(error, RemoteError::Address(_) | RemoteError::NoToken(_));
            return Ok(ExitCode::from(if is_ours { 2 } else { NOT_REACHED }));
        }
        Err(error) => {
            eprintln!("error: {error}");
            return Ok(ExitCode::FAILURE);
        }
    };
    super::say(&written(arguments, answer)?)?;
    Ok(ExitCode::SUCCESS)
}

fn written(arguments: &Arguments, answer: Map<String, Value>) -> Result<String, Error> {
    Ok(match (&arguments.json, arguments.output) {
        (Some(_), _) => {
            let mut whole = Map::from_iter([("ok".to_owned(), Value::Bool(true))]);
            whole.extend(answer);
            Value::Object(whole).to_string() + "\n"
        }
        (None, Output::Json) => serde_json::to_string_pretty(&Value::Object(answer))? + "\n",
        (None, Output::Table) => show::text(&answer),
    })
}

/// Returns the operations with their arguments and examples.
fn help() -> String {
    let mut text = "Operations:\n".to_owned();
    for operation in served() {
        let _ = writeln!(text, "  {:<12} {}", operation.name, operation.help);
        for argument in operation.arguments {
            let name = match argument.needed {
                true => argument.name.to_owned(),
                false => format!("[{}]", argument.name),
            };
            let _ = writeln!(text, "      {name:<17} {}", argument.takes);
        }
    }
    text.push_str("\nExamples:\n");
    for operation in served() {
        let line = format!("  ctp sim ctl {} {}", operation.name, operation.example);
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text.push_str(
        "  ctp sim ctl command disconnect 1 0x1001\n  ctp sim ctl --json '{\"op\":\"state\"}'\n\n\
         Exit codes: 0 done; 1 refused by the exchange; 2 wrong arguments; 3 not reached, or the connection broke.\n\
         A server on another machine wants CTP_SIM_TOKEN in the environment.",
    );
    text
}

/// Returns the table of operations as the documentation has it.
#[cfg(test)]
fn markdown() -> String {
    let mut text = "| `op` | does | with | answer |\n|---|---|---|---|\n".to_owned();
    let escaped = |text: &str| text.replace('|', "\\|");
    for operation in operations() {
        let arguments = operation.arguments.iter().map(|argument| {
            let name =
                if argument.needed { argument.name.to_owned() } else { format!("[{}]", argument.name) };
            format!("`{name}`: {}", escaped(argument.takes))
        });
        let arguments = arguments.collect::<Vec<_>>().join("; ");
        let Operation { name, help, answer, .. } = operation;
        let _ = writeln!(text, "| `{name}` | {} | {arguments} | {} |", escaped(help), escaped(answer));
    }
    text
}

/// Returns the operations that a served exchange carries out.
fn served() -> impl Iterator<Item = &'static Operation> {
    operations().filter(|operation| operation.is_for_served())
}

/// Returns what an argument of a kind looks like.
const fn looks(kind: ArgumentKind) -> &'static str {
    match kind {
        ArgumentKind::Number => "a number",
        ArgumentKind::Switch => "true or false",
        ArgumentKind::Json => "JSON",
        _ => "a text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_has_the_table() {
        let documented = include_str!("../../../docs/control.md");
        let table = markdown();
        assert!(documented.contains(&table), "put this into docs/control.md:\n{table}");
    }

    #[test]
    fn the_help_names_every_operation_that_is_served() {
        let help = help();
        for operation in served() {
            assert!(help.contains(&format!("ctp sim ctl {}", operation.name)), "{}", operation.name);
            assert!(!operation.help.is_empty() && operation.help.len() <= 100, "{}", operation.name);
        }
    }
}
