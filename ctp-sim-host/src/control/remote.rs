//! The control interface of a served exchange, from elsewhere.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::wire::{Decoder, Frame, Hello, Role, Token, WireError, encode, layout_digest};

/// How long a server may take to accept.
const CONNECT_WAIT_MAX: Duration = Duration::from_secs(5);

/// How long a server may take to answer: a whole day of virtual time may pass meanwhile.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(600);

/// The version whose records this side has; control has no use for them.
const MODEL_VERSION: (u16, u16, u16) = (6, 7, 13);

/// Bytes taken at once.
const CHUNK: usize = 64 << 10;

/// The environment variable with the token.
pub(super) const TOKEN_VARIABLE: &str = "CTP_SIM_TOKEN";

/// Connections that are kept between requests, by address.
static KEPT: Mutex<BTreeMap<String, Arc<Mutex<Option<Remote>>>>> = Mutex::new(BTreeMap::new());

/// Why a served exchange was not asked, or gave no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// The address cannot be one.
    #[error(
        "front {0:?} is no address of a served exchange: write tcp://HOST:PORT, for example tcp://127.0.0.1:17001"
    )]
    Address(String),
    /// The server is elsewhere, and there is no token to show it.
    #[error("front {0} is not on this machine: set {TOKEN_VARIABLE} to the server's token")]
    NoToken(String),
    /// There is no server.
    #[error("nothing answers at {front}: is `ctp sim serve` running there? ({source})")]
    Unreachable {
        /// The address.
        front: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The server does not take the connection.
    #[error("the server at {front} refuses: {text}")]
    Refused {
        /// The address.
        front: String,
        /// Why.
        text: String,
    },
    /// Something takes the connection and does not speak as a simulator does.
    #[error(
        "what listens at {front} does not answer as `ctp sim serve` does ({reason}): another program has that port; \
         look at the address that the server printed"
    )]
    Foreign {
        /// The address.
        front: String,
        /// What came instead.
        reason: String,
    },
    /// The connection broke. Whether the request was carried out is not known.
    #[error("the connection to {front} broke: {reason}; whether the request was carried out is not known")]
    Broken {
        /// The address.
        front: String,
        /// Why.
        reason: String,
    },
}

/// A connection to the control interface of a served exchange.
#[derive(Debug)]
pub struct Remote {
    front: String,
    stream: TcpStream,
    decoder: Decoder,
    exchange: String,
}

impl Remote {
    /// Connects to `tcp://HOST:PORT`. A server on another machine wants a token: `CTP_SIM_TOKEN` in the environment.
    ///
    /// # Errors
    ///
    /// Returns an error when nothing answers, or what answers does not take the connection.
    pub fn connect(front: &str) -> Result<Self, RemoteError> {
        let address = front.strip_prefix("tcp://").filter(|address| {
            address.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok_and(|port| port > 0))
        });
        let address = address.ok_or_else(|| RemoteError::Address(front.to_owned()))?;
        let unreachable = |source| RemoteError::Unreachable { front: front.to_owned(), source };
        let addresses: Vec<SocketAddr> = address.to_socket_addrs().map_err(unreachable)?.collect();
        let token = std::env::var(TOKEN_VARIABLE).ok().and_then(Token::new).unwrap_or_default();
        if addresses.iter().any(|address| !address.ip().is_loopback()) && token.is_empty() {
            return Err(RemoteError::NoToken(front.to_owned()));
        }
        let mut stream = Err(std::io::Error::from(ErrorKind::AddrNotAvailable));
        for address in addresses {
            stream = TcpStream::connect_timeout(&address, CONNECT_WAIT_MAX);
            if stream.is_ok() {
                break;
            }
        }
        let stream = stream.map_err(unreachable)?;
        let mut remote =
            Self { front: front.to_owned(), stream, decoder: Decoder::new(), exchange: String::new() };
        remote.stream.set_nodelay(true).map_err(unreachable)?;
        let program = std::env::args().next().unwrap_or_default();
        let program = program.rsplit('/').next().unwrap_or_default().chars().take(64).collect();
        remote.send(&Frame::Hello(Hello {
            role: Role::Control,
            api_version: MODEL_VERSION,
            layout: layout_digest(),
            process: std::process::id(),
            program,
            token,
            streams: None,
        }))?;
        let foreign = |reason| RemoteError::Foreign { front: front.to_owned(), reason };
        match remote.receive(Instant::now() + CONNECT_WAIT_MAX) {
            Ok(Frame::Welcome(welcome)) => remote.exchange = welcome.exchange,
            Ok(other) => return Err(foreign(format!("it begins with a frame {}", other.name()))),
            Err(RemoteError::Broken { reason, .. }) => return Err(foreign(reason)),
            Err(error) => return Err(error),
        }
        Ok(remote)
    }

    /// Returns the name of the exchange.
    pub fn exchange(&self) -> &str {
        &self.exchange
    }

    /// Carries out a request on the served exchange and returns its answer, both JSON texts.
    ///
    /// # Errors
    ///
    /// Returns an error when the connection broke; it is then of no more use.
    pub fn ask(&mut self, request: &str) -> Result<String, RemoteError> {
        self.send(&Frame::Control(request.to_owned()))?;
        let until = Instant::now() + ANSWER_WAIT_MAX;
        let mut answer = String::new();
        loop {
            match self.receive(until)? {
                Frame::Answer { text, more } => {
                    answer.push_str(&text);
                    if !more {
                        return Ok(answer);
                    }
                }
                other => return Err(self.broken(format!("a frame {} instead of an answer", other.name()))),
            }
        }
    }

    /// Returns whether the server has closed the connection meanwhile.
    fn is_closed(&self) -> bool {
        let looked = self.stream.set_nonblocking(true).and_then(|()| self.stream.peek(&mut [0]));
        let waiting = self.stream.set_nonblocking(false);
        match looked {
            Ok(0) => true,
            Ok(_) => waiting.is_err(),
            Err(error) => error.kind() != ErrorKind::WouldBlock || waiting.is_err(),
        }
    }

    fn send(&mut self, frame: &Frame) -> Result<(), RemoteError> {
        let mut bytes = Vec::new();
        encode(frame, &mut bytes).map_err(|error| self.broken(error.to_string()))?;
        self.stream.write_all(&bytes).map_err(|error| self.broken(error.to_string()))
    }

    /// Returns the next frame that is not about the connection itself.
    fn receive(&mut self, until: Instant) -> Result<Frame, RemoteError> {
        let mut chunk = vec![0; CHUNK];
        loop {
            let next = self.decoder.next().map_err(|error: WireError| self.broken(error.to_string()))?;
            match next {
                Some(Frame::Ping { number, .. }) => self.send(&Frame::Pong { number })?,
                Some(Frame::Refused(refused)) => {
                    return Err(RemoteError::Refused { front: self.front.clone(), text: refused.text });
                }
                Some(frame) => return Ok(frame),
                None => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Err(self.broken("no answer came in time".to_owned()));
                    }
                    let read =
                        self.stream.set_read_timeout(Some(left)).and_then(|()| self.stream.read(&mut chunk));
                    match read {
                        Ok(0) => return Err(self.broken("it was closed".to_owned())),
                        Ok(count) => self.decoder.feed(&chunk[..count]),
                        Err(error) if error.kind() == ErrorKind::Interrupted => {}
                        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                        }
                        Err(error) => return Err(self.broken(error.to_string())),
                    }
                }
            }
        }
    }

    fn broken(&self, reason: String) -> RemoteError {
        RemoteError::Broken { front: self.front.clone(), reason }
    }
}

/// Carries out a request on a served exchange by a connection that is kept for the next one.
pub(super) fn forward(front: &str, request: &str) -> Result<String, RemoteError> {
    let place = Arc::clone(crate::lock(&KEPT).entry(front.to_owned()).or_default());
    let mut kept = crate::lock(&place);
    if kept.as_ref().is_some_and(Remote::is_closed) {
        *kept = None;
    }
    let remote = match &mut *kept {
        Some(remote) => remote,
        none => none.insert(Remote::connect(front)?),
    };
    // One that broke is not used again: what it was asked would be answered to somebody else.
    remote.ask(request).inspect_err(|_| *kept = None)
}
