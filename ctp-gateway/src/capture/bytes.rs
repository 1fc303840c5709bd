//! Numbers, texts and records as bytes: little end first, lengths and counts as varints, runs of zeros counted.
//!
//! Records of CTP are mostly zeros, so a record takes about a third of its size.

use ctp_types::{FieldKind, RecordBox, RecordDescriptor};

/// A run of zeros shorter than this stays where it is: naming it would cost as much.
const ZERO_RUN_MIN: usize = 4;

/// Writes values behind each other.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    pub(super) bytes: Vec<u8>,
}

impl Encoder {
    pub(super) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    pub(super) fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    /// Small numbers of either sign are short.
    pub(super) fn signed(&mut self, value: i64) {
        self.varint(((value << 1) ^ (value >> 63)) as u64);
    }

    pub(super) fn count(&mut self, count: usize) {
        self.varint(count as u64);
    }

    pub(super) fn fixed(&mut self, value: u64) {
        self.bytes.extend(value.to_le_bytes());
    }

    pub(super) fn blob(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.bytes.extend(bytes);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.blob(text.as_bytes());
    }

    /// Writes the record's Rust name and its fields as they lie in memory.
    pub(super) fn record(&mut self, record: &RecordBox) {
        self.text(&record.descriptor().name);
        let mut plain = Vec::with_capacity(record.descriptor().size);
        record.as_ref().append_to(&mut plain);
        self.zero_runs(&plain);
    }

    /// Writes pairs of (literal bytes, count of zeros behind them).
    fn zero_runs(&mut self, mut rest: &[u8]) {
        self.count(rest.len());
        while !rest.is_empty() {
            let (literal, zeros) = split_at_zeros(rest);
            self.blob(&rest[..literal]);
            self.count(zeros);
            rest = &rest[literal + zeros..];
        }
    }
}

/// Returns the length of what comes before the first long run of zeros, and the length of that run.
fn split_at_zeros(bytes: &[u8]) -> (usize, usize) {
    let mut start = 0;
    while start < bytes.len() {
        if bytes[start] != 0 {
            start += 1;
            continue;
        }
        let run = bytes[start..].iter().take_while(|byte| **byte == 0).count();
        if run >= ZERO_RUN_MIN || start + run == bytes.len() {
            return (start, run);
        }
        start += run;
    }
    (bytes.len(), 0)
}

/// Why bytes are not what an [`Encoder`] writes.
pub(super) type Reason = &'static str;

const CUT: Reason = "a value is longer than its frame";

/// Reads values in the order in which they were written.
#[derive(Debug)]
pub(super) struct Decoder<'a> {
    rest: &'a [u8],
}

impl<'a> Decoder<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn finish(self) -> Result<(), Reason> {
        if self.rest.is_empty() { Ok(()) } else { Err("a frame is longer than its values") }
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], Reason> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(CUT)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Reason> {
        self.take(1).map(|bytes| bytes[0])
    }

    pub(super) fn varint(&mut self) -> Result<u64, Reason> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                break;
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err("a number is too large")
    }

    pub(super) fn signed(&mut self) -> Result<i64, Reason> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// Reads a count of things that take at least one byte each.
    pub(super) fn count(&mut self) -> Result<usize, Reason> {
        let count = self.length()?;
        if count > self.rest.len() { Err(CUT) } else { Ok(count) }
    }

    fn length(&mut self) -> Result<usize, Reason> {
        usize::try_from(self.varint()?).map_err(|_| CUT)
    }

    pub(super) fn fixed(&mut self) -> Result<u64, Reason> {
        let bytes = self.take(8)?;
        Ok(bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    pub(super) fn blob(&mut self) -> Result<&'a [u8], Reason> {
        let length = self.count()?;
        self.take(length)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Reason> {
        std::str::from_utf8(self.blob()?).map_err(|_| "a text is not UTF-8")
    }

    pub(super) fn record(&mut self) -> Result<RecordBox, Reason> {
        let name = self.text()?;
        let descriptor = ctp_types::record_descriptors().iter().find(|record| record.name == name);
        let descriptor = *descriptor.ok_or("a record has a name that the API does not know")?;
        let bytes = self.zero_runs(descriptor.size)?;
        restore(descriptor, &bytes).ok_or("a record has another size than the API says")
    }

    /// `size` bounds what is made of a damaged count.
    fn zero_runs(&mut self, size: usize) -> Result<Vec<u8>, Reason> {
        const SIZE: Reason = "a record has another size than the API says";
        if self.length()? != size {
            return Err(SIZE);
        }
        let mut bytes = Vec::with_capacity(size);
        while bytes.len() < size {
            let literal = self.blob()?;
            let zeros = self.length()?;
            if literal.len() + zeros.min(size) == 0
                || bytes.len() + literal.len() + zeros.min(size + 1) > size
            {
                return Err(SIZE);
            }
            bytes.extend(literal);
            bytes.resize(bytes.len() + zeros, 0);
        }
        Ok(bytes)
    }
}

/// Makes the record again, also with texts that fill their field to the last byte.
fn restore(descriptor: &'static RecordDescriptor, bytes: &[u8]) -> Option<RecordBox> {
    let mut record = RecordBox::from_bytes(descriptor, bytes)?;
    for field in descriptor.fields {
        if let FieldKind::Text(length @ 1..) = field.kind {
            let raw = &bytes[field.offset..field.offset + length];
            if raw[length - 1] != 0 {
                record.set_bytes(field, raw).ok()?;
            }
        }
    }
    Some(record)
}

#[cfg(test)]
mod tests {
    use ctp_types::{DepthMarketDataField, OrderField, Text};
    use proptest::prelude::*;

    use super::*;

    fn round_trip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = Encoder::default();
        encoder.zero_runs(bytes);
        let mut decoder = Decoder::new(&encoder.bytes);
        let read = decoder.zero_runs(bytes.len()).unwrap();
        decoder.finish().unwrap();
        read
    }

    proptest! {
        #[test]
        fn any_numbers_come_back(unsigned: u64, signed: i64, text: String) {
            let mut encoder = Encoder::default();
            encoder.varint(unsigned);
            encoder.signed(signed);
            encoder.fixed(unsigned);
            encoder.text(&text);
            let mut decoder = Decoder::new(&encoder.bytes);
            prop_assert_eq!(decoder.varint().unwrap(), unsigned);
            prop_assert_eq!(decoder.signed().unwrap(), signed);
            prop_assert_eq!(decoder.fixed().unwrap(), unsigned);
            prop_assert_eq!(decoder.text().unwrap(), text);
            decoder.finish().unwrap();
        }

        #[test]
        fn any_bytes_come_back(bytes in proptest::collection::vec(prop_oneof![3 => Just(0_u8), 1 => any::<u8>()], 0..200)) {
            prop_assert_eq!(round_trip(&bytes), bytes);
        }

        #[test]
        fn any_garbage_is_refused_or_read_without_a_panic(bytes: Vec<u8>) {
            let _ = Decoder::new(&bytes).record();
            let _ = Decoder::new(&bytes).zero_runs(64);
            let _ = Decoder::new(&bytes).varint();
        }
    }

    #[test]
    fn a_full_text_keeps_its_last_byte() {
        let order =
            OrderField { order_ref: Text::from_raw(b"1234567890123").unwrap(), ..OrderField::default() };
        let mut encoder = Encoder::default();
        encoder.record(&RecordBox::new(&order));
        let read = Decoder::new(&encoder.bytes).record().unwrap();
        assert_eq!(read.get::<OrderField>().unwrap().order_ref.raw(), b"1234567890123");
    }

    #[test]
    fn a_tick_shrinks() {
        let tick = DepthMarketDataField {
            instrument_id: Text::new("rb2601").unwrap(),
            last_price: 3_925.0,
            ask_price2: f64::MAX,
            volume: 7,
            ..DepthMarketDataField::default()
        };
        let mut encoder = Encoder::default();
        encoder.record(&RecordBox::new(&tick));
        assert!(encoder.bytes.len() < size_of::<DepthMarketDataField>() / 4, "{}", encoder.bytes.len());
        let read = Decoder::new(&encoder.bytes).record().unwrap();
        assert_eq!(format!("{read:?}"), format!("{:?}", RecordBox::new(&tick)));
    }
}
