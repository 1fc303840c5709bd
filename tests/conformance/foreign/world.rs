//! One exchange with its clients, in the driver's process.

use ctp_sim_host::{
    ApiKind, Argument, SubscriptionChange, Timestamp,
    scenario::{self, ClientOptions, Request, Seen, Setup, Target as _, TargetError, World},
    write_line,
};
use ctp_types::{
    FieldKind, MdCallback, Record as _, RecordBox, RecordDescriptor, RspInfoField, TraderCallback,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{CANNOT, Foreign};
use crate::child::Process;

pub(super) struct ForeignWorld {
    foreign: Foreign,
    /// `None` once it is over.
    process: Option<Process>,
    exchange: String,
    /// The exchange's clock, which only this world moves.
    now: Timestamp,
    clients: Vec<Client>,
    flow: TempDir,
}

struct Client {
    kind: ApiKind,
    seen: Vec<Seen>,
    /// Its number on the exchange.
    session: u64,
    is_open: bool,
}

impl ForeignWorld {
    /// Starts an exchange in the client's process.
    pub(super) fn start(foreign: &Foreign, setup: &Setup) -> Result<Self, TargetError> {
        let process = foreign.process().map_err(TargetError)?;
        let flow = tempfile::tempdir().map_err(|error| TargetError::of(&error))?;
        let number = foreign.0.started.get();
        foreign.0.started.set(number + 1);
        let mut world = Self {
            foreign: foreign.clone(),
            process: Some(process),
            exchange: format!("scenario-{number}"),
            now: setup.start,
            clients: Vec::new(),
            flow,
        };
        world.ask(json!({ "op": "start", "start": setup.start.china(), "config": setup.config }))?;
        Ok(world)
    }

    /// Lets the driver do something, and takes over what came meanwhile.
    fn drive(&mut self, request: &Value) -> Result<Value, TargetError> {
        let process = self.process.as_mut().ok_or_else(|| TargetError("the client is gone".to_owned()))?;
        let answer = match process.ask(request) {
            Ok(answer) => answer,
            Err(error) => {
                self.process = None;
                return Err(TargetError(error));
            }
        };
        for event in answer["events"].as_array().into_iter().flatten() {
            self.note(event)?;
        }
        if let Some(cannot) = answer["cannot"].as_str() {
            return Err(TargetError(format!("{CANNOT}{cannot}")));
        }
        match answer["error"].as_str() {
            Some(error) => Err(TargetError(format!("the client raised {error}"))),
            None => Ok(answer),
        }
    }

    /// Asks the control interface and returns what it answers, if it says that it succeeded.
    fn ask(&mut self, mut request: Value) -> Result<Value, TargetError> {
        request["do"] = json!("control");
        request["exchange"] = json!(self.exchange);
        let answer = self.drive(&request)?["answer"].take();
        if answer["ok"] != true {
            return Err(TargetError(answer["error"].as_str().unwrap_or("no answer").to_owned()));
        }
        if let Some(now) = answer["nanoseconds"].as_i64() {
            self.now = Timestamp(now);
        }
        Ok(answer)
    }

    /// Notes `[client, callback, record, info, number, last]`.
    fn note(&mut self, event: &Value) -> Result<(), TargetError> {
        let unreadable = || TargetError(format!("{event} is no callback of CTP"));
        let number = event[0].as_u64().and_then(|number| usize::try_from(number).ok());
        // While a client is being opened it has its number already.
        let client = number.and_then(|number| self.clients.get_mut(number)).ok_or_else(unreadable)?;
        let name = event[1].as_str().ok_or_else(unreadable)?;
        let (callback, descriptor) = callback(client.kind, name).ok_or_else(unreadable)?;
        let record =
            descriptor.zip(event[2].as_object()).map(|(descriptor, fields)| shown_record(descriptor, fields));
        let rsp_info = event[3].as_object().map(|fields| shown_record(RspInfoField::DESCRIPTOR, fields));
        client.seen.push(Seen {
            callback,
            record,
            rsp_info: rsp_info.and_then(|info| info.get::<RspInfoField>().copied()),
            number: event[4].as_i64().and_then(|number| i32::try_from(number).ok()).ok_or_else(unreadable)?,
            is_last: event[5].as_bool().ok_or_else(unreadable)?,
        });
        Ok(())
    }

    /// Remembers which fields the client's class of a record has.
    fn learn(&mut self, record: &'static RecordDescriptor) -> Result<(), TargetError> {
        if self.foreign.0.fields.borrow().contains_key(record.c_name.as_str()) {
            return Ok(());
        }
        let answer = self.drive(&json!({ "do": "fields", "record": record.c_name.as_str() }))?;
        let names = answer["fields"].as_array();
        let names =
            names.map(|names| names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect());
        self.foreign.0.fields.borrow_mut().insert(record.c_name.as_str(), names);
        Ok(())
    }

    fn close(&mut self, client: usize) -> Result<(), TargetError> {
        if !std::mem::take(&mut self.clients[client].is_open) {
            return Ok(());
        }
        self.drive(&json!({ "do": "release", "client": client })).map(drop)
    }
}

impl World for ForeignWorld {
    fn open(&mut self, options: &ClientOptions) -> Result<usize, TargetError> {
        let number = self.clients.len();
        self.clients.push(Client { kind: options.kind, seen: Vec::new(), session: 0, is_open: true });
        let (private, from) = options.private;
        self.drive(&json!({
            "do": "open",
            "client": number,
            "kind": match options.kind { ApiKind::Trader => "trader", ApiKind::Md => "md" },
            "flow": self.flow.path().join(&options.flow),
            "front": format!("sim://{}", self.exchange),
            "private": private as i32,
            "number": from,
            "public": options.public as i32,
        }))?;
        self.ask(json!({ "op": "barrier" }))?;
        let state = self.ask(json!({ "op": "state" }))?;
        // Numbers rise, so the newest is the highest.
        let sessions = state["sessions"].as_array().into_iter().flatten();
        let session = sessions.filter_map(|session| session["session"].as_u64()).max().unwrap_or(0);
        self.clients[number].session = session;
        Ok(number)
    }

    fn request(
        &mut self,
        client: usize,
        request: Request,
        record: &RecordBox,
        request_id: i32,
    ) -> Result<i32, TargetError> {
        let descriptor = record.descriptor();
        let mut fields = Vec::new();
        for (field, (name, text)) in descriptor.fields.iter().zip(scenario::texts(record)) {
            let (kind, zero) = match field.kind {
                FieldKind::Text(_) => ("text", ""),
                FieldKind::Char | FieldKind::Enumeration(_) => ("char", ""),
                FieldKind::Double => ("real", "0"),
                _ => ("whole", "0"),
            };
            let text = if text == "DBL_MAX" && kind == "real" { format!("{:e}", f64::MAX) } else { text };
            if text != zero && !self.foreign.lacks(descriptor, field) {
                fields.push(json!([name, kind, text]));
            }
        }
        // The client's class goes by the name that the record has in its version.
        let answer = self.drive(&json!({
            "do": "request",
            "client": client,
            "name": request.name(),
            "record": descriptor.c_name.as_str(),
            "fields": fields,
            "id": request_id,
        }))?;
        let code = answer["code"].as_i64().and_then(|code| i32::try_from(code).ok());
        code.ok_or_else(|| TargetError(format!("{} returned {}", request.name(), answer["code"])))
    }

    fn subscribe(
        &mut self,
        client: usize,
        change: SubscriptionChange,
        ids: &[String],
    ) -> Result<i32, TargetError> {
        let name = match change {
            SubscriptionChange::Subscribe => "SubscribeMarketData",
            SubscriptionChange::Unsubscribe => "UnSubscribeMarketData",
            SubscriptionChange::SubscribeForQuote => "SubscribeForQuoteRsp",
            SubscriptionChange::UnsubscribeForQuote => "UnSubscribeForQuoteRsp",
        };
        let answer = self.drive(&json!({ "do": "subscribe", "client": client, "name": name, "ids": ids }))?;
        let code = answer["code"].as_i64().and_then(|code| i32::try_from(code).ok());
        code.ok_or_else(|| TargetError(format!("{name} returned {}", answer["code"])))
    }

    fn release(&mut self, client: usize) -> Result<(), TargetError> {
        self.close(client)
    }

    fn received(&mut self, client: usize) -> Vec<Seen> {
        let seen = std::mem::take(&mut self.clients[client].seen);
        for record in seen.iter().filter_map(|seen| seen.record.as_ref()) {
            // Only to tell a field that the client lacks from one that it shows wrongly; not knowing is the latter.
            let _ = self.learn(record.descriptor());
        }
        seen
    }

    fn pass(&mut self, until: Timestamp) -> Result<(), TargetError> {
        let left = until.0.saturating_sub(self.now.0).max(0);
        self.ask(json!({ "op": "advance", "duration": format!("{left}ns") })).map(drop)
    }

    fn now(&mut self) -> Result<Timestamp, TargetError> {
        Ok(self.now)
    }

    fn command(
        &mut self,
        name: &str,
        arguments: &[Argument],
        clients: &[(String, usize)],
    ) -> Result<(), TargetError> {
        let sessions: serde_json::Map<String, Value> = clients
            .iter()
            .map(|(name, client)| (name.clone(), json!(self.clients[*client].session)))
            .collect();
        let text = write_line(name, arguments);
        self.ask(json!({ "op": "command", "text": text, "sessions": sessions })).map(drop)
    }

    fn instrument(&mut self, id: &str) -> Result<Option<Vec<(String, String)>>, TargetError> {
        let answer = self.ask(json!({ "op": "instrument", "id": id }))?;
        let fields = answer["fields"].as_object();
        Ok(fields.map(|fields| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            fields.iter().map(|(name, value)| (name.clone(), text(value))).collect()
        }))
    }
}

impl Drop for ForeignWorld {
    fn drop(&mut self) {
        for client in 0..self.clients.len() {
            // What does not end ends with the process; the row has its verdict.
            let _ = self.close(client);
        }
        let _ = self.ask(json!({ "op": "end" }));
        // The next row goes on with a process that still answers.
        self.foreign.0.process.replace(self.process.take());
    }
}

fn callback(kind: ApiKind, name: &str) -> Option<(&'static str, Option<&'static RecordDescriptor>)> {
    match kind {
        ApiKind::Trader => {
            let found = TraderCallback::ALL.iter().find(|callback| callback.name() == name);
            found.map(|callback| (callback.name(), callback.record()))
        }
        ApiKind::Md => {
            let found = MdCallback::ALL.iter().find(|callback| callback.name() == name);
            found.map(|callback| (callback.name(), callback.record()))
        }
    }
}

/// Makes the record that a client shows.
fn shown_record(descriptor: &'static RecordDescriptor, fields: &serde_json::Map<String, Value>) -> RecordBox {
    let mut record = RecordBox::zeroed(descriptor);
    for (name, value) in fields {
        let Some(field) = descriptor.fields.iter().find(|field| field.c_name == name.as_str()) else {
            continue;
        };
        let text = value.as_str().unwrap_or_default();
        if scenario::set_text(&mut record, name, text).is_ok() {
            continue;
        }
        // What no record can hold is shown in ASCII, as far as it fits.
        let room = match field.kind {
            FieldKind::Text(length) => length.saturating_sub(1),
            _ => 1,
        };
        let shown: String = text.escape_default().take(room).collect();
        let _ = scenario::set_text(&mut record, name, &shown);
    }
    record
}
