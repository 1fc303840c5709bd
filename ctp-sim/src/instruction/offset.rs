//! Settings of how positions are offset at DCE (对冲设置; §7, 6.7.9).

use ctp_market::Exchange as Venue;
use ctp_types::{CancelOffsetSettingField, InputOffsetSettingField, OffsetSettingField, Text, TraderRequest};

use crate::errors::CoreError;
use crate::exchange::Exchange;
use crate::instruction::refusal::Refusal;
use crate::instruction::store::Entry;
use crate::instruction::{ACTION_REFUSED, Kind, alike};
use crate::interface::SessionId;

impl Exchange {
    pub(super) fn set_offset(&mut self, id: SessionId, input: &InputOffsetSettingField, request_id: i32) {
        match self.check_offset(id, input) {
            Ok(()) => {
                let record = OffsetSettingField {
                    exchange_product_id: input.product_id,
                    ..self.core_record(id, input)
                };
                self.enter(id, Kind::Offset, record);
            }
            Err(refusal) => {
                let request = TraderRequest::ReqOffsetSetting;
                self.refuse_instruction(id, request, input, (input, input.user_id), refusal, request_id);
            }
        }
    }

    pub(super) fn cancel_offset(&mut self, id: SessionId, input: &InputOffsetSettingField, request_id: i32) {
        let found = self.check_investor(id, &input.broker_id, &input.investor_id).map_err(Refusal::from);
        let found = found.and_then(|()| self.find_offset(id, input));
        match found {
            Ok(index) => self.withdraw::<OffsetSettingField>(Kind::Offset, index, input.user_id),
            Err(refusal) => {
                let refused = CancelOffsetSettingField {
                    order_action_status: ACTION_REFUSED,
                    exchange_product_id: input.product_id,
                    ..self.action_record_of(input)
                };
                let request = TraderRequest::ReqCancelOffsetSetting;
                let echo: InputOffsetSettingField = alike(input);
                self.refuse_instruction(id, request, &echo, (&refused, input.user_id), refusal, request_id);
            }
        }
    }

    fn check_offset(&self, id: SessionId, input: &InputOffsetSettingField) -> Result<(), Refusal> {
        self.check_investor(id, &input.broker_id, &input.investor_id)?;
        let venue = Venue::from_id(&input.exchange_id.to_str());
        match venue {
            None if input.exchange_id.is_empty() => return Err(CoreError::ExchangeIdMissing.into()),
            None => return Err(CoreError::ExchangeIdInvalid.into()),
            Some(Venue::Dce) => {}
            Some(_) => return Err(Refusal::OffsetProduct),
        }
        let by_instrument = self.market_by_id.get(&input.instrument_id).copied();
        let named = match by_instrument {
            Some(market) => self.venue_of(market) == Venue::Dce,
            None if !input.instrument_id.is_empty() => false,
            None => {
                let products = self.reference.products().iter();
                let mut of_dce = products.filter(|product| product.exchange == Venue::Dce);
                of_dce.any(|product| input.product_id == product.id.as_str())
            }
        };
        if !named || input.offset_type.name().is_none() {
            return Err(Refusal::OffsetProduct);
        }
        // §7: 99999999 stands for all lots.
        if input.volume <= 0 {
            return Err(Refusal::OffsetVolume);
        }
        match self.find_offset(id, input) {
            Ok(_) => Err(Refusal::OffsetTwice),
            Err(_) => Ok(()),
        }
    }

    /// Finds the setting that is in force for the same type and instrument or product.
    fn find_offset(&self, id: SessionId, input: &InputOffsetSettingField) -> Result<usize, Refusal> {
        let investor: Text<13> = self.investor_of(id);
        let is_same = |entry: &Entry<OffsetSettingField>| {
            let record = &entry.record;
            entry.investor == investor
                && record.offset_type == input.offset_type
                && record.exchange_id == input.exchange_id
                && record.instrument_id == input.instrument_id
                && record.product_id == input.product_id
        };
        let entries = &self.instructions.offsets.entries;
        let last = entries.iter().rposition(is_same).ok_or(Refusal::OffsetNotFound)?;
        if entries[last].is_live() { Ok(last) } else { Err(Refusal::OffsetStatus) }
    }
}
