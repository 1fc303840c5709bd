//! Queries of combinations: what there is, and what an investor has combined (§6.4, §7).

use ctp_types::{
    CombActionField, CombInstrumentGuardField, CombLegField, CombPromotionParamField, Direction, HedgeFlag,
    InvestorPositionCombineDetailField, QryCombActionField, QryCombInstrumentGuardField, QryCombLegField,
    QryCombPromotionParamField, Text,
};

use crate::exchange::Exchange;
use crate::interface::SessionId;
use crate::market::Market;
use crate::market::instrument::Class;
use crate::query::matches;
use crate::text::text;

impl Exchange {
    pub(super) fn query_comb_actions(
        &self,
        id: SessionId,
        query: &QryCombActionField,
    ) -> Vec<CombActionField> {
        let investor = self.investor_of(id);
        let own = self.instructions.combinations.iter().filter(|combining| combining.investor == investor);
        own.map(|combining| combining.record)
            .filter(|record| {
                matches(&query.instrument_id, &record.instrument_id)
                    && matches(&query.exchange_id, &record.exchange_id)
            })
            .collect()
    }

    /// §6.4: two records for each combined position, one per leg.
    pub(super) fn query_combine_details(
        &self,
        id: SessionId,
        combination: &Text<81>,
    ) -> Vec<InvestorPositionCombineDetailField> {
        let investor = self.investor_of(id);
        let mut details = Vec::new();
        for (key, lots) in self.combined_positions(&investor) {
            let combined = &self.markets[key.0].instrument;
            if !matches(combination, &combined.id) {
                continue;
            }
            for (leg, (market, long, hedge)) in self.legs_of(key).into_iter().flatten().enumerate() {
                let rate = self.markets[market].instrument.margin.to_f64();
                details.push(InvestorPositionCombineDetailField {
                    trading_day: self.trading_day(),
                    open_date: self.trading_day(),
                    exchange_id: text(combined.exchange.id()),
                    settlement_id: 1,
                    broker_id: text(&self.config.broker),
                    investor_id: investor,
                    com_trade_id: self.combining_trade_id(investor, key),
                    hedge_flag: HedgeFlag::from_char(hedge),
                    direction: if long { Direction::BUY } else { Direction::SELL },
                    total_amt: lots,
                    margin_rate_by_money: rate,
                    leg_id: leg as i32 + 1,
                    leg_multiple: 1,
                    instrument_id: self.markets[market].instrument.id,
                    comb_instrument_id: combined.id,
                    ..Default::default()
                });
            }
        }
        details
    }

    fn combination_markets(&self) -> impl Iterator<Item = (&Market, [usize; 2])> {
        self.markets.iter().filter(|market| market.listed).filter_map(|market| {
            match market.instrument.class {
                Class::Combination { legs } => Some((market, legs)),
                Class::Future | Class::Option { .. } => None,
            }
        })
    }

    /// Combinations cost the margin of both legs here: the guaranteed share is all of it.
    pub(super) fn query_comb_guards(
        &self,
        query: &QryCombInstrumentGuardField,
    ) -> Vec<CombInstrumentGuardField> {
        let records = self.combination_markets().map(|(market, _)| CombInstrumentGuardField {
            broker_id: text(&self.config.broker),
            guarant_ratio: 1.0,
            exchange_id: text(market.instrument.exchange.id()),
            instrument_id: market.instrument.id,
            ..Default::default()
        });
        records
            .filter(|record| {
                matches(&query.instrument_id, &record.instrument_id)
                    && matches(&query.exchange_id, &record.exchange_id)
            })
            .collect()
    }

    pub(super) fn query_comb_promotions(
        &self,
        query: &QryCombPromotionParamField,
    ) -> Vec<CombPromotionParamField> {
        let records = self.combination_markets().map(|(market, _)| CombPromotionParamField {
            exchange_id: text(market.instrument.exchange.id()),
            instrument_id: market.instrument.id,
            comb_hedge_flag: text("11"),
            xparameter: 1.0,
        });
        records
            .filter(|record| {
                matches(&query.instrument_id, &record.instrument_id)
                    && matches(&query.exchange_id, &record.exchange_id)
            })
            .collect()
    }

    pub(super) fn query_comb_legs(&self, query: &QryCombLegField) -> Vec<CombLegField> {
        let records = self.combination_markets().flat_map(|(market, legs)| {
            legs.into_iter().enumerate().map(|(position, leg)| CombLegField {
                comb_instrument_id: market.instrument.id,
                leg_id: position as i32 + 1,
                leg_instrument_id: self.markets[leg].instrument.id,
                direction: if position == 0 { Direction::BUY } else { Direction::SELL },
                leg_multiple: 1,
                imply_level: 0,
            })
        });
        records.filter(|record| matches(&query.leg_instrument_id, &record.leg_instrument_id)).collect()
    }
}
