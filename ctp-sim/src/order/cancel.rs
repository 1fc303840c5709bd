//! Cancelling an order (§5.5 E, I, J; §5.8).

use ctp_market::Exchange as Venue;
use ctp_types::{
    ActionFlag, InputOrderActionField, OrderActionField, OrderActionStatus, OrderStatus, OrderSubmitStatus,
    OrderType, RecordBox, RspInfoField, TraderCallback, TraderRequest,
};

use crate::errors::{CoreError, EXCHANGE_REFUSED};
use crate::exchange::{Exchange, Task};
use crate::interface::SessionId;
use crate::order::{Cancel, Phase};
use crate::text::{aligned, text};

impl Exchange {
    /// Sends a cancel to the exchange, or refuses it: `OnRspOrderAction` and `OnErrRtnOrderAction` (§5.5 I).
    pub(crate) fn cancel_order(&mut self, id: SessionId, action: &InputOrderActionField, request_id: i32) {
        match self.find_order_to_cancel(id, action) {
            Ok(order) => self.send_cancel(order, action),
            Err(error) => {
                self.refuse(id, TraderRequest::ReqOrderAction, &RecordBox::new(action), error, request_id);
                let investor = self.login(id).map(|login| login.investor);
                if let Some(investor) = investor.filter(|_| !action.user_id.is_empty()) {
                    let record = self.action_record(action);
                    let info = Some(error.rsp_info());
                    self.publish(investor, TraderCallback::OnErrRtnOrderAction, &record, info);
                }
            }
        }
    }

    /// Sends a cancel of an order to the exchange.
    pub(crate) fn send_cancel(&mut self, order: usize, action: &InputOrderActionField) {
        self.orders[order].cancel_pending = true;
        let cancel = Box::new(Cancel { order, action: *action });
        self.schedule.add(self.now.after(self.config.exchange_delay), Task::CancelArrives(cancel));
    }

    /// A cancel reaches the exchange: the order ends, or its end came first (§5.5 J).
    pub(crate) fn cancel_arrives(&mut self, cancel: &Cancel) {
        let index = cancel.order;
        self.orders[index].cancel_pending = false;
        if self.orders[index].phase == Phase::Final {
            let order = &self.orders[index];
            let traded = order.state.status == OrderStatus::ALL_TRADED;
            let reason = if traded { "报单已经全部成交" } else { "报单已经撤销" };
            let exchange = self.markets[order.market].instrument.exchange;
            let error_msg = text(&format!("{exchange}:{reason}"));
            let info = RspInfoField { error_id: EXCHANGE_REFUSED, error_msg };
            let investor = order.investor;
            let record = OrderActionField {
                order_local_id: aligned(order.origin.number),
                order_sys_id: order.state.sys_id,
                trader_id: self.desk.participant.trader,
                order_action_status: OrderActionStatus::REJECTED,
                status_msg: error_msg,
                ..self.action_record(&cancel.action)
            };
            self.publish(investor, TraderCallback::OnErrRtnOrderAction, &record, Some(info));
            return;
        }
        // §5.5 E: the former state with the cancel submitted, then the cancelled order.
        let state = &mut self.orders[index].state;
        state.active_user = cancel.action.user_id;
        state.submit = OrderSubmitStatus::CANCEL_SUBMITTED;
        self.publish_order(index);
        self.set_state(index, OrderStatus::CANCELED, OrderSubmitStatus::ACCEPTED);
        self.finish(index);
        self.publish_order(index);
    }

    /// Returns the order that an action means, if it can be cancelled (§5.9).
    pub(crate) fn find_order_to_cancel(
        &self,
        id: SessionId,
        action: &InputOrderActionField,
    ) -> Result<usize, CoreError> {
        if action.action_flag != ActionFlag::DELETE {
            return Err(CoreError::BadOrderActionField);
        }
        self.check_investor(id, &action.broker_id, &action.investor_id)?;
        if !action.exchange_id.is_empty() && Venue::from_id(&action.exchange_id.to_str()).is_none() {
            return Err(CoreError::ExchangeIdInvalid);
        }
        let by_sys_id = !action.order_sys_id.is_empty();
        if by_sys_id && action.exchange_id.is_empty() {
            return Err(CoreError::ExchangeIdMissing);
        }
        if !by_sys_id && (action.order_ref.is_empty() || action.front_id == 0) {
            return Err(CoreError::BadOrderActionField);
        }
        let found = if by_sys_id {
            self.desk.find_sys_id(&action.order_sys_id)
        } else {
            self.desk.find_reference(action.session_id, &action.order_ref)
        };
        // §5.8: both keys exactly as received, blanks included.
        let is_meant = |index: &usize| {
            let order = &self.orders[*index];
            let venue = self.markets[order.market].instrument.exchange;
            order.investor == action.investor_id
                && if by_sys_id {
                    order.state.sys_id == action.order_sys_id
                        && self.desk.exchange_id(venue) == action.exchange_id
                } else {
                    order.origin.front_id == action.front_id
                }
        };
        let index = found.filter(is_meant).ok_or(CoreError::OrderNotFound)?;
        let order = &self.orders[index];
        let is_czce = self.markets[order.market].instrument.exchange == Venue::Czce;
        match order.phase {
            Phase::Final => Err(CoreError::InsuitableOrderStatus),
            _ if order.cancel_pending => Err(CoreError::DuplicateOrderAction),
            Phase::Sent if order.kind == OrderType::DERIVE_FROM_QUOTE => Err(CoreError::QuoteDerivedOrder),
            Phase::Sent if is_czce => Err(CoreError::CancelUnknownOrder),
            Phase::Sent | Phase::Resting => Ok(index),
        }
    }

    fn action_record(&self, action: &InputOrderActionField) -> OrderActionField {
        OrderActionField {
            broker_id: action.broker_id,
            investor_id: action.investor_id,
            order_action_ref: action.order_action_ref,
            order_ref: action.order_ref,
            request_id: action.request_id,
            front_id: action.front_id,
            session_id: action.session_id,
            exchange_id: action.exchange_id,
            order_sys_id: action.order_sys_id,
            action_flag: action.action_flag,
            limit_price: action.limit_price,
            volume_change: action.volume_change,
            action_date: self.stamp().date,
            action_time: self.stamp().time,
            order_action_status: OrderActionStatus::SUBMITTED,
            user_id: action.user_id,
            invest_unit_id: action.invest_unit_id,
            mac_address: action.mac_address,
            instrument_id: action.instrument_id,
            ip_address: action.ip_address,
            order_memo: action.order_memo,
            session_req_seq: action.session_req_seq,
            ..OrderActionField::default()
        }
    }
}
