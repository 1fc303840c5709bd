//! Exercising and abandoning options (执行宣告; §7).

use ctp_market::{Exchange as Venue, ExerciseStyle};
use ctp_types::{
    ActionFlag, ActionType, ExecOrderActionField, ExecOrderField, HedgeFlag, InputExecOrderActionField,
    InputExecOrderField, PosiDirection, Text, TraderRequest,
};

use crate::errors::CoreError;
use crate::exchange::Exchange;
use crate::instruction::refusal::Refusal;
use crate::instruction::store::{Key, Stage};
use crate::instruction::{ACTION_REFUSED, Kind};
use crate::interface::SessionId;
use crate::market::instrument::{Class, MarketIndex};
use crate::money::holding::Holding;

impl Exchange {
    pub(super) fn exercise(&mut self, id: SessionId, input: &InputExecOrderField, request_id: i32) {
        match self.check_exercise(id, input) {
            Ok(exec_order_ref) => {
                let record = ExecOrderField { exec_order_ref, ..self.core_record(id, input) };
                self.hold_for_exercise(&input.investor_id, &record, record.volume);
                self.enter(id, Kind::Exercise, record);
            }
            Err(refusal) => {
                let request = TraderRequest::ReqExecOrderInsert;
                self.refuse_instruction(id, request, input, (input, input.user_id), refusal, request_id);
            }
        }
    }

    pub(super) fn cancel_exercise(
        &mut self,
        id: SessionId,
        input: &InputExecOrderActionField,
        request_id: i32,
    ) {
        match self.find_exercise(id, input) {
            Ok(index) => self.withdraw::<ExecOrderField>(Kind::Exercise, index, input.user_id),
            Err(refusal) => {
                let refused = ExecOrderActionField {
                    order_action_status: ACTION_REFUSED,
                    ..self.action_record_of(input)
                };
                let request = TraderRequest::ReqExecOrderAction;
                self.refuse_instruction(id, request, input, (&refused, input.user_id), refusal, request_id);
            }
        }
    }

    /// Holds lots of a position back for a declaration, or lets them go: `StrikeFrozen`, `AbandonFrozen`.
    fn hold_for_exercise(&mut self, investor: &Text<13>, record: &ExecOrderField, lots: i32) {
        let Some(market) = self.market_by_id.get(&record.instrument_id).copied() else { return };
        let Some(account) = self.accounts.get_mut(investor) else { return };
        let holding = account.holding_mut((market, true, record.hedge_flag.as_char()));
        match record.action_type {
            ActionType::ABANDON => holding.abandon_frozen += lots,
            _ => holding.strike_frozen += lots,
        }
    }

    /// A declaration is withdrawn at the exchange: its lots are free again.
    pub(super) fn exercise_cancelled(&mut self, index: usize) {
        let Some(entry) = self.instructions.exercises.entries.get(index).cloned() else { return };
        if matches!(entry.stage, Stage::Sent | Stage::Accepted) {
            self.hold_for_exercise(&entry.investor, &entry.record, -entry.record.volume);
        }
        self.set_stage::<ExecOrderField>(index, Stage::Cancelled);
    }

    /// Returns whether a market is an option's.
    pub(super) fn is_option(&self, market: MarketIndex) -> bool {
        matches!(self.markets[market].instrument.class, Class::Option { .. })
    }

    fn check_exercise(&mut self, id: SessionId, input: &InputExecOrderField) -> Result<Text<13>, Refusal> {
        self.check_investor(id, &input.broker_id, &input.investor_id)?;
        let market = self.market_of(&input.instrument_id, &input.exchange_id)?;
        if !self.is_option(market) {
            return Err(Refusal::NotAnOption);
        }
        let venue = self.venue_of(market);
        // §7: CFFEX index options are not exercised through the API.
        if venue == Venue::Cffex {
            return Err(Refusal::ExerciseUnsupported);
        }
        if !matches!(input.action_type, ActionType::EXEC | ActionType::ABANDON) {
            return Err(Refusal::BadExerciseType);
        }
        let is_known = HedgeFlag::from_char(input.hedge_flag.as_char()).name().is_some()
            && matches!(input.posi_direction, PosiDirection::LONG);
        // §7: at DCE, Volume 0 withdraws from automatic exercise.
        let least = if venue == Venue::Dce { 0 } else { 1 };
        if !is_known || input.volume < least {
            return Err(Refusal::BadExercise);
        }
        if self.is_forbidden_now(market, input.action_type) {
            return Err(Refusal::ExerciseForbiddenNow);
        }
        let key = (market, true, input.hedge_flag.as_char());
        let account = self.accounts.get(&input.investor_id);
        let holding = account.and_then(|account| account.holdings.get(&key));
        let closing = |holding: &Holding| holding.today.closing.volume + holding.history.closing.volume;
        let free = holding.map_or(0, |holding| {
            holding.volume() - closing(holding) - holding.strike_frozen - holding.abandon_frozen
        });
        if input.volume > free {
            return Err(Refusal::OverExercise);
        }
        self.next_reference(id, Kind::Exercise, &input.exec_order_ref).map_err(|error| match error {
            CoreError::DuplicateOrderRef => Refusal::DuplicateExercise,
            _ => Refusal::BadExercise,
        })
    }

    /// European options are exercised on their last day only.
    fn is_forbidden_now(&self, market: MarketIndex, action: ActionType) -> bool {
        let instrument = &self.markets[market].instrument;
        let terms = self.reference.option_terms_of(&instrument.id.to_str());
        let is_european = terms.is_ok_and(|(_, terms)| terms.style == ExerciseStyle::European);
        is_european && action == ActionType::EXEC && self.trading_day < instrument.last_day
    }

    fn find_exercise(&self, id: SessionId, input: &InputExecOrderActionField) -> Result<usize, Refusal> {
        self.check_investor(id, &input.broker_id, &input.investor_id)?;
        if input.action_flag != ActionFlag::DELETE {
            return Err(Refusal::BadExercise);
        }
        let key = Key {
            exchange_id: input.exchange_id,
            front_id: input.front_id,
            session_id: input.session_id,
            reference: input.exec_order_ref,
            sys_id: input.exec_order_sys_id,
        };
        let index = self.find_instruction::<ExecOrderField>(id, &key).ok_or(Refusal::ExerciseNotFound)?;
        let entry = &self.instructions.exercises.entries[index];
        match entry.stage {
            _ if entry.cancelled_by.is_some() => Err(Refusal::DuplicateExerciseAction),
            Stage::Sent | Stage::Accepted => Ok(index),
            Stage::Cancelled | Stage::Refused => Err(CoreError::InsuitableOrderStatus.into()),
        }
    }
}
