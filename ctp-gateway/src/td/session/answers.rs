//! The requests of callers and of the session itself: what they bring, and who is told.

use std::sync::Arc;
use std::time::Instant;

use ctp_types::{InstrumentField, OrderField, Record, RecordBox, RequestKind, Text, TraderRequest};

use crate::error::{Error, SendRefusal};
use crate::requests::desk::Step;
use crate::requests::queue::Finished;
use crate::requests::submission::{Asker, Reply, Rows, SendRequest, Submission};
use crate::td::classes::Class;
use crate::td::io::Output;
use crate::td::orders::source::{Arrival, Source};
use crate::td::rows::Instrument;
use crate::td::session::TdSession;

impl TdSession {
    /// Takes a request of a caller. All but queries belong to the login that the caller saw.
    pub(super) fn handle_request(
        &mut self,
        now: Instant,
        logins: u64,
        submission: Submission<TraderRequest>,
    ) {
        let request = submission.request;
        if Class::of(request).is_action() {
            self.handle_raw_action(now, logins, submission);
            return self.pump(now);
        }
        let refused = match request.kind() {
            RequestKind::Query => None,
            _ if !self.is_usable() => Some(SendRefusal::NotReady(self.state.clone())),
            _ => (logins != self.logins).then_some(SendRefusal::SessionChanged),
        };
        match refused {
            Some(reason) => {
                self.requests.refuse(submission, Error::NotSent { request: request.name(), reason });
            }
            None => self.requests.submit(now, &mut self.ids, submission),
        }
        self.pump(now);
    }

    /// Takes instruments that an earlier query returned into the session's table, if they are of its trading day.
    pub(super) fn learn(&mut self, trading_day: Text<9>, records: &[RecordBox]) -> Vec<Arc<Instrument>> {
        let instruments = instruments(records);
        if trading_day == self.login.trading_day {
            self.learn_rates(TraderRequest::ReqQryInstrument, records);
            self.risk.replace_instruments(&instruments);
        }
        instruments
    }

    /// Carries out what became of requests.
    pub(super) fn settle_requests(&mut self, now: Instant) {
        let mut is_answered = false;
        for step in self.requests.take_steps() {
            match step {
                Step::Send(SendRequest { request, record, request_id }) => {
                    if request == TraderRequest::ReqOrderInsert {
                        self.await_raw_order(&record, request_id);
                    }
                    self.outputs.push(Output::Send { request, record, request_id });
                }
                Step::Finished(over) => {
                    let Finished { request, record, asker, rows, ended } = over;
                    if matches!(rows, Err(Error::TimedOut { .. })) {
                        self.watch.doubt();
                    }
                    let rows = rows.map(|records| self.take(now, request, &record, records));
                    if matches!(asker, Asker::Session) {
                        is_answered |= rows.is_ok();
                        self.recovered(now, request, rows.as_ref().map(|rows| rows.records.as_slice()));
                    }
                    asker.tell(rows.map(Reply::Rows));
                    self.outputs.push(Output::Ended(ended));
                }
                Step::Ended(ended) => self.outputs.push(Output::Ended(ended)),
            }
        }
        // An answer may lead to the next question, which no other news may remind the session of.
        if is_answered && self.is_usable() {
            self.ask_for_recovery(now);
            self.requests.poll(now, &mut self.ids);
            self.settle_requests(now);
        }
    }

    /// Takes what a query brought. Orders and instruments are also taken into the session's own tables: a queried
    /// order may be the only news of one whose outcome a broken link hid. Trades are counted from the pushes and from
    /// the session's own queries.
    fn take(
        &mut self,
        now: Instant,
        request: TraderRequest,
        query: &RecordBox,
        records: Vec<RecordBox>,
    ) -> Rows {
        let mut rows = Rows {
            records,
            received_ns: self.received_ns,
            trading_day: self.login.trading_day,
            ..Rows::default()
        };
        self.learn_rates(request, &rows.records);
        match request {
            TraderRequest::ReqQryInstrument => {
                rows.instruments = instruments(&rows.records);
                if is_unfiltered(query) {
                    self.risk.replace_instruments(&rows.instruments);
                } else {
                    self.risk.add_instruments(&rows.instruments);
                }
            }
            TraderRequest::ReqQryOrder => {
                let arrival = Arrival::new(rows.received_ns, Source::Query);
                let told = self.events.len();
                let orders = of::<OrderField>(&rows.records).filter_map(|record| {
                    if self.is_of_the_past(record.trading_day) {
                        return None;
                    }
                    let id = self.book.apply_order(record, arrival, &mut self.events);
                    self.book.get(id).cloned()
                });
                rows.orders = orders.collect();
                if self.events.len() > told {
                    self.note_shown(now);
                }
            }
            _ => self.take_instructions(request, &rows.records, rows.received_ns),
        }
        rows
    }
}

fn instruments(records: &[RecordBox]) -> Vec<Arc<Instrument>> {
    of::<InstrumentField>(records).map(|record| Arc::new(Instrument::new(record))).collect()
}

fn of<R: Record>(records: &[RecordBox]) -> impl Iterator<Item = &R> {
    records.iter().filter_map(RecordBox::get)
}

/// Returns whether a query asks for everything: all of its filters are empty.
fn is_unfiltered(query: &RecordBox) -> bool {
    let mut bytes = Vec::new();
    query.as_ref().append_to(&mut bytes);
    bytes.iter().all(|byte| *byte == 0)
}
