//! Money that comes and goes by other ways than trading (§6.1).

use ctp_market::Money;
use ctp_types::Text;

use crate::exchange::Exchange;
use crate::money::account::Account;
use crate::money::rates::Rates;

/// What an operator changes in an account.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    Deposit,
    Withdraw,
    Mortgage,
    Credit,
}

impl Exchange {
    /// Changes an account's funds by an amount in CNY; the account is made when it is not there.
    pub(crate) fn change_funds(&mut self, investor: &str, change: Change, amount: f64) {
        let Ok(investor) = Text::new(investor) else { return };
        if investor.is_empty() || !amount.is_finite() {
            return;
        }
        self.open_account(investor);
        if let Some(account) = self.accounts.get_mut(&investor) {
            account.change_funds(change, Money((amount * 10_000.0).round() as i64));
        }
    }

    /// Changes rates from now on, also for the positions there are.
    pub(crate) fn change_rates(&mut self, rates: Rates) {
        if rates.is_plausible() {
            self.accounts.change_rates(&rates);
            self.config.rates.push(rates);
        }
    }
}

impl Account {
    /// Counts money in or out. A credit is the sum lent, a negative one freezes money (§6.1).
    pub(crate) fn change_funds(&mut self, change: Change, amount: Money) {
        let funds = &mut self.funds;
        match change {
            Change::Deposit => funds.deposit += amount,
            Change::Withdraw => funds.withdraw += amount,
            Change::Mortgage => funds.mortgage += amount,
            Change::Credit => funds.credit += amount,
        }
    }
}
