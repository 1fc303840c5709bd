//! From the rows of a query to its typed answer.

use std::sync::Arc;

use ctp_types::{
    DepthMarketDataField, InstrumentField, InvestorPositionField, OrderField, RecordBox, TradeField,
    TraderRequest, TradingAccountField,
};

use crate::md::Tick;
use crate::td::order::Trade;
use crate::td::queries::Query;
use crate::td::rows::{Account, Answer, Instrument, Position};
use crate::td::session::TdSession;

impl TdSession {
    /// Returns the typed answer. Orders and instruments are also taken into the session's own tables: a queried
    /// order may be the only news of one whose outcome a broken link hid.
    pub(super) fn answer(&mut self, query: &Query, rows: &[RecordBox], received_ns: i64) -> Answer {
        match query.request {
            TraderRequest::ReqQryInstrument => {
                let instruments: Vec<_> = records::<InstrumentField>(rows)
                    .map(|record| Arc::new(Instrument::new(record)))
                    .collect();
                if query.whole_table {
                    self.instruments.replace(&instruments);
                } else {
                    self.instruments.add(&instruments);
                }
                Answer::Instruments(instruments)
            }
            TraderRequest::ReqQryTradingAccount => {
                Answer::Accounts(records::<TradingAccountField>(rows).map(Account::new).collect())
            }
            TraderRequest::ReqQryInvestorPosition => {
                Answer::Positions(records::<InvestorPositionField>(rows).map(Position::new).collect())
            }
            TraderRequest::ReqQryOrder => Answer::Orders(
                records::<OrderField>(rows)
                    .filter_map(|record| {
                        let id = self.book.apply_order(record, received_ns, &mut self.events);
                        self.book.get(id).cloned()
                    })
                    .collect(),
            ),
            TraderRequest::ReqQryDepthMarketData => Answer::Snapshots(
                records::<DepthMarketDataField>(rows)
                    .map(|record| Tick::new(record, received_ns, None))
                    .collect(),
            ),
            // Trades are counted from the pushes alone: a query must not count them a second time before them.
            _ => Answer::Trades(
                records::<TradeField>(rows).map(|record| Trade::new(record, received_ns)).collect(),
            ),
        }
    }
}

fn records<R: ctp_types::Record>(rows: &[RecordBox]) -> impl Iterator<Item = &R> {
    rows.iter().filter_map(RecordBox::get)
}
