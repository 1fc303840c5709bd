//! What the counter's queries say of positions and money.

use std::collections::HashSet;

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
        self.positions = Some(once(records, |_| true));
        self
    }

    /// Takes the rows of `ReqQryInvestorPositionDetail`.
    #[must_use]
    pub fn with_details(mut self, records: &[RecordBox]) -> Self {
        // Parts of one lot that are in combinations of the same name may be alike.
        self.details =
            Some(once(records, |row: &InvestorPositionDetailField| row.comb_instrument_id.is_empty()));
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

/// Returns the rows; of those that are `unique`, one that came twice counts once.
fn once<R: Record + Copy>(records: &[RecordBox], unique: impl Fn(&R) -> bool) -> Vec<R> {
    let mut seen = HashSet::new();
    let mut is_new = |record: &RecordBox, row: &R| {
        let mut bytes = Vec::new();
        record.as_ref().append_to(&mut bytes);
        !unique(row) || seen.insert(bytes)
    };
    records.iter().filter_map(|record| record.get::<R>().filter(|row| is_new(record, row))).copied().collect()
}

#[cfg(test)]
mod tests {
    use ctp_types::Text;

    use super::*;

    /// Seed 899 of the simulation: a row that was called back twice made two lots of one.
    #[test]
    fn a_row_that_comes_twice_counts_once() {
        let row = |id: &str| InvestorPositionField {
            instrument_id: Text::new(id).unwrap(),
            yd_position: 1,
            ..InvestorPositionField::default()
        };
        let records = ["m2701", "m2701", "rb2701"].map(|id| RecordBox::new(&row(id)));
        assert_eq!(Rows::default().with_positions(&records).positions.unwrap().len(), 2);
        let part = |combination: &str| {
            RecordBox::new(&InvestorPositionDetailField {
                volume: 1,
                comb_instrument_id: Text::new(combination).unwrap(),
                ..InvestorPositionDetailField::default()
            })
        };
        let records = [part(""), part(""), part("SP m2701&m2705"), part("SP m2701&m2705")];
        assert_eq!(Rows::default().with_details(&records).details.unwrap().len(), 3);
    }
}
