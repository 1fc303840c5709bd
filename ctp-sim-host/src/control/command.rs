//! What no client does: the operator's doing, and the world's.

use std::collections::BTreeMap;

use ctp_sim::Command;
use serde_json::{Value, json};

use super::ControlError;
use super::operation::{Answer, Fields, Operation, Run, optional};
use crate::command::{read_command, read_line};
use crate::simulator::Simulator;

pub(super) const OPERATIONS: &[Operation] = &[Operation {
    name: "command",
    help: "does what no client does, as `sim >` lines of scenarios do (docs/scenarios.md)",
    arguments: &[
        optional("command", "the command's name, its fields beside it"),
        optional("text", "instead: the command and its fields in one line"),
        optional("sessions", "an object: names for session numbers, used by text"),
    ],
    answer: "",
    example: "text=\"deposit 146571 amount=50000\"",
    run: Run::Exchange(command),
}];

fn command(exchange: &Simulator, mut fields: Fields) -> Result<Answer, ControlError> {
    let take = |fields: &mut Fields, name: &str| fields.remove(name).unwrap_or(Value::Null);
    let sessions: Option<BTreeMap<String, u64>> = serde_json::from_value(take(&mut fields, "sessions"))?;
    let session = |name: &str| sessions.as_ref()?.get(name).copied();
    let command: Command = match fields.remove("text") {
        Some(text) => {
            let text: String = serde_json::from_value(text)?;
            let (name, arguments) = read_line(&text)?;
            read_command(&name, &arguments, &session)?
        }
        None => {
            let name: String = serde_json::from_value(take(&mut fields, "command"))?;
            let named = if fields.is_empty() && serde_json::from_value::<Command>(json!(name)).is_ok() {
                json!(name)
            } else {
                json!({ name: fields })
            };
            serde_json::from_value(named)?
        }
    };
    exchange.command(command);
    Ok(Answer::new())
}
