//! Faults: plans brought into force, looked at, taken out again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ControlError;
use super::operation::{Operation, Request, Run, optional};
use crate::command::read_line;
use crate::fault::{FaultPlan, PlanState};
use crate::simulator::Simulator;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: Fault::NAME,
        help: "brings a plan of faults into force (docs/faults.md)",
        arguments: &[
            optional("plan", "the plan: TOML, or an object of the same keys; one fault with do is one, too"),
            optional("name", "the name of a plan that says none"),
            optional("text", "instead: one fault as scenarios write it"),
            optional("seed", "instead: a number, for a plan drawn from it").number(),
            optional("sessions", "an object: names for session numbers, used by client= of text").json(),
        ],
        answer: "plan, name, faults",
        example: "text=\"drop what=OnRtnTrade count=2\"",
        run: Run::of::<Fault>(),
    },
    Operation {
        name: Faults::NAME,
        help: "tells which plans are in force, and what their faults did",
        arguments: &[],
        answer: "plans",
        example: "",
        run: Run::of::<Faults>(),
    },
    Operation {
        name: ClearFaults::NAME,
        help: "takes plans out of force; what they held goes on",
        arguments: &[optional("plan", "the number of one; all when it is left out").number()],
        answer: "cleared",
        example: "",
        run: Run::of::<ClearFaults>(),
    },
];

/// Brings a plan into force: exactly one of `plan`, `text` and `seed`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fault {
    /// TOML, or an object of the same keys.
    pub plan: Option<Value>,
    /// How problems and a plan without a name call it.
    pub name: Option<String>,
    /// One fault as scenarios write it.
    pub text: Option<String>,
    /// Where a plan is drawn from.
    pub seed: Option<u64>,
    /// Names for session numbers.
    pub sessions: Option<BTreeMap<String, u64>>,
}

/// What was brought into force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultAdded {
    /// The plan's number.
    pub plan: u64,
    /// Its name.
    pub name: String,
    /// Its faults, a line each.
    pub faults: Vec<String>,
}

impl Request for Fault {
    const NAME: &'static str = "fault";
    type Answer = FaultAdded;

    fn carry_out(self, exchange: &Simulator) -> Result<FaultAdded, ControlError> {
        let expected = "one of plan (TOML or an object), text and seed";
        let value = |value: String| ControlError::Value { name: "fault", value, expected };
        let name = self.name.unwrap_or_else(|| "plan".to_owned());
        let plan = match (self.plan, self.text, self.seed) {
            (Some(Value::String(text)), None, None) => FaultPlan::parse(&name, &text)?,
            (Some(Value::Object(object)), None, None) => FaultPlan::from_json(&name, &object)?,
            (None, Some(text), None) => {
                let (kind, mut words) = read_line(&text)?;
                words.insert(0, (None, kind));
                let sessions = self.sessions.unwrap_or_default();
                FaultPlan::from_words(&words, &|name| session(&sessions, name))?
            }
            (None, None, Some(seed)) => FaultPlan::random(seed)?,
            (Some(other), None, None) => return Err(value(other.to_string())),
            _ => return Err(value(String::new())),
        };
        let name = plan.name.clone();
        let faults = plan.faults.iter().map(|fault| fault.text.clone()).collect();
        Ok(FaultAdded { plan: exchange.add_faults(plan), name, faults })
    }
}

/// Asks for the plans in force.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Faults {}

/// The plans in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultPlans {
    /// In the order in which they came into force.
    pub plans: Vec<PlanState>,
}

impl Request for Faults {
    const NAME: &'static str = "faults";
    type Answer = FaultPlans;

    fn carry_out(self, exchange: &Simulator) -> Result<FaultPlans, ControlError> {
        Ok(FaultPlans { plans: exchange.faults() })
    }
}

/// Takes a plan out of force, or all.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClearFaults {
    /// Its number; all when it is left out.
    pub plan: Option<u64>,
}

/// How many plans were taken out of force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultsCleared {
    /// How many.
    pub cleared: usize,
}

impl Request for ClearFaults {
    const NAME: &'static str = "clear-faults";
    type Answer = FaultsCleared;

    fn carry_out(self, exchange: &Simulator) -> Result<FaultsCleared, ControlError> {
        let cleared = exchange.clear_faults(self.plan);
        match self.plan {
            Some(plan) if cleared == 0 => {
                let expected = "the number of a plan in force: faults lists them";
                Err(ControlError::Value { name: "plan", value: plan.to_string(), expected })
            }
            _ => Ok(FaultsCleared { cleared }),
        }
    }
}

fn session(sessions: &BTreeMap<String, u64>, name: &str) -> Option<u64> {
    sessions.get(name).copied().or_else(|| name.parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::control::control;

    fn answer(request: Value) -> Value {
        control(&request.to_string()).parse().expect("JSON")
    }

    #[test]
    fn plans_come_into_force_and_go() {
        let name = "control-faults";
        assert_eq!(
            answer(json!({ "op": "start", "exchange": name, "start": "2026-11-23 10:00:00" }))["ok"],
            true
        );
        let toml = "name = \"lost\"\nrows = [\"F47\"]\n[[fault]]\ndo = \"drop\"\nwhat = \"trades\"";
        let added = answer(json!({ "op": "fault", "exchange": name, "plan": toml }));
        assert_eq!(
            (&added["name"], &added["faults"]),
            (&json!("lost"), &json!(["drop what=trades"])),
            "{added}"
        );
        let object = json!({ "do": "stall", "for": "1s", "who": { "api": "md" } });
        assert_eq!(answer(json!({ "op": "fault", "exchange": name, "plan": object }))["ok"], true);
        let text = "drop what=OnRtnTrade client=one count=2";
        let words =
            answer(json!({ "op": "fault", "exchange": name, "text": text, "sessions": { "one": 1 } }));
        assert_eq!(words["ok"], true, "{words}");
        let drawn = answer(json!({ "op": "fault", "exchange": name, "seed": 7 }));
        assert_eq!(drawn["name"], "random-7", "{drawn}");
        let line = answer(json!({ "op": "command", "exchange": name, "text": "fault silence for=5s" }));
        assert_eq!(line["ok"], true, "{line}");
        let plans = answer(json!({ "op": "faults", "exchange": name }));
        assert_eq!(plans["plans"].as_array().map(Vec::len), Some(5), "{plans}");
        assert_eq!(
            plans["plans"][0]["faults"][0],
            json!({ "text": "drop what=trades", "active": true, "chances": 0, "done": 0 })
        );
        let one = answer(json!({ "op": "clear-faults", "exchange": name, "plan": added["plan"] }));
        assert_eq!(one["cleared"], 1, "{one}");
        for (wrong, named) in [
            (json!({ "plan": "[[fault]]\ndo = \"dorp\"" }), "is it drop?"),
            (json!({ "plan": { "do": "delay", "what": "all" } }), "needs `by`"),
            (json!({ "text": "drop what=all colour=red" }), "colour"),
            (json!({ "text": "drop what=all client=nobody" }), "nobody"),
            (json!({ "plan": 7 }), "one of plan"),
            (json!({}), "one of plan"),
        ] {
            let mut request = json!({ "op": "fault", "exchange": name });
            request.as_object_mut().expect("an object").extend(wrong.as_object().expect("an object").clone());
            let refused = answer(request.clone());
            assert!(
                refused["error"].as_str().is_some_and(|error| error.contains(named)),
                "{request}: {refused}"
            );
        }
        let gone = answer(json!({ "op": "clear-faults", "exchange": name, "plan": 999 }));
        assert!(gone["error"].as_str().is_some_and(|error| error.contains("999")), "{gone}");
        assert_eq!(answer(json!({ "op": "clear-faults", "exchange": name }))["cleared"], 4);
        assert_eq!(answer(json!({ "op": "end", "exchange": name }))["ok"], true);
    }
}
