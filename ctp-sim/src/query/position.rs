//! Positions and their details (§6.4).

use ctp_types::{
    Direction, HedgeFlag, InvestorPositionDetailField, InvestorPositionField, PosiDirection, PositionDate,
    SpecPosiType, Text, TradeType,
};

use super::matches;
use crate::exchange::Exchange;
use crate::interface::SessionId;
use crate::money::account::{Account, HoldingKey};
use crate::money::holding::{Holding, Left, Lot, RowSums, basis};
use crate::money::terms::Terms;
use crate::text::{resize, text};

impl Exchange {
    pub(super) fn query_positions(&self, id: SessionId, instrument: &Text<81>) -> Vec<InvestorPositionField> {
        let investor = self.investor_of(id);
        let account = self.accounts.get(&investor);
        let mut rows =
            account.map_or(Vec::new(), |account| self.position_records(&investor, account, instrument));
        rows.extend(self.combination_rows(&investor, instrument));
        rows
    }

    /// §6.4: a combined position is also a row of the combination. Its money stands in the rows of its legs.
    fn combination_rows(&self, investor: &Text<13>, instrument: &Text<81>) -> Vec<InvestorPositionField> {
        let combined = self.combined_positions(investor).into_iter();
        let rows = combined.map(|((index, bought, hedge), lots)| {
            let instrument = &self.markets[index].instrument;
            let leg = self.legs_of((index, bought, hedge)).map(|[first, _]| first);
            let account = self.accounts.get(investor);
            let holding = leg.and_then(|leg| account?.holdings.get(&leg));
            let today: i32 = holding.map_or(0, |holding| {
                let lots = holding.lots.iter().filter(|lot| lot.today && lot.combination == Some(index));
                lots.map(|lot| lot.volume).sum()
            });
            InvestorPositionField {
                reserve1: resize(&instrument.id),
                broker_id: text(&self.config.broker),
                investor_id: *investor,
                posi_direction: if bought { PosiDirection::LONG } else { PosiDirection::SHORT },
                hedge_flag: HedgeFlag::from_char(hedge),
                position_date: PositionDate::TODAY,
                position: lots,
                today_position: today,
                yd_position: lots - today,
                trading_day: self.trading_day(),
                settlement_id: 1,
                exchange_id: text(instrument.exchange.id()),
                instrument_id: instrument.id,
                ..InvestorPositionField::default()
            }
        });
        rows.filter(|row| matches(instrument, &row.instrument_id)).collect()
    }

    /// Returns the rows of an account's positions; an empty filter is all of them.
    pub(crate) fn position_records(
        &self,
        investor: &Text<13>,
        account: &Account,
        instrument: &Text<81>,
    ) -> Vec<InvestorPositionField> {
        let mut rows = Vec::new();
        for (key, holding) in &account.holdings {
            if !matches(instrument, &self.markets[key.0].instrument.id) {
                continue;
            }
            let terms = self.accounts.terms(investor, key.0);
            for is_today_row in [false, true] {
                let sums = if is_today_row { &holding.today } else { &holding.history };
                if sums.used {
                    rows.push(self.position_record(investor, *key, &terms, holding, is_today_row));
                }
            }
        }
        rows
    }

    fn position_record(
        &self,
        investor: &Text<13>,
        (index, long, hedge): HoldingKey,
        terms: &Terms,
        holding: &Holding,
        is_today_row: bool,
    ) -> InvestorPositionField {
        let market = &self.markets[index];
        let sums = if is_today_row { &holding.today } else { &holding.history };
        let rate = terms.margin_rate(long);
        InvestorPositionField {
            reserve1: resize(&market.instrument.id),
            broker_id: text(&self.config.broker),
            investor_id: *investor,
            posi_direction: if long { PosiDirection::LONG } else { PosiDirection::SHORT },
            hedge_flag: HedgeFlag::from_char(hedge),
            position_date: if is_today_row { PositionDate::TODAY } else { PositionDate::HISTORY },
            pre_settlement_price: market.price(market.reference.settlement),
            settlement_price: market.price(terms.mark),
            trading_day: self.trading_day(),
            settlement_id: 1,
            margin_rate_by_money: rate.by_money.to_f64(),
            margin_rate_by_volume: rate.by_volume.to_f64(),
            exchange_id: text(market.instrument.exchange.id()),
            instrument_id: market.instrument.id,
            ..row(terms, holding, sums, is_today_row)
        }
    }

    pub(super) fn query_position_details(
        &self,
        id: SessionId,
        instrument: &Text<81>,
    ) -> Vec<InvestorPositionDetailField> {
        let investor = self.investor_of(id);
        let account = self.accounts.get(&investor);
        account.map_or(Vec::new(), |account| self.position_details(&investor, account, instrument))
    }

    /// Returns the lots of an account's positions; an empty filter is all of them.
    pub(crate) fn position_details(
        &self,
        investor: &Text<13>,
        account: &Account,
        instrument: &Text<81>,
    ) -> Vec<InvestorPositionDetailField> {
        let mut details = Vec::new();
        for ((index, long, hedge), holding) in &account.holdings {
            let market = &self.markets[*index];
            if !matches(instrument, &market.instrument.id) {
                continue;
            }
            let terms = self.accounts.terms(investor, *index);
            let rate = *terms.margin_rate(*long);
            for lot in &holding.lots {
                let combination = lot.combination.map(|combination| self.markets[combination].instrument.id);
                details.push(InvestorPositionDetailField {
                    reserve1: resize(&market.instrument.id),
                    broker_id: text(&self.config.broker),
                    investor_id: *investor,
                    hedge_flag: HedgeFlag::from_char(*hedge),
                    direction: if *long { Direction::BUY } else { Direction::SELL },
                    open_price: market.price(lot.open_price),
                    trading_day: self.trading_day(),
                    settlement_id: 1,
                    exchange_id: text(market.instrument.exchange.id()),
                    margin_rate_by_money: rate.by_money.to_f64(),
                    margin_rate_by_volume: rate.by_volume.to_f64(),
                    last_settlement_price: market.price(market.reference.settlement),
                    settlement_price: market.price(terms.mark),
                    instrument_id: market.instrument.id,
                    comb_instrument_id: combination.unwrap_or_default(),
                    reserve2: resize(&combination.unwrap_or_default()),
                    ..detail(&terms, *long, lot)
                });
            }
        }
        details
    }
}

/// Returns the parts of a row that come from lots and sums.
fn row(terms: &Terms, holding: &Holding, sums: &RowSums, is_today_row: bool) -> InvestorPositionField {
    // One row has all lots; of two the one has today's, the other the older ones.
    let parts: &[bool] = match (terms.close_today, is_today_row) {
        (false, _) => &[false, true],
        (true, true) => &[true],
        (true, false) => &[false],
    };
    let mut left = Left::default();
    let mut profit = ctp_market::Money::ZERO;
    for today in parts {
        left.add(holding.left(*today));
        profit += holding.profit_of(terms, *today);
    }
    let carries_yesterday = parts.contains(&false);
    // An order to open a long position buys, one to close it sells; the other way round for a short one.
    let (long_frozen, short_frozen) = match holding.long {
        true => (sums.opening, sums.closing),
        false => (sums.closing, sums.opening),
    };
    // Declarations hold the older lots first.
    let share = |frozen: i32| {
        let old = frozen.min(holding.left(false).volume);
        match (terms.close_today, is_today_row) {
            (false, _) => frozen,
            (true, true) => frozen - old,
            (true, false) => old,
        }
    };
    let (strike, abandon) = (share(holding.strike_frozen), share(holding.abandon_frozen));
    InvestorPositionField {
        yd_position: if carries_yesterday { holding.yesterday_volume } else { 0 },
        position: left.volume,
        today_position: if parts.contains(&true) { holding.left(true).volume } else { 0 },
        comb_position: left.combined,
        long_frozen: long_frozen.volume,
        short_frozen: short_frozen.volume,
        long_frozen_amount: long_frozen.amount.to_f64(),
        short_frozen_amount: short_frozen.amount.to_f64(),
        open_volume: sums.open_volume,
        close_volume: sums.close_volume,
        open_amount: sums.open_amount.to_f64(),
        close_amount: sums.close_amount.to_f64(),
        position_cost: left.position_cost.to_f64(),
        open_cost: left.open_cost.to_f64(),
        pre_margin: sums.pre_margin.to_f64(),
        use_margin: left.margin.to_f64(),
        exchange_margin: parts
            .iter()
            .map(|today| holding.exchange_margin_of(terms, *today))
            .sum::<ctp_market::Money>()
            .to_f64(),
        frozen_margin: (sums.opening.margin + sums.closing.margin).to_f64(),
        frozen_cash: (sums.opening.cash + sums.closing.cash).to_f64(),
        frozen_commission: (sums.opening.commission + sums.closing.commission).to_f64(),
        cash_in: sums.cash_in.to_f64(),
        commission: sums.commission.to_f64(),
        close_profit: sums.close_profit_by_date.to_f64(),
        close_profit_by_date: sums.close_profit_by_date.to_f64(),
        close_profit_by_trade: sums.close_profit_by_trade.to_f64(),
        position_profit: profit.to_f64(),
        strike_frozen: strike,
        abandon_frozen: abandon,
        option_value: if terms.is_option() { holding.value_of(terms, left.volume).to_f64() } else { 0.0 },
        ..InvestorPositionField::default()
    }
}

fn detail(terms: &Terms, long: bool, lot: &Lot) -> InvestorPositionDetailField {
    let profit = |from| match terms.is_option() {
        true => 0.0,
        false => terms.profit(long, from, terms.mark, lot.volume).to_f64(),
    };
    InvestorPositionDetailField {
        open_date: lot.open_date,
        trade_id: lot.trade_id,
        volume: lot.volume,
        trade_type: TradeType::COMMON,
        close_profit_by_date: lot.close_profit_by_date.to_f64(),
        close_profit_by_trade: lot.close_profit_by_trade.to_f64(),
        position_profit_by_date: profit(basis(terms, lot)),
        position_profit_by_trade: profit(lot.open_price),
        margin: lot.margin.to_f64(),
        exch_margin: terms.exchange_lot_margin(long, lot.today, lot.open_price, lot.volume).to_f64(),
        close_volume: lot.closed_volume,
        close_amount: lot.close_amount.to_f64(),
        time_first_volume: lot.first_volume,
        spec_posi_type: SpecPosiType::COMMON,
        ..InvestorPositionDetailField::default()
    }
}
