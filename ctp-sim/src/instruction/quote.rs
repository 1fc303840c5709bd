//! Quotes of market makers: one instruction, two orders (报价; §7).

use ctp_market::Exchange as Venue;
use ctp_types::{
    ActionFlag, ContingentCondition, Direction, ForceCloseReason, HedgeFlag, InputOrderField,
    InputQuoteActionField, InputQuoteField, OffsetFlag, OrderPriceType, QuoteActionField, QuoteField, Text,
    TimeCondition, TraderRequest, VolumeCondition,
};

use crate::errors::CoreError;
use crate::exchange::Exchange;
use crate::instruction::refusal::Refusal;
use crate::instruction::store::{Entry, Key, Stage};
use crate::instruction::{ACTION_REFUSED, Kind, alike};
use crate::interface::SessionId;
use crate::market::instrument::{Class, MarketIndex};

/// The orders of a quote, ask and bid, by their index; one side may be missing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DerivedOrders {
    pub(crate) ask: Option<usize>,
    pub(crate) bid: Option<usize>,
}

impl DerivedOrders {
    fn both(self) -> impl Iterator<Item = usize> {
        [self.ask, self.bid].into_iter().flatten()
    }
}

impl Exchange {
    pub(super) fn insert_quote(&mut self, id: SessionId, input: &InputQuoteField, request_id: i32) {
        match self.make_quote(id, input) {
            Ok((record, derived, replaced)) => {
                if let Some(replaced) = replaced {
                    self.withdraw::<QuoteField>(Kind::Quote, replaced, input.user_id);
                }
                self.instructions.derived.push(derived);
                self.enter(id, Kind::Quote, record);
            }
            Err(refusal) => {
                let request = TraderRequest::ReqQuoteInsert;
                self.refuse_instruction(id, request, input, (input, input.user_id), refusal, request_id);
            }
        }
    }

    pub(super) fn cancel_quote(&mut self, id: SessionId, input: &InputQuoteActionField, request_id: i32) {
        match self.find_quote(id, input) {
            Ok(index) => self.withdraw::<QuoteField>(Kind::Quote, index, input.user_id),
            Err(refusal) => {
                let refused =
                    QuoteActionField { order_action_status: ACTION_REFUSED, ..self.action_record_of(input) };
                let request = TraderRequest::ReqQuoteAction;
                self.refuse_instruction(id, request, input, (&refused, input.user_id), refusal, request_id);
            }
        }
    }

    /// A quote or its withdrawal reaches the exchange. Its orders were sent before it, so they are there.
    pub(super) fn quote_arrives(&mut self, index: usize, is_cancel: bool) {
        let Some(derived) = self.instructions.derived.get(index).copied() else { return };
        if is_cancel {
            let user = self.instructions.quotes.entries[index].cancelled_by.unwrap_or_default();
            for order in derived.both() {
                self.cancel_derived(order, user);
            }
            self.set_stage::<QuoteField>(index, Stage::Cancelled);
            return;
        }
        let sys_id =
            |order: Option<usize>| order.map(|order| self.orders[order].state.sys_id).unwrap_or_default();
        let (ask_order_sys_id, bid_order_sys_id) = (sys_id(derived.ask), sys_id(derived.bid));
        if let Some(entry) = self.instructions.quotes.entries.get_mut(index) {
            entry.record.ask_order_sys_id = ask_order_sys_id;
            entry.record.bid_order_sys_id = bid_order_sys_id;
        }
        self.set_stage::<QuoteField>(index, Stage::Accepted);
    }

    /// Returns whether both orders of a quote have ended, so that it has too.
    pub(crate) fn is_quote_over(&self, index: usize) -> bool {
        let derived = self.instructions.derived.get(index).copied().unwrap_or_default();
        derived.both().all(|order| self.is_order_over(order))
    }

    /// Returns whether both orders of a quote were filled.
    pub(crate) fn is_quote_traded(&self, index: usize) -> bool {
        let derived = self.instructions.derived.get(index).copied().unwrap_or_default();
        derived.both().all(|order| self.orders[order].left() == 0)
    }

    /// Checks a quote and places its orders: the first is taken back when the second is refused.
    fn make_quote(
        &mut self,
        id: SessionId,
        input: &InputQuoteField,
    ) -> Result<(QuoteField, DerivedOrders, Option<usize>), Refusal> {
        let market = self.check_quote(id, input)?;
        let replaced = self.replaced_quote(id, input, market)?;
        let quote_ref = self.next_reference(id, Kind::Quote, &input.quote_ref)?;
        let sides = [
            (Direction::SELL, input.ask_volume, self.side_of_quote(input, Direction::SELL)),
            (Direction::BUY, input.bid_volume, self.side_of_quote(input, Direction::BUY)),
        ];
        let wanted: Vec<InputOrderField> =
            sides.iter().filter(|(_, volume, _)| *volume > 0).map(|(.., order)| *order).collect();
        let placed = self.place_quote_orders(id, &wanted)?;
        let mut derived = DerivedOrders::default();
        for order in placed {
            match self.orders[order].sent.direction {
                Direction::SELL => derived.ask = Some(order),
                _ => derived.bid = Some(order),
            }
        }
        let reference =
            |order: Option<usize>| order.map(|order| self.orders[order].origin.order_ref).unwrap_or_default();
        let record = QuoteField {
            quote_ref,
            ask_order_ref: reference(derived.ask),
            bid_order_ref: reference(derived.bid),
            ..self.core_record(id, input)
        };
        Ok((record, derived, replaced))
    }

    fn check_quote(&self, id: SessionId, input: &InputQuoteField) -> Result<MarketIndex, Refusal> {
        self.check_investor(id, &input.broker_id, &input.investor_id)?;
        let market = self.market_of(&input.instrument_id, &input.exchange_id)?;
        let venue = self.venue_of(market);
        match self.markets[market].instrument.class {
            Class::Combination { .. } => return Err(Refusal::QuoteUnsupported),
            // §7: futures of SHFE are quoted by orders.
            Class::Future if matches!(venue, Venue::Shfe | Venue::Ine) => {
                return Err(Refusal::QuoteUnsupported);
            }
            Class::Future | Class::Option { .. } => {}
        }
        let is_hedge = |flag: HedgeFlag| {
            matches!(flag, HedgeFlag::SPECULATION | HedgeFlag::HEDGE | HedgeFlag::MARKET_MAKER)
        };
        if !is_hedge(input.ask_hedge_flag) || !is_hedge(input.bid_hedge_flag) {
            return Err(Refusal::QuoteHedge);
        }
        let is_offset = |flag: OffsetFlag| flag.name().is_some();
        let is_two_sided = input.ask_volume > 0 && input.bid_volume > 0;
        let is_one_sided = venue == Venue::Dce
            && input.ask_volume >= 0
            && input.bid_volume >= 0
            && (input.ask_volume > 0 || input.bid_volume > 0);
        if !(is_two_sided || is_one_sided)
            || !is_offset(input.ask_offset_flag)
            || !is_offset(input.bid_offset_flag)
        {
            return Err(CoreError::BadField.into());
        }
        if !input.ask_price.is_finite() || !input.bid_price.is_finite() {
            return Err(CoreError::BadPrice.into());
        }
        if is_two_sided && input.ask_price <= input.bid_price {
            return Err(CoreError::BadField.into());
        }
        // §7: the ask's reference is below the bid's.
        let number = |reference: &Text<13>| reference.to_str().trim_start_matches(' ').parse::<i64>().ok();
        if let (Some(ask), Some(bid)) = (number(&input.ask_order_ref), number(&input.bid_order_ref))
            && ask >= bid
        {
            return Err(CoreError::DuplicateOrderRef.into());
        }
        Ok(market)
    }

    /// Finds the quote that a new one takes the place of: the investor's last of the instrument at CZCE, SHFE and INE, the
    /// one that ReplaceSysID names at CFFEX.
    fn replaced_quote(
        &self,
        id: SessionId,
        input: &InputQuoteField,
        market: MarketIndex,
    ) -> Result<Option<usize>, Refusal> {
        let investor = self.investor_of(id);
        let live = |entry: &Entry<QuoteField>| {
            entry.investor == investor && entry.record.instrument_id == input.instrument_id && entry.is_live()
        };
        let entries = &self.instructions.quotes.entries;
        match self.venue_of(market) {
            Venue::Czce | Venue::Shfe | Venue::Ine => Ok(entries.iter().rposition(live)),
            Venue::Cffex if !input.replace_sys_id.is_empty() => {
                let meant =
                    entries.iter().position(|entry| entry.record.quote_sys_id == input.replace_sys_id);
                let meant = meant.filter(|index| live(&entries[*index])).ok_or(Refusal::QuoteNotFound)?;
                Ok(Some(meant))
            }
            _ => Ok(None),
        }
    }

    fn side_of_quote(&self, input: &InputQuoteField, direction: Direction) -> InputOrderField {
        let is_ask = direction == Direction::SELL;
        let (reference, price, volume, offset, hedge) = if is_ask {
            (
                input.ask_order_ref,
                input.ask_price,
                input.ask_volume,
                input.ask_offset_flag,
                input.ask_hedge_flag,
            )
        } else {
            (
                input.bid_order_ref,
                input.bid_price,
                input.bid_volume,
                input.bid_offset_flag,
                input.bid_hedge_flag,
            )
        };
        let time_condition = match input.time_condition {
            TimeCondition::IOC => TimeCondition::IOC,
            _ => TimeCondition::GFD,
        };
        InputOrderField {
            order_ref: reference,
            direction,
            limit_price: price,
            volume_total_original: volume,
            comb_offset_flag: Text::from_bytes(&[offset.as_char()]).unwrap_or_default(),
            comb_hedge_flag: Text::from_bytes(&[hedge.as_char()]).unwrap_or_default(),
            order_price_type: OrderPriceType::LIMIT_PRICE,
            time_condition,
            volume_condition: VolumeCondition::AV,
            min_volume: 1,
            contingent_condition: ContingentCondition::IMMEDIATELY,
            force_close_reason: ForceCloseReason::NOT_FORCE_CLOSE,
            ..alike(input)
        }
    }

    fn find_quote(&self, id: SessionId, input: &InputQuoteActionField) -> Result<usize, Refusal> {
        self.check_investor(id, &input.broker_id, &input.investor_id)?;
        if input.action_flag != ActionFlag::DELETE {
            return Err(CoreError::BadOrderActionField.into());
        }
        let key = Key {
            exchange_id: input.exchange_id,
            front_id: input.front_id,
            session_id: input.session_id,
            reference: input.quote_ref,
            sys_id: input.quote_sys_id,
        };
        let index = self.find_instruction::<QuoteField>(id, &key).ok_or(Refusal::QuoteNotFound)?;
        let entry = &self.instructions.quotes.entries[index];
        match entry.stage {
            Stage::Sent | Stage::Accepted if entry.cancelled_by.is_some() => {
                Err(CoreError::DuplicateOrderAction.into())
            }
            Stage::Sent | Stage::Accepted if !self.is_quote_over(index) => Ok(index),
            _ => Err(CoreError::InsuitableOrderStatus.into()),
        }
    }
}
