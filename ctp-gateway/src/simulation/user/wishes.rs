//! What the user does next.

use ctp_types::{
    Direction, InputForQuoteField, OffsetFlag, ParkedOrderField, QryDepthMarketDataField, QryInstrumentField,
    QryInvestorPositionField, QryOrderField, QryTradeField, QryTradingAccountField, RecordBox, Text,
    TraderRequest, TradingAccountPasswordUpdateField,
};
use tokio::sync::oneshot;

use super::super::clock::At;
use super::super::judge::Judge;
use super::super::listing::Listing;
use super::super::plan::{BROKER, PASSWORD, USER, WRONG_PASSWORD};
use super::{Reply, User, Waiting};
use crate::error::Error;
use crate::md;
use crate::requests::submission::Submission;
use crate::td::NewOrder;
use crate::td::io::{ActReply, Command};

/// What the user wants of a session.
#[derive(Debug)]
pub(in super::super) enum Wish {
    Md(md::io::Command),
    Td(Command),
    Nothing,
    /// A caller dropped its future.
    GoneAway,
}

/// How many instruments are more than one call takes.
const MANY: usize = 1_200;
/// How much longer than promised a request may take before it counts as lost.
const MARGIN: std::time::Duration = std::time::Duration::from_secs(2);

impl User {
    /// Returns what the user does next. `logins` binds orders to the login that the user sees.
    pub(in super::super) fn next(
        &mut self,
        now: At,
        listing: &Listing,
        logins: u64,
        judge: &mut Judge,
    ) -> Vec<Wish> {
        match self.chance.below(100) {
            0..25 => vec![self.subscribe(listing)],
            25..37 => vec![self.unsubscribe()],
            37..70 => vec![self.query(now, listing, logins, judge)],
            70..74 => {
                let count = self.chance.below(6) + 2;
                (0..count).map(|_| self.query(now, listing, logins, judge)).collect()
            }
            74..94 if self.leaves_trading => vec![self.query(now, listing, logins, judge)],
            74..83 => vec![self.place(now, listing, logins, judge)],
            83..88 => vec![self.effect(now, listing, logins, judge)],
            88..94 => vec![self.cancel(now, logins, judge)],
            _ => {
                vec![self.go_away(judge)]
            }
        }
    }

    fn subscribe(&mut self, listing: &Listing) -> Wish {
        let many = self.many_instruments && self.chance.happens(200);
        let ids: Vec<Text<81>> = if many {
            (0..MANY).map(|number| text(&format!("zz{number}"))).collect()
        } else {
            let count = self.chance.below(5) + 1;
            (0..count).map(|_| self.instrument(listing)).collect()
        };
        self.wanted.extend(&ids);
        Wish::Md(md::io::Command::Subscribe(md::io::Feed::Ticks, ids))
    }

    fn unsubscribe(&mut self) -> Wish {
        let wanted: Vec<Text<81>> = self.wanted.iter().copied().collect();
        if wanted.is_empty() {
            return Wish::Nothing;
        }
        let count = self.chance.below(4) + 1;
        let ids: Vec<Text<81>> = (0..count).map(|_| self.chance.pick(&wanted)).collect();
        for id in &ids {
            self.wanted.remove(id);
        }
        Wish::Md(md::io::Command::Unsubscribe(md::io::Feed::Ticks, ids))
    }

    pub(in super::super) fn query(
        &mut self,
        now: At,
        listing: &Listing,
        logins: u64,
        judge: &mut Judge,
    ) -> Wish {
        // Now and then somebody else's account is asked for, which the counter refuses.
        let investor = if self.chance.happens(50) { "999999" } else { USER };
        let (broker_id, investor_id) = (text(BROKER), text(investor));
        let (request, record) = match self.chance.below(6) {
            0 | 1 => (TraderRequest::ReqQryInstrument, RecordBox::new(&QryInstrumentField::default())),
            2 => {
                let record = QryTradingAccountField { broker_id, investor_id, ..Default::default() };
                (TraderRequest::ReqQryTradingAccount, RecordBox::new(&record))
            }
            3 => {
                let record = QryInvestorPositionField { broker_id, investor_id, ..Default::default() };
                (TraderRequest::ReqQryInvestorPosition, RecordBox::new(&record))
            }
            4 if self.chance.happens(500) => {
                let record = QryOrderField { broker_id, investor_id, ..Default::default() };
                (TraderRequest::ReqQryOrder, RecordBox::new(&record))
            }
            4 => {
                let record = QryTradeField { broker_id, investor_id, ..Default::default() };
                (TraderRequest::ReqQryTrade, RecordBox::new(&record))
            }
            _ => {
                let instrument_id = self.instrument(listing);
                let record = QryDepthMarketDataField { instrument_id, ..Default::default() };
                (TraderRequest::ReqQryDepthMarketData, RecordBox::new(&record))
            }
        };
        let (submission, answer) = Submission::of_caller(request, record);
        let until = now.after(self.timeouts.query_total + self.timeouts.query + MARGIN);
        let is_table = request == TraderRequest::ReqQryInstrument;
        self.wait(Reply::Query { answer, is_table }, request.name(), until, judge);
        Wish::Td(Command::Request { logins, submission })
    }

    /// Asks for something that has an effect and is no order: answered, silent or pushed.
    fn effect(&mut self, now: At, listing: &Listing, logins: u64, judge: &mut Judge) -> Wish {
        let (broker_id, investor_id, user_id) = (text(BROKER), text(USER), text(USER));
        let instrument_id = self.instrument(listing);
        let exchange_id = text(venue_of(&instrument_id.to_str()));
        let (request, record) = match self.chance.below(3) {
            0 => {
                let record = InputForQuoteField {
                    broker_id,
                    investor_id,
                    user_id,
                    instrument_id,
                    exchange_id,
                    ..Default::default()
                };
                (TraderRequest::ReqForQuoteInsert, RecordBox::new(&record))
            }
            1 => {
                let record = ParkedOrderField {
                    broker_id,
                    investor_id,
                    user_id,
                    instrument_id,
                    exchange_id,
                    limit_price: 3_500.0,
                    volume_total_original: 1,
                    ..Default::default()
                };
                (TraderRequest::ReqParkedOrderInsert, RecordBox::new(&record))
            }
            _ => {
                let (old, new) = self.chance.pick(&[(PASSWORD, WRONG_PASSWORD), (WRONG_PASSWORD, PASSWORD)]);
                let record = TradingAccountPasswordUpdateField {
                    broker_id,
                    account_id: investor_id,
                    old_password: text(old),
                    new_password: text(new),
                    ..Default::default()
                };
                (TraderRequest::ReqTradingAccountPasswordUpdate, RecordBox::new(&record))
            }
        };
        let (submission, answer) = Submission::of_caller(request, record);
        judge.effects.wished(request.name());
        let until = now.after(self.timeouts.order + MARGIN);
        self.wait(Reply::Effect(answer), request.name(), until, judge);
        Wish::Td(Command::Request { logins, submission })
    }

    /// Waits for what becomes of a request that the library took.
    pub(super) fn await_outcome(
        &mut self,
        now: At,
        outcome: oneshot::Receiver<Result<RecordBox, Error>>,
        judge: &mut Judge,
    ) {
        let until = now.after(self.timeouts.order + MARGIN);
        self.wait(Reply::Outcome(outcome), "outcome", until, judge);
    }

    fn place(&mut self, now: At, listing: &Listing, logins: u64, judge: &mut Judge) -> Wish {
        let instrument = self.instrument(listing).to_str().into_owned();
        let direction = self.chance.pick(&[Direction::BUY, Direction::SELL]);
        let price = self.chance.pick(&[3_000.0, 3_500.0, 3_900.0, 4_000.0, 5_800.0, 0.01]);
        let volume = self.chance.pick(&[1, 1, 2, 5, 0]);
        let venue = venue_of(&instrument);
        let order = NewOrder::limit(instrument, direction, OffsetFlag::OPEN, volume, price).exchange(venue);
        let (reply, answer) = oneshot::channel();
        judge.effects.wished("ReqOrderInsert");
        self.wait(Reply::Place(answer), "ReqOrderInsert", now.after(MARGIN), judge);
        let record = RecordBox::new(&order.record().expect("texts that fit"));
        let (request, reply) = (TraderRequest::ReqOrderInsert, ActReply::Order(reply));
        Wish::Td(Command::Act { logins, request, record, reply })
    }

    fn cancel(&mut self, now: At, logins: u64, judge: &mut Judge) -> Wish {
        if self.orders.is_empty() {
            return Wish::Nothing;
        }
        let place = self.chance.below(self.orders.len());
        let id = self.orders[place].0;
        let (reply, answer) = oneshot::channel();
        judge.effects.wished("ReqOrderAction");
        let until = now.after(self.timeouts.order + MARGIN);
        self.wait(Reply::Cancel(answer), "ReqOrderAction", until, judge);
        Wish::Td(Command::Cancel { logins, id, reply })
    }

    /// A caller drops its future.
    fn go_away(&mut self, judge: &mut Judge) -> Wish {
        let numbers: Vec<u64> = self.waiting.keys().copied().collect();
        if numbers.is_empty() {
            return Wish::Nothing;
        }
        let number = self.chance.pick(&numbers);
        self.waiting.remove(&number);
        judge.requests.dropped(number);
        Wish::GoneAway
    }

    fn wait(&mut self, reply: Reply, what: &str, until: At, judge: &mut Judge) {
        self.last_number += 1;
        self.waiting.insert(self.last_number, Waiting { reply, request_id: None });
        judge.requests.asked(self.last_number, what.to_owned(), until);
    }

    /// Returns an instrument; now and then one that does not exist.
    fn instrument(&mut self, listing: &Listing) -> Text<81> {
        if self.chance.happens(100) || listing.ids.is_empty() {
            return text(&format!("zz{}", self.chance.below(5)));
        }
        let place = self.chance.below(listing.ids.len());
        text(&listing.ids[place])
    }
}

fn venue_of(instrument: &str) -> &'static str {
    match &instrument[..1] {
        "r" => "SHFE",
        "m" => "DCE",
        "S" => "CZCE",
        _ => "CFFEX",
    }
}

fn text<const N: usize>(text: &str) -> Text<N> {
    Text::new(text).expect("a short text")
}
