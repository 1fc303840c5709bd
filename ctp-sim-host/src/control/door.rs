//! One way to ask, wherever the exchange is.

use std::sync::Mutex;

use serde_json::{Map, Value};

use super::operation::Request;
use super::remote::Remote;
use super::{ControlError, RemoteError, control_of};
use crate::simulator::Simulator;

/// A way to the control interface of one exchange: in this process, in a loaded library, or served.
#[derive(Debug)]
pub struct Door {
    way: Way,
    name: String,
    front: Option<String>,
}

enum Way {
    Here(Simulator),
    There(Mutex<Option<Remote>>),
    Through(Box<Asks>),
}

type Asks = dyn Fn(&str) -> Result<String, String> + Send + Sync;

impl std::fmt::Debug for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Here(_) => "Here",
            Self::There(_) => "There",
            Self::Through(_) => "Through",
        })
    }
}

impl Door {
    /// Returns the way to an exchange of this process.
    pub fn here(exchange: Simulator) -> Self {
        Self { name: exchange.name().to_owned(), way: Way::Here(exchange), front: None }
    }

    /// Returns the way to the exchange that is served at `tcp://HOST:PORT`.
    ///
    /// # Errors
    ///
    /// Returns an error when nothing answers, or what answers does not take the connection.
    pub fn to(front: &str) -> Result<Self, RemoteError> {
        let remote = Remote::connect(front)?;
        let name = remote.exchange().to_owned();
        Ok(Self { way: Way::There(Mutex::new(Some(remote))), name, front: Some(front.to_owned()) })
    }

    /// Returns the way to the exchange of a name through something that carries requests to its process, for example
    /// the `ctp_sim_control` of a loaded library.
    pub fn through(
        exchange: &str,
        ask: impl Fn(&str) -> Result<String, String> + Send + Sync + 'static,
    ) -> Self {
        Self { way: Way::Through(Box::new(ask)), name: exchange.to_owned(), front: None }
    }

    /// Returns the exchange's name.
    pub fn exchange(&self) -> &str {
        &self.name
    }

    /// Returns the address of a served exchange.
    pub fn front(&self) -> Option<&str> {
        self.front.as_deref()
    }

    /// Carries out a typed request.
    ///
    /// # Errors
    ///
    /// Returns the exchange's error, or that of a broken connection. The next request then connects again.
    pub fn ask<R: Request>(&self, request: R) -> Result<R::Answer, ControlError> {
        if let Way::Here(exchange) = &self.way {
            return request.carry_out(exchange);
        }
        let mut fields = match serde_json::to_value(&request)? {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        // An option that was left out is left out of the request, too.
        fields.retain(|_, value| !value.is_null());
        fields.insert("op".to_owned(), R::NAME.into());
        if matches!(self.way, Way::Through(_)) {
            fields.insert("exchange".to_owned(), self.name.as_str().into());
        }
        let answer = self.ask_json(&Value::Object(fields).to_string())?;
        Ok(serde_json::from_value(Value::Object(answer))?)
    }

    /// Carries out a request in JSON and returns the fields of its answer.
    ///
    /// # Errors
    ///
    /// As [`ask`](Self::ask).
    pub fn ask_json(&self, request: &str) -> Result<Map<String, Value>, ControlError> {
        let answer = match &self.way {
            Way::Here(exchange) => control_of(exchange, request),
            Way::Through(ask) => ask(request).map_err(ControlError::Told)?,
            Way::There(remote) => {
                let mut kept = crate::lock(remote);
                let connected = match &mut *kept {
                    Some(connected) => connected,
                    none => none.insert(Remote::connect(self.front.as_deref().unwrap_or_default())?),
                };
                connected.ask(request).inspect_err(|_| *kept = None)?
            }
        };
        let mut answer: Map<String, Value> = serde_json::from_str(&answer)?;
        match (answer.remove("ok"), answer.remove("error")) {
            (Some(Value::Bool(true)), _) => Ok(answer),
            (_, Some(Value::String(error))) => Err(ControlError::Told(error)),
            (_, error) => Err(ControlError::Told(format!("no reason given: {error:?}"))),
        }
    }
}
