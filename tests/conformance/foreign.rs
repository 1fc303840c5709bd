//! Scenarios through a client that we did not write: `driver.py` plays it in a process of its own, with the facade of the
//! version that the client was compiled for, an exchange embedded.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
    rc::Rc,
    time::Duration,
};

use ctp_gen::{Api, api::ClassKind, models};
use ctp_sim_host::{
    ApiKind, Argument, SubscriptionChange, Timestamp,
    scenario::{self, ClientOptions, Request, Seen, Setup, Target, TargetError, World},
    write_line,
};
use ctp_types::{
    FieldDescriptor, FieldKind, MdCallback, Record as _, RecordBox, RecordDescriptor, RspInfoField,
    TraderCallback,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::child::Process;

/// How long a client may take to answer; a call of any of them takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// What [`TargetError`]s begin with when the client's API offers no way.
pub(crate) const CANNOT: &str = "cannot express: ";

/// A client package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Package {
    /// As it is installed.
    pub(crate) name: &'static str,
    /// The CTP version that it was compiled for, as its facade goes by.
    pub(crate) label: &'static str,
    pub(crate) version: (u16, u16, u16),
}

/// Those that are driven, with the version of the headers that each carries or states.
pub(crate) const PACKAGES: [Package; 4] = [
    Package { name: "openctp-ctp", label: "6.7.11", version: (6, 7, 11) },
    Package { name: "ctp-python", label: "6.7.13", version: (6, 7, 13) },
    Package { name: "vnpy_ctp", label: "6.7.11", version: (6, 7, 11) },
    Package { name: "ctpwrapper", label: "6.7.13", version: (6, 7, 13) },
];

/// Where things are.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    /// The Python with the client in it.
    pub(crate) python: PathBuf,
}

/// A foreign client, for the rows of one file.
#[derive(Clone)]
pub(crate) struct Foreign(Rc<Inner>);

struct Inner {
    package: Package,
    places: Places,
    model: &'static Api,
    process: RefCell<Option<Process>>,
    hello: RefCell<Option<Hello>>,
    /// Fields of the client's classes, by record.
    fields: RefCell<BTreeMap<&'static str, Option<BTreeSet<String>>>>,
    started: Cell<u32>,
}

/// What the client says of itself.
#[derive(Clone, Debug)]
pub(crate) struct Hello {
    /// The version of the package.
    pub(crate) package: String,
    /// The version of the library that it is bound to.
    pub(crate) library: String,
    /// Where it runs, today.
    pub(crate) today: String,
    /// The callbacks that its classes name.
    callbacks: BTreeSet<String>,
}

impl Foreign {
    pub(crate) fn new(package: Package, places: Places) -> Result<Self, String> {
        let model = models::find(package.label).ok_or_else(|| format!("no model of {}", package.label))?;
        Ok(Self(Rc::new(Inner {
            package,
            places,
            model,
            process: RefCell::default(),
            hello: RefCell::default(),
            fields: RefCell::default(),
            started: Cell::new(0),
        })))
    }

    /// Starts the client and returns what it says of itself.
    pub(crate) fn hello(&self) -> Result<Hello, String> {
        let process = self.process()?;
        self.0.process.replace(Some(process));
        self.0.hello.borrow().clone().ok_or_else(|| format!("{} says nothing", self.0.package.name))
    }

    /// Returns whether the client's SPI lacks a callback that its version has.
    pub(crate) fn lacks_callback(&self, name: &str) -> bool {
        let has_it = |hello: &Hello| hello.callbacks.contains(name);
        self.0.hello.borrow().as_ref().is_some_and(|hello| !has_it(hello))
    }

    /// Returns whether the client's class lacks a field that its version has.
    pub(crate) fn lacks_field(&self, name: &str) -> bool {
        let known = self.0.fields.borrow();
        known.iter().any(|(record, fields)| {
            let has_it = self
                .0
                .model
                .record(record)
                .is_some_and(|record| record.fields.iter().any(|field| field.c_name == name));
            has_it && fields.as_ref().is_some_and(|fields| !fields.contains(name))
        })
    }

    fn command(&self) -> Result<Command, String> {
        let libraries = ctp_sys::find_simulator(self.0.package.label).map_err(|error| error.to_string())?;
        let core = core(&libraries.trader)?;
        let mut command = Command::new(&self.0.places.python);
        command.arg("-B").arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance/driver.py"));
        command.args(["--client", self.0.package.name]);
        command
            .arg("--core")
            .arg(&core)
            .arg("--md")
            .arg(&libraries.md)
            .arg("--trader")
            .arg(&libraries.trader);
        command.env("CTP_SIM_LIBRARY", &core);
        let locale = core.with_file_name("libctp_sim_locale.so");
        if locale.is_file() {
            command.arg("--locale").arg(locale);
        }
        Ok(command)
    }

    /// Returns the client's process, started where there is none.
    fn process(&self) -> Result<Process, String> {
        if let Some(process) = self.0.process.take() {
            return Ok(process);
        }
        let mut process = Process::start(&mut self.command()?, PATIENCE)?;
        let has = |class, name: &&str| self.0.model.class(class).method(name).is_some();
        let trader = TraderCallback::ALL.iter().map(|callback| callback.name());
        let md = MdCallback::ALL.iter().map(|callback| callback.name());
        let hello = process.ask(&json!({ "do": "hello", "callbacks": {
            "trader": trader.filter(|name| has(ClassKind::TraderSpi, name)).collect::<Vec<_>>(),
            "md": md.filter(|name| has(ClassKind::MdSpi, name)).collect::<Vec<_>>(),
        }}))?;
        if let Some(error) = hello["error"].as_str() {
            return Err(format!("{}: {error}", self.0.package.name));
        }
        let names = ["trader", "md"].iter().flat_map(|kind| hello["callbacks"][kind].as_array()).flatten();
        let text = |key: &str| hello[key].as_str().unwrap_or("?").to_owned();
        self.0.hello.replace(Some(Hello {
            package: text("package"),
            library: text("library"),
            today: text("today"),
            callbacks: names.filter_map(|name| name.as_str().map(str::to_owned)).collect(),
        }));
        Ok(process)
    }
}

/// Returns the simulator's core, as the facade finds it.
fn core(facade: &Path) -> Result<PathBuf, String> {
    if let Some(chosen) = std::env::var_os("CTP_SIM_LIBRARY").filter(|chosen| !chosen.is_empty()) {
        return Ok(chosen.into());
    }
    let folders = facade.ancestors().skip(1).take(2);
    let mut found = folders.map(|folder| folder.join("libctp_sim.so")).filter(|path| path.is_file());
    found.next().ok_or_else(|| format!("no libctp_sim.so near {}; run `cargo xtask sim`", facade.display()))
}

impl Target for Foreign {
    fn name(&self) -> String {
        format!("{} on facade {}", self.0.package.name, self.0.package.label)
    }

    fn version(&self) -> (u16, u16, u16) {
        self.0.package.version
    }

    fn lacks(&self, record: &RecordDescriptor, field: &FieldDescriptor) -> bool {
        // A record that it has by another name is mapped whole.
        let record = self.0.model.record(record.c_name);
        record.is_some_and(|record| record.fields.iter().all(|known| known.c_name != field.c_name))
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn World>, TargetError> {
        let process = self.process().map_err(TargetError)?;
        let flow = tempfile::tempdir().map_err(|error| TargetError::of(&error))?;
        let number = self.0.started.get();
        self.0.started.set(number + 1);
        let mut world = ForeignWorld {
            foreign: self.clone(),
            process: Some(process),
            exchange: format!("scenario-{number}"),
            now: setup.start,
            clients: Vec::new(),
            flow,
        };
        world.ask(json!({ "op": "start", "start": setup.start.china(), "config": setup.config }))?;
        Ok(Box::new(world))
    }
}

struct ForeignWorld {
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
        if self.foreign.0.fields.borrow().contains_key(record.c_name) {
            return Ok(());
        }
        let answer = self.drive(&json!({ "do": "fields", "record": record.c_name }))?;
        let names = answer["fields"].as_array();
        let names =
            names.map(|names| names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect());
        self.foreign.0.fields.borrow_mut().insert(record.c_name, names);
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
            "record": descriptor.c_name,
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
        let Some(field) = descriptor.fields.iter().find(|field| field.c_name == name) else { continue };
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
