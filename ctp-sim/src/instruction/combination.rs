//! Combining positions and splitting combinations (组合申请; §7).

use std::collections::BTreeMap;

use ctp_types::{
    CombActionField, CombDirection, Direction, HedgeFlag, InputCombActionField, OrderActionStatus, Text,
    TraderCallback, TraderRequest,
};

use crate::errors::CoreError;
use crate::exchange::Exchange;
use crate::instruction::refusal::Refusal;
use crate::instruction::{Arrival, Kind};
use crate::interface::{SessionId, Timestamp};
use crate::market::instrument::{Class, MarketIndex};
use crate::money::account::HoldingKey;
use crate::text::{aligned, text};

/// An instruction younger than this is not deleted (152).
const DELETABLE_AFTER_S: i64 = 30;

/// An instruction to combine or split.
#[derive(Clone, Debug)]
pub(crate) struct Combining {
    pub(crate) record: CombActionField,
    pub(crate) investor: Text<13>,
    key: CombinedKey,
    at: Timestamp,
    deleted: bool,
}

/// Which combined position: the combination bought (or sold), and the hedge flag.
pub(crate) type CombinedKey = (MarketIndex, bool, u8);

impl Exchange {
    pub(super) fn combine(&mut self, id: SessionId, input: &InputCombActionField, request_id: i32) {
        match self.plan_combination(id, input) {
            Ok((comb_action_ref, key, change)) => {
                let investor = self.investor_of(id);
                let legs = self.legs_of(key);
                if input.comb_direction == CombDirection::DEL_COMB {
                    self.delete_combining(investor, key, input.volume);
                }
                for leg in legs.into_iter().flatten() {
                    self.recombine(&investor, leg, key.0, change);
                }
                self.instructions.core_number += 1;
                let record = CombActionField {
                    comb_action_ref,
                    action_local_id: aligned(self.instructions.core_number),
                    action_status: OrderActionStatus::SUBMITTED,
                    status_msg: text("已提交"),
                    ..self.core_record(id, input)
                };
                let index = self.instructions.combinations.len();
                let deleted = input.comb_direction == CombDirection::DEL_COMB;
                let combining = Combining { record, investor, key, at: self.now, deleted };
                self.instructions.combinations.push(combining);
                self.publish(investor, TraderCallback::OnRtnCombAction, &record, None);
                self.arrive_later(Arrival { kind: Kind::Combination, index, is_cancel: false });
            }
            Err(refusal) => {
                let request = TraderRequest::ReqCombActionInsert;
                self.refuse_instruction(id, request, input, (input, input.user_id), refusal, request_id);
            }
        }
    }

    pub(super) fn combination_arrives(&mut self, index: usize) {
        self.instructions.sequence_no = self.instructions.sequence_no.wrapping_add(1);
        let sequence_no = self.instructions.sequence_no;
        let Some(combining) = self.instructions.combinations.get_mut(index) else { return };
        let record = &mut combining.record;
        record.action_status = OrderActionStatus::ACCEPTED;
        record.status_msg = text("已接受");
        record.notify_sequence = 1;
        record.sequence_no = sequence_no;
        record.com_trade_id = aligned(index as u64 + 1);
        let (investor, record) = (combining.investor, combining.record);
        self.publish(investor, TraderCallback::OnRtnCombAction, &record, None);
    }

    /// Returns what an investor has combined, in which direction and how much.
    pub(crate) fn combined_positions(&self, investor: &Text<13>) -> Vec<(CombinedKey, i32)> {
        let Some(account) = self.accounts.get(investor) else { return Vec::new() };
        let mut lots: BTreeMap<CombinedKey, i32> = BTreeMap::new();
        for ((market, long, hedge), holding) in &account.holdings {
            for lot in holding.lots.iter().filter(|lot| lot.volume > 0) {
                let Some(combination) = lot.combination else { continue };
                let legs = self.legs_of((combination, *long, *hedge));
                // Whoever is long of the first leg has bought the combination.
                if legs.is_some_and(|[first, _]| first == (*market, *long, *hedge)) {
                    *lots.entry((combination, *long, *hedge)).or_default() += lot.volume;
                }
            }
        }
        lots.into_iter().collect()
    }

    /// Makes single lots of a position legs of a combination; a negative number makes legs single lots.
    fn recombine(&mut self, investor: &Text<13>, leg: HoldingKey, combination: MarketIndex, change: i32) {
        let terms = self.accounts.terms(investor, leg.0);
        let Some(account) = self.accounts.get_mut(investor) else { return };
        let (from, to) = if change > 0 { (None, Some(combination)) } else { (Some(combination), None) };
        account.holding_mut(leg).recombine(&terms, change.saturating_abs(), from, to);
    }

    /// Returns the lots of a position in a combination, or in none.
    fn lots_in(&self, investor: &Text<13>, key: HoldingKey, combination: Option<MarketIndex>) -> i32 {
        let holding = self.accounts.get(investor).and_then(|account| account.holdings.get(&key));
        holding.map_or(0, |holding| holding.lots_in(combination))
    }

    /// Returns the exchange's number of the last instruction to combine this position.
    pub(crate) fn combining_trade_id(&self, investor: Text<13>, key: CombinedKey) -> Text<21> {
        let combined = |combining: &&Combining| {
            combining.investor == investor
                && combining.key == key
                && combining.record.comb_direction == CombDirection::COMB
        };
        let last = self.instructions.combinations.iter().rev().find(combined);
        last.map(|combining| combining.record.com_trade_id).unwrap_or_default()
    }

    /// Returns the two positions that a combined position consists of, the first leg first.
    pub(crate) fn legs_of(&self, (market, bought, hedge): CombinedKey) -> Option<[HoldingKey; 2]> {
        match self.markets[market].instrument.class {
            Class::Combination { legs: [first, second] } => {
                Some([(first, bought, hedge), (second, !bought, hedge)])
            }
            Class::Future | Class::Option { .. } => None,
        }
    }

    /// Returns the reference, the combined position and by how many lots it changes.
    fn plan_combination(
        &mut self,
        id: SessionId,
        input: &InputCombActionField,
    ) -> Result<(Text<13>, CombinedKey, i32), Refusal> {
        self.check_investor(id, &input.broker_id, &input.investor_id)?;
        let market = self.market_of(&input.instrument_id, &input.exchange_id)?;
        let hedge = input.hedge_flag.as_char();
        let is_known = input.direction.name().is_some() && HedgeFlag::from_char(hedge).name().is_some();
        if input.volume <= 0 || !is_known {
            return Err(CoreError::BadField.into());
        }
        let key = (market, input.direction == Direction::BUY, hedge);
        let legs = self.legs_of(key).ok_or(Refusal::NotACombination)?;
        let investor = input.investor_id;
        let fewest = |combination| {
            legs.iter().map(|leg| self.lots_in(&investor, *leg, combination)).min().unwrap_or(0)
        };
        let (combinable, splittable) = (fewest(None), fewest(Some(market)));
        let change = match input.comb_direction {
            CombDirection::COMB => input.volume,
            CombDirection::UN_COMB => -input.volume,
            CombDirection::DEL_COMB => {
                let undone = self.find_combining(investor, key, input.volume);
                let undone = undone.ok_or(Refusal::NoCombinationRecord)?;
                if !self.is_older_than(undone.at, DELETABLE_AFTER_S) {
                    return Err(Refusal::CombinationTooFresh);
                }
                let was_combined = undone.record.comb_direction == CombDirection::COMB;
                if was_combined { -input.volume } else { input.volume }
            }
            _ => return Err(CoreError::BadField.into()),
        };
        if change > combinable || -change > splittable {
            return Err(CoreError::OverClosePosition.into());
        }
        let reference = self.next_reference(id, Kind::Combination, &input.comb_action_ref)?;
        Ok((reference, key, change))
    }

    fn find_combining(&self, investor: Text<13>, key: CombinedKey, volume: i32) -> Option<&Combining> {
        let combinations = self.instructions.combinations.iter();
        combinations.rev().find(|combining| combining.is(investor, key, volume))
    }

    fn delete_combining(&mut self, investor: Text<13>, key: CombinedKey, volume: i32) {
        let mut combinations = self.instructions.combinations.iter_mut().rev();
        if let Some(combining) = combinations.find(|combining| combining.is(investor, key, volume)) {
            combining.deleted = true;
        }
    }
}

impl Combining {
    fn is(&self, investor: Text<13>, key: CombinedKey, volume: i32) -> bool {
        !self.deleted && self.investor == investor && self.key == key && self.record.volume == volume
    }
}
