//! What clients call while a scenario runs.

use ctp_types::{InputOrderActionField, InputOrderField, Record, RecordBox, TraderRequest};

use super::super::field;
use super::super::statement::{Call, Request, Send};
use super::login::{APP_ID, AUTH_CODE};
use super::names::{order_key, trimmed};
use super::{Bound, Client, Run, Stop};

/// What an order has that says nothing else (§5.2).
const ORDER: [(&str, &str); 7] = [
    ("OrderPriceType", "2"),
    ("CombHedgeFlag", "1"),
    ("TimeCondition", "3"),
    ("VolumeCondition", "1"),
    ("MinVolume", "1"),
    ("ContingentCondition", "1"),
    ("ForceCloseReason", "0"),
];

impl Run<'_> {
    pub(super) fn send(&mut self, send: &Send) -> Result<(), Stop> {
        if let Call::Subscription(change, ids) = &send.call {
            let ids = ids.iter().map(|id| self.evaluate(id)).collect::<Result<Vec<_>, _>>()?;
            let number = self.client(&send.client)?.number;
            let code = self.world.subscribe(number, *change, &ids)?;
            return self.sent(send, code);
        }
        let (request, mut record) = match &send.call {
            Call::Request(request) => (*request, self.request_record(send, *request)?),
            Call::Cancel { order, by_ref } => (
                Request::Trader(TraderRequest::ReqOrderAction),
                self.cancel_record(&send.client, order, *by_ref)?,
            ),
            _ => (Request::Trader(TraderRequest::ReqOrderInsert), self.order_record(send)?),
        };
        let request_id = self.request_id(send)?;
        if send.like.is_none() || has(&record, "RequestID") {
            set(&mut record, "RequestID", &request_id.to_string())?;
        }
        for (name, value) in &send.fields {
            let value = self.evaluate(value)?;
            self.set_known(&mut record, name, &value)?;
        }
        if matches!(send.call, Call::Order) {
            self.complete_order(send, &mut record)?;
        }
        self.note_order_ref(&send.client, &record)?;
        let number = self.client(&send.client)?.number;
        let code = self.world.request(number, request, &record, request_id)?;
        if let Some(name) = &send.bind {
            self.bind_sent(name, &send.client, record)?;
        }
        self.sent(send, code)
    }

    fn sent(&mut self, send: &Send, code: i32) -> Result<(), Stop> {
        if code != send.code {
            return Err(Stop::from(format!("the call returned {code}, expected {}", send.code)));
        }
        if send.at_once { Ok(()) } else { self.settle() }
    }

    fn request_id(&mut self, send: &Send) -> Result<i32, Stop> {
        if let Some(number) = &send.number {
            let text = self.evaluate(number)?;
            let number = field::integer(&text).and_then(|number| number.try_into().ok());
            return number.ok_or_else(|| Stop::from(format!("nRequestID={text}: write a number of 32 bits")));
        }
        let client = self.client(&send.client)?;
        client.request_id += 1;
        Ok(client.request_id)
    }

    /// Fills who the client is into whatever record has room for it.
    pub(super) fn identify(&mut self, client: &str, record: &mut RecordBox) -> Result<(), Stop> {
        let client = self.client(client)?;
        let (investor, password) = (client.investor.clone(), client.password.clone());
        for (name, value) in [
            ("BrokerID", "9999"),
            ("InvestorID", &investor),
            ("UserID", &investor),
            ("Password", &password),
            ("AppID", APP_ID),
            ("AuthCode", AUTH_CODE),
        ] {
            if has(record, name) {
                set(record, name, value)?;
            }
        }
        Ok(())
    }

    /// `ReqXxx` from zero, with who the client is; or like a record that was sent before.
    fn request_record(&mut self, send: &Send, request: Request) -> Result<RecordBox, Stop> {
        let mut record = RecordBox::zeroed(request.record());
        self.identify(&send.client, &mut record)?;
        let Some(like) = &send.like else { return Ok(record) };
        let records = self.records(like);
        let model = self.bound.get(like).and_then(|bound| bound.sent.as_ref()).or(records.first());
        let model = model.ok_or_else(|| Stop::from(format!("{like:?} names no record")))?;
        for field in record.descriptor().fields {
            if let Some(same) = model.descriptor().field(&field.c_name) {
                let text = field::text(model.as_ref(), same);
                field::set(&mut record, field, &text)?;
            }
        }
        Ok(record)
    }

    fn order_record(&mut self, send: &Send) -> Result<RecordBox, Stop> {
        let mut record = RecordBox::zeroed(InputOrderField::DESCRIPTOR);
        self.identify(&send.client, &mut record)?;
        for (name, value) in ORDER {
            set(&mut record, name, value)?;
        }
        let client = self.client(&send.client)?;
        client.order_ref = client.order_ref.max(highest_order_ref(client)) + 1;
        let next = client.order_ref.to_string();
        set(&mut record, "OrderRef", &next)?;
        // Ticks in the price are those of this order's instrument.
        if let Some((_, id)) = send.fields.iter().find(|(name, _)| name == "InstrumentID") {
            self.instrument = Some(self.evaluate(id)?);
        }
        Ok(record)
    }

    /// Adds what depends on the instrument: its exchange, one flag per leg, the kind of market order.
    fn complete_order(&mut self, send: &Send, record: &mut RecordBox) -> Result<(), Stop> {
        let given = |name: &str| send.fields.iter().any(|(field, _)| field == name);
        let id = get(record, "InstrumentID");
        if !given("ExchangeID") {
            let fields = self.world.instrument(&id)?.unwrap_or_default();
            let exchange = fields.into_iter().find(|(name, value)| name == "ExchangeID" && !value.is_empty());
            // A made-up instrument has to be refused for itself.
            set(record, "ExchangeID", exchange.as_ref().map_or("SHFE", |(_, exchange)| exchange))?;
        }
        if get(record, "OrderPriceType") == "1" && !given("TimeCondition") {
            let time = if get(record, "ExchangeID") == "CZCE" { "3" } else { "1" };
            set(record, "TimeCondition", time)?;
            if !given("VolumeCondition") {
                set(record, "VolumeCondition", "3")?;
            }
        }
        if id.contains('&') {
            for name in ["CombOffsetFlag", "CombHedgeFlag"] {
                let flag = get(record, name);
                if flag.len() == 1 {
                    set(record, name, &flag.repeat(2))?;
                }
            }
        }
        Ok(())
    }

    fn cancel_record(&mut self, client: &str, order: &str, by_ref: bool) -> Result<RecordBox, Stop> {
        let mut record = RecordBox::zeroed(InputOrderActionField::DESCRIPTOR);
        self.identify(client, &mut record)?;
        set(&mut record, "ActionFlag", "0")?;
        let mut keys = vec!["InstrumentID", "ExchangeID"];
        if by_ref {
            keys.push("OrderRef");
            if let Some((front, session, _)) = self.bound.get(order).and_then(|bound| bound.key.clone()) {
                set(&mut record, "FrontID", &front.to_string())?;
                set(&mut record, "SessionID", &session.to_string())?;
            } else {
                keys.extend(["FrontID", "SessionID"]);
            }
        } else {
            keys.push("OrderSysID");
        }
        for key in keys {
            let mut found = String::new();
            for source in self.records(order) {
                if found.is_empty() && has(&source, key) {
                    found = get(&source, key);
                }
            }
            if key == "OrderSysID" && found.is_empty() {
                return Err(Stop::from(format!(
                    "order {order:?} has no OrderSysID yet: write `cancel {order} by ref`"
                )));
            }
            set(&mut record, key, &found)?;
        }
        Ok(record)
    }

    /// Keeps the client's own counter above every OrderRef that it sends.
    fn note_order_ref(&mut self, client: &str, record: &RecordBox) -> Result<(), Stop> {
        if let Some(order) = record.get::<InputOrderField>()
            && let Ok(number) = order.order_ref.to_str().trim().parse::<i64>()
        {
            let client = self.client(client)?;
            client.order_ref = client.order_ref.max(number.min(i64::from(i32::MAX)));
        }
        Ok(())
    }

    fn bind_sent(&mut self, name: &str, client: &str, record: RecordBox) -> Result<(), Stop> {
        let login = Self::login(self.client(client)?);
        let order_ref = has(&record, "OrderRef").then(|| get(&record, "OrderRef"));
        let key = login
            .zip(order_ref)
            .map(|(login, order_ref)| (login.front_id, login.session_id, trimmed(order_ref.as_bytes())));
        let bound = Bound { client: client.to_owned(), sent: Some(record), key, received: None };
        self.bound.insert(name.to_owned(), bound);
        Ok(())
    }

    /// Writes a field unless the target's version lacks it.
    fn set_known(&self, record: &mut RecordBox, name: &str, value: &str) -> Result<(), Stop> {
        let descriptor = record.descriptor();
        let field = field::find(descriptor, name)?;
        if self.target.lacks(descriptor, field) {
            return Ok(());
        }
        Ok(field::set(record, field, value)?)
    }
}

/// Returns the highest OrderRef that the core has told a client of its session: MaxOrderRef of the login, and what the
/// core assigned since.
fn highest_order_ref(client: &Client) -> i64 {
    let Some(login) = Run::login(client) else { return 0 };
    let number = |text: &[u8]| std::str::from_utf8(text).ok()?.trim().parse().ok();
    let records = client.log.iter().filter_map(|seen| order_key(seen.record.as_ref()?));
    let own = records.filter(|(front, session, _)| (*front, *session) == (login.front_id, login.session_id));
    let assigned = own.filter_map(|(.., order_ref)| number(&order_ref)).max();
    assigned.max(number(login.max_order_ref.as_bytes())).unwrap_or(0)
}

fn has(record: &RecordBox, name: &str) -> bool {
    field::find(record.descriptor(), name).is_ok()
}

fn get(record: &RecordBox, name: &str) -> String {
    field::find(record.descriptor(), name)
        .map_or_else(|_| String::new(), |field| field::text(record.as_ref(), field))
}

/// Writes a field of ours, if the record has it.
fn set(record: &mut RecordBox, name: &str, value: &str) -> Result<(), Stop> {
    match field::find(record.descriptor(), name) {
        Ok(field) => Ok(field::set(record, field, value)?),
        Err(_) => Ok(()),
    }
}
