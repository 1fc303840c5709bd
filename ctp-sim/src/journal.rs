//! A digest of everything that went in and came out, to compare runs and machines by.

use std::fmt::{self, Write as _};

use ctp_types::{Callback as _, RecordBox, RecordRef, Request as _, Value, until_nul};
use sha2::{Digest, Sha256};

use crate::interface::{Delivery, Input, Output, SessionId, Timestamp};

/// Bytes gathered before they are hashed.
const BLOCK: usize = 16 * 1024;

/// The SHA-256 of an exchange's inputs and outputs, in their order.
///
/// Two runs with the same digest saw the same: time, session, callback, number, `bIsLast`, error and every field of
/// every record. It does not depend on machine, time zone or locale: numbers go in with a fixed width, texts up to their
/// NUL, padding never, and neither do secrets.
#[derive(Clone)]
pub struct Journal {
    digest: Sha256,
    buffer: Buffer,
    entries: u64,
}

impl Journal {
    /// Begins an empty journal.
    pub fn new() -> Self {
        Self { digest: Sha256::new(), buffer: Buffer(Vec::with_capacity(2 * BLOCK)), entries: 0 }
    }

    /// Notes what happens to the exchange.
    pub fn input(&mut self, now: Timestamp, input: &Input) {
        self.begin(b'<', now);
        match input {
            Input::Trader { session, request, record, request_id } => {
                self.buffer.head(b't', *session, request.id(), *request_id);
                self.buffer.record(record.as_ref());
            }
            Input::Md { session, request, record, request_id } => {
                self.buffer.head(b'm', *session, request.id(), *request_id);
                self.buffer.record(record.as_ref());
            }
            other => self.buffer.text(other),
        }
    }

    /// Notes what a client receives.
    pub fn output(&mut self, now: Timestamp, output: &Output) {
        self.begin(b'>', now);
        match &output.delivery {
            Delivery::Trader { callback, record, rsp_info, number, is_last } => {
                self.buffer.head(b't', output.session, callback.id(), *number);
                self.buffer.answer(record.as_ref(), rsp_info.as_ref().map(RecordRef::from_record), *is_last);
            }
            Delivery::Md { callback, record, rsp_info, number, is_last } => {
                self.buffer.head(b'm', output.session, callback.id(), *number);
                self.buffer.answer(record.as_ref(), rsp_info.as_ref().map(RecordRef::from_record), *is_last);
            }
            other => {
                self.buffer.number(output.session.0);
                self.buffer.text(other);
            }
        }
    }

    /// Notes that a client receives at the same time what the one before it received.
    pub fn same(&mut self, session: SessionId) {
        self.entries += 1;
        self.buffer.0.push(b'=');
        self.buffer.number(session.0);
    }

    /// Notes an input and what the exchange answered to it.
    pub fn step(&mut self, now: Timestamp, input: &Input, outputs: &[Output]) {
        self.input(now, input);
        for output in outputs {
            self.output(now, output);
        }
    }

    /// Returns how many inputs and outputs were noted.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Returns the digest so far, as 64 hexadecimal digits.
    pub fn hex(&self) -> String {
        let mut digest = self.digest.clone();
        digest.update(&self.buffer.0);
        digest.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// Returns the digest so far. Unlike [`hex`](Self::hex) it hashes nothing twice: for a look at it after every entry.
    pub fn digest(&mut self) -> [u8; 32] {
        self.digest.update(&self.buffer.0);
        self.buffer.0.clear();
        self.digest.clone().finalize().into()
    }

    fn begin(&mut self, direction: u8, now: Timestamp) {
        if self.buffer.0.len() >= BLOCK {
            self.digest.update(&self.buffer.0);
            self.buffer.0.clear();
        }
        self.entries += 1;
        self.buffer.0.push(direction);
        self.buffer.number(now.0 as u64);
    }
}

impl Default for Journal {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Journal({} entries, {})", self.entries, self.hex())
    }
}

/// Entries on their way into the digest. Every part has a length of its own or is told by what stands before it.
#[derive(Clone)]
struct Buffer(Vec<u8>);

impl Buffer {
    fn head(&mut self, api: u8, session: SessionId, method: u32, number: i32) {
        self.0.push(api);
        self.number(session.0);
        self.0.extend_from_slice(&method.to_le_bytes());
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn answer(&mut self, record: Option<&RecordBox>, rsp_info: Option<RecordRef<'_>>, is_last: bool) {
        self.0.push(u8::from(is_last));
        for record in [record.map(RecordBox::as_ref), rsp_info] {
            self.0.push(u8::from(record.is_some()));
            if let Some(record) = record {
                self.record(record);
            }
        }
    }

    /// The record's fields that are not zero or empty, each behind its number from 1; then 0.
    fn record(&mut self, record: RecordRef<'_>) {
        self.bytes(record.descriptor().c_name.as_bytes());
        for (number, field) in (1u16..).zip(record.descriptor().fields) {
            if field.secret {
                continue;
            }
            let (bits, width) = match record.field(field) {
                Value::Text(bytes) => {
                    let text = until_nul(bytes);
                    if !text.is_empty() {
                        self.0.extend_from_slice(&number.to_le_bytes());
                        self.bytes(text);
                    }
                    continue;
                }
                Value::Char(value) => (u64::from(value), 1),
                Value::Short(value) => (value as u64, 2),
                Value::Int(value) => (value as u64, 4),
                Value::UnsignedInt(value) => (u64::from(value), 4),
                Value::LongLong(value) => (value as u64, 8),
                Value::Double(value) => (value.to_bits(), 8),
            };
            if bits != 0 {
                self.0.extend_from_slice(&number.to_le_bytes());
                self.0.extend_from_slice(&bits.to_le_bytes()[..width]);
            }
        }
        self.0.extend_from_slice(&0u16.to_le_bytes());
    }

    fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        self.0.extend_from_slice(bytes);
    }

    /// A rare entry as its description.
    fn text(&mut self, entry: &dyn fmt::Debug) {
        self.bytes(format!("{entry:?}").as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ctp_types::{
        InputOrderField, OrderField, ReqUserLoginField, RspInfoField, Text, TraderCallback, TraderRequest,
    };

    fn order_output(record: Option<RecordBox>, rsp_info: Option<RspInfoField>, number: i32) -> Output {
        let callback = TraderCallback::OnRtnOrder;
        let delivery = Delivery::Trader { callback, record, rsp_info, number, is_last: true };
        Output { session: SessionId(1), delivery }
    }

    fn of(output: &Output) -> String {
        let mut journal = Journal::new();
        journal.output(Timestamp(1), output);
        journal.hex()
    }

    #[test]
    fn every_part_counts() {
        let order = OrderField { limit_price: 3200.0, volume_total: 3, ..OrderField::default() };
        let other = OrderField { limit_price: 3200.0, volume_traded: 3, ..OrderField::default() };
        let record = Some(RecordBox::new(&order));
        let info = RspInfoField { error_id: 3, ..RspInfoField::default() };
        let outputs = [
            order_output(record.clone(), None, 0),
            order_output(record.clone(), None, 1),
            order_output(record, Some(info), 0),
            order_output(Some(RecordBox::new(&other)), None, 0),
            order_output(Some(RecordBox::new(&OrderField::default())), None, 0),
            order_output(None, None, 0),
            Output { session: SessionId(1), delivery: Delivery::Close { reason: 0x1001 } },
        ];
        let mut digests: Vec<String> = outputs.iter().map(of).collect();
        assert_eq!(digests, outputs.iter().map(of).collect::<Vec<_>>());
        digests.sort();
        digests.dedup();
        assert_eq!(digests.len(), outputs.len());
    }

    #[test]
    fn what_stands_behind_a_nul_and_secrets_do_not_count() {
        let digest = |record: RecordBox| {
            let mut journal = Journal::new();
            let (session, request) = (SessionId(1), TraderRequest::ReqUserLogin);
            journal.input(Timestamp(1), &Input::Trader { session, request, record, request_id: 1 });
            journal.hex()
        };
        let login = |user: &[u8], password: &str| {
            digest(RecordBox::new(&ReqUserLoginField {
                user_id: Text::from_raw(user).expect("a text"),
                password: Text::new(password).expect("a text"),
                ..ReqUserLoginField::default()
            }))
        };
        assert_eq!(login(b"one\0rest", "a"), login(b"one", "b"));
        assert_ne!(login(b"one", "a"), login(b"two", "a"));
    }

    #[test]
    fn a_long_journal_is_hashed_in_pieces() {
        let input = Input::Trader {
            session: SessionId(1),
            request: TraderRequest::ReqOrderInsert,
            record: RecordBox::new(&InputOrderField { limit_price: 1.0, ..InputOrderField::default() }),
            request_id: 1,
        };
        let mut journal = Journal::new();
        let mut before = journal.hex();
        for time in 0..2_000 {
            journal.step(Timestamp(time), &input, &[]);
            if time % 100 == 0 {
                let now = journal.hex();
                assert_ne!(now, before);
                before = now;
            }
        }
        assert_eq!(journal.entries(), 2_000);
        let hex = journal.hex();
        let digest: String = journal.digest().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((&digest, &journal.hex()), (&hex, &hex));
        journal.same(SessionId(1));
        assert_ne!(journal.hex(), hex);
        assert_eq!(journal.hex(), journal.hex());
    }
}
