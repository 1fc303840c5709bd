//! One connection: a task that reads what a client sends and writes what waits for it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ctp_sim::{ApiKind, Input, SessionId};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task;
use tokio::time::{Instant, timeout, timeout_at};
use tracing::debug;

use super::greet::{self, Refusal};
use super::outbox::{End, Outbox, RemoteMailbox};
use super::server::{Shared, stopped};
use crate::instance::{SubscriptionChange, Topics};
use crate::notice::Notice;
use crate::simulator::{Connection as Connect, Simulator};
use crate::wire::{self, Decoder, Frame, Hello, Streams, Welcome};

/// Bytes that are read at once.
const READ: usize = 16 << 10;

/// How long the last bytes may take when the server ends a connection.
const PARTING: Duration = Duration::from_millis(500);

/// Control requests of one client that wait for the one that is carried out.
const CONTROL_WAITING_MAX: usize = 16;

/// Serves a client until it leaves, and says why it did.
pub(super) async fn run(shared: Arc<Shared>, stream: TcpStream, peer: SocketAddr, kinds: greet::Kinds) {
    let mut stop = shared.stop.subscribe();
    let deadline = Instant::now() + shared.handshake;
    let mut decoder = Decoder::new();
    let hello = tokio::select! {
        hello = timeout_at(deadline, read_hello(&stream, &mut decoder)) => hello,
        () = stopped(&mut stop) => return,
    };
    let hello = match hello {
        Ok(Ok(Some(hello))) => hello,
        // Somebody looked whether the port is open, or went away.
        Ok(Ok(None)) => return,
        Ok(Err(refusal)) => return refuse(&shared, &stream, peer, &refusal).await,
        Err(_) => {
            let text = format!("nothing was said for {:?}", shared.handshake);
            let fix =
                "a program with the vendor's own library? docs/use-with.md puts the simulator's in its place";
            return shared.log(format!("{peer} was left: {text}; {fix}"));
        }
    };
    if let Err(refusal) = greet::check(&hello, kinds, shared.token.as_ref()) {
        return refuse(&shared, &stream, peer, &refusal).await;
    }
    // As a front that is down: the port answers, and the connection ends.
    let Some(simulator) = Simulator::running(&shared.exchange) else {
        return;
    };
    let client = Client::enter(simulator, &shared, &hello, peer);
    let mut pump = Pump { stream: &stream, decoder, pending: Vec::new(), written: 0 };
    let reason = tokio::select! {
        reason = pump.run(&client) => reason,
        () = stopped(&mut stop) => {
            client.outbox.end();
            // What is said already is still written, if the client takes it.
            drop(timeout(PARTING, pump.run(&client)).await);
            "the server stops".to_owned()
        }
    };
    debug!(%peer, reason, "connection ended");
    client.leave(&reason);
}

/// Reads until the first frame is there; `None` when the client goes away before.
async fn read_hello(stream: &TcpStream, decoder: &mut Decoder) -> Result<Option<Hello>, Refusal> {
    let mut bytes = [0; 1_024];
    loop {
        match decoder.next() {
            Ok(Some(Frame::Hello(hello))) => return Ok(Some(hello)),
            Ok(Some(other)) => return Err(Refusal::of_frame(&other)),
            Ok(None) => {}
            Err(cause) => return Err(Refusal::of_error(&cause)),
        }
        if stream.readable().await.is_err() {
            return Ok(None);
        }
        match stream.try_read(&mut bytes) {
            Ok(0) => return Ok(None),
            Ok(count) => decoder.feed(&bytes[..count]),
            Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return Ok(None),
        }
    }
}

/// Says why a client is not taken.
pub(super) async fn refuse(shared: &Shared, stream: &TcpStream, peer: SocketAddr, refusal: &Refusal) {
    shared.log(format!("{peer} was refused: {}", refusal.0.text));
    let mut bytes = Vec::new();
    if wire::encode(&Frame::Refused(refusal.0.clone()), &mut bytes).is_err() {
        return;
    }
    let said = timeout(PARTING, async {
        let mut rest = bytes.as_slice();
        while !rest.is_empty() && stream.writable().await.is_ok() {
            match stream.try_write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
        // Unread bytes would make the system throw away what was just said.
        let mut bytes = [0; 1_024];
        while stream.readable().await.is_ok() {
            match stream.try_read(&mut bytes) {
                Ok(1..) => {}
                Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => {}
                _ => return,
            }
        }
    });
    drop(said.await);
}

/// A client that was taken.
struct Client {
    simulator: Simulator,
    outbox: Arc<Outbox>,
    entrance: Entrance,
}

/// What a client does here.
enum Entrance {
    /// It has a session on the exchange.
    Session { session: SessionId, kind: ApiKind, api_version: (u16, u16, u16) },
    /// It asks and commands. Its requests are carried out one after another, away from the network.
    Control(mpsc::Sender<String>),
}

impl Client {
    fn enter(simulator: Simulator, shared: &Shared, hello: &Hello, peer: SocketAddr) -> Self {
        let kind = hello.role.kind();
        let outbox = Outbox::new(kind, simulator.hurries() && kind.is_some());
        let entrance = match kind {
            Some(kind) => {
                let peer = format!("{peer} {} ({})", hello.program, hello.process);
                let mailbox = RemoteMailbox { outbox: Arc::clone(&outbox), peer };
                let session = simulator.add_session(Box::new(mailbox));
                Entrance::Session { session, kind, api_version: hello.api_version }
            }
            None => {
                let (requests, waiting) = mpsc::channel(CONTROL_WAITING_MAX);
                tokio::spawn(carry_out(shared.exchange.clone(), waiting, Arc::clone(&outbox)));
                Entrance::Control(requests)
            }
        };
        let client = Self { simulator, outbox, entrance };
        client.outbox.send(&Frame::Welcome(client.welcome()));
        client.connect(Duration::ZERO, hello.streams);
        client
    }

    fn welcome(&self) -> Welcome {
        let (simulator, second) = (&self.simulator, Duration::from_secs(1));
        let wall = simulator.clock().wall(second);
        let follows = !wall.is_zero() && wall != Duration::MAX;
        Welcome {
            session: match self.entrance {
                Entrance::Session { session, .. } => session.0,
                Entrance::Control(_) => 0,
            },
            phase: simulator.phase(),
            now: simulator.now().0,
            speed: if follows { second.as_secs_f64() / wall.as_secs_f64() } else { 0.0 },
            limits: simulator.limits(),
            exchange: simulator.name().to_owned(),
        }
    }

    /// Connects the session after so much of the exchange's time.
    fn connect(&self, delay: Duration, streams: Option<Streams>) {
        let Entrance::Session { session, kind, api_version } = self.entrance else {
            return;
        };
        let phase = self.simulator.phase();
        let topics = streams.filter(|_| kind == ApiKind::Trader).map(|streams| {
            let Streams { private, public, sequence, .. } = streams;
            (Topics { private, public, sequence }, streams.received(phase))
        });
        self.simulator.connect(Connect { session, kind, api_version, topics }, delay);
    }

    /// Carries a frame out, or says why it cannot be.
    async fn take(&self, frame: Frame) -> Result<(), String> {
        let name = frame.name();
        match (&self.entrance, frame) {
            (
                &Entrance::Session { session, kind: ApiKind::Trader, .. },
                Frame::TraderRequest { request, request_id, record },
            ) => self.simulator.submit(session, Input::Trader { session, request, record, request_id }),
            (
                &Entrance::Session { session, kind: ApiKind::Md, .. },
                Frame::MdRequest { request, request_id, record },
            ) => self.simulator.submit(session, Input::Md { session, request, record, request_id }),
            (
                &Entrance::Session { session, kind: ApiKind::Md, .. },
                Frame::Subscription { change, instruments },
            ) => {
                let input = match change {
                    SubscriptionChange::Subscribe => Input::Subscribe { session, instruments },
                    SubscriptionChange::Unsubscribe => Input::Unsubscribe { session, instruments },
                    SubscriptionChange::SubscribeForQuote => {
                        Input::SubscribeForQuote { session, instruments }
                    }
                    SubscriptionChange::UnsubscribeForQuote => {
                        Input::UnsubscribeForQuote { session, instruments }
                    }
                };
                self.simulator.submit(session, input);
            }
            (Entrance::Session { .. }, Frame::Again { delay, streams }) => self.connect(delay, streams),
            (Entrance::Session { .. }, Frame::Pong { number }) => self.outbox.pong(number),
            (Entrance::Session { session, .. }, Frame::Denied { code, request, request_id }) => {
                let text = format!("session {}: request {request} returned {code} ({request_id})", session.0);
                self.simulator.note(Notice::Log { about: "refusal", text });
            }
            (Entrance::Control(requests), Frame::Control(request)) => {
                // While as many wait as may, nothing more is read.
                requests.send(request).await.map_err(|_| "control has ended".to_owned())?;
            }
            _ => return Err(format!("it sent a frame {name}, which is not for its role")),
        }
        Ok(())
    }

    fn leave(self, reason: &str) {
        if let Entrance::Session { session, .. } = self.entrance {
            self.simulator.remove_session_because(session, reason);
        }
    }
}

/// A task that ends early still frees its session.
impl Drop for Client {
    fn drop(&mut self) {
        if let Entrance::Session { session, .. } = self.entrance {
            self.simulator.remove_session_because(session, "its connection was dropped");
        }
    }
}

/// Carries control requests out, one after another, on threads that may wait.
async fn carry_out(exchange: String, mut requests: mpsc::Receiver<String>, outbox: Arc<Outbox>) {
    while let Some(request) = requests.recv().await {
        let exchange = exchange.clone();
        let answer = task::spawn_blocking(move || match Simulator::running(&exchange) {
            Some(simulator) => crate::control_of(&simulator, &request),
            None => {
                serde_json::json!({ "ok": false, "error": format!("exchange {exchange:?} does not run") })
                    .to_string()
            }
        });
        match answer.await {
            Ok(answer) => outbox.answer(&answer),
            Err(_) => {
                outbox.answer(r#"{"ok":false,"error":"the request failed; this is a bug of the simulator"}"#)
            }
        }
    }
}

/// The bytes of a connection, both ways.
struct Pump<'a> {
    stream: &'a TcpStream,
    decoder: Decoder,
    pending: Vec<u8>,
    written: usize,
}

impl Pump<'_> {
    /// Reads and writes until one side ends, and returns why.
    async fn run(&mut self, client: &Client) -> String {
        let mut bytes = vec![0; READ];
        loop {
            match self.write(client) {
                Ok(None) => {}
                Ok(Some(End::Forgotten)) => return "the exchange ended the connection".to_owned(),
                Ok(Some(End::Full)) => return "it does not read: too much waited for it".to_owned(),
                Err(cause) => return lost(&cause),
            }
            tokio::select! {
                ready = self.stream.readable() => if let Err(cause) = ready {
                    return lost(&cause);
                },
                // What fails is told by the next write.
                _ = self.stream.writable(), if self.written < self.pending.len() => continue,
                () = client.outbox.ready.notified() => continue,
            }
            match self.stream.try_read(&mut bytes) {
                Ok(0) if self.decoder.is_inside_a_frame() => {
                    return "the client went away in the middle of a frame".to_owned();
                }
                Ok(0) => return "the client closed it".to_owned(),
                Ok(count) => self.decoder.feed(&bytes[..count]),
                Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => continue,
                Err(cause) => return lost(&cause),
            }
            loop {
                match self.decoder.next() {
                    Ok(None) => break,
                    Ok(Some(frame)) => {
                        if let Err(problem) = client.take(frame).await {
                            return problem;
                        }
                    }
                    Err(cause) => return cause.to_string(),
                }
            }
        }
    }

    /// Writes as much as the system takes, and returns whether everything was written and nothing more comes.
    fn write(&mut self, client: &Client) -> io::Result<Option<End>> {
        loop {
            let mut end = None;
            if self.written == self.pending.len() {
                self.written = 0;
                end = client.outbox.take(&mut self.pending);
                if self.pending.is_empty() || end == Some(End::Full) {
                    return Ok(end);
                }
            }
            while self.written < self.pending.len() {
                match self.stream.try_write(&self.pending[self.written..]) {
                    Ok(count) => self.written += count,
                    Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => {
                        // One that is full is given up, even while some of it waits to be written.
                        return Ok(client.outbox.is_full().then_some(End::Full));
                    }
                    Err(cause) => return Err(cause),
                }
            }
            if end.is_some() {
                return Ok(end);
            }
        }
    }
}

/// Says how a connection was lost.
fn lost(cause: &io::Error) -> String {
    match cause.kind() {
        io::ErrorKind::TimedOut => {
            "it has vanished, or does not read: nothing was acknowledged in time".to_owned()
        }
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
            "the client was killed or cut off".to_owned()
        }
        _ => format!("the connection failed: {cause}"),
    }
}
