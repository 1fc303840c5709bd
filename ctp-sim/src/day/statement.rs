//! What a settled day came to for an investor: the settlement statement is written from it (§2.6).

use ctp_market::Date;
use ctp_types::{InvestorPositionDetailField, InvestorPositionField, Text, TradingAccountField};

use crate::exchange::Exchange;
use crate::order::trade::Trade;

/// A settled day of an investor, at the settlement prices.
#[derive(Clone, Debug)]
pub(crate) struct SettledDay {
    pub(crate) day: Date,
    pub(crate) account: TradingAccountField,
    /// The trades in order; the orders that they name are gone.
    pub(crate) trades: Vec<Trade>,
    pub(crate) positions: Vec<InvestorPositionField>,
    pub(crate) details: Vec<InvestorPositionDetailField>,
}

impl SettledDay {
    /// Returns what an account came to without the day's trades.
    fn of(exchange: &Exchange, investor: &Text<13>, day: Date) -> Option<Self> {
        let account = exchange.accounts.get(investor)?;
        let everything = Text::default();
        Some(Self {
            day,
            account: exchange.account_record(investor, account),
            trades: Vec::new(),
            positions: exchange.position_records(investor, account, &everything),
            details: exchange.position_details(investor, account, &everything),
        })
    }
}

/// Days whose statements are kept.
const KEPT_DAYS: usize = 60;

impl Exchange {
    /// Keeps what a new account begins with as the day before: until a day was settled, that is its last statement.
    pub(crate) fn keep_opening_statement(&mut self, investor: &Text<13>) {
        if self.days.last_settled(investor, Date::MIN, Date::MAX).is_some() {
            return;
        }
        let Ok(day) = self.reference.calendar().previous_trading_day(self.trading_day) else { return };
        if let Some(settled) = SettledDay::of(self, investor, day) {
            self.days.settled.insert((*investor, day), settled);
        }
    }

    /// Keeps what the day came to, for every account.
    pub(super) fn keep_statements(&mut self) {
        let day = self.trading_day;
        for investor in self.accounts.investors() {
            let Some(settled) = SettledDay::of(self, &investor, day) else { continue };
            self.days.settled.insert((investor, day), settled);
        }
        for trade in &self.trades {
            if let Some(settled) = self.days.settled.get_mut(&(self.orders[trade.order].investor, day)) {
                settled.trades.push(*trade);
            }
        }
        for investor in self.accounts.investors() {
            let days = self.days.settled.range((investor, Date::MIN)..=(investor, Date::MAX));
            let days: Vec<Date> = days.map(|((_, day), _)| *day).collect();
            for old in days.iter().take(days.len().saturating_sub(KEPT_DAYS)) {
                self.days.settled.remove(&(investor, *old));
            }
        }
    }
}
