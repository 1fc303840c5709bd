//! The other end of a served exchange, byte by byte: what no library would send is sent from here.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test takes what it needs and stops at the first surprise"
)]

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use ctp_sim::Delivery;
use ctp_sim_host::serve::{Listen, ServeOptions, Server};
use ctp_sim_host::wire::{self, Decoder, Frame, Hello, Role, Token, layout_digest};
use ctp_types::{
    MdCallback, MdRequest, RecordBox, ReqUserLoginField, ResumeType, Text, TraderCallback, TraderRequest,
};

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Starts a server of an exchange of that name, at a free port.
pub(crate) fn serve(name: &str, change: impl FnOnce(&mut ServeOptions)) -> Server {
    let mut options = ServeOptions::new(name, Listen::One("127.0.0.1:0".parse().unwrap()));
    change(&mut options);
    Server::start(options).unwrap()
}

/// Returns where a server listens.
pub(crate) fn address(server: &Server) -> SocketAddr {
    match server.addresses() {
        Listen::One(address) | Listen::Two { md: address, .. } => *address,
    }
}

/// A connection.
pub(crate) struct Peer {
    pub(crate) stream: TcpStream,
    decoder: Decoder,
    /// The number of its session.
    pub(crate) session: u64,
}

impl Peer {
    /// Connects and says nothing.
    pub(crate) fn silent(server: &Server) -> Self {
        let stream = TcpStream::connect(address(server)).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, decoder: Decoder::new(), session: 0 }
    }

    /// Connects and is taken in.
    pub(crate) fn enter(server: &Server, role: Role) -> Self {
        let mut peer = Self::silent(server);
        peer.send(&Frame::Hello(hello(role)));
        match peer.next() {
            Some(Frame::Welcome(welcome)) => {
                peer.session = welcome.session;
                peer
            }
            other => panic!("{other:?}"),
        }
    }

    /// Connects, is taken in and logs in.
    pub(crate) fn log_in(server: &Server, role: Role) -> Self {
        let mut peer = Self::enter(server, role);
        peer.callback("OnFrontConnected");
        let mut login = ReqUserLoginField::default();
        login.broker_id.set("9999").unwrap();
        login.user_id.set("served").unwrap();
        login.password.set("simulator").unwrap();
        let record = RecordBox::new(&login);
        peer.send(&match role {
            Role::Md => Frame::MdRequest { request: MdRequest::ReqUserLogin, request_id: 1, record },
            _ => Frame::TraderRequest { request: TraderRequest::ReqUserLogin, request_id: 1, record },
        });
        peer.callback("OnRspUserLogin");
        peer
    }

    /// Sends a frame.
    pub(crate) fn send(&mut self, frame: &Frame) {
        let mut bytes = Vec::new();
        wire::encode(frame, &mut bytes).unwrap();
        self.stream.write_all(&bytes).unwrap();
    }

    /// Subscribes market data.
    pub(crate) fn subscribe(&mut self, ids: &[&str]) {
        let instruments = ids.iter().map(|id| Text::new(id).unwrap()).collect();
        let change = ctp_sim_host::SubscriptionChange::Subscribe;
        self.send(&Frame::Subscription { change, instruments });
    }

    /// Returns the next frame; `None` when the server has closed.
    pub(crate) fn next(&mut self) -> Option<Frame> {
        let deadline = Instant::now() + PATIENCE;
        let mut bytes = [0; 4_096];
        loop {
            if let Some(frame) = self.decoder.next().unwrap() {
                return Some(frame);
            }
            match self.stream.read(&mut bytes) {
                Ok(0) => return None,
                Ok(count) => self.decoder.feed(&bytes[..count]),
                Err(cause) if matches!(cause.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    assert!(Instant::now() < deadline, "nothing came");
                }
                Err(_) => return None,
            }
        }
    }

    /// Returns a frame that is there or comes within a moment.
    pub(crate) fn poll(&mut self) -> Option<Frame> {
        if let Some(frame) = self.decoder.next().unwrap() {
            return Some(frame);
        }
        let mut bytes = [0; 4_096];
        match self.stream.read(&mut bytes) {
            Ok(0) => panic!("closed"),
            Ok(count) => self.decoder.feed(&bytes[..count]),
            Err(_) => return None,
        }
        self.decoder.next().unwrap()
    }

    /// Waits for a callback and skips everything else.
    pub(crate) fn callback(&mut self, name: &str) -> Delivery {
        let deadline = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < deadline, "{name} did not come");
            match self.next() {
                Some(Frame::Delivery(delivery)) if callback_name(&delivery) == name => return delivery,
                Some(_) => {}
                None => panic!("closed before {name} came"),
            }
        }
    }

    /// Waits until the server has closed.
    pub(crate) fn closed(&mut self) {
        while self.next().is_some() {}
    }
}

/// Returns what a right client says first.
pub(crate) fn hello(role: Role) -> Hello {
    let streams = wire::Streams {
        private: ResumeType::Restart,
        public: ResumeType::Restart,
        sequence: 1,
        trading_day: 0,
        private_count: wire::Count::default(),
        public_count: wire::Count::default(),
    };
    Hello {
        role,
        api_version: (6, 7, 13),
        layout: layout_digest(),
        process: std::process::id(),
        program: "test".to_owned(),
        token: Token::default(),
        streams: (role == Role::Trader).then_some(streams),
    }
}

fn callback_name(delivery: &Delivery) -> &'static str {
    match delivery {
        Delivery::Trader { callback, .. } => TraderCallback::name(*callback),
        Delivery::Md { callback, .. } => MdCallback::name(*callback),
        Delivery::Burst { .. } => "a burst",
        Delivery::Close { .. } => "a close",
    }
}
