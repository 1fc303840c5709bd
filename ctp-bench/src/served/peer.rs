//! A client of the protocol itself, without a library in between.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use ctp_sim::Delivery;
use ctp_sim_host::SubscriptionChange;
use ctp_sim_host::wire::{self, Count, Decoder, Frame, Hello, Role, Streams, Token};
use ctp_types::{
    InstrumentField, MdRequest, ProductClass, QryInstrumentField, Record, RecordBox, ReqUserLoginField,
    ResumeType, SettlementInfoConfirmField, Text, TraderCallback, TraderRequest,
};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection that was taken in.
pub(crate) struct Peer {
    stream: TcpStream,
    decoder: Decoder,
    bytes: Vec<u8>,
    out: Vec<u8>,
}

/// The sending half of a connection.
pub(crate) struct Writer {
    stream: TcpStream,
    out: Vec<u8>,
}

impl Writer {
    /// Sends a frame.
    pub(crate) fn send(&mut self, frame: &Frame) -> Result<()> {
        self.out.clear();
        wire::encode(frame, &mut self.out)?;
        Ok(self.stream.write_all(&self.out)?)
    }
}

impl Peer {
    /// Connects and is taken in.
    pub(crate) fn enter(address: SocketAddr, role: Role) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut peer = Self { stream, decoder: Decoder::new(), bytes: vec![0; 64 << 10], out: Vec::new() };
        let streams = Streams {
            private: ResumeType::Quick,
            public: ResumeType::Quick,
            sequence: 1,
            trading_day: 0,
            private_count: Count::default(),
            public_count: Count::default(),
        };
        peer.send(&Frame::Hello(Hello {
            role,
            api_version: (6, 7, 13),
            layout: wire::layout_digest(),
            process: std::process::id(),
            program: "ctp-bench".to_owned(),
            token: Token::default(),
            streams: (role == Role::Trader).then_some(streams),
        }))?;
        match peer.next()? {
            Frame::Welcome(_) => Ok(peer),
            other => bail!("not taken in: {other:?}"),
        }
    }

    /// Connects and logs in.
    pub(crate) fn log_in(address: SocketAddr, role: Role, user: &str) -> Result<Self> {
        let mut peer = Self::enter(address, role)?;
        peer.callback("OnFrontConnected")?;
        let login = ReqUserLoginField {
            broker_id: Text::new("9999")?,
            user_id: Text::new(user)?,
            password: Text::new("simulator")?,
            ..Default::default()
        };
        let record = RecordBox::new(&login);
        if role == Role::Md {
            peer.send(&Frame::MdRequest { request: MdRequest::ReqUserLogin, request_id: 1, record })?;
            peer.callback("OnRspUserLogin")?;
            return Ok(peer);
        }
        peer.request(TraderRequest::ReqUserLogin, &login)?;
        peer.callback("OnRspUserLogin")?;
        let confirm = SettlementInfoConfirmField {
            broker_id: Text::new("9999")?,
            investor_id: Text::new(user)?,
            ..Default::default()
        };
        peer.request(TraderRequest::ReqSettlementInfoConfirm, &confirm)?;
        peer.callback("OnRspSettlementInfoConfirm")?;
        Ok(peer)
    }

    /// Sends a frame.
    pub(crate) fn send(&mut self, frame: &Frame) -> Result<()> {
        self.out.clear();
        wire::encode(frame, &mut self.out)?;
        Ok(self.stream.write_all(&self.out)?)
    }

    /// Returns what sends on this connection while another thread reads.
    pub(crate) fn writer(&self) -> Result<Writer> {
        Ok(Writer { stream: self.stream.try_clone()?, out: Vec::new() })
    }

    /// Sends a trader request.
    pub(crate) fn request<R: Record>(&mut self, request: TraderRequest, record: &R) -> Result<()> {
        self.send(&Frame::TraderRequest { request, request_id: 1, record: RecordBox::new(record) })
    }

    /// Subscribes market data.
    pub(crate) fn subscribe(&mut self, instruments: &[Text<81>]) -> Result<()> {
        let instruments = instruments.to_vec();
        self.send(&Frame::Subscription { change: SubscriptionChange::Subscribe, instruments })
    }

    /// Returns the next frame; pings are answered.
    pub(crate) fn next(&mut self) -> Result<Frame> {
        loop {
            match self.decoder.next()? {
                Some(Frame::Ping { number, .. }) => self.send(&Frame::Pong { number })?,
                Some(frame) => return Ok(frame),
                None => match self.stream.read(&mut self.bytes).context("nothing came")? {
                    0 => bail!("the server closed the connection"),
                    count => self.decoder.feed(&self.bytes[..count]),
                },
            }
        }
    }

    /// Waits for a callback and skips everything else.
    pub(crate) fn callback(&mut self, name: &str) -> Result<Option<RecordBox>> {
        loop {
            match self.next()? {
                Frame::Delivery(Delivery::Trader { callback, record, .. }) if callback.name() == name => {
                    return Ok(record);
                }
                Frame::Delivery(Delivery::Md { callback, record, .. }) if callback.name() == name => {
                    return Ok(record);
                }
                Frame::Delivery(Delivery::Trader {
                    callback: TraderCallback::OnRspOrderInsert,
                    rsp_info: Some(info),
                    ..
                }) => bail!("an order was refused: {} {}", info.error_id, info.error_msg),
                _ => {}
            }
        }
    }

    /// Returns the ids of so many futures, each with its exchange.
    pub(crate) fn futures(&mut self, count: usize) -> Result<Vec<(Text<81>, Text<9>)>> {
        self.request(TraderRequest::ReqQryInstrument, &QryInstrumentField::default())?;
        let mut ids = Vec::new();
        loop {
            let Frame::Delivery(Delivery::Trader {
                callback: TraderCallback::OnRspQryInstrument,
                record: Some(record),
                is_last,
                ..
            }) = self.next()?
            else {
                continue;
            };
            let instrument = record.get::<InstrumentField>().context("no instrument")?;
            if instrument.product_class == ProductClass::FUTURES && ids.len() < count {
                ids.push((instrument.instrument_id, instrument.exchange_id));
            }
            if is_last {
                return Ok(ids);
            }
        }
    }
}
