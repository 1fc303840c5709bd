//! What the counter's queries say of positions and money.

use ctp_types::{InvestorPositionDetailField, InvestorPositionField, Record, RecordBox, TradingAccountField};

/// The rows of one round of queries: positions, the lots they are made of, and money. `None` for what was not asked.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Rows {
    /// C: `OnRspQryInvestorPosition`.
    pub positions: Option<Vec<InvestorPositionField>>,
    /// C: `OnRspQryInvestorPositionDetail`.
    pub details: Option<Vec<InvestorPositionDetailField>>,
    /// The row of CNY. C: `OnRspQryTradingAccount`.
    pub account: Option<TradingAccountField>,
}

impl Rows {
    /// Takes the rows of `ReqQryInvestorPosition`.
    #[must_use]
    pub fn with_positions(mut self, records: &[RecordBox]) -> Self {
        self.positions = Some(all(records));
        self
    }

    /// Takes the rows of `ReqQryInvestorPositionDetail`.
    #[must_use]
    pub fn with_details(mut self, records: &[RecordBox]) -> Self {
        self.details = Some(all(records));
        self
    }

    /// Takes the rows of `ReqQryTradingAccount`; those of other currencies are left out.
    #[must_use]
    pub fn with_account(mut self, records: &[RecordBox]) -> Self {
        self.account = records
            .iter()
            .filter_map(RecordBox::get::<TradingAccountField>)
            .find(|row| row.currency_id.is_empty() || row.currency_id == "CNY")
            .copied();
        self
    }
}

fn all<R: Record + Copy>(records: &[RecordBox]) -> Vec<R> {
    records.iter().filter_map(RecordBox::get).copied().collect()
}
