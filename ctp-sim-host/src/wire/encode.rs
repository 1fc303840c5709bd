//! Frames to bytes.

use std::time::Duration;

use ctp_sim::Delivery;
use ctp_types::{MdRequest, RecordBox, RecordDescriptor, RecordRef, RspInfoField, Text, TraderRequest};

use super::greeting::{Count, Hello, Limits, Streams, Welcome};
use super::{
    ANSWER_PART_MAX, Admission, Frame, Kind, MAGIC, PROTOCOL_VERSION, SUBSCRIPTION_IDS_MAX, WireError,
};
use crate::SubscriptionChange;

/// Bits of a callback's flags.
pub(super) const IS_LAST: u8 = 1;
pub(super) const HAS_RECORD: u8 = 2;
pub(super) const HAS_RSP_INFO: u8 = 4;

/// The longest name for people, in bytes.
pub(super) const NAME_MAX: usize = 255;

/// Appends a frame to what goes out.
///
/// # Errors
///
/// Returns an error when the frame is longer than its kind may be; nothing is appended then.
pub fn encode(frame: &Frame, out: &mut Vec<u8>) -> Result<(), WireError> {
    match frame {
        Frame::Hello(hello) => body(Kind::Hello, out, |out| put_hello(hello, out)),
        Frame::TraderRequest { request, request_id, record } => {
            encode_trader_request(*request, *request_id, record, out)
        }
        Frame::MdRequest { request, request_id, record } => {
            encode_md_request(*request, *request_id, record, out)
        }
        Frame::Subscription { change, instruments } => encode_subscription(*change, instruments, out),
        Frame::Again { delay, streams } => body(Kind::Again, out, |out| {
            out.extend(nanoseconds(*delay).to_le_bytes());
            put_streams(streams.as_ref(), out);
        }),
        Frame::Pong { number } => body(Kind::Pong, out, |out| out.extend(number.to_le_bytes())),
        Frame::Control(text) => body(Kind::Control, out, |out| out.extend(text.as_bytes())),
        Frame::Denied { code, request, request_id } => body(Kind::Denied, out, |out| {
            out.extend(code.to_le_bytes());
            out.extend(request.to_le_bytes());
            out.extend(request_id.to_le_bytes());
        }),
        Frame::Welcome(welcome) => body(Kind::Welcome, out, |out| put_welcome(welcome, out)),
        Frame::Refused(refused) => body(Kind::Refused, out, |out| {
            out.push(refused.reason as u8);
            // A reason that is told in part is better than one that is not told.
            let room = Kind::Refused.limit() - 2;
            out.extend(&refused.text.as_bytes()[..refused.text.floor_char_boundary(room)]);
        }),
        Frame::Delivery(delivery) => encode_delivery(delivery, out),
        Frame::Admission(admission) => body(Kind::Admission, out, |out| put_admission(admission, out)),
        Frame::Library(fault) => body(Kind::Library, out, |out| {
            let (what, value) = fault.to_parts();
            out.push(what);
            out.extend(value.to_le_bytes());
        }),
        Frame::Ping { number, now } => body(Kind::Ping, out, |out| {
            out.extend(number.to_le_bytes());
            out.extend(now.to_le_bytes());
        }),
        Frame::Answer { text, more } => body(Kind::Answer, out, |out| {
            out.push((*more).into());
            out.extend(text.as_bytes());
        }),
    }
}

/// Appends a request of a trader client. Its record is copied once.
///
/// # Errors
///
/// Returns an error when the record is not the request's; nothing is appended then.
pub fn encode_trader_request(
    request: TraderRequest,
    request_id: i32,
    record: &RecordBox,
    out: &mut Vec<u8>,
) -> Result<(), WireError> {
    put_request(Kind::TraderRequest, request as u16, request_id, checked(Some(request.record()), record), out)
}

/// Appends a request of a market-data client. Its record is copied once.
///
/// # Errors
///
/// Returns an error when the record is not the request's; nothing is appended then.
pub fn encode_md_request(
    request: MdRequest,
    request_id: i32,
    record: &RecordBox,
    out: &mut Vec<u8>,
) -> Result<(), WireError> {
    put_request(Kind::MdRequest, request as u16, request_id, checked(Some(request.record()), record), out)
}

/// Appends what a client receives. A record is copied once, from where it is into `out`.
///
/// # Errors
///
/// Returns an error when the frame is longer than its kind may be; nothing is appended then.
pub fn encode_delivery(delivery: &Delivery, out: &mut Vec<u8>) -> Result<(), WireError> {
    match delivery {
        Delivery::Trader { callback, record, rsp_info, number, is_last } => {
            let call = Call { slot: *callback as u16, number: *number, is_last: *is_last };
            let record = record.as_ref().and_then(|record| checked(callback.record(), record));
            put_callback(Kind::TraderCallback, call, record, rsp_info.as_ref(), out)
        }
        Delivery::Md { callback, record, rsp_info, number, is_last } => {
            let call = Call { slot: *callback as u16, number: *number, is_last: *is_last };
            let record = record.as_ref().and_then(|record| checked(callback.record(), record));
            put_callback(Kind::MdCallback, call, record, rsp_info.as_ref(), out)
        }
        Delivery::Burst { callback, record, count, per_second } => body(Kind::Burst, out, |out| {
            out.extend((*callback as u16).to_le_bytes());
            out.extend(count.to_le_bytes());
            out.extend(per_second.to_le_bytes());
            record.as_ref().append_to(out);
        }),
        Delivery::Close { reason } => body(Kind::Close, out, |out| out.extend(reason.to_le_bytes())),
    }
}

/// Appends a change of subscriptions, as several frames where there are more ids than one takes.
///
/// # Errors
///
/// None at present: every frame is made to fit.
pub fn encode_subscription(
    change: SubscriptionChange,
    instruments: &[Text<81>],
    out: &mut Vec<u8>,
) -> Result<(), WireError> {
    let mut parts = instruments.chunks(SUBSCRIPTION_IDS_MAX);
    loop {
        let part = parts.next().unwrap_or_default();
        body(Kind::Subscription, out, |out| {
            out.push(change_byte(change));
            out.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
            for id in part {
                put_text(id.as_bytes(), out);
            }
        })?;
        if parts.len() == 0 {
            return Ok(());
        }
    }
}

/// Appends an answer of the control interface, in as many parts as it needs.
///
/// # Errors
///
/// None at present: every frame is made to fit.
pub fn encode_answer(text: &str, out: &mut Vec<u8>) -> Result<(), WireError> {
    let mut rest = text;
    loop {
        let (part, left) = rest.split_at(rest.floor_char_boundary(ANSWER_PART_MAX));
        body(Kind::Answer, out, |out| {
            out.push((!left.is_empty()).into());
            out.extend(part.as_bytes());
        })?;
        if left.is_empty() {
            return Ok(());
        }
        rest = left;
    }
}

/// A callback's numbers.
struct Call {
    slot: u16,
    number: i32,
    is_last: bool,
}

/// Returns the record if it is what the method carries; the bytes would mean something else otherwise.
fn checked<'a>(carried: Option<&'static RecordDescriptor>, record: &'a RecordBox) -> Option<RecordRef<'a>> {
    let is_carried = carried.is_some_and(|carried| std::ptr::eq(carried, record.descriptor()));
    is_carried.then(|| record.as_ref())
}

fn put_callback(
    kind: Kind,
    call: Call,
    record: Option<RecordRef<'_>>,
    rsp_info: Option<&RspInfoField>,
    out: &mut Vec<u8>,
) -> Result<(), WireError> {
    let mut flags = 0;
    for (is_set, flag) in
        [(call.is_last, IS_LAST), (record.is_some(), HAS_RECORD), (rsp_info.is_some(), HAS_RSP_INFO)]
    {
        flags |= if is_set { flag } else { 0 };
    }
    body(kind, out, |out| {
        out.extend(call.slot.to_le_bytes());
        out.extend(call.number.to_le_bytes());
        out.push(flags);
        if let Some(record) = record {
            record.append_to(out);
        }
        if let Some(rsp_info) = rsp_info {
            RecordRef::from_record(rsp_info).append_to(out);
        }
    })
}

fn put_request(
    kind: Kind,
    slot: u16,
    request_id: i32,
    record: Option<RecordRef<'_>>,
    out: &mut Vec<u8>,
) -> Result<(), WireError> {
    let Some(record) = record else {
        return Err(WireError::Body { kind: kind.name(), problem: "its record is not the request's" });
    };
    body(kind, out, |out| {
        out.extend(slot.to_le_bytes());
        out.extend(request_id.to_le_bytes());
        record.append_to(out);
    })
}

fn put_hello(hello: &Hello, out: &mut Vec<u8>) {
    out.extend(MAGIC);
    out.extend(PROTOCOL_VERSION.to_le_bytes());
    out.push(hello.role as u8);
    let (major, minor, patch) = hello.api_version;
    for part in [major, minor, patch] {
        out.extend(part.to_le_bytes());
    }
    out.extend(hello.layout.to_le_bytes());
    out.extend(hello.process.to_le_bytes());
    put_name(&hello.program, out);
    let token = hello.token.0.as_bytes();
    out.extend(u16::try_from(token.len()).unwrap_or(u16::MAX).to_le_bytes());
    out.extend(token);
    put_streams(hello.streams.as_ref(), out);
}

fn put_streams(streams: Option<&Streams>, out: &mut Vec<u8>) {
    let Some(streams) = streams else {
        out.push(0);
        return;
    };
    out.push(1);
    out.push(streams.private as u8);
    out.push(streams.public as u8);
    out.extend(streams.sequence.to_le_bytes());
    out.extend(streams.trading_day.to_le_bytes());
    for Count { phase, number } in [streams.private_count, streams.public_count] {
        out.extend(phase.to_le_bytes());
        out.extend(number.to_le_bytes());
    }
}

fn put_welcome(welcome: &Welcome, out: &mut Vec<u8>) {
    out.extend(PROTOCOL_VERSION.to_le_bytes());
    out.extend(welcome.session.to_le_bytes());
    out.extend(welcome.phase.to_le_bytes());
    out.extend(welcome.now.to_le_bytes());
    out.extend(welcome.speed.to_le_bytes());
    put_limits(&welcome.limits, out);
    put_name(&welcome.exchange, out);
}

fn put_limits(limits: &Limits, out: &mut Vec<u8>) {
    out.extend(limits.api_queries_per_second.to_le_bytes());
    out.extend(limits.qry_freq.to_le_bytes());
    out.extend(limits.ftd_pkg_freq.to_le_bytes());
}

fn put_admission(admission: &Admission, out: &mut Vec<u8>) {
    out.extend(admission.queries_done.to_le_bytes());
    put_limits(&admission.limits, out);
    out.push(admission.refusals.is_some().into());
    let Some(refusals) = &admission.refusals else { return };
    out.extend(u16::try_from(refusals.len()).unwrap_or(u16::MAX).to_le_bytes());
    for refusal in refusals {
        out.extend(refusal.code.to_le_bytes());
        out.extend(refusal.skip.to_le_bytes());
        out.extend(refusal.count.to_le_bytes());
        out.extend(u16::try_from(refusal.requests.len()).unwrap_or(u16::MAX).to_le_bytes());
        for request in &refusal.requests {
            out.extend(request.to_le_bytes());
        }
    }
}

/// A name for people, cut where it is too long.
fn put_name(name: &str, out: &mut Vec<u8>) {
    put_text(&name.as_bytes()[..name.floor_char_boundary(NAME_MAX)], out);
}

/// A text of at most 255 bytes, after their number.
fn put_text(bytes: &[u8], out: &mut Vec<u8>) {
    let bytes = &bytes[..bytes.len().min(u8::MAX.into())];
    out.push(u8::try_from(bytes.len()).unwrap_or(u8::MAX));
    out.extend(bytes);
}

pub(super) fn change_byte(change: SubscriptionChange) -> u8 {
    match change {
        SubscriptionChange::Subscribe => 1,
        SubscriptionChange::Unsubscribe => 2,
        SubscriptionChange::SubscribeForQuote => 3,
        SubscriptionChange::UnsubscribeForQuote => 4,
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Appends a frame whose body `fill` writes.
fn body(kind: Kind, out: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) -> Result<(), WireError> {
    let start = out.len();
    out.extend([0; 4]);
    out.push(kind as u8);
    fill(out);
    let length = out.len() - start - 4;
    match u32::try_from(length) {
        Ok(encoded) if length <= kind.limit() => {
            out[start..start + 4].copy_from_slice(&encoded.to_le_bytes());
            Ok(())
        }
        _ => {
            out.truncate(start);
            Err(WireError::TooLong { kind: kind.name(), length, limit: kind.limit() })
        }
    }
}
