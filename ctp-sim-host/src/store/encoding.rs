//! An input as bytes: compact, and exact to the last bit.
//!
//! ```text
//! kind        1 byte
//! session     8 bytes, as every number little-endian
//! the rest    by kind
//! ```
//!
//! A record is the number of its description (2 bytes) and its fields that are not zero, each behind its number from 1
//! (2 bytes); then 0. A text has its length (2 bytes) before it and goes up to its last byte that is not NUL. The meaning
//! of the numbers is that of the current model, whose digest stands in the file's `meta`.

use std::sync::OnceLock;

use ctp_sim::{ApiKind, Command, Input, Received, SessionId};
use ctp_types::{
    FieldKind, MdRequest, RecordBox, RecordDescriptor, Request as _, ResumeType, Text, TraderRequest, Value,
};

/// The version of this encoding.
pub(crate) const VERSION: u32 = 1;

const CONNECT: u8 = b'c';
const DISCONNECT: u8 = b'd';
const TOPICS: u8 = b'r';
const TRADER: u8 = b't';
const MD: u8 = b'm';
const SUBSCRIBE: u8 = b's';
const UNSUBSCRIBE: u8 = b'u';
const SUBSCRIBE_FOR_QUOTE: u8 = b'q';
const UNSUBSCRIBE_FOR_QUOTE: u8 = b'w';
const COMMAND: u8 = b'x';
const FEED: u8 = b'f';
const SKIP: u8 = b'k';

/// Why an input cannot be written or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EncodingError {
    /// It is one that has no place in a log.
    #[error("time passing is not written")]
    Advance,
    /// A command that its text does not give back.
    #[error("command {0} cannot be written so that it can be read again: it holds a value that no text has")]
    Command(String),
    /// The bytes end within an input.
    #[error("an input ends at byte {0}, where more should come")]
    Short(usize),
    /// Bytes follow the input.
    #[error("{0} bytes follow an input")]
    Long(usize),
    /// A number that means nothing.
    #[error("{what} {number} is not known")]
    Unknown {
        /// What it numbers.
        what: &'static str,
        /// The number.
        number: u64,
    },
    /// A command's text.
    #[error("a command is not readable: {0}")]
    Text(String),
}

/// Appends an input to `bytes`.
pub(crate) fn encode(input: &Input, bytes: &mut Vec<u8>) -> Result<(), EncodingError> {
    let mut head = |kind: u8, session: SessionId| {
        bytes.push(kind);
        bytes.extend_from_slice(&session.0.to_le_bytes());
    };
    match input {
        Input::Advance => return Err(EncodingError::Advance),
        Input::Skip => head(SKIP, SessionId(0)),
        Input::Connect { session, kind, api_version: (major, minor, patch) } => {
            head(CONNECT, *session);
            bytes.push(api_code(*kind));
            for number in [major, minor, patch] {
                bytes.extend_from_slice(&number.to_le_bytes());
            }
        }
        Input::Disconnect { session } => head(DISCONNECT, *session),
        Input::Topics { session, private, public, sequence, received } => {
            head(TOPICS, *session);
            bytes.extend_from_slice(&[*private as u8, *public as u8]);
            bytes.extend_from_slice(&sequence.to_le_bytes());
            bytes.push(u8::from(received.is_some()));
            if let Some(Received { trading_day, private, public }) = received {
                for number in [trading_day, private, public] {
                    bytes.extend_from_slice(&number.to_le_bytes());
                }
            }
        }
        Input::Trader { session, request, record, request_id } => {
            head(TRADER, *session);
            bytes.extend_from_slice(&request.id().to_le_bytes());
            bytes.extend_from_slice(&request_id.to_le_bytes());
            encode_record(record, bytes)?;
        }
        Input::Md { session, request, record, request_id } => {
            head(MD, *session);
            bytes.extend_from_slice(&request.id().to_le_bytes());
            bytes.extend_from_slice(&request_id.to_le_bytes());
            encode_record(record, bytes)?;
        }
        Input::Subscribe { session, instruments } => {
            head(SUBSCRIBE, *session);
            encode_ids(instruments, bytes);
        }
        Input::Unsubscribe { session, instruments } => {
            head(UNSUBSCRIBE, *session);
            encode_ids(instruments, bytes);
        }
        Input::SubscribeForQuote { session, instruments } => {
            head(SUBSCRIBE_FOR_QUOTE, *session);
            encode_ids(instruments, bytes);
        }
        Input::UnsubscribeForQuote { session, instruments } => {
            head(UNSUBSCRIBE_FOR_QUOTE, *session);
            encode_ids(instruments, bytes);
        }
        Input::Command(Command::Feed(record)) => {
            head(FEED, SessionId(0));
            encode_record(record, bytes)?;
        }
        Input::Command(command) => {
            head(COMMAND, SessionId(0));
            encode_command(command, bytes)?;
        }
    }
    Ok(())
}

/// Reads an input that fills `bytes`.
pub(crate) fn decode(bytes: &[u8]) -> Result<Input, EncodingError> {
    let mut reader = Reader { bytes, at: 0 };
    let kind = reader.byte()?;
    let session = SessionId(u64::from_le_bytes(reader.array()?));
    let input = match kind {
        SKIP => Input::Skip,
        CONNECT => {
            let kind = api_of(reader.byte()?)?;
            let api_version = (reader.short()?, reader.short()?, reader.short()?);
            Input::Connect { session, kind, api_version }
        }
        DISCONNECT => Input::Disconnect { session },
        TOPICS => {
            let (private, public) = (resume_of(reader.byte()?)?, resume_of(reader.byte()?)?);
            let sequence = reader.int()?;
            let received = match reader.byte()? {
                0 => None,
                1 => Some(Received {
                    trading_day: reader.number()?,
                    private: reader.number()?,
                    public: reader.number()?,
                }),
                other => return Err(unknown("choice", other)),
            };
            Input::Topics { session, private, public, sequence, received }
        }
        TRADER => {
            let id = reader.number()?;
            let request = TraderRequest::from_id(id).ok_or_else(|| unknown("trader request", id))?;
            let request_id = reader.int()?;
            Input::Trader { session, request, record: reader.record()?, request_id }
        }
        MD => {
            let id = reader.number()?;
            let request = MdRequest::from_id(id).ok_or_else(|| unknown("market-data request", id))?;
            let request_id = reader.int()?;
            Input::Md { session, request, record: reader.record()?, request_id }
        }
        SUBSCRIBE => Input::Subscribe { session, instruments: reader.ids()? },
        UNSUBSCRIBE => Input::Unsubscribe { session, instruments: reader.ids()? },
        SUBSCRIBE_FOR_QUOTE => Input::SubscribeForQuote { session, instruments: reader.ids()? },
        UNSUBSCRIBE_FOR_QUOTE => Input::UnsubscribeForQuote { session, instruments: reader.ids()? },
        FEED => Input::Command(Command::Feed(reader.record()?)),
        COMMAND => {
            let command = serde_json::from_slice(reader.rest());
            Input::Command(command.map_err(|error| EncodingError::Text(error.to_string()))?)
        }
        other => return Err(unknown("kind of input", other)),
    };
    match reader.bytes.len() - reader.at {
        0 => Ok(input),
        left => Err(EncodingError::Long(left)),
    }
}

/// Returns a digest of every record's name and layout and of every request's number: of what the numbers mean.
pub(crate) fn model_digest() -> &'static str {
    static DIGEST: OnceLock<String> = OnceLock::new();
    DIGEST.get_or_init(|| {
        let mut text = String::new();
        for record in ctp_types::record_descriptors() {
            text.push_str(&format!("{} {}\n", record.c_name, record.size));
            for field in record.fields {
                text.push_str(&format!(
                    " {} {} {} {:?}\n",
                    field.c_name,
                    field.c_type,
                    field.offset,
                    std::mem::discriminant(&field.kind)
                ));
            }
        }
        for request in TraderRequest::ALL {
            text.push_str(&format!("{} {}\n", request.name(), request.id()));
        }
        for request in MdRequest::ALL {
            text.push_str(&format!("{} {}\n", request.name(), request.id()));
        }
        super::digest::hex(&super::digest::of(&[text.as_bytes()]))
    })
}

fn encode_command(command: &Command, bytes: &mut Vec<u8>) -> Result<(), EncodingError> {
    let failed = || EncodingError::Command(format!("{command:?}"));
    let text = serde_json::to_vec(command).map_err(|_| failed())?;
    // Commands are rare: what is not read back as it was is not written.
    let again: Command = serde_json::from_slice(&text).map_err(|_| failed())?;
    if serde_json::to_vec(&again).ok().as_ref() != Some(&text) {
        return Err(failed());
    }
    bytes.extend_from_slice(&text);
    Ok(())
}

fn encode_record(record: &RecordBox, bytes: &mut Vec<u8>) -> Result<(), EncodingError> {
    let descriptor = record.descriptor();
    let number = number_of(descriptor).ok_or(EncodingError::Unknown {
        what: "a record of this size, which the model lacks,",
        number: descriptor.size as u64,
    })?;
    bytes.extend_from_slice(&number.to_le_bytes());
    let view = record.as_ref();
    for (number, field) in (1u16..).zip(descriptor.fields) {
        let mut put = |value: &[u8]| {
            if value.iter().any(|byte| *byte != 0) {
                bytes.extend_from_slice(&number.to_le_bytes());
                bytes.extend_from_slice(value);
            }
        };
        match view.field(field) {
            Value::Text(text) => {
                let length = text.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
                if length > 0 {
                    bytes.extend_from_slice(&number.to_le_bytes());
                    bytes.extend_from_slice(&(length as u16).to_le_bytes());
                    bytes.extend_from_slice(&text[..length]);
                }
            }
            Value::Char(value) => put(&[value]),
            Value::Short(value) => put(&value.to_le_bytes()),
            Value::Int(value) => put(&value.to_le_bytes()),
            Value::UnsignedInt(value) => put(&value.to_le_bytes()),
            Value::LongLong(value) => put(&value.to_le_bytes()),
            Value::Double(value) => put(&value.to_bits().to_le_bytes()),
        }
    }
    bytes.extend_from_slice(&0u16.to_le_bytes());
    Ok(())
}

fn encode_ids(ids: &[Text<81>], bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&(ids.len() as u32).to_le_bytes());
    for id in ids {
        bytes.push(id.as_bytes().len() as u8);
        bytes.extend_from_slice(id.as_bytes());
    }
}

/// Returns a record's place in the model.
fn number_of(descriptor: &'static RecordDescriptor) -> Option<u16> {
    static PLACES: OnceLock<std::collections::HashMap<&'static str, u16>> = OnceLock::new();
    let places = PLACES.get_or_init(|| {
        (0u16..)
            .zip(ctp_types::record_descriptors())
            .map(|(place, record)| (record.c_name.as_str(), place))
            .collect()
    });
    let place = *places.get(descriptor.c_name.as_str())?;
    // A record of another family may have the same name.
    std::ptr::eq(ctp_types::record_descriptors()[usize::from(place)], descriptor).then_some(place)
}

fn api_code(kind: ApiKind) -> u8 {
    match kind {
        ApiKind::Md => MD,
        ApiKind::Trader => TRADER,
    }
}

fn api_of(code: u8) -> Result<ApiKind, EncodingError> {
    match code {
        MD => Ok(ApiKind::Md),
        TRADER => Ok(ApiKind::Trader),
        other => Err(unknown("API", other)),
    }
}

fn resume_of(code: u8) -> Result<ResumeType, EncodingError> {
    ResumeType::from_value(i32::from(code)).ok_or_else(|| unknown("resume type", code))
}

fn unknown(what: &'static str, number: impl Into<u64>) -> EncodingError {
    EncodingError::Unknown { what, number: number.into() }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], EncodingError> {
        let taken = self.bytes[self.at..].get(..count).ok_or(EncodingError::Short(self.bytes.len()))?;
        self.at += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], EncodingError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn byte(&mut self) -> Result<u8, EncodingError> {
        self.array().map(|[byte]| byte)
    }

    fn short(&mut self) -> Result<u16, EncodingError> {
        self.array().map(u16::from_le_bytes)
    }

    fn number(&mut self) -> Result<u32, EncodingError> {
        self.array().map(u32::from_le_bytes)
    }

    fn int(&mut self) -> Result<i32, EncodingError> {
        self.array().map(i32::from_le_bytes)
    }

    fn rest(&mut self) -> &'a [u8] {
        let rest = &self.bytes[self.at..];
        self.at = self.bytes.len();
        rest
    }

    fn ids(&mut self) -> Result<Vec<Text<81>>, EncodingError> {
        let count = self.number()?;
        let mut ids = Vec::new();
        for _ in 0..count {
            let length = self.byte()?;
            let id = Text::from_raw(self.take(usize::from(length))?);
            ids.push(id.map_err(|_| unknown("length of an id", length))?);
        }
        Ok(ids)
    }

    fn record(&mut self) -> Result<RecordBox, EncodingError> {
        let place = self.short()?;
        let descriptor = ctp_types::record_descriptors().get(usize::from(place));
        let descriptor = *descriptor.ok_or_else(|| unknown("record", place))?;
        let mut record = RecordBox::zeroed(descriptor);
        loop {
            let number = self.short()?;
            if number == 0 {
                return Ok(record);
            }
            let field = descriptor.fields.get(usize::from(number) - 1);
            let field = field.ok_or_else(|| unknown("field", number))?;
            let value = match field.kind {
                FieldKind::Text(_) => {
                    let length = self.short()?;
                    let text = self.take(usize::from(length))?;
                    record.set_bytes(field, text).map_err(|_| unknown("length of a text", length))?;
                    continue;
                }
                FieldKind::Char | FieldKind::Enumeration(_) => Value::Char(self.byte()?),
                FieldKind::Short => Value::Short(i16::from_le_bytes(self.array()?)),
                FieldKind::Int => Value::Int(self.int()?),
                FieldKind::UnsignedInt => Value::UnsignedInt(self.number()?),
                FieldKind::LongLong => Value::LongLong(i64::from_le_bytes(self.array()?)),
                FieldKind::Double => Value::Double(f64::from_bits(u64::from_le_bytes(self.array()?))),
            };
            record.set(field, value).map_err(|_| unknown("field", number))?;
        }
    }
}

#[cfg(test)]
mod tests;
