//! Positions and their details (§6.4).

use ctp_market::Money;
use ctp_types::{
    Direction, HedgeFlag, InvestorPositionDetailField, InvestorPositionField, PosiDirection, PositionDate,
    SpecPosiType, Text, TradeType,
};

use super::matches;
use crate::exchange::Exchange;
use crate::interface::SessionId;
use crate::money::holding::{Holding, Lot, RowSums, Terms, basis, lot_margin, profit};
use crate::text::{resize, text};

impl Exchange {
    pub(super) fn query_positions(&self, id: SessionId, instrument: &Text<81>) -> Vec<InvestorPositionField> {
        let investor = self.investor_of(id);
        let Some(account) = self.accounts.get(&investor) else { return Vec::new() };
        let mut rows = Vec::new();
        for ((index, long, hedge), holding) in &account.holdings {
            let market = &self.markets[*index];
            if !matches(instrument, &market.instrument.id) {
                continue;
            }
            let terms = self.terms(*index);
            for (sums, is_today_row) in [(&holding.history, false), (&holding.today, true)] {
                if !sums.used {
                    continue;
                }
                let row = row(&terms, holding, sums, is_today_row, market.mark());
                rows.push(InvestorPositionField {
                    reserve1: resize(&market.instrument.id),
                    broker_id: text(&self.config.broker),
                    investor_id: investor,
                    posi_direction: if *long { PosiDirection::LONG } else { PosiDirection::SHORT },
                    hedge_flag: HedgeFlag::from_char(*hedge),
                    pre_settlement_price: market.price(market.reference.settlement),
                    settlement_price: market.price(market.mark()),
                    trading_day: self.trading_day(),
                    settlement_id: 1,
                    margin_rate_by_money: terms.margin.to_f64(),
                    exchange_id: text(market.instrument.exchange.id()),
                    instrument_id: market.instrument.id,
                    ..row
                });
            }
        }
        rows
    }

    pub(super) fn query_position_details(
        &self,
        id: SessionId,
        instrument: &Text<81>,
    ) -> Vec<InvestorPositionDetailField> {
        let investor = self.investor_of(id);
        let Some(account) = self.accounts.get(&investor) else { return Vec::new() };
        let mut details = Vec::new();
        for ((index, long, hedge), holding) in &account.holdings {
            let market = &self.markets[*index];
            if !matches(instrument, &market.instrument.id) {
                continue;
            }
            let terms = self.terms(*index);
            for lot in &holding.lots {
                details.push(InvestorPositionDetailField {
                    reserve1: resize(&market.instrument.id),
                    broker_id: text(&self.config.broker),
                    investor_id: investor,
                    hedge_flag: HedgeFlag::from_char(*hedge),
                    direction: if *long { Direction::BUY } else { Direction::SELL },
                    open_price: market.price(lot.open_price),
                    trading_day: self.trading_day(),
                    settlement_id: 1,
                    exchange_id: text(market.instrument.exchange.id()),
                    margin_rate_by_money: terms.margin.to_f64(),
                    last_settlement_price: market.price(market.reference.settlement),
                    settlement_price: market.price(market.mark()),
                    instrument_id: market.instrument.id,
                    ..detail(&terms, *long, lot, market.mark())
                });
            }
        }
        details
    }
}

/// Returns the parts of a row that come from lots and sums.
fn row(
    terms: &Terms,
    holding: &Holding,
    sums: &RowSums,
    is_today_row: bool,
    mark: i64,
) -> InvestorPositionField {
    let counted = |lot: &&Lot| !terms.close_today || lot.today == is_today_row;
    let lots = || holding.lots.iter().filter(counted);
    let total = |part: &dyn Fn(&Lot) -> Money| lots().map(part).sum::<Money>().to_f64();
    let margin = total(&|lot| lot_margin(terms, lot));
    let carries_yesterday = !terms.close_today || !is_today_row;
    let yd_position = if carries_yesterday { holding.yesterday_volume } else { 0 };
    // An order to open a long position buys, one to close it sells; the other way round for a short one.
    let (long_frozen, short_frozen) = match holding.long {
        true => (sums.opening, sums.closing),
        false => (sums.closing, sums.opening),
    };
    InvestorPositionField {
        position_date: if is_today_row { PositionDate::TODAY } else { PositionDate::HISTORY },
        yd_position,
        position: lots().map(|lot| lot.volume).sum(),
        today_position: lots().filter(|lot| lot.today).map(|lot| lot.volume).sum(),
        long_frozen: long_frozen.volume,
        short_frozen: short_frozen.volume,
        long_frozen_amount: long_frozen.amount.to_f64(),
        short_frozen_amount: short_frozen.amount.to_f64(),
        open_volume: sums.open_volume,
        close_volume: sums.close_volume,
        open_amount: sums.open_amount.to_f64(),
        close_amount: sums.close_amount.to_f64(),
        position_cost: total(&|lot| terms.amount(basis(terms, lot), lot.volume)),
        open_cost: total(&|lot| terms.amount(lot.open_price, lot.volume)),
        pre_margin: terms.margin_of(terms.pre_settlement, yd_position).to_f64(),
        use_margin: margin,
        exchange_margin: margin,
        frozen_margin: (sums.opening.margin + sums.closing.margin).to_f64(),
        frozen_commission: (sums.opening.commission + sums.closing.commission).to_f64(),
        commission: sums.commission.to_f64(),
        close_profit: sums.close_profit_by_date.to_f64(),
        close_profit_by_date: sums.close_profit_by_date.to_f64(),
        close_profit_by_trade: sums.close_profit_by_trade.to_f64(),
        position_profit: total(&|lot| profit(terms, holding.long, basis(terms, lot), mark, lot.volume)),
        ..InvestorPositionField::default()
    }
}

fn detail(terms: &Terms, long: bool, lot: &Lot, mark: i64) -> InvestorPositionDetailField {
    let margin = lot_margin(terms, lot).to_f64();
    InvestorPositionDetailField {
        open_date: lot.open_date,
        trade_id: lot.trade_id,
        volume: lot.volume,
        trade_type: TradeType::COMMON,
        close_profit_by_date: lot.close_profit_by_date.to_f64(),
        close_profit_by_trade: lot.close_profit_by_trade.to_f64(),
        position_profit_by_date: profit(terms, long, basis(terms, lot), mark, lot.volume).to_f64(),
        position_profit_by_trade: profit(terms, long, lot.open_price, mark, lot.volume).to_f64(),
        margin,
        exch_margin: margin,
        close_volume: lot.closed_volume,
        close_amount: lot.close_amount.to_f64(),
        spec_posi_type: SpecPosiType::COMMON,
        ..InvestorPositionDetailField::default()
    }
}
