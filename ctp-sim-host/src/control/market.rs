//! What is listed, and its market.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ControlError;
use super::operation::{Operation, Request, Run, needed};
use crate::simulator::Simulator;

pub(super) const OPERATIONS: &[Operation] = &[Operation {
    name: Instrument::NAME,
    help: "shows an instrument's record and its present tick",
    arguments: &[needed("id", "the instrument, for example rb2701")],
    answer: "fields by their C names, as text; null when it is not listed",
    example: "id=rb2701",
    run: Run::of::<Instrument>(),
}];

/// Asks for an instrument's record and its present tick.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instrument {
    /// The instrument.
    pub id: String,
}

/// An instrument's record and its present tick.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstrumentFields {
    /// Texts by their C names; `None` when it is not listed.
    pub fields: Option<Map<String, Value>>,
}

impl Request for Instrument {
    const NAME: &'static str = "instrument";
    type Answer = InstrumentFields;

    fn carry_out(self, exchange: &Simulator) -> Result<InstrumentFields, ControlError> {
        let fields = exchange.instrument(&self.id).map(|fields| {
            // The instrument's own fields go before those of its tick.
            let mut texts = Map::new();
            for (name, value) in fields {
                texts.entry(name).or_insert(Value::String(value));
            }
            texts
        });
        Ok(InstrumentFields { fields })
    }
}
