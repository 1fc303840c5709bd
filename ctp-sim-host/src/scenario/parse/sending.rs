//! `NAME > …`: what a client calls.

use ctp_sim::ApiKind;
use ctp_types::{InputOrderActionField, InputOrderField, Record, RecordDescriptor};

use super::super::error::Problem;
use super::super::field;
use super::super::statement::{Call, Request, Send};
use super::super::value::Template;
use super::super::words::{Operator, Word};
use super::{Reader, word};
use crate::SubscriptionChange;

/// Short names of requests.
const SHORT: [(&str, &str); 4] = [
    ("login", "ReqUserLogin"),
    ("logout", "ReqUserLogout"),
    ("authenticate", "ReqAuthenticate"),
    ("confirm", "ReqSettlementInfoConfirm"),
];

/// The subscription methods of the market-data API, with their short names.
const SUBSCRIPTIONS: [(&str, &str, SubscriptionChange); 4] = [
    ("SubscribeMarketData", "subscribe", SubscriptionChange::Subscribe),
    ("UnSubscribeMarketData", "unsubscribe", SubscriptionChange::Unsubscribe),
    ("SubscribeForQuoteRsp", "subscribe-quotes", SubscriptionChange::SubscribeForQuote),
    ("UnSubscribeForQuoteRsp", "unsubscribe-quotes", SubscriptionChange::UnsubscribeForQuote),
];

/// Words of an order that stand for fields (§5.2).
const ORDER_WORDS: [(&str, &[(&str, &str)]); 17] = [
    ("open", &[("CombOffsetFlag", "0")]),
    ("close", &[("CombOffsetFlag", "1")]),
    ("force-close", &[("CombOffsetFlag", "2")]),
    ("close-today", &[("CombOffsetFlag", "3")]),
    ("close-yesterday", &[("CombOffsetFlag", "4")]),
    ("fak", &[("TimeCondition", "1"), ("VolumeCondition", "1")]),
    ("fok", &[("TimeCondition", "1"), ("VolumeCondition", "3")]),
    ("gfs", &[("TimeCondition", "2")]),
    ("gfd", &[("TimeCondition", "3")]),
    ("market", &[("OrderPriceType", "1"), ("LimitPrice", "0")]),
    ("best", &[("OrderPriceType", "3"), ("LimitPrice", "0"), ("TimeCondition", "1")]),
    ("best-limit", &[("OrderPriceType", "3"), ("LimitPrice", "0"), ("TimeCondition", "3")]),
    ("five-level", &[("OrderPriceType", "G"), ("LimitPrice", "0"), ("TimeCondition", "1")]),
    ("five-level-limit", &[("OrderPriceType", "G"), ("LimitPrice", "0"), ("TimeCondition", "3")]),
    ("swap", &[("IsSwapOrder", "1")]),
    ("no-user", &[("UserID", "")]),
    ("no-ref", &[("OrderRef", "")]),
];

/// Words of an order with a value.
const ORDER_PAIRS: [(&str, &str); 6] = [
    ("ref", "OrderRef"),
    ("hedge", "CombHedgeFlag"),
    ("stop", "StopPrice"),
    ("when", "ContingentCondition"),
    ("exchange", "ExchangeID"),
    ("memo", "OrderMemo"),
];

impl Reader {
    pub(super) fn send(&mut self, client: String, kind: ApiKind, words: &[Word]) -> Result<Send, Problem> {
        let (first, rest) = words.split_first().ok_or(Problem::Ends("write what the client calls"))?;
        let mut send = Send {
            client,
            call: Call::Order,
            like: None,
            fields: Vec::new(),
            number: None,
            code: 0,
            bind: None,
            at_once: false,
        };
        let rest = self.tail(rest, &mut send)?;
        let subscription = SUBSCRIPTIONS.iter().find(|(name, short, _)| first.is(name) || first.is(short));
        if let (ApiKind::Md, Some((.., change))) = (kind, subscription) {
            let ids = rest.iter().map(|id| self.value(id)).collect::<Result<_, _>>()?;
            send.call = Call::Subscription(*change, ids);
            return Ok(send);
        }
        match (kind, first.text.as_str()) {
            (ApiKind::Trader, "order") => self.order(rest, &mut send)?,
            (ApiKind::Trader, "cancel") => self.cancel(rest, &mut send)?,
            (_, name) => {
                let name = SHORT.iter().find(|(short, _)| *short == name).map_or(name, |(_, name)| name);
                let Some(request) = Request::named(kind, name) else {
                    let api = if kind == ApiKind::Md { "market-data" } else { "trader" };
                    return Err(word(
                        first,
                        &format!("write a request of the {api} API, such as ReqUserLogin"),
                    ));
                };
                send.call = Call::Request(request);
                let mut rest = rest;
                if let [like, order, after @ ..] = rest
                    && like.is("like")
                {
                    send.like = Some(self.bound(order)?);
                    rest = after;
                }
                for pair in rest {
                    self.assign(request.record(), pair, &mut send)?;
                }
            }
        }
        Ok(send)
    }

    /// Takes `-> CODE`, `as NAME` and `&` off the end.
    fn tail<'w>(&mut self, mut words: &'w [Word], send: &mut Send) -> Result<&'w [Word], Problem> {
        loop {
            words = match words {
                [before @ .., and] if and.is("&") => {
                    send.at_once = true;
                    before
                }
                [before @ .., arrow, code] if arrow.is("->") => {
                    let number = code.text.parse();
                    send.code = number.map_err(|_| word(code, "write the number that the call returns"))?;
                    before
                }
                [before @ .., as_, name] if as_.is("as") => {
                    send.bind = Some(self.bind(name)?);
                    before
                }
                _ => return Ok(words),
            };
        }
    }

    /// `order buy open 2 INSTRUMENT @ PRICE …`
    fn order(&mut self, words: &[Word], send: &mut Send) -> Result<(), Problem> {
        const SHAPE: &str =
            "write order buy|sell [open|close|close-today|close-yesterday] VOLUME INSTRUMENT @ PRICE";
        let record = InputOrderField::DESCRIPTOR;
        let (side, mut rest) = words.split_first().ok_or(Problem::Ends(SHAPE))?;
        let direction = match side.text.as_str() {
            "buy" => "0",
            "sell" => "1",
            _ => return Err(word(side, SHAPE)),
        };
        send.fields.push(("Direction".to_owned(), Template::plain(direction)));
        send.fields.push(("CombOffsetFlag".to_owned(), Template::plain("0")));
        if let Some((offset, after)) = rest.split_first()
            && let Some((_, fields)) = ORDER_WORDS.iter().find(|(name, _)| offset.is(name))
        {
            send.fields
                .extend(fields.iter().map(|(name, value)| ((*name).to_owned(), Template::plain(value))));
            rest = after;
        }
        let [volume, instrument, after @ ..] = rest else { return Err(Problem::Ends(SHAPE)) };
        self.put(record, "VolumeTotalOriginal", volume, send)?;
        self.put(record, "InstrumentID", instrument, send)?;
        rest = after;
        while let Some((option, after)) = rest.split_first() {
            rest = after;
            if option.is("@") {
                let (price, after) = rest.split_first().ok_or(Problem::Ends("write the price after @"))?;
                self.put(record, "LimitPrice", price, send)?;
                rest = after;
            } else if let Some(price) = option.text.strip_prefix('@') {
                self.put(record, "LimitPrice", &Word::plain(price), send)?;
            } else if let Some((_, fields)) = ORDER_WORDS.iter().find(|(name, _)| option.is(name)) {
                let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), Template::plain(value)));
                send.fields.extend(fields);
            } else if let Some(("fak-min", Operator::Equal, minimum)) = option.pair() {
                send.fields.push(("TimeCondition".to_owned(), Template::plain("1")));
                send.fields.push(("VolumeCondition".to_owned(), Template::plain("2")));
                self.put(record, "MinVolume", &minimum, send)?;
            } else {
                self.assign(record, option, send)?;
            }
        }
        Ok(())
    }

    /// `cancel a [by ref] …`
    fn cancel(&mut self, words: &[Word], send: &mut Send) -> Result<(), Problem> {
        let (order, mut rest) = words.split_first().ok_or(Problem::Ends("write the order's name"))?;
        let order = self.bound(order)?;
        let mut by_ref = false;
        if let [by, key, after @ ..] = rest
            && by.is("by")
        {
            by_ref = match key.text.as_str() {
                "ref" => true,
                "sys-id" => false,
                _ => return Err(word(key, "write by ref or by sys-id")),
            };
            rest = after;
        }
        send.call = Call::Cancel { order, by_ref };
        for pair in rest {
            self.assign(InputOrderActionField::DESCRIPTOR, pair, send)?;
        }
        Ok(())
    }

    /// Reads `Field=value`, `nRequestID=…` or a short name of an order's field.
    fn assign(
        &mut self,
        record: &'static RecordDescriptor,
        pair: &Word,
        send: &mut Send,
    ) -> Result<(), Problem> {
        let Some((name, Operator::Equal, value)) = pair.pair() else {
            return Err(word(pair, "write Field=value, -> CODE, as NAME or &"));
        };
        if name == "nRequestID" {
            send.number = Some(self.value(&value)?);
            return Ok(());
        }
        let is_order = matches!(send.call, Call::Order);
        let long = ORDER_PAIRS.iter().find(|(short, _)| is_order && *short == name);
        self.put(record, long.map_or(name, |(_, long)| long), &value, send)
    }

    fn put(
        &mut self,
        record: &'static RecordDescriptor,
        name: &str,
        value: &Word,
        send: &mut Send,
    ) -> Result<(), Problem> {
        let template = self.value(value)?;
        let checked = match template.constant() {
            Some(text) => field::takes(record, name, text),
            None => field::find(record, name).map(|_| ()),
        };
        checked.map_err(|expected| Problem::Value {
            field: name.to_owned(),
            value: value.text.clone(),
            expected,
        })?;
        send.fields.push((name.to_owned(), template));
        Ok(())
    }
}
