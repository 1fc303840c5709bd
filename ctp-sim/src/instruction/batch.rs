//! Cancelling all orders of a session at once (批量撤单; DCE market makers only, §7).

use ctp_market::Exchange as Venue;
use ctp_types::{BatchOrderActionField, InputBatchOrderActionField, TraderRequest};

use crate::errors::CoreError;
use crate::exchange::Exchange;
use crate::instruction::ACTION_REFUSED;
use crate::instruction::refusal::Refusal;
use crate::interface::SessionId;

impl Exchange {
    pub(super) fn cancel_batch(
        &mut self,
        id: SessionId,
        input: &InputBatchOrderActionField,
        request_id: i32,
    ) {
        if let Err(refusal) = self.check_batch(id, input) {
            let refused =
                BatchOrderActionField { order_action_status: ACTION_REFUSED, ..self.action_record_of(input) };
            let request = TraderRequest::ReqBatchOrderAction;
            self.refuse_instruction(id, request, input, (&refused, input.user_id), refusal, request_id);
            return;
        }
        let investor = input.investor_id;
        let orders = self.orders.iter().enumerate().filter(|(_, order)| {
            order.investor == investor
                && order.origin.session_id == input.session_id
                && self.markets[order.market].instrument.exchange == Venue::Dce
        });
        let orders: Vec<usize> = orders.map(|(index, _)| index).collect();
        for order in orders.into_iter().rev() {
            self.cancel_derived(order, input.user_id);
        }
    }

    fn check_batch(&self, id: SessionId, input: &InputBatchOrderActionField) -> Result<(), Refusal> {
        self.check_investor(id, &input.broker_id, &input.investor_id)?;
        match Venue::from_id(&input.exchange_id.to_str()) {
            Some(Venue::Dce) => Ok(()),
            Some(_) => Err(Refusal::BatchUnsupported),
            None if input.exchange_id.is_empty() => Err(CoreError::ExchangeIdMissing.into()),
            None => Err(CoreError::ExchangeIdInvalid.into()),
        }
    }
}
