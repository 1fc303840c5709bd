//! Entries as bytes: numbers with the little end first, records as the words of theirs that are not zero.
//!
//! The bytes of an entry say nothing of its length or integrity: that is the frame's.

mod words;

use ctp_types::{
    FieldDescriptor, FieldKind, RecordBox, RecordDescriptor, RecordRef, RspInfoField, Spans, Text,
    TraderCallback, TraderRequest,
};

use super::entry::{Action, Entry};
use crate::requests::RawEvent;

/// Why bytes are no entry.
pub(crate) type Reason = &'static str;

const CUT: Reason = "an entry is shorter than it says";
const SURPLUS: Reason = "an entry is longer than it says";

/// What stands for a secret.
const BLANK: &[u8] = b"***";

const OPENED: u8 = 1;
const LOGIN: u8 = 2;
const ACTION: u8 = 3;
const ANSWER: u8 = 4;
const EVENT: u8 = 5;
const SWITCH: u8 = 6;
const CLOSED: u8 = 7;

/// Writes entries. Its buffer is kept, so that an entry costs no allocation.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    plain: Vec<u8>,
    layouts: Vec<Layout>,
}

/// What is to be known of a kind of record to write it: looking through all fields of an order costs more than encoding it.
#[derive(Debug)]
struct Layout {
    of: &'static RecordDescriptor,
    spans: Spans,
    /// The fields that are never written.
    secrets: Vec<&'static FieldDescriptor>,
}

impl Layout {
    fn of(of: &'static RecordDescriptor) -> Self {
        Self { of, spans: Spans::of(of), secrets: of.fields.iter().filter(|field| field.secret).collect() }
    }
}

impl Encoder {
    /// Appends the bytes of an entry. Fields that `overlay/secrets.toml` names are blanked.
    pub(crate) fn encode(&mut self, entry: &Entry, bytes: &mut Vec<u8>) {
        match entry {
            Entry::Opened { at_ns, gateway, process } => {
                begin(bytes, OPENED, *at_ns);
                bytes.extend(process.to_le_bytes());
                text(bytes, gateway);
            }
            Entry::Login { at_ns, trading_day, front_id, session_id, max_order_ref } => {
                begin(bytes, LOGIN, *at_ns);
                bytes.extend(front_id.to_le_bytes());
                bytes.extend(session_id.to_le_bytes());
                bytes.extend(trading_day.raw());
                bytes.extend(max_order_ref.raw());
            }
            Entry::Action { at_ns, request, record, request_id, front_id, session_id, order_ref } => {
                let (at_ns, request, record) = (*at_ns, *request, record.as_ref());
                let (request_id, front_id, session_id) = (*request_id, *front_id, *session_id);
                let order_ref = *order_ref;
                let action = Action { at_ns, request, record, request_id, front_id, session_id, order_ref };
                self.action(&action, bytes);
            }
            Entry::Answer { at_ns, request_id, refusal } => {
                begin(bytes, ANSWER, *at_ns);
                bytes.extend(request_id.to_le_bytes());
                bytes.push(u8::from(refusal.is_some()));
                if let Some(refusal) = refusal {
                    text(bytes, refusal);
                }
            }
            Entry::Event(event) => self.event(bytes, event),
            Entry::Switch { at_ns, on, reason } => {
                begin(bytes, SWITCH, *at_ns);
                bytes.push(u8::from(*on));
                text(bytes, reason);
            }
            Entry::Closed { at_ns } => begin(bytes, CLOSED, *at_ns),
        }
    }

    /// Appends the bytes of [`Entry::Action`].
    pub(crate) fn action(&mut self, action: &Action<'_>, bytes: &mut Vec<u8>) {
        begin(bytes, ACTION, action.at_ns);
        bytes.extend((action.request as u16).to_le_bytes());
        bytes.extend(action.request_id.to_le_bytes());
        bytes.extend(action.front_id.to_le_bytes());
        bytes.extend(action.session_id.to_le_bytes());
        bytes.extend(action.order_ref.raw());
        self.record(bytes, action.request.record(), Some(action.record));
    }

    fn event(&mut self, bytes: &mut Vec<u8>, event: &RawEvent<TraderCallback>) {
        begin(bytes, EVENT, event.received_ns);
        bytes.extend((event.callback as u16).to_le_bytes());
        bytes.extend(event.number.to_le_bytes());
        bytes.push(u8::from(event.is_last) | u8::from(event.rsp_info.is_some()) << 1);
        if let Some(info) = &event.rsp_info {
            bytes.extend(info.error_id.to_le_bytes());
            bytes.extend(info.error_msg.raw());
        }
        if let Some(descriptor) = event.callback.record() {
            self.record(bytes, descriptor, event.record.as_ref().map(RecordBox::as_ref));
        }
    }

    /// Writes whether there is a record, and the record. One of another kind than the method's, which the API does not
    /// make, counts as none.
    fn record(
        &mut self,
        bytes: &mut Vec<u8>,
        descriptor: &'static RecordDescriptor,
        record: Option<RecordRef<'_>>,
    ) {
        let record = record.filter(|record| std::ptr::eq(record.descriptor(), descriptor));
        bytes.push(u8::from(record.is_some()));
        let Some(record) = record else { return };
        let known = self.layouts.iter().position(|layout| std::ptr::eq(layout.of, descriptor));
        let known = known.unwrap_or_else(|| {
            self.layouts.push(Layout::of(descriptor));
            self.layouts.len() - 1
        });
        let layout = &self.layouts[known];
        self.plain.clear();
        record.append_spans_to(&layout.spans, &mut self.plain);
        for field in &layout.secrets {
            let place = &mut self.plain[field.offset..field.offset + field.kind.size()];
            let given = matches!(field.kind, FieldKind::Text(_)) && place[0] != 0;
            place.fill(0);
            if given {
                let length = BLANK.len().min(place.len());
                place[..length].copy_from_slice(&BLANK[..length]);
            }
        }
        words::pack(&self.plain, bytes);
    }
}

/// Reads the entry that the bytes are.
///
/// # Errors
///
/// Returns why they are none. It never panics, whatever the bytes are.
pub(crate) fn decode(bytes: &[u8]) -> Result<Entry, Reason> {
    let mut decoder = Decoder { rest: bytes };
    let kind = decoder.byte()?;
    let at_ns = decoder.long()?;
    let entry = match kind {
        OPENED => {
            let process = decoder.int()?.cast_unsigned();
            Entry::Opened { at_ns, process, gateway: decoder.text()? }
        }
        LOGIN => {
            let (front_id, session_id) = (decoder.int()?, decoder.int()?);
            let (trading_day, max_order_ref) = (decoder.field()?, decoder.field()?);
            Entry::Login { at_ns, trading_day, front_id, session_id, max_order_ref }
        }
        ACTION => {
            let request = TraderRequest::from_id(decoder.short()?.into());
            let request = request.ok_or("an action is a request that the API does not know")?;
            let request_id = decoder.int()?;
            let (front_id, session_id) = (decoder.int()?, decoder.int()?);
            let order_ref = decoder.field()?;
            let record = decoder.record(request.record())?.ok_or("an action has no record")?;
            Entry::Action { at_ns, request, record, request_id, front_id, session_id, order_ref }
        }
        ANSWER => {
            let request_id = decoder.int()?;
            let refusal = if decoder.flag()? { Some(decoder.text()?) } else { None };
            Entry::Answer { at_ns, request_id, refusal }
        }
        EVENT => Entry::Event(decoder.event(at_ns)?),
        SWITCH => Entry::Switch { at_ns, on: decoder.flag()?, reason: decoder.text()? },
        CLOSED => Entry::Closed { at_ns },
        _ => return Err("an entry is of a kind that this build does not know"),
    };
    if decoder.rest.is_empty() { Ok(entry) } else { Err(SURPLUS) }
}

fn begin(bytes: &mut Vec<u8>, kind: u8, at_ns: i64) {
    bytes.push(kind);
    bytes.extend(at_ns.to_le_bytes());
}

/// The length of a text that is as long as 64 KiB is no use to anybody: what is behind is left out.
fn text(bytes: &mut Vec<u8>, text: &str) {
    let mut end = text.len().min(usize::from(u16::MAX));
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    bytes.extend((end as u16).to_le_bytes());
    bytes.extend(&text.as_bytes()[..end]);
}

struct Decoder<'a> {
    rest: &'a [u8],
}

impl<'a> Decoder<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Reason> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(CUT)?;
        self.rest = rest;
        Ok(*taken)
    }

    fn byte(&mut self) -> Result<u8, Reason> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn flag(&mut self) -> Result<bool, Reason> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err("a flag is neither 0 nor 1"),
        }
    }

    fn short(&mut self) -> Result<u16, Reason> {
        self.take().map(u16::from_le_bytes)
    }

    fn int(&mut self) -> Result<i32, Reason> {
        self.take().map(i32::from_le_bytes)
    }

    fn long(&mut self) -> Result<i64, Reason> {
        self.take().map(i64::from_le_bytes)
    }

    fn text(&mut self) -> Result<String, Reason> {
        let length = usize::from(self.short()?);
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(CUT)?;
        self.rest = rest;
        String::from_utf8(taken.to_vec()).map_err(|_| "a text is not UTF-8")
    }

    fn field<const N: usize>(&mut self) -> Result<Text<N>, Reason> {
        Text::from_raw(&self.take::<N>()?).map_err(|_| "a text does not fit its field")
    }

    fn event(&mut self, received_ns: i64) -> Result<RawEvent<TraderCallback>, Reason> {
        let callback = TraderCallback::from_id(self.short()?.into());
        let callback = callback.ok_or("an event is a callback that the API does not know")?;
        let number = self.int()?;
        let flags = self.byte()?;
        if flags > 3 {
            return Err("an event has flags that this build does not know");
        }
        let rsp_info = if flags & 2 == 0 {
            None
        } else {
            Some(RspInfoField { error_id: self.int()?, error_msg: self.field()? })
        };
        let record = callback.record().map_or(Ok(None), |descriptor| self.record(descriptor))?;
        Ok(RawEvent { callback, record, rsp_info, number, is_last: flags & 1 != 0, received_ns })
    }

    fn record(&mut self, descriptor: &'static RecordDescriptor) -> Result<Option<RecordBox>, Reason> {
        if !self.flag()? {
            return Ok(None);
        }
        let plain = words::unpack(&mut self.rest, descriptor.size)?;
        let mut record =
            RecordBox::from_bytes(descriptor, &plain).ok_or("a record has another size than the API says")?;
        // Texts that fill their field to the last byte lost it above.
        for field in descriptor.fields {
            if let FieldKind::Text(length @ 1..) = field.kind
                && let raw = &plain[field.offset..field.offset + length]
                && raw[length - 1] != 0
            {
                record.set_bytes(field, raw).map_err(|_| "a text does not fit its field")?;
            }
        }
        Ok(Some(record))
    }
}

#[cfg(test)]
mod tests;
