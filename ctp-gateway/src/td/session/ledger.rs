//! What the session tells its books, and what it asks for them.

use std::sync::Arc;
use std::time::Instant;

use ctp_types::{
    BrokerTradingParamsField, InstrumentCommissionRateField, InstrumentMarginRateField,
    OptionInstrCommRateField, OptionInstrTradeCostField, QryBrokerTradingParamsField,
    QryInstrumentCommissionRateField, QryInstrumentField, QryInstrumentMarginRateField,
    QryOptionInstrCommRateField, QryOptionInstrTradeCostField, RecordBox, TraderRequest,
};

use crate::error::UnknownCause;
use crate::td::event::TdEvent;
use crate::td::ledger::{Ledger, Mark, Want};
use crate::td::session::TdSession;

impl TdSession {
    /// Returns the account's books.
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Takes the news of this step into the books: they follow what is told to the user, neither more nor less. Called again
    /// in the same step it finds nothing new.
    pub(super) fn keep_books(&mut self) {
        let mut changed = Vec::new();
        for event in &self.events {
            match event {
                // The counter dropped it with its day.
                TdEvent::Unknown { order, cause: UnknownCause::NewTradingDay } => {
                    self.ledger.forget(order.id)
                }
                TdEvent::Trade { order, trade, .. } => {
                    changed.extend(self.ledger.trade(&trade.record));
                    order.iter().for_each(|order| self.ledger.order(order));
                }
                _ => event.order().into_iter().for_each(|order| self.ledger.order(order)),
            }
        }
        let positions = changed.iter().filter_map(|key| self.ledger.position(key));
        self.events.extend(positions.map(|position| TdEvent::Position(Arc::new(position))));
    }

    /// Takes prices.
    pub(super) fn handle_mark(&mut self, mark: &Mark) {
        self.ledger.mark(mark);
        self.risk_mark(mark);
    }

    /// Takes what a query brought of rates and rules, whoever asked it.
    pub(super) fn learn_rates(&mut self, request: TraderRequest, records: &[RecordBox]) {
        for record in records {
            match request {
                TraderRequest::ReqQryInstrument => {
                    record.get().into_iter().for_each(|record| self.ledger.instrument(record));
                }
                TraderRequest::ReqQryInstrumentMarginRate => {
                    let rate = record.get::<InstrumentMarginRateField>();
                    rate.into_iter().for_each(|record| self.ledger.margin_rate(record));
                }
                TraderRequest::ReqQryInstrumentCommissionRate => {
                    let rate = record.get::<InstrumentCommissionRateField>();
                    rate.into_iter().for_each(|record| self.ledger.commission_rate(record));
                }
                TraderRequest::ReqQryOptionInstrCommRate => {
                    let rate = record.get::<OptionInstrCommRateField>();
                    rate.into_iter().for_each(|record| self.ledger.option_commission(record));
                }
                TraderRequest::ReqQryOptionInstrTradeCost => {
                    let cost = record.get::<OptionInstrTradeCostField>();
                    cost.into_iter().for_each(|record| self.ledger.option_cost(record));
                }
                TraderRequest::ReqQryBrokerTradingParams => {
                    let params = record.get::<BrokerTradingParamsField>();
                    params.into_iter().for_each(|record| self.ledger.params(record));
                }
                _ => return,
            }
        }
    }

    /// Asks for what the books need, one query at a time and only when nobody else's waits. Without a recovery that tells what
    /// the day began with, the books are no more than lots.
    pub(super) fn ask_for_books(&mut self, now: Instant) {
        while self.ledger.has_baseline() && self.state.is_ready() && self.requests.depths().0 == 0 {
            let Some(want) = self.ledger.next_want(now) else { return };
            let (request, record) = self.query_of(want);
            self.ask(now, request, record);
            self.pump(now);
        }
    }

    fn query_of(&self, want: Want) -> (TraderRequest, RecordBox) {
        let (broker_id, investor_id) = (self.account.broker_id, self.account.investor_id);
        match want {
            Want::Params => {
                let query = QryBrokerTradingParamsField { broker_id, investor_id, ..Default::default() };
                (TraderRequest::ReqQryBrokerTradingParams, RecordBox::new(&query))
            }
            Want::Instrument(instrument_id) => {
                let query = QryInstrumentField { instrument_id, ..Default::default() };
                (TraderRequest::ReqQryInstrument, RecordBox::new(&query))
            }
            Want::MarginRate(instrument_id, hedge_flag) => {
                let query = QryInstrumentMarginRateField {
                    broker_id,
                    investor_id,
                    instrument_id,
                    hedge_flag,
                    ..Default::default()
                };
                (TraderRequest::ReqQryInstrumentMarginRate, RecordBox::new(&query))
            }
            Want::CommissionRate(instrument_id) => {
                let query = QryInstrumentCommissionRateField {
                    broker_id,
                    investor_id,
                    instrument_id,
                    ..Default::default()
                };
                (TraderRequest::ReqQryInstrumentCommissionRate, RecordBox::new(&query))
            }
            Want::OptionCommission(instrument_id) => {
                let query = QryOptionInstrCommRateField {
                    broker_id,
                    investor_id,
                    instrument_id,
                    ..Default::default()
                };
                (TraderRequest::ReqQryOptionInstrCommRate, RecordBox::new(&query))
            }
            Want::OptionCost(instrument_id, hedge_flag) => {
                let query = QryOptionInstrTradeCostField {
                    broker_id,
                    investor_id,
                    instrument_id,
                    hedge_flag,
                    ..Default::default()
                };
                (TraderRequest::ReqQryOptionInstrTradeCost, RecordBox::new(&query))
            }
        }
    }
}
