//! Offsetting options against each other, or the futures they turn into (期权自对冲; §7).

use ctp_types::{
    ActionFlag, HedgeFlag, InputOptionSelfCloseActionField, InputOptionSelfCloseField,
    OptionSelfCloseActionField, OptionSelfCloseField, Text, TraderRequest,
};

use crate::errors::CoreError;
use crate::exchange::Exchange;
use crate::instruction::refusal::Refusal;
use crate::instruction::store::Key;
use crate::instruction::{ACTION_REFUSED, Kind};
use crate::interface::SessionId;

impl Exchange {
    pub(super) fn insert_self_close(
        &mut self,
        id: SessionId,
        input: &InputOptionSelfCloseField,
        request_id: i32,
    ) {
        match self.check_self_close(id, input) {
            Ok(option_self_close_ref) => {
                let record = OptionSelfCloseField { option_self_close_ref, ..self.core_record(id, input) };
                self.enter(id, Kind::SelfClose, record);
            }
            Err(refusal) => {
                let request = TraderRequest::ReqOptionSelfCloseInsert;
                self.refuse_instruction(id, request, input, (input, input.user_id), refusal, request_id);
            }
        }
    }

    pub(super) fn cancel_self_close(
        &mut self,
        id: SessionId,
        input: &InputOptionSelfCloseActionField,
        request_id: i32,
    ) {
        let key = Key {
            exchange_id: input.exchange_id,
            front_id: input.front_id,
            session_id: input.session_id,
            reference: input.option_self_close_ref,
            sys_id: input.option_self_close_sys_id,
        };
        match self.find_self_close(id, input, &key) {
            Ok(index) => self.withdraw::<OptionSelfCloseField>(Kind::SelfClose, index, input.user_id),
            Err(refusal) => {
                let refused = OptionSelfCloseActionField {
                    order_action_status: ACTION_REFUSED,
                    ..self.action_record_of(input)
                };
                let request = TraderRequest::ReqOptionSelfCloseAction;
                self.refuse_instruction(id, request, input, (&refused, input.user_id), refusal, request_id);
            }
        }
    }

    fn check_self_close(
        &mut self,
        id: SessionId,
        input: &InputOptionSelfCloseField,
    ) -> Result<Text<13>, Refusal> {
        self.check_investor(id, &input.broker_id, &input.investor_id)?;
        let market = self.market_of(&input.instrument_id, &input.exchange_id)?;
        if !self.is_option(market) {
            return Err(Refusal::SelfCloseNotAnOption);
        }
        let known = input.opt_self_close_flag.name().is_some()
            && HedgeFlag::from_char(input.hedge_flag.as_char()).name().is_some();
        if input.volume <= 0 || !known {
            return Err(Refusal::BadSelfClose);
        }
        self.next_reference(id, Kind::SelfClose, &input.option_self_close_ref).map_err(|error| match error {
            CoreError::DuplicateOrderRef => Refusal::DuplicateSelfClose,
            _ => Refusal::BadSelfClose,
        })
    }

    fn find_self_close(
        &self,
        id: SessionId,
        input: &InputOptionSelfCloseActionField,
        key: &Key,
    ) -> Result<usize, Refusal> {
        self.check_investor(id, &input.broker_id, &input.investor_id)?;
        if input.action_flag != ActionFlag::DELETE {
            return Err(Refusal::BadSelfClose);
        }
        self.find_live::<OptionSelfCloseField>(id, key, Refusal::SelfCloseNotFound, Refusal::SelfCloseStatus)
    }
}
