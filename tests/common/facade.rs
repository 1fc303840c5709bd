//! Scenarios through a facade: the simulator's library of a version, loaded as any CTP library. The exchange is inside the
//! library's process, or served: then it is in the test, and the library connects to it.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use ctp_gen::{Api, models};
use ctp_sim_host::{
    Argument, SubscriptionChange, Timestamp, control_of,
    scenario::{ClientOptions, Request, Seen, Setup, Target, TargetError, World},
    serve::{Listen, ServeOptions, Server},
    write_line,
};
use ctp_sys::{
    ApiError, Control, MdApi, MdEvent, MdLibrary, MdOptions, MdSpi, TraderApi, TraderEvent, TraderLibrary,
    TraderOptions, TraderSpi,
};
use ctp_types::{FieldDescriptor, RecordBox, RecordDescriptor};
use serde_json::{Value, json};
use tempfile::TempDir;

const CLOSE: Duration = Duration::from_secs(10);

/// How long a connection may take to come or go.
const PATIENCE: Duration = Duration::from_secs(20);

static STARTED: AtomicU64 = AtomicU64::new(0);

/// The facades of one version.
#[derive(Clone)]
pub(crate) struct Facade {
    label: &'static str,
    version: (u16, u16, u16),
    model: &'static Api,
    md: MdLibrary,
    trader: TraderLibrary,
    control: Control,
    is_served: bool,
}

impl Facade {
    /// Returns the same facades, which connect to an exchange that is served.
    #[allow(dead_code, reason = "one of the test binaries has served exchanges of its own")]
    pub(crate) fn served(&self) -> Self {
        Self { is_served: true, ..self.clone() }
    }

    /// Loads both facades of a version, for example `6.7.13`.
    pub(crate) fn load(
        label: &'static str,
        version: (u16, u16, u16),
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let libraries = ctp_sys::find_simulator(label)?;
        Ok(Self {
            label,
            version,
            model: models::find(label).ok_or("no model of that version")?,
            md: MdLibrary::open(&libraries.md)?,
            trader: TraderLibrary::open(&libraries.trader)?,
            control: Control::open(&libraries.trader)?,
            is_served: false,
        })
    }
}

impl Target for Facade {
    fn name(&self) -> String {
        let place = if self.is_served { "served" } else { "facade" };
        format!("{place} {}", self.label)
    }

    fn version(&self) -> (u16, u16, u16) {
        self.version
    }

    fn lacks(&self, record: &RecordDescriptor, field: &FieldDescriptor) -> bool {
        // A record that it has by another name is mapped whole.
        let record = self.model.record(&record.c_name);
        record.is_some_and(|record| record.fields.iter().all(|known| known.c_name != field.c_name.as_str()))
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn World>, TargetError> {
        let flow = tempfile::tempdir().map_err(|error| TargetError::of(&error))?;
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let exchange = format!("scenario-{}-{number}", std::process::id());
        let server = self.is_served.then(|| serve(&exchange, setup)).transpose()?;
        let (facade, now) = (self.clone(), setup.start);
        let mut world = FacadeWorld { facade, exchange, server, now, clients: Vec::new(), flow };
        if world.server.is_none() {
            let start = setup.start.china();
            let mut start = json!({ "op": "start", "start": start, "config": setup.config });
            if let Some(path) = &setup.replay {
                start["replay"] = path.to_string_lossy().into();
            }
            world.ask(start)?;
        }
        for (_, text) in &setup.faults {
            world.ask(json!({ "op": "fault", "plan": text }))?;
        }
        Ok(Box::new(world))
    }
}

/// Serves an exchange whose time is moved by hand.
fn serve(name: &str, setup: &Setup) -> Result<Server, TargetError> {
    let port = "127.0.0.1:0".parse().map_err(|_| TargetError("no address".to_owned()))?;
    let mut options = ServeOptions::new(name, Listen::One(port));
    options.manual = true;
    options.exchange.start = Some(setup.start);
    options.exchange.settings = setup.config.clone();
    options.exchange.replay = setup.replay.clone();
    Server::start(options).map_err(failed)
}

struct FacadeWorld {
    facade: Facade,
    exchange: String,
    /// The server, when the exchange is not the library's own.
    server: Option<Server>,
    /// The exchange's clock, which only this world moves.
    now: Timestamp,
    clients: Vec<Client>,
    flow: TempDir,
}

struct Client {
    api: Option<Object>,
    seen: Receiver<Seen>,
    /// Its number on the exchange.
    session: u64,
}

enum Object {
    Md(MdApi),
    Trader(TraderApi),
}

/// Copies what comes.
struct Recorder(Mutex<Sender<Seen>>);

impl Recorder {
    fn record(&self, seen: Seen) {
        // The world may have ended.
        let _ = self.0.lock().expect("no panic while sending").send(seen);
    }
}

impl MdSpi for Recorder {
    fn deliver(&self, event: MdEvent<'_>) {
        self.record(Seen {
            callback: event.callback.name(),
            record: event.record.map(|record| record.to_owned()),
            rsp_info: event.rsp_info.copied(),
            number: event.number,
            is_last: event.is_last,
        });
    }
}

impl TraderSpi for Recorder {
    fn deliver(&self, event: TraderEvent<'_>) {
        self.record(Seen {
            callback: event.callback.name(),
            record: event.record.map(|record| record.to_owned()),
            rsp_info: event.rsp_info.copied(),
            number: event.number,
            is_last: event.is_last,
        });
    }
}

impl FacadeWorld {
    /// Asks the control interface and returns what it answers, if it says that it succeeded.
    fn ask(&mut self, mut request: Value) -> Result<Value, TargetError> {
        let answer = match &self.server {
            Some(server) => control_of(server.simulator(), &request.to_string()),
            None => {
                request["exchange"] = json!(self.exchange);
                self.facade.control.request(&request.to_string()).map_err(|error| TargetError::of(&error))?
            }
        };
        let answer: Value = answer.parse().map_err(|error: serde_json::Error| TargetError::of(&error))?;
        if answer["ok"] != true {
            return Err(TargetError(answer["error"].as_str().unwrap_or("no answer").to_owned()));
        }
        if let Some(now) = answer["nanoseconds"].as_i64() {
            self.now = Timestamp(now);
        }
        Ok(answer)
    }

    /// Waits for a connection to come or go, where there is one between client and exchange.
    fn wait_until(
        &mut self,
        what: &str,
        mut is_so: impl FnMut(&mut Self) -> Result<bool, TargetError>,
    ) -> Result<(), TargetError> {
        let deadline = Instant::now() + PATIENCE;
        while self.server.is_some() && !is_so(self)? {
            if Instant::now() > deadline {
                return Err(TargetError(format!("{what} for {PATIENCE:?}")));
            }
            thread::sleep(Duration::from_micros(200));
        }
        Ok(())
    }

    /// Returns the sessions of the exchange.
    fn sessions(&mut self) -> Result<Vec<Value>, TargetError> {
        let state = self.ask(json!({ "op": "state" }))?;
        Ok(state["sessions"].as_array().cloned().unwrap_or_default())
    }

    /// Lets what is under way between client and server arrive: a command must not overtake a request.
    fn settle(&mut self) -> Result<(), TargetError> {
        match self.server {
            Some(_) => self.ask(json!({ "op": "barrier" })).map(drop),
            None => Ok(()),
        }
    }

    fn object(&self, client: usize) -> Result<&Object, TargetError> {
        self.clients[client].api.as_ref().ok_or_else(|| TargetError("the client was released".to_owned()))
    }
}

/// Returns what the C function returned.
fn code(called: Result<(), ApiError>) -> Result<i32, TargetError> {
    match called {
        Ok(()) => Ok(0),
        Err(ApiError::NotConnected { .. }) => Ok(-1),
        Err(ApiError::TooManyUnanswered { .. }) => Ok(-2),
        Err(ApiError::TooFast { .. }) => Ok(-3),
        Err(ApiError::Refused { code, .. }) => Ok(code),
        Err(error) => Err(TargetError::of(&error)),
    }
}

fn failed(error: impl std::error::Error) -> TargetError {
    TargetError::of(&error)
}

impl World for FacadeWorld {
    fn open(&mut self, options: &ClientOptions) -> Result<usize, TargetError> {
        let (sender, seen) = channel();
        let recorder = Arc::new(Recorder(Mutex::new(sender)));
        let flow = self.flow.path().join(&options.flow);
        let front = match &self.server {
            Some(server) => server.td_front(),
            None => format!("sim://{}", self.exchange),
        };
        let before = self.sessions()?.len();
        let api = match options.kind {
            ctp_sim_host::ApiKind::Md => {
                let api = self.facade.md.create(&MdOptions::new(flow)).map_err(failed)?;
                api.register_spi(recorder).map_err(failed)?;
                api.register_front(&front).map_err(failed)?;
                api.init().map_err(failed)?;
                Object::Md(api)
            }
            ctp_sim_host::ApiKind::Trader => {
                let api = self.facade.trader.create(&TraderOptions::new(flow)).map_err(failed)?;
                api.register_spi(recorder).map_err(failed)?;
                api.register_front(&front).map_err(failed)?;
                let (private, number) = options.private;
                api.subscribe_private_topic(private, number).map_err(failed)?;
                api.subscribe_public_topic(options.public).map_err(failed)?;
                api.init().map_err(failed)?;
                Object::Trader(api)
            }
        };
        self.wait_until("a client does not connect", |world| Ok(world.sessions()?.len() > before))?;
        self.ask(json!({ "op": "barrier" }))?;
        // Numbers rise, so the newest is the highest.
        let sessions = self.sessions()?;
        let session = sessions.iter().filter_map(|session| session["session"].as_u64()).max().unwrap_or(0);
        self.clients.push(Client { api: Some(api), seen, session });
        Ok(self.clients.len() - 1)
    }

    fn request(
        &mut self,
        client: usize,
        request: Request,
        record: &RecordBox,
        request_id: i32,
    ) -> Result<i32, TargetError> {
        match (self.object(client)?, request) {
            (Object::Md(api), Request::Md(request)) => {
                code(api.request(request, record.as_ref(), request_id))
            }
            (Object::Trader(api), Request::Trader(request)) => {
                code(api.request(request, record.as_ref(), request_id))
            }
            _ => Err(TargetError(format!("{} is of the other API", request.name()))),
        }
    }

    fn subscribe(
        &mut self,
        client: usize,
        change: SubscriptionChange,
        ids: &[String],
    ) -> Result<i32, TargetError> {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let Object::Md(api) = self.object(client)? else {
            return Err(TargetError("a trader has no subscriptions".to_owned()));
        };
        code(match change {
            SubscriptionChange::Subscribe => api.subscribe_market_data(&ids),
            SubscriptionChange::Unsubscribe => api.unsubscribe_market_data(&ids),
            SubscriptionChange::SubscribeForQuote => api.subscribe_for_quote_rsp(&ids),
            SubscriptionChange::UnsubscribeForQuote => api.unsubscribe_for_quote_rsp(&ids),
        })
    }

    fn release(&mut self, client: usize) -> Result<(), TargetError> {
        self.settle()?;
        match self.clients[client].api.take() {
            Some(Object::Md(api)) => api.close(CLOSE).map_err(failed)?,
            Some(Object::Trader(api)) => api.close(CLOSE).map_err(failed)?,
            None => return Ok(()),
        }
        let number = json!(self.clients[client].session);
        self.wait_until("a client is gone and still connected", |world| {
            let sessions = world.sessions()?;
            let own = sessions.iter().find(|session| session["session"] == number);
            Ok(own.is_none_or(|session| session["connected"] == false))
        })
    }

    fn received(&mut self, client: usize) -> Vec<Seen> {
        self.clients[client].seen.try_iter().collect()
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
        self.settle()?;
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

impl Drop for FacadeWorld {
    fn drop(&mut self) {
        for client in 0..self.clients.len() {
            // What does not end is left behind; the row has its verdict.
            let _ = self.release(client);
        }
        if self.server.is_none() {
            let _ = self.ask(json!({ "op": "end" }));
        }
    }
}
