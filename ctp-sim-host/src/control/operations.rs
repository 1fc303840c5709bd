//! The table of operations, and the way of a request through it.

use serde_json::Value;

use super::operation::{Answer, Fields, Operation, Run};
use super::{ControlError, REQUEST_LENGTH_MAX, command, fault, life, log, market, money, orders, time};
use crate::simulator::Simulator;

/// The operations by group: each group has a file of its own.
const GROUPS: &[&[Operation]] = &[
    life::OPERATIONS,
    time::OPERATIONS,
    command::OPERATIONS,
    market::OPERATIONS,
    orders::OPERATIONS,
    money::OPERATIONS,
    log::OPERATIONS,
    fault::OPERATIONS,
];

/// Returns every operation of the control interface.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    GROUPS.iter().copied().flatten()
}

/// Reads a request and carries it out on the exchange that it names.
pub(super) fn carry_out(request: &str) -> Result<Answer, ControlError> {
    if let Some(answer) = forwarded(request)? {
        return Ok(answer);
    }
    let (operation, mut fields) = understand(request)?;
    match operation.run {
        Run::Process(run) => run(fields),
        Run::Either(_, run) if !fields.contains_key("exchange") => run(fields),
        Run::Exchange(run) | Run::Either(run, _) => {
            let name: String = match fields.remove("exchange") {
                Some(name) => serde_json::from_value(name)?,
                None => return Err(ControlError::Unnamed { running: Simulator::names().join(", ") }),
            };
            run(&find(&name)?, fields)
        }
    }
}

/// Returns the answer to a request with `front`; `None` to any other.
fn forwarded(request: &str) -> Result<Option<Answer>, ControlError> {
    if request.len() > REQUEST_LENGTH_MAX || !request.contains("front") {
        return Ok(None);
    }
    let mut fields: Fields = serde_json::from_str(request)?;
    let Some(front) = fields.remove("front") else { return Ok(None) };
    let front: String = serde_json::from_value(front)?;
    let answer = super::remote::forward(&front, &Value::Object(fields).to_string())?;
    let mut answer: Answer = serde_json::from_str(&answer)?;
    answer.remove("ok");
    match answer.remove("error") {
        None => Ok(Some(answer)),
        Some(error) => Err(ControlError::Told(error.as_str().unwrap_or_default().to_owned())),
    }
}

/// Reads a request and carries it out on one exchange, whether or not the request names it.
pub(super) fn carry_out_on(exchange: &Simulator, request: &str) -> Result<Answer, ControlError> {
    let (operation, mut fields) = understand(request)?;
    match fields.remove("exchange") {
        Some(Value::String(name)) if name != exchange.name() => {
            return Err(ControlError::NoExchange { name, running: exchange.name().to_owned() });
        }
        _ => {}
    }
    match operation.run {
        Run::Process(_) => Err(ControlError::InProcess(operation.name)),
        Run::Exchange(run) | Run::Either(run, _) => run(exchange, fields),
    }
}

/// Returns the running exchange of a name.
pub(super) fn find(name: &str) -> Result<Simulator, ControlError> {
    Simulator::running(name).ok_or_else(|| ControlError::NoExchange {
        name: name.to_owned(),
        running: Simulator::names().join(", "),
    })
}

fn understand(request: &str) -> Result<(&'static Operation, Fields), ControlError> {
    if request.len() > REQUEST_LENGTH_MAX {
        return Err(ControlError::TooLong(request.len()));
    }
    let mut fields: Fields = serde_json::from_str(request)?;
    let name = match fields.remove("op") {
        Some(Value::String(name)) => name,
        other => other.map_or_else(String::new, |value| value.to_string()),
    };
    match operations().find(|operation| operation.name == name) {
        Some(operation) => Ok((operation, fields)),
        None => {
            let known: Vec<&str> = operations().map(|operation| operation.name).collect();
            Err(ControlError::Operation { name, known: known.join(", ") })
        }
    }
}
