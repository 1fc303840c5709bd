//! The risk gate in front of everything that a session sends.

mod clearing;
mod kinds;
mod pace;
mod switch;

use ctp_types::{InputOrderActionField, OrderPriceType, TraderRequest};

use super::*;
use crate::config::RiskConfig;
use crate::journal::Entry;
use crate::td::ledger::Mark;
use crate::td::recovery::GateReason;
use crate::td::risk::Counted;

const ORDERS: TraderRequest = TraderRequest::ReqOrderInsert;
const CANCELS: TraderRequest = TraderRequest::ReqOrderAction;

impl Bench {
    /// Returns a session that is ready, whose orders keep to rules of a test.
    fn risky(change: impl FnOnce(&mut RiskConfig)) -> Self {
        let mut bench = Self::with(|config| {
            config.recovery = Recovery::Orders;
            change(&mut config.risk);
        });
        bench.make_ready();
        bench
    }

    fn make_ready(&mut self) {
        self.log_in("20261120", "7");
        self.recover();
        self.sent.clear();
        self.events.clear();
        self.start = self.now;
    }

    fn try_order(&mut self, order: &NewOrder) -> Result<Placed, Error> {
        self.place_as(order, self.session.logins()).try_recv().expect("an answer at once")
    }

    /// Returns the rule that an order breaks, if any; nothing is sent then.
    fn broken(&mut self, order: &NewOrder) -> Option<Rule> {
        let sent = self.sent.len();
        match self.try_order(order) {
            Ok(_) => None,
            Err(Error::Denied(denial)) => {
                assert_eq!(self.sent.len(), sent, "denied and sent");
                assert!(
                    !denial.value.is_empty() && !denial.limit.is_empty() && !denial.fix.is_empty(),
                    "{denial:?}"
                );
                Some(denial.rule)
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn counts(&self) -> crate::td::RiskSnapshot {
        self.session.risk_snapshot(self.now)
    }

    fn mark(&mut self, last: f64, upper: f64, lower: f64) {
        let mark = Mark {
            instrument_id: text("rb2601"),
            last: Some(last),
            bid: None,
            ask: None,
            upper: Some(upper),
            lower: Some(lower),
            pre_settlement: None,
        };
        self.step(Input::Mark(Box::new(mark)));
    }

    fn told_alerts(&self) -> Vec<String> {
        let alert = |event: &TdEvent| match event {
            TdEvent::Alert(alert) => Some(alert.to_string()),
            _ => None,
        };
        self.events.iter().filter_map(alert).collect()
    }

    /// Returns the references or numbers of the orders that cancels were sent for.
    fn cancelled(&self) -> Vec<String> {
        let key = |record: &RecordBox| {
            let action = record.get::<InputOrderActionField>()?;
            let by_number = action.order_sys_id.to_str().trim().to_owned();
            Some(if by_number.is_empty() { action.order_ref.to_str().trim().to_owned() } else { by_number })
        };
        self.sent
            .iter()
            .filter(|(request, ..)| *request == CANCELS)
            .filter_map(|(_, record, _)| key(record))
            .collect()
    }

    /// Sends a request as one does who has no handle for it.
    fn raw(&mut self, request: TraderRequest, record: RecordBox) -> Result<Brought, Error> {
        let (submission, mut answer) = Submission::of_caller(request, record);
        self.command(Command::Request { logins: self.session.logins(), submission });
        answer.try_recv().unwrap_or_else(|_| panic!("{} was sent and waits", request.name()))
    }
}

fn buy(volume: i32, price: f64) -> NewOrder {
    NewOrder::limit("rb2601", Direction::BUY, OffsetFlag::OPEN, volume, price).exchange("SHFE")
}

fn sell(volume: i32, price: f64) -> NewOrder {
    NewOrder::limit("rb2601", Direction::SELL, OffsetFlag::OPEN, volume, price).exchange("SHFE")
}

fn rule_of<T>(result: Result<T, Error>) -> Rule {
    match result {
        Err(Error::Denied(denial)) => denial.rule,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it passed"),
    }
}
