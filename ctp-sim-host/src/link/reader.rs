//! The thread of a connection: connects, greets, and reads until the end.

use std::io::{self, ErrorKind, Read};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::{Duration, Instant};

use ctp_sim::Delivery;
use tracing::{debug, error};

use super::outgoing::Outgoing;
use super::remote::{Ended, Remote, RemoteEvent};
use crate::address::ServedAddress;
use crate::engine::{Event, REASON_READ_FAILED};
use crate::wire::{self, Decoder, Frame, Hello};

/// `nReason` when nothing was heard for too long.
const NOTHING_HEARD: i32 = 0x2001;

/// `nReason` of bytes that are no frame.
const UNREADABLE: i32 = 0x2003;

/// Deliveries that may wait for the client's function before nothing more is read: the server then notices.
const READ_AHEAD_MAX: usize = 4_096;

/// How often a thread that does not read looks whether it may.
const ROOM_CHECKED: Duration = Duration::from_millis(1);

/// What is read at once, in bytes.
const READ: usize = 64 << 10;

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// A TCP connect.
    pub(crate) connect: Duration,
    /// Silence until `OnHeartBeatWarning` (§2.2).
    pub(crate) warning: Duration,
    /// Silence until the connection is given up (§2.2).
    pub(crate) silence: Duration,
    /// How often silence is looked at.
    pub(crate) look: Duration,
}

impl Times {
    /// As the vendor's library was measured.
    pub(crate) const VENDOR: Self = Self {
        connect: Duration::from_secs(3),
        warning: Duration::from_secs(61),
        silence: Duration::from_secs(121),
        look: Duration::from_millis(500),
    };
}

/// An attempt to connect.
pub(crate) struct Dial {
    pub(crate) address: ServedAddress,
    pub(crate) hello: Hello,
    pub(crate) events: Sender<Event>,
    /// Deliveries on their way to the client's function.
    pub(crate) waiting: Arc<AtomicUsize>,
    pub(crate) times: Times,
}

impl Dial {
    /// Connects on a thread of its own, which tells what becomes of it.
    pub(crate) fn start(self, number: u64, front: &str) -> Arc<Remote> {
        let remote = Arc::new(Remote::new(number, front));
        let (events, kept) = (self.events.clone(), Arc::clone(&remote));
        let spawned = thread::Builder::new().name("ctp-sim-net".to_owned()).spawn(move || {
            let ran = panic::catch_unwind(AssertUnwindSafe(|| self.run(&remote)));
            let ended = ran.unwrap_or_else(|_| {
                error!("a connection's thread panicked; this is a bug of the simulator");
                Ended::Lost(UNREADABLE)
            });
            remote.close();
            debug!(front = remote.front(), ?ended, "connection ended");
            // A closed channel is an instance that has ended.
            drop(self.events.send(Event::Remote(number, RemoteEvent::Ended(ended))));
        });
        if let Err(cause) = spawned {
            let ended = Ended::Unreached(format!("cannot start a thread: {cause}"));
            drop(events.send(Event::Remote(number, RemoteEvent::Ended(ended))));
        }
        kept
    }

    fn run(&self, remote: &Remote) -> Ended {
        let stream = match self.connect(remote) {
            Ok(stream) => stream,
            Err(problem) => return Ended::Unreached(problem),
        };
        let outgoing = stream.try_clone().and_then(|sending| {
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(self.times.look))?;
            Ok(Outgoing::new(sending))
        });
        let outgoing = match outgoing.map(|outgoing| remote.connected(outgoing)) {
            Ok(Some(outgoing)) => outgoing,
            Ok(None) => return Ended::Unreached("released".to_owned()),
            Err(cause) => return Ended::Unreached(format!("cannot use the connection: {cause}")),
        };
        // What cannot be sent ends the connection, which reading notices.
        remote.send(|out| wire::encode(&Frame::Hello(self.hello.clone()), out));
        match self.read(remote, stream) {
            Ended::Lost(REASON_READ_FAILED) => Ended::Lost(outgoing.reason(REASON_READ_FAILED)),
            ended => ended,
        }
    }

    fn connect(&self, remote: &Remote) -> Result<TcpStream, String> {
        let ServedAddress { host, port } = &self.address;
        let found = (host.as_str(), *port).to_socket_addrs();
        let addresses: Vec<SocketAddr> =
            found.map_err(|cause| format!("{host} is not found: {cause}"))?.collect();
        if self.hello.token.is_empty()
            && let Some(other) = addresses.iter().find(|address| !is_loopback(address.ip()))
        {
            return Err(format!(
                "{} is not this machine: without a token no simulator is looked for elsewhere, since a broker's front \
                 may answer; set CTP_SIM_TOKEN to the server's token",
                other.ip()
            ));
        }
        let mut problem = format!("{host} has no address");
        for address in addresses {
            if remote.is_closed() {
                return Err("released".to_owned());
            }
            match TcpStream::connect_timeout(&address, self.times.connect) {
                Ok(stream) => return Ok(stream),
                Err(cause) => problem = format!("nobody answers at {address}: {cause}"),
            }
        }
        Err(problem)
    }

    /// Reads until the end.
    fn read(&self, remote: &Remote, mut stream: TcpStream) -> Ended {
        let mut decoder = Decoder::new();
        let mut buffer = vec![0; READ];
        let mut heard = Instant::now();
        let mut warned = false;
        loop {
            loop {
                let ended = match decoder.next() {
                    Ok(None) => break,
                    Ok(Some(frame)) => self.take(remote, frame),
                    Err(cause) => {
                        debug!(front = remote.front(), %cause, "unreadable bytes");
                        Some(Ended::Lost(UNREADABLE))
                    }
                };
                if let Some(ended) = ended {
                    return ended;
                }
            }
            if self.wait_for_room(remote) {
                heard = Instant::now();
            }
            match stream.read(&mut buffer) {
                Ok(0) => return Ended::Lost(REASON_READ_FAILED),
                Ok(count) => {
                    (heard, warned) = (Instant::now(), false);
                    decoder.feed(&buffer[..count]);
                }
                Err(cause) if is_timeout(&cause) => {
                    let silent = heard.elapsed();
                    if silent >= self.times.silence {
                        return Ended::Lost(NOTHING_HEARD);
                    }
                    if silent >= self.times.warning && !warned {
                        warned = true;
                        let seconds = i32::try_from(self.times.warning.as_secs()).unwrap_or(i32::MAX);
                        self.tell(remote, RemoteEvent::Silence(seconds));
                    }
                }
                Err(_) => return Ended::Lost(REASON_READ_FAILED),
            }
            if remote.is_closed() {
                return Ended::Lost(REASON_READ_FAILED);
            }
        }
    }

    /// Takes a frame; returns an end if it is one.
    fn take(&self, remote: &Remote, frame: Frame) -> Option<Ended> {
        match frame {
            Frame::Refused(refused) => return Some(Ended::Unreached(refused.text)),
            Frame::Welcome(welcome) => {
                let phase = welcome.phase;
                if remote.welcomed(welcome) {
                    self.tell(remote, RemoteEvent::Opened { phase });
                    return None;
                }
            }
            Frame::Delivery(delivery) if remote.is_welcome() && self.is_ours(&delivery) => {
                crate::lock(&remote.gate).note(&delivery);
                self.waiting.fetch_add(1, Ordering::Relaxed);
                self.tell(remote, RemoteEvent::Delivery(delivery));
                return None;
            }
            Frame::Admission(admission) if remote.is_welcome() => {
                crate::lock(&remote.gate).admission(admission);
                return None;
            }
            Frame::Library(fault) if remote.is_welcome() => {
                // A closed channel is an instance that has ended.
                drop(self.events.send(Event::Library(fault)));
                return None;
            }
            Frame::Ping { number, now } if remote.is_welcome() => {
                crate::lock(&remote.gate).time(now);
                self.tell(remote, RemoteEvent::Ping(number));
                return None;
            }
            _ => {}
        }
        debug!(front = remote.front(), "a frame at the wrong time, or of the other side");
        Some(Ended::Lost(UNREADABLE))
    }

    /// Returns whether a delivery is of the client's API.
    fn is_ours(&self, delivery: &Delivery) -> bool {
        match delivery {
            Delivery::Trader { .. } => self.hello.role == wire::Role::Trader,
            Delivery::Md { .. } | Delivery::Burst { .. } => self.hello.role == wire::Role::Md,
            Delivery::Close { .. } => true,
        }
    }

    /// Reads nothing while the client's function is behind; returns whether it was.
    fn wait_for_room(&self, remote: &Remote) -> bool {
        let is_behind = || self.waiting.load(Ordering::Relaxed) >= READ_AHEAD_MAX && !remote.is_closed();
        let was_behind = is_behind();
        while is_behind() {
            thread::sleep(ROOM_CHECKED);
        }
        was_behind
    }

    fn tell(&self, remote: &Remote, event: RemoteEvent) {
        // A closed channel is an instance that has ended.
        drop(self.events.send(Event::Remote(remote.number(), event)));
    }
}

fn is_timeout(cause: &io::Error) -> bool {
    matches!(cause.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

fn is_loopback(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback(),
        IpAddr::V6(address) => {
            address.is_loopback() || address.to_ipv4_mapped().is_some_and(|address| address.is_loopback())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;
    use std::sync::mpsc::{self, Receiver};

    use super::*;
    use crate::wire::{Limits, Reason, Refused, Role, Token, Welcome};

    const PATIENCE: Duration = Duration::from_secs(40);

    /// Connects to a server that says these frames, then nothing until it is let go.
    fn meet(frames: &[Frame]) -> (Arc<Remote>, Receiver<Event>, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (events, received) = mpsc::channel();
        let dial = Dial {
            address: ServedAddress { host: "127.0.0.1".to_owned(), port },
            hello: Hello {
                role: Role::Trader,
                api_version: (6, 7, 13),
                layout: wire::layout_digest(),
                process: 1,
                program: String::new(),
                token: Token::default(),
                streams: None,
            },
            events,
            waiting: Arc::default(),
            times: Times {
                connect: PATIENCE,
                warning: Duration::from_secs(1),
                silence: Duration::from_secs(2),
                look: Duration::from_millis(20),
            },
        };
        let remote = dial.start(7, "tcp://test");
        let (mut stream, _) = listener.accept().unwrap();
        let mut bytes = Vec::new();
        for frame in frames {
            wire::encode(frame, &mut bytes).unwrap();
        }
        stream.write_all(&bytes).unwrap();
        (remote, received, stream)
    }

    fn welcome() -> Frame {
        let limits = Limits::default();
        let exchange = String::new();
        Frame::Welcome(Welcome { session: 5, phase: 3, now: 0, speed: 1.0, limits, exchange })
    }

    fn next(received: &Receiver<Event>) -> RemoteEvent {
        match received.recv_timeout(PATIENCE) {
            Ok(Event::Remote(7, event)) => event,
            _ => panic!("an event of the connection must come"),
        }
    }

    #[test]
    fn silence_is_warned_of_and_then_ends_the_connection() {
        let (remote, received, _stream) = meet(&[welcome()]);
        assert!(matches!(next(&received), RemoteEvent::Opened { phase: 3 }));
        assert_eq!(remote.session().map(|session| session.0), Some(5));
        assert!(matches!(next(&received), RemoteEvent::Silence(1)));
        assert!(matches!(next(&received), RemoteEvent::Ended(Ended::Lost(0x2001))));
    }

    #[test]
    fn a_server_that_never_greets_is_given_up() {
        let (_remote, received, _stream) = meet(&[]);
        assert!(matches!(next(&received), RemoteEvent::Silence(1)));
        assert!(matches!(next(&received), RemoteEvent::Ended(Ended::Lost(0x2001))));
    }

    #[test]
    fn a_refusal_is_no_connection() {
        let refused = Refused { reason: Reason::Token, text: "no token".to_owned() };
        let (_remote, received, _stream) = meet(&[Frame::Refused(refused)]);
        match next(&received) {
            RemoteEvent::Ended(Ended::Unreached(text)) => assert_eq!(text, "no token"),
            _ => panic!("an end must come"),
        }
    }

    #[test]
    fn frames_at_the_wrong_time_or_of_the_wrong_side_end_the_connection() {
        let ping = Frame::Ping { number: 1, now: 0 };
        let tick = Frame::Delivery(Delivery::Md {
            callback: ctp_types::MdCallback::OnFrontConnected,
            record: None,
            rsp_info: None,
            number: 0,
            is_last: false,
        });
        for frames in [
            vec![ping.clone()],
            vec![welcome(), welcome()],
            vec![welcome(), Frame::Pong { number: 1 }],
            vec![welcome(), tick],
        ] {
            let (_remote, received, _stream) = meet(&frames);
            let ended = loop {
                if let RemoteEvent::Ended(ended) = next(&received) {
                    break ended;
                }
            };
            assert_eq!(ended, Ended::Lost(UNREADABLE), "{frames:?}");
        }
        let (remote, received, _stream) = meet(&[welcome(), ping]);
        assert!(matches!(next(&received), RemoteEvent::Opened { .. }));
        assert!(matches!(next(&received), RemoteEvent::Ping(1)));
        remote.close();
        assert!(matches!(next(&received), RemoteEvent::Ended(_)));
    }
}
