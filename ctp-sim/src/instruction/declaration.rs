//! Applications for arbitrage and confirmations of hedging positions (套利申请, 套保确认; §7, 6.7.13).

use ctp_types::{
    Direction, HedgeCfmActionField, HedgeCfmField, InputHedgeCfmActionField, InputHedgeCfmField,
    InputSpdApplyActionField, InputSpdApplyField, RspInfoField, SpdApplyActionField, SpdApplyField, Text,
    TraderCallback, TraderRequest,
};

use crate::errors::{CoreError, EXCHANGE_REFUSED};
use crate::exchange::Exchange;
use crate::instruction::refusal::Refusal;
use crate::instruction::store::{Key, Stage};
use crate::instruction::{ACTION_REFUSED, Kind, alike};
use crate::interface::SessionId;
use crate::text::text;

impl Exchange {
    pub(super) fn apply_spread(&mut self, id: SessionId, input: &InputSpdApplyField, request_id: i32) {
        match self.check_spread(id, input) {
            Ok(order_ref) => {
                let record = SpdApplyField {
                    order_ref,
                    exchange_inst_id: input.first_leg_instrument_id,
                    ..self.core_record(id, input)
                };
                self.enter(id, Kind::Spread, record);
            }
            Err(refusal) => {
                let request = TraderRequest::ReqSpdApply;
                self.refuse_instruction(id, request, input, (input, input.user_id), refusal, request_id);
            }
        }
    }

    pub(super) fn cancel_spread(&mut self, id: SessionId, input: &InputSpdApplyActionField, request_id: i32) {
        let key = Key {
            exchange_id: input.exchange_id,
            front_id: input.front_id,
            session_id: input.session_id,
            reference: input.order_ref,
            sys_id: input.order_sys_id,
        };
        let investor = self.check_investor(id, &input.broker_id, &input.investor_id).map_err(Refusal::from);
        let found = investor.and_then(|()| {
            self.find_live::<SpdApplyField>(id, &key, Refusal::SpreadNotFound, Refusal::SpreadStatus)
        });
        match found {
            Ok(index) => self.withdraw::<SpdApplyField>(Kind::Spread, index, input.user_id),
            Err(refusal) => {
                let refused = SpdApplyActionField {
                    order_action_status: ACTION_REFUSED,
                    ..self.action_record_of(input)
                };
                let request = TraderRequest::ReqSpdApplyAction;
                self.refuse_instruction(id, request, input, (&refused, input.user_id), refusal, request_id);
            }
        }
    }

    pub(super) fn confirm_hedge(&mut self, id: SessionId, input: &InputHedgeCfmField, request_id: i32) {
        match self.check_hedge(id, input) {
            Ok(order_ref) => {
                let record =
                    HedgeCfmField { order_ref, req_date: self.trading_day(), ..self.core_record(id, input) };
                self.enter(id, Kind::Hedge, record);
            }
            Err(refusal) => {
                let request = TraderRequest::ReqHedgeCfm;
                self.refuse_instruction(id, request, input, (input, input.user_id), refusal, request_id);
            }
        }
    }

    pub(super) fn cancel_hedge(&mut self, id: SessionId, input: &InputHedgeCfmActionField, request_id: i32) {
        let key = Key {
            exchange_id: input.exchange_id,
            front_id: input.front_id,
            session_id: input.session_id,
            reference: input.order_ref,
            sys_id: input.order_sys_id,
        };
        let investor = self.check_investor(id, &input.broker_id, &input.investor_id).map_err(Refusal::from);
        let found = investor.and_then(|()| {
            self.find_live::<HedgeCfmField>(id, &key, Refusal::HedgeNotFound, Refusal::HedgeStatus)
        });
        match found {
            Ok(index) => self.withdraw::<HedgeCfmField>(Kind::Hedge, index, input.user_id),
            Err(refusal) => {
                let refused = HedgeCfmActionField {
                    order_action_status: ACTION_REFUSED,
                    ..self.action_record_of(input)
                };
                let request = TraderRequest::ReqHedgeCfmAction;
                self.refuse_instruction(id, request, input, (&refused, input.user_id), refusal, request_id);
            }
        }
    }

    /// The exchange refuses an application for more than the investor holds of the first leg.
    pub(super) fn refuses_spread(&self, index: usize) -> bool {
        let entry = &self.instructions.spreads.entries[index];
        let record = &entry.record;
        self.lots_of(&entry.investor, &record.first_leg_instrument_id, record.direction) < record.volume
    }

    /// The exchange refuses to confirm more than the investor holds.
    pub(super) fn refuses_hedge(&self, index: usize) -> bool {
        let entry = &self.instructions.hedges.entries[index];
        let record = &entry.record;
        self.lots_of(&entry.investor, &record.instrument_id, record.direction) < record.volume
    }

    /// §7: a refused confirmation also comes on `OnErrRtnHedgeCfm`, a refused application only on its push.
    pub(super) fn refuse_hedge(&mut self, index: usize) {
        self.set_stage::<HedgeCfmField>(index, Stage::Refused);
        let entry = &self.instructions.hedges.entries[index];
        let (investor, record) = (entry.investor, entry.record);
        let refused: InputHedgeCfmField = alike(&record);
        let error_msg = text(&format!("{}:持仓量不足", record.exchange_id));
        let info = Some(RspInfoField { error_id: EXCHANGE_REFUSED, error_msg });
        self.publish(investor, TraderCallback::OnErrRtnHedgeCfm, &refused, info);
    }

    fn check_spread(&mut self, id: SessionId, input: &InputSpdApplyField) -> Result<Text<13>, Refusal> {
        self.check_investor(id, &input.broker_id, &input.investor_id)?;
        for leg in [&input.first_leg_instrument_id, &input.second_leg_instrument_id] {
            self.market_of(leg, &input.exchange_id)?;
        }
        check_lots(input.volume, input.direction)?;
        if input.cmb_type.name().is_none() {
            return Err(CoreError::BadField.into());
        }
        Ok(self.next_reference(id, Kind::Spread, &input.order_ref)?)
    }

    fn check_hedge(&mut self, id: SessionId, input: &InputHedgeCfmField) -> Result<Text<13>, Refusal> {
        self.check_investor(id, &input.broker_id, &input.investor_id)?;
        self.market_of(&input.instrument_id, &input.exchange_id)?;
        check_lots(input.volume, input.direction)?;
        Ok(self.next_reference(id, Kind::Hedge, &input.order_ref)?)
    }

    /// Returns how many lots an investor holds long (bought) or short (sold), whatever their hedge flag.
    fn lots_of(&self, investor: &Text<13>, instrument: &Text<81>, direction: Direction) -> i32 {
        let Some(market) = self.market_by_id.get(instrument) else { return 0 };
        let long = direction == Direction::BUY;
        [b'1', b'2', b'3', b'5']
            .into_iter()
            .map(|hedge| self.position_of(investor, (*market, long, hedge)))
            .sum()
    }
}

fn check_lots(volume: i32, direction: Direction) -> Result<(), CoreError> {
    if volume <= 0 || direction.name().is_none() { Err(CoreError::BadField) } else { Ok(()) }
}
