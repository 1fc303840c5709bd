//! The ledger against the counter's rows: lots to the lot, money to half a fen.

use std::collections::{BTreeMap, BTreeSet};

use ctp_market::Money;
use ctp_types::{InvestorPositionField, PosiDirection, PositionDate, TradingAccountField};

use super::Ledger;
use super::account::{FrozenPrice, Funds, kept_back};
use super::amount::{Price, money_of};
use super::baseline::name_of;
use super::contract::Contract;
use super::difference::{Compared, Comparison, Difference, Figure};
use super::positions::{costs, profits};
use super::rows::Rows;
use super::side::{Part, SideBook};
use super::terms::Side;
use super::view::{PositionKey, Unknown};
use super::working::{Leg, Working};

/// Amounts differ when they are further apart: half a fen.
const TOLERANCE: Money = Money(50);

impl Ledger {
    /// Compares with the counter's rows of one round of queries, without a trade in between. The money of positions is
    /// compared at the rows' own prices, that of the account without the profits that move with prices.
    pub(crate) fn reconcile(&self, rows: &Rows) -> Comparison {
        let mut found = Finding::default();
        found.unknown.extend(self.unknown_at_start());
        found.unknown.extend(self.unreadable.iter().copied().map(Unknown::Trade));
        if let Some(positions) = &rows.positions {
            self.compare_positions(positions, &mut found);
            if rows.details.is_some() {
                self.compare_details(rows, positions, &mut found);
            }
        }
        if let Some(account) = &rows.account {
            self.compare_account(account, &mut found);
        }
        Comparison {
            differences: found.differences,
            unknown: found.unknown.into_iter().collect(),
            compared: found.compared,
        }
    }

    fn compare_positions(&self, rows: &[InvestorPositionField], found: &mut Finding) {
        let mut sides: BTreeMap<PositionKey, Vec<&InvestorPositionField>> = BTreeMap::new();
        for (contract, book) in self.books() {
            sides.insert(
                PositionKey::new(contract.instrument_id, book.side.direction(), book.hedge),
                Vec::new(),
            );
        }
        for row in rows {
            match name_of(row) {
                Some((id, side, hedge)) => {
                    sides.entry(PositionKey::new(id, side.direction(), hedge)).or_default().push(row);
                }
                None if row.posi_direction == PosiDirection::NET && row.position != 0 => {
                    // No rule of a gross account says what it stands for.
                    let key = PositionKey::new(row.instrument_id, row.posi_direction, row.hedge_flag);
                    found.lots(Compared::Position, Some(key), None, 0, row.position);
                }
                None => {}
            }
        }
        for (key, rows) in sides {
            self.compare_side(key, &rows, found);
        }
    }

    fn compare_side(&self, key: PositionKey, rows: &[&InvestorPositionField], found: &mut Finding) {
        let empty = SideBook::new(Side::of_row(key.direction).unwrap_or(Side::Long), key.hedge_flag);
        let contract = self.contracts.get(&key.instrument_id);
        let book = contract.and_then(|contract| contract.find(empty.side, key.hedge_flag)).unwrap_or(&empty);
        let sum = |field: fn(&InvestorPositionField) -> i32| rows.iter().map(|row| field(row)).sum::<i32>();
        let place = (Some(key), None);
        let lots = [
            (Compared::Position, book.volume(), sum(|row| row.position)),
            (Compared::TodayPosition, book.today().left, sum(|row| row.today_position)),
            (Compared::YdPosition, book.at_start, sum(|row| row.yd_position)),
            (Compared::OpenVolume, book.open_volume(), sum(|row| row.open_volume)),
            (Compared::CloseVolume, book.close_volume(), sum(|row| row.close_volume)),
        ];
        for (what, ours, theirs) in lots {
            found.lots(what, place.0, place.1, ours, theirs);
        }
        self.compare_frozen_lots(key, book, rows, found);
        let Some(contract) = contract else { return };
        if contract.split {
            for (date, part) in
                [(PositionDate::HISTORY, book.yesterday()), (PositionDate::TODAY, book.today())]
            {
                compare_part(key, date, part, rows, found);
            }
        }
        self.compare_money(key, contract, book, rows, found);
    }

    /// Lots reserved by orders to close; those of orders to open stand in the same fields of the other direction.
    fn compare_frozen_lots(
        &self,
        key: PositionKey,
        book: &SideBook,
        rows: &[&InvestorPositionField],
        found: &mut Finding,
    ) {
        let (what, theirs) = match book.side {
            Side::Long => (Compared::ShortFrozen, rows.iter().map(|row| row.short_frozen).sum()),
            Side::Short => (Compared::LongFrozen, rows.iter().map(|row| row.long_frozen).sum()),
        };
        let ours = book.frozen.total();
        let doubtful: i32 = self
            .doubtful_legs()
            .filter(|leg| {
                (leg.instrument_id, leg.side, leg.hedge) == (key.instrument_id, book.side, book.hedge)
            })
            .filter(|leg| !leg.opens())
            .map(|leg| leg.volume)
            .sum();
        let ours = if (ours - doubtful..=ours).contains(&theirs) { theirs } else { ours };
        found.lots(what, Some(key), None, ours, theirs);
    }

    /// Returns what orders reserve that may not exist.
    fn doubtful_legs(&self) -> impl Iterator<Item = &Leg> {
        self.working.values().filter(|working| !working.exists).flat_map(Working::legs)
    }

    fn compare_money(
        &self,
        key: PositionKey,
        contract: &Contract,
        book: &SideBook,
        rows: &[&InvestorPositionField],
        found: &mut Finding,
    ) {
        let sum = |field: fn(&InvestorPositionField) -> f64| {
            rows.iter().map(|row| money_of(field(row))).sum::<Option<Money>>()
        };
        // 0 is a row that was never priced.
        let price = rows.iter().rev().find_map(|row| Price::of(row.settlement_price));
        let price = price.filter(|price| *price != Price::default());
        let mut unknown = BTreeSet::new();
        let profits = profits(contract, book, price, &mut unknown);
        let (cost, open_cost) = costs(contract, book, &mut unknown);
        let commission = self.commission_of_side(contract, book, &mut unknown);
        let multiplier = contract.multiplier();
        let points = |points: super::amount::Points| multiplier.map(|multiplier| points.times(multiplier));
        let is_option = contract.terms.is_none_or(|terms| terms.is_option());
        let mut money = vec![
            (Compared::Commission, commission, sum(|row| row.commission)),
            (Compared::OpenAmount, points(book.open_points()), sum(|row| row.open_amount)),
            (Compared::CloseAmount, points(book.close_points()), sum(|row| row.close_amount)),
        ];
        if !is_option {
            // What options cost and bring is told in ways that differ between counters: their premium is in CashIn.
            money.extend([
                (Compared::PositionCost, cost, sum(|row| row.position_cost)),
                (Compared::OpenCost, open_cost, sum(|row| row.open_cost)),
                (Compared::CloseProfit, profits.close, sum(|row| row.close_profit_by_date)),
                (Compared::CloseProfitByTrade, profits.close_by_trade, sum(|row| row.close_profit_by_trade)),
                (Compared::PositionProfit, profits.held, sum(|row| row.position_profit)),
            ]);
        }
        let mut of_margin = BTreeSet::new();
        let margin = self.margin_of(contract, book, &mut of_margin);
        let is_combined = rows.iter().any(|row| row.comb_position != 0);
        if is_combined {
            of_margin.insert(Unknown::Combination(contract.instrument_id));
        }
        if of_margin.is_empty() {
            money.push((Compared::UseMargin, margin, sum(|row| row.use_margin)));
        }
        found.unknown.extend(unknown);
        found.unknown.extend(of_margin);
        for (what, ours, theirs) in money {
            found.money(what, Some(key), None, ours, theirs);
        }
    }

    /// The details at the start of the day have to add up to the rows of the positions.
    fn compare_details(&self, rows: &Rows, positions: &[InvestorPositionField], found: &mut Finding) {
        let mut details = self.details_at_start(rows);
        let mut start: BTreeMap<PositionKey, i32> = BTreeMap::new();
        for row in positions {
            if let Some((id, side, hedge)) = name_of(row) {
                *start.entry(PositionKey::new(id, side.direction(), hedge)).or_default() += row.yd_position;
            }
        }
        for (key, volume) in start {
            let told = details.remove(&key).unwrap_or_default();
            found.lots(Compared::DetailVolume, Some(key), None, volume, told);
        }
        for (key, told) in details {
            found.lots(Compared::DetailVolume, Some(key), None, 0, told);
        }
    }

    fn compare_account(&self, row: &TradingAccountField, found: &mut Finding) {
        let mut unknown = BTreeSet::new();
        let [commission, close_profit, ..] = self.sums(&mut unknown);
        // Prices move between two rows: profits of lots held are compared row by row.
        unknown.retain(|unknown| !matches!(unknown, Unknown::Price(_)));
        let cash_in = self.cash_in(&mut unknown);
        let mut of_margin = BTreeSet::new();
        let margin = self.total_margin(&mut of_margin).filter(|_| of_margin.is_empty());
        unknown.extend(of_margin);
        let mut of_frozen = BTreeSet::new();
        let frozen = self.frozen(FrozenPrice::Order, &mut of_frozen);
        let other = self.frozen(FrozenPrice::PreSettlement, &mut BTreeSet::new());
        let doubtful: Vec<Unknown> =
            self.doubtful_legs().map(|leg| Unknown::Order(leg.instrument_id)).collect();
        let is_estimate = !doubtful.is_empty()
            || of_frozen.iter().any(|unknown| {
                matches!(
                    unknown,
                    Unknown::Combination(_) | Unknown::MarketOrder(_) | Unknown::OptionMargin(_)
                )
            });
        let is_one_sided = self.working.values().flat_map(Working::legs).any(|leg| {
            let contract = self.contracts.get(&leg.instrument_id);
            contract.and_then(|contract| contract.terms).is_some_and(|terms| terms.one_sided)
        });
        found.unknown.extend(unknown);
        found.unknown.extend(of_frozen);
        found.unknown.extend(doubtful);
        let money = [
            (Compared::Commission, commission, row.commission),
            (Compared::CloseProfit, close_profit, row.close_profit),
            (Compared::CashIn, cash_in, row.cash_in),
            (Compared::CurrMargin, margin, row.curr_margin),
        ];
        for (what, ours, theirs) in money {
            found.money(what, None, None, ours, money_of(theirs));
        }
        if !is_estimate {
            found.money(
                Compared::FrozenCommission,
                None,
                None,
                frozen.commission,
                money_of(row.frozen_commission),
            );
            found.money(Compared::FrozenCash, None, None, frozen.cash, money_of(row.frozen_cash));
            let theirs = money_of(row.frozen_margin);
            // Brokers reckon it at the order's price or at the settlement price, and some count it into the sides of
            // one-sided margin (§6.2, unconfirmed): any of them will do.
            let ours = if agree(other.margin, theirs) { other.margin } else { frozen.margin };
            let no_less = || ours.zip(theirs).map(|(ours, theirs)| ours.min(theirs));
            let ours = if is_one_sided { no_less() } else { ours };
            found.money(Compared::FrozenMargin, None, None, ours, theirs);
        }
        self.compare_equity(row, commission, close_profit, cash_in, found);
    }

    /// Equity and available funds, with the row's own margins, which are compared by themselves.
    fn compare_equity(
        &self,
        row: &TradingAccountField,
        commission: Option<Money>,
        close_profit: Option<Money>,
        cash_in: Option<Money>,
        found: &mut Finding,
    ) {
        let (Some(funds), Some(profit)) = (Funds::of(row), money_of(row.position_profit)) else { return };
        let ours = || Some(funds.static_equity + close_profit? + cash_in? - commission?);
        let ours = ours();
        let theirs = money_of(row.balance).map(|balance| balance - profit);
        // Funds on credit count as equity at some brokers and not at others (§6.1).
        let with_credit = ours.map(|ours| ours + funds.credit);
        let ours = if agree(with_credit, theirs) { with_credit } else { ours };
        found.money(Compared::Balance, None, None, ours, theirs);
        let Some(params) = self.params else {
            found.unknown.insert(Unknown::Params);
            return;
        };
        let bound =
            [row.curr_margin, row.frozen_margin, row.frozen_commission, row.frozen_cash, row.delivery_margin];
        let bound = bound.into_iter().map(money_of).sum::<Option<Money>>();
        let available = || {
            let kept = kept_back(Some(params), close_profit?, profit);
            Some(money_of(row.balance)? - bound? + funds.credit - kept)
        };
        found.money(Compared::Available, None, None, available(), money_of(row.available));
    }
}

fn compare_part(
    key: PositionKey,
    date: PositionDate,
    part: &Part,
    rows: &[&InvestorPositionField],
    found: &mut Finding,
) {
    let rows = || rows.iter().filter(|row| row.position_date == date);
    found.lots(Compared::Position, Some(key), Some(date), part.left, rows().map(|row| row.position).sum());
    found.lots(
        Compared::CloseVolume,
        Some(key),
        Some(date),
        part.closed,
        rows().map(|row| row.close_volume).sum(),
    );
}

fn agree(ours: Option<Money>, theirs: Option<Money>) -> bool {
    ours.zip(theirs).is_some_and(|(ours, theirs)| ours.0.abs_diff(theirs.0) <= TOLERANCE.0.unsigned_abs())
}

#[derive(Debug, Default)]
struct Finding {
    differences: Vec<Difference>,
    unknown: BTreeSet<Unknown>,
    compared: usize,
}

impl Finding {
    fn lots(
        &mut self,
        what: Compared,
        key: Option<PositionKey>,
        date: Option<PositionDate>,
        ours: i32,
        theirs: i32,
    ) {
        self.compared += 1;
        if ours != theirs {
            let (ours, theirs) = (Figure::Lots(ours), Figure::Lots(theirs));
            self.differences.push(Difference { what, key, date, ours, theirs });
        }
    }

    /// Compares amounts that both sides have. The counter's "no value" says nothing.
    fn money(
        &mut self,
        what: Compared,
        key: Option<PositionKey>,
        date: Option<PositionDate>,
        ours: Option<Money>,
        theirs: Option<Money>,
    ) {
        let (Some(mine), Some(other)) = (ours, theirs) else { return };
        self.compared += 1;
        if !agree(ours, theirs) {
            let (ours, theirs) = (Figure::Money(mine), Figure::Money(other));
            self.differences.push(Difference { what, key, date, ours, theirs });
        }
    }
}
