//! What an operation is: its name, what it takes, what it answers, and the function that carries it out.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::ControlError;
use crate::simulator::Simulator;

/// The fields of a request, without `op` and `exchange`.
pub(crate) type Fields = Map<String, Value>;

/// The fields of an answer, without `ok`.
pub(crate) type Answer = Map<String, Value>;

/// One operation of the control interface: a row of the table that `ctp sim ctl --help` and docs/control.md show.
#[derive(Debug)]
#[non_exhaustive]
pub struct Operation {
    /// What `op` says.
    pub name: &'static str,
    /// What it does, in one line.
    pub help: &'static str,
    /// What it takes besides `op` and `exchange`.
    pub arguments: &'static [Argument],
    /// What its answer holds; empty when only whether it was done.
    pub answer: &'static str,
    /// Arguments of an example as `ctp sim ctl` takes them, for example `duration=500ms`.
    pub example: &'static str,
    pub(crate) run: Run,
}

impl Operation {
    /// Returns whether a served exchange carries it out; the others are about the exchanges of a process.
    pub fn is_for_served(&self) -> bool {
        !matches!(self.run, Run::Process(_))
    }
}

/// One argument of an operation.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Argument {
    /// The field's name.
    pub name: &'static str,
    /// What it takes, and what is taken when it is left out.
    pub takes: &'static str,
    /// Whether it has to be there.
    pub needed: bool,
    /// What it is in JSON.
    pub kind: ArgumentKind,
}

/// What an argument is in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ArgumentKind {
    /// A text.
    Text,
    /// A number.
    Number,
    /// `true` or `false`.
    Switch,
    /// An object or an array.
    Json,
}

/// An argument that has to be there: a text.
pub(crate) const fn needed(name: &'static str, takes: &'static str) -> Argument {
    Argument { name, takes, needed: true, kind: ArgumentKind::Text }
}

/// An argument that may be left out: a text.
pub(crate) const fn optional(name: &'static str, takes: &'static str) -> Argument {
    Argument { name, takes, needed: false, kind: ArgumentKind::Text }
}

impl Argument {
    /// Makes it a number.
    pub(crate) const fn number(self) -> Self {
        Self { kind: ArgumentKind::Number, ..self }
    }

    /// Makes it `true` or `false`.
    pub(crate) const fn switch(self) -> Self {
        Self { kind: ArgumentKind::Switch, ..self }
    }

    /// Makes it an object or an array.
    pub(crate) const fn json(self) -> Self {
        Self { kind: ArgumentKind::Json, ..self }
    }
}

/// How an operation is carried out.
#[derive(Clone, Copy)]
pub(crate) enum Run {
    /// In the process: its fields still have `exchange`, which need not run.
    Process(fn(Fields) -> Result<Answer, ControlError>),
    /// On a running exchange.
    Exchange(fn(&Simulator, Fields) -> Result<Answer, ControlError>),
    /// On a running exchange; without one, in the process.
    Either(
        fn(&Simulator, Fields) -> Result<Answer, ControlError>,
        fn(Fields) -> Result<Answer, ControlError>,
    ),
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Process(_) => "Process",
            Self::Exchange(_) => "Exchange",
            Self::Either(..) => "Either",
        })
    }
}

impl Run {
    /// Returns how a typed request is carried out.
    pub(crate) const fn of<R: Request>() -> Self {
        Self::Exchange(Self::typed::<R>())
    }

    /// Returns the function that carries out a typed request.
    pub(crate) const fn typed<R: Request>() -> fn(&Simulator, Fields) -> Result<Answer, ControlError> {
        |exchange, fields| write(&read::<R>(fields)?.carry_out(exchange)?)
    }
}

/// A typed request to a running exchange: its fields are those of the JSON object.
pub trait Request: Serialize + DeserializeOwned {
    /// What `op` says.
    const NAME: &'static str;
    /// The answer.
    type Answer: Serialize + DeserializeOwned;

    /// Carries the request out on an exchange of this process.
    ///
    /// # Errors
    ///
    /// Returns an error that names what cannot be, and what can.
    fn carry_out(self, exchange: &Simulator) -> Result<Self::Answer, ControlError>;
}

/// The answer of what has nothing to tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Done {}

/// Reads the fields of a request.
pub(crate) fn read<T: DeserializeOwned>(fields: Fields) -> Result<T, ControlError> {
    Ok(serde_json::from_value(Value::Object(fields))?)
}

/// Writes an answer.
pub(crate) fn write(answer: &impl Serialize) -> Result<Answer, ControlError> {
    match serde_json::to_value(answer)? {
        Value::Object(answer) => Ok(answer),
        _ => Ok(Answer::new()),
    }
}
