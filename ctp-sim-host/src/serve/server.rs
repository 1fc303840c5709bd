//! The server: its exchange, its ports and its threads.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Map, Value};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::time;

use super::connection;
use super::greet::{Kinds, Refusal};
use super::options::{Listen, ServeOptions};
use super::stored;
use super::token::Token;
use crate::clock::{Clock as _, ManualClock, RealClock};
use crate::fault::FaultPlan;
use crate::notice::Notice;
use crate::registry::StartError;
use crate::simulator::Simulator;
use crate::store::StoreError;

/// Threads that serve connections: one may wait for the exchange while another writes.
const THREADS: usize = 3;

/// Threads for control requests, which may wait.
const CONTROL_THREADS: usize = 16;

/// How long after a failed `accept` it is tried again, for example when the process has no descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A connection that is silent for so long is asked whether it is still there, so often, and then ended.
const KEEPALIVE: (Duration, Duration, u32) = (Duration::from_secs(5), Duration::from_secs(2), 3);

/// How long what was sent may go without the other machine's word that it came, or that it takes more.
const UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(30);

/// How long connections have to end.
const ENDING: Duration = Duration::from_secs(2);

/// Clients more than allowed that are told so at the same time; others are just closed.
const REFUSED_AT_ONCE: usize = 32;

/// A served exchange. Dropping it stops it.
pub struct Server {
    shared: Arc<Shared>,
    simulator: Simulator,
    addresses: Listen,
    runtime: Option<Runtime>,
    /// Whether the exchange ends with the server.
    owns_exchange: bool,
}

/// What the connections share.
pub(super) struct Shared {
    /// The exchange's name: one that is started anew under it is served on.
    pub(super) exchange: String,
    pub(super) token: Option<Token>,
    pub(super) handshake: Duration,
    pub(super) stop: watch::Sender<bool>,
    clients_max: usize,
    clients: AtomicUsize,
}

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Somebody else listens there.
    #[error(
        "cannot listen at {0}: another program does already; end it, or choose another port with --listen (port 0 \
         takes a free one)"
    )]
    InUse(SocketAddr),
    /// The system does not let it listen there.
    #[error("cannot listen at {address}: {source}; choose another address with --listen")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Other machines reach it, and anybody would be let in.
    #[error("{0} is reached from other machines: give a token, or listen at 127.0.0.1")]
    NoToken(SocketAddr),
    /// The exchange cannot start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The exchange runs already, and not on a clock that is moved by hand.
    #[error("exchange {0:?} runs already and cannot get a manual clock: choose another name")]
    Manual(String),
    /// What was to be done at the start was refused.
    #[error("command {number} of the start, {command}: {problem}")]
    Command {
        /// Its place, from 1.
        number: usize,
        /// The request.
        command: String,
        /// What the control interface said.
        problem: String,
    },
    /// The system gives no threads.
    #[error("cannot start the server's threads: {0}")]
    Threads(io::Error),
}

impl Server {
    /// Starts the exchange, unless it runs, and serves it. With a store its day goes on, and the commands of the start are
    /// carried out only when the store is new.
    ///
    /// # Errors
    ///
    /// Returns an error when the exchange cannot start, a command of the start is refused, or an address cannot be
    /// listened at; nothing runs then.
    pub fn start(options: ServeOptions) -> Result<Self, ServeError> {
        let remote = options.listen.addresses().into_iter().find(|address| !address.ip().is_loopback());
        if let Some(remote) = remote.filter(|_| options.token.is_none()) {
            return Err(ServeError::NoToken(remote));
        }
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .max_blocking_threads(CONTROL_THREADS)
            .thread_name("ctp-sim-serve")
            .enable_all()
            .build()
            .map_err(ServeError::Threads)?;
        // Ports first: a second server on one is told before it has done anything.
        let listeners = {
            let _inside = runtime.enter();
            match options.listen {
                Listen::One(address) => vec![(listen(address)?, Kinds::All)],
                Listen::Two { md, td } => vec![(listen(md)?, Kinds::Md), (listen(td)?, Kinds::Trader)],
            }
        };
        let addresses = bound(&listeners, &options.listen)?;
        let plans: Result<Vec<_>, _> = options.faults.iter().map(|path| FaultPlan::load(path)).collect();
        let plans = plans.map_err(StartError::from)?;
        let owns_exchange = Simulator::running(&options.exchange.name).is_none();
        let (simulator, is_new) = match &options.store {
            Some(path) => stored::exchange(&options, path)?,
            None => (exchange(&options)?, true),
        };
        let server = Self {
            shared: Arc::new(Shared {
                exchange: options.exchange.name,
                token: options.token,
                handshake: options.handshake,
                stop: watch::Sender::new(false),
                clients_max: options.clients_max,
                clients: AtomicUsize::new(0),
            }),
            simulator,
            addresses,
            runtime: Some(runtime),
            owns_exchange,
        };
        for plan in plans {
            server.simulator.add_faults(plan);
        }
        // A day that goes on has had them.
        let commands = options.commands.into_iter().enumerate().filter(|_| is_new);
        for (place, command) in commands {
            server.command(place + 1, command)?;
        }
        if let Some(runtime) = &server.runtime {
            for (listener, kinds) in listeners {
                runtime.spawn(accept(Arc::clone(&server.shared), listener, kinds));
            }
        }
        Ok(server)
    }

    /// Returns the exchange.
    pub fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    /// Returns where it listens, with the ports that the system chose.
    pub fn addresses(&self) -> &Listen {
        &self.addresses
    }

    /// Returns the address that market-data clients register, `tcp://HOST:PORT`.
    pub fn md_front(&self) -> String {
        match self.addresses {
            Listen::One(address) | Listen::Two { md: address, .. } => front(address),
        }
    }

    /// Returns the address that trader clients register, `tcp://HOST:PORT`.
    pub fn td_front(&self) -> String {
        match self.addresses {
            Listen::One(address) | Listen::Two { td: address, .. } => front(address),
        }
    }

    /// Returns how many clients are connected.
    pub fn clients(&self) -> usize {
        self.shared.clients.load(Ordering::Relaxed)
    }

    /// Stops it: its ports are free, every connection is closed, and the exchange ends if the server started it. A second
    /// call has no effect.
    pub fn stop(&mut self) {
        let Some(runtime) = self.runtime.take() else {
            return;
        };
        self.shared.stop.send_replace(true);
        let shared = Arc::clone(&self.shared);
        runtime.block_on(async move {
            let ended = time::timeout(ENDING, async {
                while shared.clients.load(Ordering::Relaxed) > 0 {
                    time::sleep(Duration::from_millis(1)).await;
                }
            });
            // Who has not gone by then is cut off.
            drop(ended.await);
        });
        runtime.shutdown_timeout(ENDING);
        if self.owns_exchange {
            self.simulator.end();
        }
    }

    fn command(&self, number: usize, command: Map<String, Value>) -> Result<(), ServeError> {
        let command = Value::Object(command).to_string();
        let answer = crate::control_of(&self.simulator, &command);
        let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
        match &answer["error"] {
            Value::Null => Ok(()),
            problem => {
                let problem = problem.as_str().unwrap_or_default().to_owned();
                Err(ServeError::Command { number, command, problem })
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("exchange", &self.shared.exchange)
            .field("at", &self.addresses)
            .finish()
    }
}

impl Shared {
    /// Tells those who watch the exchange.
    pub(super) fn log(&self, text: String) {
        if let Some(simulator) = Simulator::running(&self.exchange) {
            simulator.note(Notice::Log { about: "refusal", text });
        }
    }
}

impl Listen {
    fn addresses(&self) -> Vec<SocketAddr> {
        match self {
            Self::One(address) => vec![*address],
            Self::Two { md, td } => vec![*md, *td],
        }
    }
}

fn front(address: SocketAddr) -> String {
    format!("tcp://{address}")
}

/// Returns the exchange that is served: the running one of the name, or a new one.
fn exchange(options: &ServeOptions) -> Result<Simulator, ServeError> {
    let address = &options.exchange;
    if !options.manual {
        return Ok(Simulator::open(address)?);
    }
    if let Some(running) = Simulator::running(&address.name) {
        return if running.clock().by_hand().is_some() {
            Ok(running)
        } else {
            Err(ServeError::Manual(address.name.clone()))
        };
    }
    let start = address.start.unwrap_or_else(|| RealClock::new().now());
    let config = address.config(start)?;
    Ok(Simulator::start(&address.name, config, ManualClock::new(start))?)
}

fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    let listener = || {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        TcpListener::from_std(listener)
    };
    listener().map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => ServeError::InUse(address),
        _ => ServeError::Listen { address, source },
    })
}

fn bound(listeners: &[(TcpListener, Kinds)], wanted: &Listen) -> Result<Listen, ServeError> {
    let at = |place: usize, address: SocketAddr| {
        let bound = listeners.get(place).map(|(listener, _)| listener.local_addr());
        bound.unwrap_or(Ok(address)).map_err(|source| ServeError::Listen { address, source })
    };
    Ok(match *wanted {
        Listen::One(address) => Listen::One(at(0, address)?),
        Listen::Two { md, td } => Listen::Two { md: at(0, md)?, td: at(1, td)? },
    })
}

/// Takes connections until the server stops.
async fn accept(shared: Arc<Shared>, listener: TcpListener, kinds: Kinds) {
    let mut stop = shared.stop.subscribe();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut stop) => return,
        };
        let Ok((stream, peer)) = accepted else {
            time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        // A connection without these still works.
        drop(prepare(&stream));
        let place = Place::take(&shared);
        match place.number {
            number if number < shared.clients_max => {
                tokio::spawn(async move {
                    connection::run(Arc::clone(&place.shared), stream, peer, kinds).await;
                    drop(place);
                });
            }
            number if number < shared.clients_max + REFUSED_AT_ONCE => {
                tokio::spawn(async move {
                    let refusal = Refusal::busy(place.shared.clients_max);
                    connection::refuse(&place.shared, &stream, peer, &refusal).await;
                    drop(place);
                });
            }
            _ => drop(stream),
        }
    }
}

/// Waits until the server stops.
pub(super) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // The sender lives as long as any connection.
    let _is_told = stop.wait_for(|stops| *stops).await.is_ok();
}

/// A client's place among those that may be.
struct Place {
    shared: Arc<Shared>,
    number: usize,
}

impl Place {
    fn take(shared: &Arc<Shared>) -> Self {
        Self { number: shared.clients.fetch_add(1, Ordering::Relaxed), shared: Arc::clone(shared) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.clients.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Sends what there is at once, and notices a machine that has gone without a word.
fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (idle, interval, times) = KEEPALIVE;
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new().with_time(idle).with_interval(interval).with_retries(times);
    socket.set_tcp_keepalive(&keepalive)?;
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED_MAX))
}
