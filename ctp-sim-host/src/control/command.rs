//! What no client does: the operator's doing, and the world's.

use std::collections::BTreeMap;

use ctp_sim::{Command, SessionId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ControlError;
use super::operation::{Answer, Done, Fields, Operation, Request, Run, needed, optional};
use crate::command::{read_command, read_line};
use crate::engine::REASON_READ_FAILED;
use crate::fault;
use crate::simulator::Simulator;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "command",
        help: "does what no client does, as `sim >` lines of scenarios do (docs/scenarios.md)",
        arguments: &[
            optional("command", "the command's name, its fields beside it"),
            optional("text", "instead: the command and its fields in one line"),
            optional("sessions", "an object: names for session numbers, used by text").json(),
        ],
        answer: "",
        example: "text=\"deposit 146571 amount=50000\"",
        run: Run::Exchange(command),
    },
    Operation {
        name: "tick",
        help: "pushes a tick; the crowd leaves that market (docs/scenarios.md, command tick)",
        arguments: &[
            needed("instrument", "the instrument"),
            optional("last", "LastPrice").number(),
            optional("volume", "lots that traded with it; default 0").number(),
            optional("bid", "one side of the book: \"3199x5,3198x10\", the best first"),
            optional("ask", "the other side"),
            optional("open_interest", "lots").number(),
            optional("pre_settlement", "PreSettlementPrice").number(),
            optional("upper", "UpperLimitPrice").number(),
            optional("lower", "LowerLimitPrice").number(),
            optional("after", "a duration: later than now"),
        ],
        answer: "",
        example: "instrument=rb2701 last=3200 bid=3199x5 ask=3200x3",
        run: Run::Exchange(|exchange, fields| {
            exchange.try_command(serde_json::from_value(json!({ "tick": fields }))?)?;
            Ok(Answer::new())
        }),
    },
    Operation {
        name: Disconnect::NAME,
        help: "ends a client's connection; its library connects again",
        arguments: &[
            needed("session", "its number (op sessions)").number(),
            optional("reason", "nReason; default 4097 (0x1001, read failed)").number(),
        ],
        answer: "",
        example: "session=1 reason=4097",
        run: Run::of::<Disconnect>(),
    },
];

/// Ends a client's connection.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disconnect {
    /// The session's number.
    pub session: u64,
    /// `nReason`
    #[serde(default = "read_failed")]
    pub reason: i32,
}

const fn read_failed() -> i32 {
    REASON_READ_FAILED
}

impl Request for Disconnect {
    const NAME: &'static str = "disconnect";
    type Answer = Done;

    fn carry_out(self, exchange: &Simulator) -> Result<Done, ControlError> {
        exchange
            .try_command(Command::Disconnect { session: SessionId(self.session), reason: self.reason })?;
        Ok(Done {})
    }
}

fn command(exchange: &Simulator, mut fields: Fields) -> Result<Answer, ControlError> {
    let take = |fields: &mut Fields, name: &str| fields.remove(name).unwrap_or(Value::Null);
    let sessions: Option<BTreeMap<String, u64>> = serde_json::from_value(take(&mut fields, "sessions"))?;
    let session = |name: &str| sessions.as_ref()?.get(name).copied();
    let command: Command = match fields.remove("text") {
        Some(text) => {
            let text: String = serde_json::from_value(text)?;
            let (name, arguments) = read_line(&text)?;
            if let Some(done) = fault::words::command(exchange, &name, &arguments, &session) {
                return Ok(done.map(|()| Answer::new())?);
            }
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
    exchange.try_command(command)?;
    Ok(Answer::new())
}
