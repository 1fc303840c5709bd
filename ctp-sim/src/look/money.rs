//! Accounts and positions.

use ctp_types::{PosiDirection, PositionDate, Text};
use serde::{Deserialize, Serialize};

use super::{owned, word};
use crate::exchange::Exchange;

/// An investor's account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Account {
    /// `InvestorID`
    pub investor: String,
    /// `Balance`
    pub balance: f64,
    /// `Available`
    pub available: f64,
    /// `PreBalance`
    pub pre_balance: f64,
    /// `CurrMargin`
    pub margin: f64,
    /// `FrozenMargin`
    pub frozen_margin: f64,
    /// `FrozenCash`
    pub frozen_cash: f64,
    /// `FrozenCommission`
    pub frozen_commission: f64,
    /// `Commission`
    pub commission: f64,
    /// `CloseProfit`
    pub close_profit: f64,
    /// `PositionProfit`
    pub position_profit: f64,
    /// `CashIn`: premium received, less premium paid.
    pub premium: f64,
    /// `Deposit`
    pub deposit: f64,
    /// `Withdraw`
    pub withdraw: f64,
    /// `WithdrawQuota`
    pub withdraw_quota: f64,
    /// Whether the settlement statement was confirmed today.
    pub confirmed: bool,
}

/// A row of an investor's positions, as a query shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Position {
    /// `InvestorID`
    pub investor: String,
    /// `InstrumentID`
    pub instrument: String,
    /// `ExchangeID`
    pub exchange: String,
    /// `long` or `short`.
    pub direction: String,
    /// `speculation`, `hedge` …
    pub hedge: String,
    /// `today`, or `history` where older lots have a row of their own.
    pub date: String,
    /// Lots.
    pub volume: i32,
    /// Of them opened today.
    pub today: i32,
    /// Lots that orders to close hold.
    pub frozen: i32,
    /// The average price that they were opened at; `None` when there are none.
    pub open_price: Option<f64>,
    /// `UseMargin`
    pub margin: f64,
    /// `PositionProfit`
    pub position_profit: f64,
    /// `CloseProfit`
    pub close_profit: f64,
    /// `Commission`
    pub commission: f64,
}

impl Exchange {
    /// Returns the accounts in the order of names: all of them, or one investor's.
    pub fn look_at_accounts(&self, investor: Option<&str>) -> Vec<Account> {
        let is_wanted = |id: &Text<13>| investor.is_none_or(|investor| *id == *investor);
        let rows = self.accounts.iter().filter(|(id, _)| is_wanted(id)).map(|(id, account)| {
            let record = self.account_record(id, account);
            Account {
                investor: owned(id),
                balance: record.balance,
                available: record.available,
                pre_balance: record.pre_balance,
                margin: record.curr_margin,
                frozen_margin: record.frozen_margin,
                frozen_cash: record.frozen_cash,
                frozen_commission: record.frozen_commission,
                commission: record.commission,
                close_profit: record.close_profit,
                position_profit: record.position_profit,
                premium: record.cash_in,
                deposit: record.deposit,
                withdraw: record.withdraw,
                withdraw_quota: record.withdraw_quota,
                confirmed: account.confirmed.is_some(),
            }
        });
        rows.collect()
    }

    /// Returns positions in the order of investors and instruments: all of them, or one investor's or instrument's.
    pub fn look_at_positions(&self, investor: Option<&str>, instrument: Option<&str>) -> Vec<Position> {
        let is_wanted = |id: &Text<13>| investor.is_none_or(|investor| *id == *investor);
        let Ok(filter) = Text::new(instrument.unwrap_or_default()) else { return Vec::new() };
        let mut rows = Vec::new();
        for (id, account) in self.accounts.iter().filter(|(id, _)| is_wanted(id)) {
            for record in self.position_records(id, account, &filter) {
                let is_long = record.posi_direction == PosiDirection::LONG;
                let closing = if is_long { record.short_frozen } else { record.long_frozen };
                let multiplier = self
                    .market_by_id
                    .get(&record.instrument_id)
                    .map_or(1, |market| self.markets[*market].instrument.multiplier);
                let units = f64::from(record.position) * f64::from(multiplier);
                rows.push(Position {
                    investor: owned(id),
                    instrument: owned(&record.instrument_id),
                    exchange: owned(&record.exchange_id),
                    direction: word(record.posi_direction),
                    hedge: word(record.hedge_flag),
                    date: if record.position_date == PositionDate::HISTORY { "history" } else { "today" }
                        .to_owned(),
                    volume: record.position,
                    today: record.today_position,
                    frozen: closing,
                    open_price: (record.position > 0).then(|| record.open_cost / units),
                    margin: record.use_margin,
                    position_profit: record.position_profit,
                    close_profit: record.close_profit,
                    commission: record.commission,
                });
            }
        }
        rows
    }
}
