//! Orders and cancels that wait in the counter until their product trades (预埋单, 预埋撤单).

use ctp_types::{
    ActionFlag, ContingentCondition, InputOrderField, ParkedOrderActionField, ParkedOrderField, Text,
};

use crate::error::{Denial, Error, Rule};
use crate::td::TdClient;
use crate::td::orders::Order;

/// An order that is parked in the counter. Dropping it removes nothing.
#[derive(Debug)]
pub struct Parked {
    client: TdClient,
    record: ParkedOrderField,
}

impl Parked {
    pub(super) fn new(client: TdClient, record: ParkedOrderField) -> Self {
        Self { client, record }
    }

    /// Returns the counter's number. C: `ParkedOrderID`.
    pub fn id(&self) -> Text<13> {
        self.record.parked_order_id
    }

    /// Returns the record as the counter took it.
    pub fn record(&self) -> &ParkedOrderField {
        &self.record
    }

    /// Takes the order back before it is sent.
    ///
    /// # Errors
    ///
    /// - [`Error::NotSent`]: the session is not ready, or the library did not take the request.
    /// - [`Error::Rejected`]: it was sent (46) or removed (47) already.
    /// - [`Error::Unknown`]: no answer came; [`TdClient::parked_orders`] tells.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not take back a request that was sent.
    pub async fn remove(&self) -> Result<(), Error> {
        self.client.remove_parked(self.id()).await
    }
}

/// A cancel that is parked in the counter. Dropping it removes nothing.
#[derive(Debug)]
pub struct ParkedCancel {
    client: TdClient,
    record: ParkedOrderActionField,
}

impl ParkedCancel {
    pub(super) fn new(client: TdClient, record: ParkedOrderActionField) -> Self {
        Self { client, record }
    }

    /// Returns the counter's number. C: `ParkedOrderActionID`.
    pub fn id(&self) -> Text<13> {
        self.record.parked_order_action_id
    }

    /// Returns the record as the counter took it.
    pub fn record(&self) -> &ParkedOrderActionField {
        &self.record
    }

    /// Takes the cancel back before it is sent: the order stays. So it passes the gate like an order.
    ///
    /// # Errors
    ///
    /// As [`Parked::remove`]; also [`Error::Denied`] while the gate is closed.
    ///
    /// # Cancel safety
    ///
    /// As [`Parked::remove`].
    pub async fn remove(&self) -> Result<(), Error> {
        self.client.remove_parked_cancel(self.id()).await
    }
}

/// Returns the record that parks an order. The counter numbers what it sends: a number of ours would be out of turn by
/// then (22).
pub(super) fn parked_of(order: &InputOrderField) -> Result<ParkedOrderField, Denial> {
    if order.contingent_condition != ContingentCondition::IMMEDIATELY {
        let fix = "the counter parks plain orders only: place it, it waits by itself";
        return Err(Denial::new(Rule::OrderKind, "a parked order with a trigger", fix));
    }
    if order.instrument_id.as_bytes().contains(&b'&') {
        let value = format!("a parked order in {}", order.instrument_id);
        return Err(Denial::new(Rule::OrderKind, value, "the counter parks no combinations: place it"));
    }
    Ok(ParkedOrderField {
        order_price_type: order.order_price_type,
        direction: order.direction,
        comb_offset_flag: order.comb_offset_flag,
        comb_hedge_flag: order.comb_hedge_flag,
        limit_price: order.limit_price,
        volume_total_original: order.volume_total_original,
        time_condition: order.time_condition,
        volume_condition: order.volume_condition,
        min_volume: order.min_volume,
        contingent_condition: ContingentCondition::IMMEDIATELY,
        force_close_reason: order.force_close_reason,
        exchange_id: order.exchange_id,
        invest_unit_id: order.invest_unit_id,
        instrument_id: order.instrument_id,
        ..ParkedOrderField::default()
    })
}

/// Returns the record that parks a cancel: by the exchange's number of the order, before it has one by the session's.
pub(super) fn action_of(order: &Order) -> ParkedOrderActionField {
    let mut record = ParkedOrderActionField {
        exchange_id: order.keys.exchange_id,
        action_flag: ActionFlag::DELETE,
        instrument_id: order.instrument_id,
        ..ParkedOrderActionField::default()
    };
    if order.keys.order_sys_id.is_empty() {
        record.front_id = order.keys.front_id;
        record.session_id = order.keys.session_id;
        record.order_ref = order.keys.order_ref;
    } else {
        record.order_sys_id = order.keys.order_sys_id;
    }
    record
}

#[cfg(test)]
mod tests {
    use ctp_types::{Direction, OffsetFlag};

    use super::*;
    use crate::td::{Condition, NewOrder};

    #[test]
    fn only_plain_orders_are_parked() {
        let order = NewOrder::limit("rb2701", Direction::BUY, OffsetFlag::OPEN, 2, 3_900.0).exchange("SHFE");
        let parked = parked_of(&order.record().unwrap()).unwrap();
        assert_eq!((parked.limit_price, parked.volume_total_original), (3_900.0, 2));
        assert!(parked.order_ref.is_empty());
        let when = order.when(Condition::last_above(1.0)).record().unwrap();
        assert_eq!(parked_of(&when).unwrap_err().rule, Rule::OrderKind);
        let spread = NewOrder::spread("SP a&b", Direction::BUY, [OffsetFlag::OPEN; 2], 1, 1.0);
        assert_eq!(parked_of(&spread.record().unwrap()).unwrap_err().rule, Rule::OrderKind);
    }
}
