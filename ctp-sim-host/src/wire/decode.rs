//! Bytes to frames.

use std::time::Duration;

use ctp_sim::Delivery;
use ctp_types::{
    MdCallback, MdRequest, Record, ResumeType, RspInfoField, Text, TraderCallback, TraderRequest,
};

use super::body::Body;
use super::encode::{HAS_RECORD, HAS_RSP_INFO, IS_LAST, NAME_MAX, change_byte};
use super::greeting::{Count, Hello, Limits, Reason, Refused, Role, Streams, Token, Welcome};
use super::{
    Admission, BODY_LENGTH_MAX, Frame, Kind, MAGIC, PROTOCOL_VERSION, Refusal, SUBSCRIPTION_IDS_MAX,
    WireError,
};
use crate::SubscriptionChange;
use crate::fault::LibraryFault;

/// The length of a body's length.
const HEAD: usize = 4;

/// Bytes as they come, to frames.
///
/// It takes anything and never panics. A length is believed only so far as its kind allows, and room is made for bytes
/// that came, never for bytes that are announced. After an error there is no next frame: where one ends is not known any
/// more.
#[derive(Debug, Default)]
pub struct Decoder {
    pub(super) bytes: Vec<u8>,
    /// Where the next frame begins in `bytes`.
    start: usize,
    failed: Option<WireError>,
}

impl Decoder {
    /// Returns a decoder at the beginning of a connection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes. Between two calls, [`next`](Self::next) should be called until it has no more: what it has
    /// not taken is kept, so a decoder holds at most one unfinished frame and the bytes of one call.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.failed.is_some() {
            return;
        }
        if self.start > 0 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Returns the next frame; `None` when more bytes are needed.
    ///
    /// # Errors
    ///
    /// Returns an error when the bytes are no frame, and the same error from then on.
    #[expect(clippy::should_implement_trait, reason = "an iterator would end where this one waits for bytes")]
    pub fn next(&mut self) -> Result<Option<Frame>, WireError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        self.read().inspect_err(|error| {
            self.failed = Some(error.clone());
            self.bytes = Vec::new();
            self.start = 0;
        })
    }

    /// Returns whether a frame has begun that has not ended.
    pub fn is_inside_a_frame(&self) -> bool {
        self.failed.is_none() && self.start < self.bytes.len()
    }

    fn read(&mut self) -> Result<Option<Frame>, WireError> {
        let bytes = &self.bytes[self.start..];
        let Some((length, rest)) = bytes.split_first_chunk::<HEAD>() else {
            return Ok(None);
        };
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        if length == 0 || length > BODY_LENGTH_MAX {
            return Err(WireError::Length { length, limit: BODY_LENGTH_MAX });
        }
        let Some(kind) = rest.first() else {
            return Ok(None);
        };
        let kind = Kind::from_byte(*kind).ok_or(WireError::Kind(*kind))?;
        if length > kind.limit() {
            return Err(WireError::Length { length, limit: kind.limit() });
        }
        let Some(body) = rest.get(1..length) else {
            return Ok(None);
        };
        let frame = read_body(kind, body)?;
        self.start += HEAD + length;
        Ok(Some(frame))
    }
}

fn read_body(kind: Kind, bytes: &[u8]) -> Result<Frame, WireError> {
    let mut body = Body::new(kind, bytes);
    let frame = match kind {
        Kind::Hello => Frame::Hello(hello(&mut body)?),
        Kind::TraderRequest => {
            let request = TraderRequest::from_id(body.u16()?.into());
            let request = request.ok_or_else(|| body.error("there is no such request"))?;
            let request_id = body.i32()?;
            Frame::TraderRequest { request, request_id, record: body.record(request.record())? }
        }
        Kind::MdRequest => {
            let request = MdRequest::from_id(body.u16()?.into());
            let request = request.ok_or_else(|| body.error("there is no such request"))?;
            let request_id = body.i32()?;
            Frame::MdRequest { request, request_id, record: body.record(request.record())? }
        }
        Kind::Subscription => subscription(&mut body)?,
        Kind::Again => {
            let delay = Duration::from_nanos(body.u64()?);
            Frame::Again { delay, streams: streams(&mut body)? }
        }
        Kind::Pong => Frame::Pong { number: body.u64()? },
        Kind::Control => Frame::Control(body.rest_text()?),
        Kind::Denied => Frame::Denied { code: body.i32()?, request: body.u16()?, request_id: body.i32()? },
        Kind::Welcome => Frame::Welcome(welcome(&mut body)?),
        Kind::Refused => {
            let reason = Reason::from_byte(body.u8()?);
            let reason = reason.ok_or_else(|| body.error("there is no such reason"))?;
            Frame::Refused(Refused { reason, text: body.rest_text()? })
        }
        Kind::TraderCallback => {
            let callback = TraderCallback::from_id(body.u16()?.into());
            let callback = callback.ok_or_else(|| body.error("there is no such callback"))?;
            let (number, flags) = (body.i32()?, flags(&mut body)?);
            let record = match (flags & HAS_RECORD != 0, callback.record()) {
                (false, _) => None,
                (true, Some(descriptor)) => Some(body.record(descriptor)?),
                (true, None) => return Err(body.error("the callback carries no record")),
            };
            let rsp_info = rsp_info(&mut body, flags)?;
            let is_last = flags & IS_LAST != 0;
            Frame::Delivery(Delivery::Trader { callback, record, rsp_info, number, is_last })
        }
        Kind::MdCallback => {
            let callback = MdCallback::from_id(body.u16()?.into());
            let callback = callback.ok_or_else(|| body.error("there is no such callback"))?;
            let (number, flags) = (body.i32()?, flags(&mut body)?);
            let record = match (flags & HAS_RECORD != 0, callback.record()) {
                (false, _) => None,
                (true, Some(descriptor)) => Some(body.record(descriptor)?),
                (true, None) => return Err(body.error("the callback carries no record")),
            };
            let rsp_info = rsp_info(&mut body, flags)?;
            let is_last = flags & IS_LAST != 0;
            Frame::Delivery(Delivery::Md { callback, record, rsp_info, number, is_last })
        }
        Kind::Burst => {
            let callback = MdCallback::from_id(body.u16()?.into());
            let callback = callback.ok_or_else(|| body.error("there is no such callback"))?;
            let (count, per_second) = (body.u32()?, body.u32()?);
            let Some(descriptor) = callback.record() else {
                return Err(body.error("the callback carries no record"));
            };
            let record = body.record(descriptor)?;
            Frame::Delivery(Delivery::Burst { callback, record, count, per_second })
        }
        Kind::Close => Frame::Delivery(Delivery::Close { reason: body.i32()? }),
        Kind::Admission => Frame::Admission(admission(&mut body)?),
        Kind::Library => {
            let fault = LibraryFault::from_parts(body.u8()?, body.u32()?);
            Frame::Library(fault.ok_or_else(|| body.error("there is no such fault of a library"))?)
        }
        Kind::Ping => Frame::Ping { number: body.u64()?, now: body.i64()? },
        Kind::Answer => {
            let more = body.flag()?;
            Frame::Answer { text: body.rest_text()?, more }
        }
    };
    body.end()?;
    Ok(frame)
}

fn flags(body: &mut Body<'_>) -> Result<u8, WireError> {
    let flags = body.u8()?;
    match flags & !(IS_LAST | HAS_RECORD | HAS_RSP_INFO) {
        0 => Ok(flags),
        _ => Err(body.error("a flag is not known")),
    }
}

fn rsp_info(body: &mut Body<'_>, flags: u8) -> Result<Option<RspInfoField>, WireError> {
    if flags & HAS_RSP_INFO == 0 {
        return Ok(None);
    }
    let record = body.record(RspInfoField::DESCRIPTOR)?;
    Ok(record.get::<RspInfoField>().copied())
}

fn hello(body: &mut Body<'_>) -> Result<Hello, WireError> {
    // The magic and the version come first in every version of the protocol.
    if body.take(MAGIC.len()).ok() != Some(&MAGIC) {
        return Err(WireError::Magic);
    }
    version(body)?;
    let role = Role::from_byte(body.u8()?).ok_or_else(|| body.error("there is no such role"))?;
    let api_version = (body.u16()?, body.u16()?, body.u16()?);
    let (layout, process) = (body.u64()?, body.u32()?);
    let program = body.short()?;
    let length = body.u16()?;
    let token = body.take(length.into())?;
    let token = Token::new(body.utf8(token)?).ok_or_else(|| body.error("its token is too long"))?;
    // What people read need not be text: a program may be named by any bytes.
    let mut program = String::from_utf8_lossy(program).into_owned();
    program.truncate(program.floor_char_boundary(NAME_MAX));
    Ok(Hello { role, api_version, layout, process, program, token, streams: streams(body)? })
}

fn version(body: &mut Body<'_>) -> Result<(), WireError> {
    match body.u16()? {
        PROTOCOL_VERSION => Ok(()),
        theirs => Err(WireError::Version { theirs }),
    }
}

fn streams(body: &mut Body<'_>) -> Result<Option<Streams>, WireError> {
    if !body.flag()? {
        return Ok(None);
    }
    let mut resume = || {
        let resume = ResumeType::from_value(body.u8()?.into());
        resume.ok_or_else(|| body.error("there is no such resume type"))
    };
    let (private, public) = (resume()?, resume()?);
    let (sequence, trading_day) = (body.i32()?, body.u32()?);
    let private_count = Count { phase: body.u16()?, number: body.u32()? };
    let public_count = Count { phase: body.u16()?, number: body.u32()? };
    Ok(Some(Streams { private, public, sequence, trading_day, private_count, public_count }))
}

fn welcome(body: &mut Body<'_>) -> Result<Welcome, WireError> {
    version(body)?;
    let (session, phase, now, speed) = (body.u64()?, body.u16()?, body.i64()?, body.f64()?);
    if !(speed.is_finite() && speed >= 0.0) {
        return Err(body.error("its speed is no number from 0 on"));
    }
    let limits = limits(body)?;
    let exchange = body.short()?;
    let exchange = body.utf8(exchange)?;
    Ok(Welcome { session, phase, now, speed, limits, exchange })
}

fn limits(body: &mut Body<'_>) -> Result<Limits, WireError> {
    let api_queries_per_second = body.u32()?;
    Ok(Limits { api_queries_per_second, qry_freq: body.i32()?, ftd_pkg_freq: body.i32()? })
}

fn admission(body: &mut Body<'_>) -> Result<Admission, WireError> {
    let queries_done = body.u32()?;
    let limits = limits(body)?;
    if !body.flag()? {
        return Ok(Admission { queries_done, limits, refusals: None });
    }
    let count = body.u16()?;
    let mut refusals = Vec::with_capacity(body.count(count.into(), 14)?);
    for _ in 0..count {
        let (code, skip, count) = (body.i32()?, body.u32()?, body.u32()?);
        if !(-3..=-1).contains(&code) {
            return Err(body.error("a refusal's code is none of -1, -2 and -3"));
        }
        let slots = body.u16()?;
        let mut requests = Vec::with_capacity(body.count(slots.into(), 2)?);
        for _ in 0..slots {
            requests.push(body.u16()?);
        }
        refusals.push(Refusal { code, requests, skip, count });
    }
    Ok(Admission { queries_done, limits, refusals: Some(refusals) })
}

fn subscription(body: &mut Body<'_>) -> Result<Frame, WireError> {
    let byte = body.u8()?;
    let change = [
        SubscriptionChange::Subscribe,
        SubscriptionChange::Unsubscribe,
        SubscriptionChange::SubscribeForQuote,
        SubscriptionChange::UnsubscribeForQuote,
    ]
    .into_iter()
    .find(|change| change_byte(*change) == byte);
    let change = change.ok_or_else(|| body.error("there is no such change"))?;
    let count = usize::try_from(body.u32()?).unwrap_or(usize::MAX);
    if count > SUBSCRIPTION_IDS_MAX {
        return Err(body.error("it has more than 10,000 ids"));
    }
    let mut instruments = Vec::with_capacity(body.count(count, 1)?);
    for _ in 0..count {
        let id = Text::from_bytes(body.short()?);
        instruments
            .push(id.map_err(|_| body.error("an instrument id has a NUL or is longer than 80 bytes"))?);
    }
    Ok(Frame::Subscription { change, instruments })
}
