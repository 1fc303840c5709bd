//! What `$name` and `$name.Field` stand for while a scenario runs.

use ctp_types::{OrderField, RecordBox, RspUserLoginField};

use super::super::field;
use super::super::statement::Row;
use super::super::value::{Names, Template};
use super::{Bound, Client, OrderKey, Run, Stop};

/// The variables of a row alone, for the settings.
pub(super) struct RowNames<'a>(pub(super) &'a Row);

impl Names for RowNames<'_> {
    fn variable(&mut self, name: &str) -> Result<String, String> {
        let found = self.0.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).ok_or_else(|| format!("${name} is not a value of the row"))
    }

    fn field(&mut self, name: &str, field: &str) -> Result<String, String> {
        Err(format!("${name}.{field} is not known before the exchange runs"))
    }

    fn tick(&mut self) -> Result<f64, String> {
        Err("ticks are not known before the exchange runs".to_owned())
    }
}

impl Names for Run<'_> {
    fn variable(&mut self, name: &str) -> Result<String, String> {
        self.variables.get(name).cloned().ok_or_else(|| format!("${name} has no value; write ${name}.Field"))
    }

    fn field(&mut self, name: &str, wanted: &str) -> Result<String, String> {
        if self.bound.contains_key(name) {
            return self.field_of_bound(name, wanted);
        }
        let id = self.variable(name)?;
        let fields = self.world.instrument(&id).map_err(|error| error.0)?;
        let fields = fields.ok_or_else(|| format!("${name}: the exchange does not list {id:?}"))?;
        let found = fields.into_iter().find(|(field, _)| field == wanted);
        found.map(|(_, value)| value).ok_or_else(|| {
            format!("${name}.{wanted}: neither the instrument's record nor its tick has that field")
        })
    }

    fn tick(&mut self) -> Result<f64, String> {
        let id = match (&self.instrument, self.variables.get("instrument")) {
            (Some(id), _) | (None, Some(id)) => id.clone(),
            (None, None) => return Err("ticks of what? give $instrument by `with:` or `let`".to_owned()),
        };
        if let Some(tick) = self.instruments.get(&id) {
            return Ok(*tick);
        }
        let fields = self.world.instrument(&id).map_err(|error| error.0)?;
        let tick = fields
            .and_then(|fields| fields.into_iter().find(|(field, _)| field == "PriceTick"))
            .and_then(|(_, tick)| tick.parse().ok())
            .ok_or_else(|| format!("the exchange does not list {id:?}, so it has no tick"))?;
        self.instruments.insert(id, tick);
        Ok(tick)
    }
}

impl Run<'_> {
    pub(super) fn evaluate(&mut self, value: &Template) -> Result<String, Stop> {
        value.evaluate(self).map_err(Stop::from)
    }

    /// Returns the records of a name, the one to look at first in front: what was received under it, the order's
    /// latest state, what was sent.
    pub(super) fn records(&self, name: &str) -> Vec<RecordBox> {
        let Some(bound) = self.bound.get(name) else { return Vec::new() };
        let latest = self.latest(bound);
        [bound.received.clone(), latest, bound.sent.clone()].into_iter().flatten().collect()
    }

    /// Returns the latest `OnRtnOrder` of an order that a client sent.
    fn latest(&self, bound: &Bound) -> Option<RecordBox> {
        let key = bound.key.as_ref()?;
        let client = self.clients.get(&bound.client)?;
        let records = client.log.iter().rev().filter(|seen| seen.callback == "OnRtnOrder");
        let mut records = records.filter_map(|seen| seen.record.as_ref());
        records.find(|record| order_key(record).as_ref() == Some(key)).cloned()
    }

    /// Returns the value of a name's field in the first of its records that has one.
    fn field_of_bound(&self, name: &str, wanted: &str) -> Result<String, String> {
        let records = self.records(name);
        let values = records.iter().filter_map(|record| {
            let field = field::find(record.descriptor(), wanted).ok()?;
            Some(field::text(record.as_ref(), field))
        });
        let mut values = values.peekable();
        if values.peek().is_none() {
            let known: Vec<&str> = records.iter().map(|record| record.descriptor().c_name.as_str()).collect();
            return Err(format!("${name}.{wanted}: no such field in {}", known.join(", ")));
        }
        // An order that was just sent has no OrderSysID yet, while its latest record has.
        Ok(values.find(|value| !value.is_empty()).unwrap_or_default())
    }

    /// Returns FrontID and SessionID of a client's latest login, and its MaxOrderRef.
    pub(super) fn login(client: &Client) -> Option<RspUserLoginField> {
        let mut logins = client.log.iter().rev().filter(|seen| seen.callback == "OnRspUserLogin");
        let login = logins.find(|seen| seen.rsp_info.is_none_or(|info| info.error_id == 0))?;
        login.record.as_ref()?.get::<RspUserLoginField>().copied()
    }
}

/// Returns FrontID, SessionID and OrderRef of an order's record.
pub(super) fn order_key(record: &RecordBox) -> Option<OrderKey> {
    let order = record.get::<OrderField>()?;
    Some((order.front_id, order.session_id, trimmed(order.order_ref.as_bytes())))
}

/// Drops the blanks that the core may pad an OrderRef with.
pub(super) fn trimmed(order_ref: &[u8]) -> Vec<u8> {
    order_ref.trim_ascii().to_vec()
}
