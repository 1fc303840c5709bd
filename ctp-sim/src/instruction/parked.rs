//! Parked orders and parked cancels (预埋单): kept in the core until the product trades (§7).

use ctp_types::{
    ContingentCondition, InputOrderActionField, InputOrderField, OrderActionField, ParkedOrderActionField,
    ParkedOrderField, ParkedOrderStatus, RemoveParkedOrderActionField, RemoveParkedOrderField, Text,
    TraderCallback, TraderRequest, UserType,
};

use crate::errors::CoreError;
use crate::exchange::Exchange;
use crate::instruction::refusal::Refusal;
use crate::instruction::{ACTION_REFUSED, alike};
use crate::interface::SessionId;
use crate::order::check::Sender;
use crate::text::aligned;

/// The first version whose back-end refuses conditional orders that are parked (§7).
const TYPE_CHECKED_FROM: (u16, u16, u16) = (6, 7, 2);

/// Something parked, and who parked it.
#[derive(Clone, Debug)]
pub(crate) struct Parked<R> {
    pub(crate) record: R,
    pub(crate) investor: Text<13>,
    sender: Sender,
    market: Option<usize>,
}

impl Exchange {
    pub(super) fn park_order(&mut self, id: SessionId, input: &ParkedOrderField, request_id: i32) {
        let request = TraderRequest::ReqParkedOrderInsert;
        match self.check_parked_order(id, input) {
            Ok((sender, market)) => {
                self.instructions.parked_ids.0 += 1;
                let record = ParkedOrderField {
                    parked_order_id: aligned(self.instructions.parked_ids.0),
                    user_type: UserType::INVESTOR,
                    status: ParkedOrderStatus::NOT_SEND,
                    error_id: 0,
                    error_msg: Text::default(),
                    ..*input
                };
                let parked = Parked { record, investor: sender.investor, sender, market: Some(market) };
                self.instructions.parked_orders.push(parked);
                self.answer_done(id, request, &record, request_id);
            }
            Err(refusal) => self.answer(id, request, Some((*input).into()), refusal.rsp_info(), request_id),
        }
    }

    pub(super) fn park_action(&mut self, id: SessionId, input: &ParkedOrderActionField, request_id: i32) {
        let request = TraderRequest::ReqParkedOrderAction;
        match self.check_parked_action(id, input) {
            Ok((sender, market)) => {
                self.instructions.parked_ids.1 += 1;
                let record = ParkedOrderActionField {
                    parked_order_action_id: aligned(self.instructions.parked_ids.1),
                    user_type: UserType::INVESTOR,
                    status: ParkedOrderStatus::NOT_SEND,
                    error_id: 0,
                    error_msg: Text::default(),
                    ..*input
                };
                let parked = Parked { record, investor: sender.investor, sender, market };
                self.instructions.parked_actions.push(parked);
                self.answer_done(id, request, &record, request_id);
            }
            Err(refusal) => self.answer(id, request, Some((*input).into()), refusal.rsp_info(), request_id),
        }
    }

    pub(super) fn remove_parked_order(
        &mut self,
        id: SessionId,
        input: &RemoveParkedOrderField,
        request_id: i32,
    ) {
        let removed = self.check_investor(id, &input.broker_id, &input.investor_id).map_err(Refusal::from);
        let removed = removed.and_then(|()| {
            let mut parked = self.instructions.parked_orders.iter_mut();
            let parked = parked.find(|parked| {
                parked.investor == input.investor_id && parked.record.parked_order_id == input.parked_order_id
            });
            remove(parked.map(|parked| &mut parked.record.status))
        });
        let info = removed.map_or_else(Refusal::rsp_info, |()| crate::errors::success());
        self.answer(id, TraderRequest::ReqRemoveParkedOrder, Some((*input).into()), info, request_id);
    }

    pub(super) fn remove_parked_action(
        &mut self,
        id: SessionId,
        input: &RemoveParkedOrderActionField,
        request_id: i32,
    ) {
        let removed = self.check_investor(id, &input.broker_id, &input.investor_id).map_err(Refusal::from);
        let removed = removed.and_then(|()| {
            let mut parked = self.instructions.parked_actions.iter_mut();
            let parked = parked.find(|parked| {
                parked.investor == input.investor_id
                    && parked.record.parked_order_action_id == input.parked_order_action_id
            });
            remove(parked.map(|parked| &mut parked.record.status))
        });
        let info = removed.map_or_else(Refusal::rsp_info, |()| crate::errors::success());
        self.answer(id, TraderRequest::ReqRemoveParkedOrderAction, Some((*input).into()), info, request_id);
    }

    /// A product enters auction ordering or continuous trading: what was parked for it is sent.
    pub(crate) fn send_parked(&mut self, product: &Text<81>) {
        let is_of = |market: usize| self.markets[market].instrument.product_id == *product;
        let orders = self.instructions.parked_orders.iter().enumerate();
        let orders: Vec<usize> = orders
            .filter(|(_, parked)| parked.record.status == ParkedOrderStatus::NOT_SEND)
            .filter(|(_, parked)| parked.market.is_some_and(is_of))
            .map(|(index, _)| index)
            .collect();
        let actions = self.instructions.parked_actions.iter().enumerate();
        let actions: Vec<usize> = actions
            .filter(|(_, parked)| parked.record.status == ParkedOrderStatus::NOT_SEND)
            .filter(|(_, parked)| parked.market.is_none_or(is_of))
            .map(|(index, _)| index)
            .collect();
        for index in orders {
            self.send_parked_order(index);
        }
        for index in actions {
            self.send_parked_action(index);
        }
    }

    /// Forgets what is parked and was not sent: it did not survive the core's restart (§9.3).
    pub(crate) fn drop_parked(&mut self) {
        let sent = |status| status != ParkedOrderStatus::NOT_SEND;
        self.instructions.parked_orders.retain(|parked| sent(parked.record.status));
        self.instructions.parked_actions.retain(|parked| sent(parked.record.status));
    }

    fn send_parked_order(&mut self, index: usize) {
        let parked = &mut self.instructions.parked_orders[index];
        parked.record.status = ParkedOrderStatus::SEND;
        let sender = parked.sender;
        let input = InputOrderField {
            // The condition "parked" was this; the order itself is an ordinary one.
            contingent_condition: ContingentCondition::IMMEDIATELY,
            ..alike(&parked.record)
        };
        if let Err(error) = self.place_for_client(&sender, &input) {
            let info = error.rsp_info();
            let parked = &mut self.instructions.parked_orders[index];
            (parked.record.error_id, parked.record.error_msg) = (info.error_id, info.error_msg);
            let investor = parked.investor;
            if !input.user_id.is_empty() {
                self.publish(investor, TraderCallback::OnErrRtnOrderInsert, &input, Some(info));
            }
        }
    }

    fn send_parked_action(&mut self, index: usize) {
        let parked = &mut self.instructions.parked_actions[index];
        parked.record.status = ParkedOrderStatus::SEND;
        let sender = parked.sender;
        let input: InputOrderActionField = alike(&parked.record);
        if let Err(error) = self.cancel_for_client(&sender, &input) {
            let info = error.rsp_info();
            let parked = &mut self.instructions.parked_actions[index];
            (parked.record.error_id, parked.record.error_msg) = (info.error_id, info.error_msg);
            let investor = parked.investor;
            if !input.user_id.is_empty() {
                let refused =
                    OrderActionField { order_action_status: ACTION_REFUSED, ..self.action_record_of(&input) };
                self.publish(investor, TraderCallback::OnErrRtnOrderAction, &refused, Some(info));
            }
        }
    }

    fn check_parked_order(
        &self,
        id: SessionId,
        input: &ParkedOrderField,
    ) -> Result<(Sender, usize), Refusal> {
        let sender = self.sender_of(id).ok_or(CoreError::NotLoginYet)?;
        self.check_investor(id, &input.broker_id, &input.investor_id)?;
        let market = self.market_of(&input.instrument_id, &input.exchange_id)?;
        if self.markets[market].instrument.is_combination() {
            return Err(Refusal::ParkedCombination);
        }
        let is_plain = matches!(
            input.contingent_condition,
            ContingentCondition::IMMEDIATELY | ContingentCondition::PARKED_ORDER
        );
        if sender.api_version >= TYPE_CHECKED_FROM && !is_plain {
            return Err(Refusal::ParkedWrongType);
        }
        if input.volume_total_original <= 0 || input.direction.name().is_none() {
            return Err(CoreError::BadField.into());
        }
        Ok((sender, market))
    }

    /// An action may name its instrument or not; a combination is not taken (6012).
    fn check_parked_action(
        &self,
        id: SessionId,
        input: &ParkedOrderActionField,
    ) -> Result<(Sender, Option<usize>), Refusal> {
        let sender = self.sender_of(id).ok_or(CoreError::NotLoginYet)?;
        self.check_investor(id, &input.broker_id, &input.investor_id)?;
        if input.instrument_id.is_empty() {
            return Ok((sender, None));
        }
        let market = self.market_of(&input.instrument_id, &input.exchange_id)?;
        if self.markets[market].instrument.is_combination() {
            return Err(Refusal::ParkedCombinationAction);
        }
        Ok((sender, Some(market)))
    }
}

fn remove(status: Option<&mut ParkedOrderStatus>) -> Result<(), Refusal> {
    let status = status.ok_or(Refusal::ParkedNotFound)?;
    match *status {
        ParkedOrderStatus::SEND => Err(Refusal::ParkedSent),
        ParkedOrderStatus::DELETED => Err(Refusal::ParkedDeleted),
        _ => {
            *status = ParkedOrderStatus::DELETED;
            Ok(())
        }
    }
}
