//! Asking market makers for a quote (询价; §4.8, §7).

use ctp_types::{ForQuoteField, ForQuoteStatus, InputForQuoteField, Text, TraderRequest};

use crate::exchange::Exchange;
use crate::instruction::refusal::Refusal;
use crate::instruction::{Arrival, Kind};
use crate::interface::SessionId;
use crate::market::instrument::MarketIndex;
use crate::matching::book::Side;
use crate::text::{aligned, text};

/// The least time between two requests for the same instrument, in seconds.
const INTERVAL_S: i64 = 60;
/// The book is good enough already when its spread is at most so many ticks.
const NARROW_TICKS: i64 = 4;

impl Exchange {
    pub(super) fn ask_for_quote(&mut self, id: SessionId, input: &InputForQuoteField, request_id: i32) {
        match self.check_for_quote(id, input) {
            Ok(for_quote_ref) => {
                self.instructions.core_number += 1;
                let number = self.instructions.core_number;
                let record = ForQuoteField {
                    for_quote_ref,
                    for_quote_local_id: aligned(number),
                    for_quote_status: ForQuoteStatus::SUBMITTED,
                    status_msg: text("已提交"),
                    broker_for_quto_seq: i32::try_from(number).unwrap_or(i32::MAX),
                    ..self.core_record(id, input)
                };
                let index = self.instructions.for_quotes.len();
                self.instructions.for_quotes.push(record);
                self.instructions.asked_for_quote.insert(input.instrument_id, self.now);
                self.arrive_later(Arrival { kind: Kind::ForQuote, index, is_cancel: false });
            }
            Err(refusal) => {
                let request = TraderRequest::ReqForQuoteInsert;
                self.refuse_instruction(id, request, input, (input, input.user_id), refusal, request_id);
            }
        }
    }

    /// The exchange tells everybody who subscribed on a market-data front; the asker is told nothing (§7).
    pub(super) fn for_quote_arrives(&mut self, index: usize) {
        let Some(record) = self.instructions.for_quotes.get_mut(index) else { return };
        record.for_quote_status = ForQuoteStatus::ACCEPTED;
        record.status_msg = text("已接受");
        let Some(market) = self.market_by_id.get(&record.instrument_id).copied() else { return };
        self.announce_for_quote(market, aligned(index as u64 + 1));
    }

    fn check_for_quote(&mut self, id: SessionId, input: &InputForQuoteField) -> Result<Text<13>, Refusal> {
        self.check_investor(id, &input.broker_id, &input.investor_id)?;
        let market = self.market_of(&input.instrument_id, &input.exchange_id)?;
        if !self.is_option(market) {
            return Err(Refusal::ForQuoteUnsupported);
        }
        if self.config.switches.for_quote_limits.is_on() {
            let last = self.instructions.asked_for_quote.get(&input.instrument_id);
            if last.is_some_and(|last| !self.is_older_than(*last, INTERVAL_S)) {
                return Err(Refusal::ForQuoteTime);
            }
            if self.spread_of(market).is_some_and(|spread| spread <= NARROW_TICKS) {
                return Err(Refusal::ForQuoteSpread);
            }
        }
        Ok(self.next_reference(id, Kind::ForQuote, &input.for_quote_ref)?)
    }

    /// Returns the ticks between best bid and best ask, if both are there.
    fn spread_of(&self, market: MarketIndex) -> Option<i64> {
        let book = self.displayed_book(market);
        Some(book.best(Side::Sell)?.price - book.best(Side::Buy)?.price)
    }
}
