//! Cancelling an order (§5.5 E, I, J; §5.8).

use ctp_market::Exchange as Venue;
use ctp_types::{
    ActionFlag, InputOrderActionField, OrderActionField, OrderActionStatus, OrderStatus, OrderSubmitStatus,
    OrderType, RecordBox, RspInfoField, TraderCallback, TraderRequest,
};

use crate::errors::{CoreError, EXCHANGE_REFUSED};
use crate::exchange::{Exchange, Task};
use crate::interface::SessionId;
use crate::order::check::Sender;
use crate::order::check::exchange_of;
use crate::order::{Cancel, Phase};
use crate::switches::RepeatedSubmit;
use crate::text::text;

impl Exchange {
    /// Sends a cancel to the exchange, or refuses it: `OnRspOrderAction` and `OnErrRtnOrderAction` (§5.5 I).
    pub(crate) fn cancel_order(&mut self, id: SessionId, action: &InputOrderActionField, request_id: i32) {
        let Some(sender) = self.sender_of(id) else { return };
        let found = self.find_order_to_cancel(&sender, action).and_then(|order| {
            self.check_action_reference(id, action)?;
            self.count_request(&sender.investor)?;
            Ok(order)
        });
        match found {
            Ok(order) => {
                let login = self.sessions.get_mut(&id).and_then(|session| session.login.as_mut());
                if let Some(login) = login {
                    login.max_action_ref = login.max_action_ref.max(action.order_action_ref);
                }
                self.send_cancel(order, action);
            }
            Err(error) => {
                self.refuse(id, TraderRequest::ReqOrderAction, &RecordBox::new(action), error, request_id);
                if !action.user_id.is_empty() {
                    let record = self.action_record(action);
                    let info = Some(error.rsp_info());
                    self.publish(sender.investor, TraderCallback::OnErrRtnOrderAction, &record, info);
                }
            }
        }
    }

    /// Sends a cancel of an order to the exchange; of a conditional order that still waits the core ends it at once.
    pub(crate) fn send_cancel(&mut self, order: usize, action: &InputOrderActionField) {
        if self.orders[order].phase == Phase::Untouched {
            self.orders[order].state.active_user = action.user_id;
            self.end_with(order, OrderStatus::CANCELED, OrderSubmitStatus::ACCEPTED);
            return;
        }
        self.orders[order].cancel_pending = true;
        let cancel = Box::new(Cancel { order, action: *action });
        self.schedule.add(self.now.after(self.config.exchange_delay), Task::CancelArrives(cancel));
    }

    /// A cancel reaches the exchange: the order ends, or its end came first (§5.5 J).
    pub(crate) fn cancel_arrives(&mut self, cancel: &Cancel) {
        let index = cancel.order;
        self.orders[index].cancel_pending = false;
        if let Some(reason) = self.reason_against_cancel(index) {
            self.refuse_cancel_at_exchange(cancel, &reason);
            return;
        }
        // §5.5 E: the former state with the cancel submitted, then the cancelled order.
        let state = &mut self.orders[index].state;
        state.active_user = cancel.action.user_id;
        let shown = state.submit;
        if self.config.switches.repeated_while_cancelling == RepeatedSubmit::CancelSubmitted {
            state.submit = OrderSubmitStatus::CANCEL_SUBMITTED;
        }
        self.publish_order(index);
        self.orders[index].state.submit = shown;
        self.end_with(index, OrderStatus::CANCELED, OrderSubmitStatus::ACCEPTED);
    }

    fn reason_against_cancel(&mut self, index: usize) -> Option<String> {
        let order = &self.orders[index];
        let instrument = &self.markets[order.market].instrument;
        if order.phase == Phase::Final {
            let traded = order.state.status == OrderStatus::ALL_TRADED;
            let reason = match (instrument.exchange, traded) {
                (Venue::Czce, _) => "出错: 所撤委托单没有找到",
                (_, true) => "报单已经全部成交",
                (_, false) => "报单已经撤销",
            };
            return Some(reason.to_owned());
        }
        if !self.markets[order.market].takes_orders() {
            return Some("当前状态禁止此项操作".to_owned());
        }
        let (id, exchange) = (instrument.id, self.desk.exchange_id(instrument.exchange));
        self.desk.cancel_refusals.take(&id, &exchange).map(|(_, reason)| reason)
    }

    /// §5.5 J: `OnErrRtnOrderAction` only, with the exchange's text.
    fn refuse_cancel_at_exchange(&mut self, cancel: &Cancel, reason: &str) {
        let index = cancel.order;
        let order = &self.orders[index];
        let exchange = self.markets[order.market].instrument.exchange;
        let error_msg = text(&format!("{exchange}:{reason}"));
        let info = RspInfoField { error_id: EXCHANGE_REFUSED, error_msg };
        let investor = order.investor;
        let record = OrderActionField {
            order_ref: order.origin.order_ref,
            front_id: order.origin.front_id,
            session_id: order.origin.session_id,
            order_local_id: order.origin.local_id,
            order_sys_id: order.state.sys_id,
            trader_id: self.desk.participant.trader,
            order_action_status: OrderActionStatus::REJECTED,
            status_msg: error_msg,
            ..self.action_record(&cancel.action)
        };
        let is_final = order.phase == Phase::Final;
        self.publish(investor, TraderCallback::OnErrRtnOrderAction, &record, Some(info));
        if self.config.switches.refused_cancel_republishes.is_on() && !is_final {
            let shown = self.orders[index].state.submit;
            self.orders[index].state.submit = OrderSubmitStatus::CANCEL_REJECTED;
            self.publish_order(index);
            self.orders[index].state.submit = shown;
        }
    }

    /// Returns the order that an action means, if it can be cancelled (§5.9).
    pub(crate) fn find_order_to_cancel(
        &self,
        sender: &Sender,
        action: &InputOrderActionField,
    ) -> Result<usize, CoreError> {
        self.desk.rights.check_core()?;
        let by_sys_id = !action.order_sys_id.is_empty();
        if action.action_flag != ActionFlag::DELETE
            || (!by_sys_id && (action.order_ref.is_empty() || action.front_id == 0))
        {
            return Err(CoreError::BadOrderActionField);
        }
        if action.investor_id.is_empty() {
            return Err(CoreError::InvestorIdMissing);
        }
        let venue = match action.exchange_id.is_empty() {
            true if by_sys_id => return Err(CoreError::ExchangeIdMissing),
            true => None,
            false => Some(exchange_of(&action.exchange_id)?),
        };
        self.check_owner(sender, &action.broker_id, &action.investor_id)?;
        let found = if by_sys_id {
            self.desk.find_sys_id(&action.order_sys_id)
        } else {
            self.desk.find_reference(action.session_id, &action.order_ref)
        };
        // §5.8: both keys exactly as received, blanks included.
        let is_meant = |index: &usize| {
            let order = &self.orders[*index];
            let own = self.markets[order.market].instrument.exchange;
            order.investor == action.investor_id
                && venue.is_none_or(|venue| venue == own)
                && match by_sys_id {
                    true => order.state.sys_id == action.order_sys_id,
                    false => order.origin.front_id == action.front_id,
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
            Phase::Untouched | Phase::Sent | Phase::Resting => Ok(index),
        }
    }

    /// §5.8: OrderActionRef rises within the session; 0 is assigned by the core.
    fn check_action_reference(&self, id: SessionId, action: &InputOrderActionField) -> Result<(), CoreError> {
        let last = self.login(id).map_or(0, |login| login.max_action_ref);
        match action.order_action_ref {
            0 => Ok(()),
            reference if reference > last => Ok(()),
            _ => Err(CoreError::DuplicateOrderAction),
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
