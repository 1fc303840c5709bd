//! A segment of the journal: sixteen bytes that name it, a header, then entries, each in a frame with checks.
//!
//! ```text
//! 89 43 54 50 4a 4e 4c 0a   version (u32)   0 (u32)
//! length (u32)  sequence (u64)  check of both (u32)  payload  check of sequence and payload (u32)  a5
//! …
//! zeros, up to the size that was set aside
//! ```
//!
//! All numbers have the little end first; checks are CRC-32. Those of entries begin with a number made of the API's
//! version, so that an entry that checks out was written with this build's records. The length has a check of its own:
//! a flipped bit in it is damage, never an end that seems torn. The last byte is never zero: a frame whose last byte
//! is there but whose check fails was changed after it was written, one whose last byte is not was never finished.

mod scan;

use std::sync::LazyLock;

use ctp_types::Text;

use super::encoding::Encoder;
use super::entry::{Action, Entry};
pub(crate) use scan::{Scanned, Scanner, entries_begin, header, read};

/// The version of the journal's format that this build writes and reads.
pub const FORMAT_VERSION: u32 = 1;

const MAGIC: [u8; 8] = *b"\x89CTPJNL\n";
/// Magic, version and a zero.
const BEGINNING: usize = 16;
const HEAD: usize = 16;
const TAIL: usize = 5;
const MARK: u8 = 0xa5;
/// No payload is longer: a record and two texts of 64 KiB. It bounds what a reader believes.
const LENGTH_MAX: usize = 256 << 10;

/// What the checks of entries begin with.
static ENTRY_SEED: LazyLock<u32> = LazyLock::new(|| crc32fast::hash(ctp_types::API_VERSION.as_bytes()));
/// What the checks of the header begin with: it can be read with any API, in this format only.
const HEADER_SEED: u32 = FORMAT_VERSION;
/// No beginning with its header is longer.
pub(crate) const HEADER_MAX: u64 = 4096;

/// What a segment says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// Whose journal it is: broker and investor.
    pub account: String,
    /// The version of the API whose records are in it.
    pub api: String,
    /// The version of the gateway that wrote it.
    pub gateway: String,
    /// The trading day of its entries, `yyyymmdd`; empty before the first login of a process.
    pub trading_day: Text<9>,
    /// When it was begun, in nanoseconds since the Unix epoch.
    pub begun_ns: i64,
    /// The number of its first entry.
    pub first: u64,
}

impl Header {
    /// Returns the header of a segment that this build begins.
    pub(crate) fn new(account: &str, trading_day: Text<9>, begun_ns: i64, first: u64) -> Self {
        Self {
            account: account.to_owned(),
            api: ctp_types::API_VERSION.to_owned(),
            gateway: env!("CARGO_PKG_VERSION").to_owned(),
            trading_day,
            begun_ns,
            first,
        }
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = self.begun_ns.to_le_bytes().to_vec();
        bytes.extend(self.trading_day.raw());
        for text in [&self.account, &self.api, &self.gateway] {
            let text = &text.as_bytes()[..text.len().min(usize::from(u8::MAX))];
            bytes.push(text.len() as u8);
            bytes.extend(text);
        }
        bytes
    }

    fn decode(first: u64, bytes: &[u8]) -> Option<Self> {
        let (begun_ns, rest) = bytes.split_first_chunk()?;
        let (day, mut rest) = rest.split_first_chunk::<9>()?;
        let mut text = || {
            let (length, after) = rest.split_first()?;
            let (text, after) = after.split_at_checked(usize::from(*length))?;
            rest = after;
            Some(String::from_utf8_lossy(text).into_owned())
        };
        let (account, api, gateway) = (text()?, text()?, text()?);
        let trading_day = Text::from_raw(day).ok()?;
        let begun_ns = i64::from_le_bytes(*begun_ns);
        rest.is_empty().then_some(Self { account, api, gateway, trading_day, begun_ns, first })
    }
}

/// Makes the bytes of segments. Its buffers are kept.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    encoder: Encoder,
}

impl Frames {
    /// Appends the beginning of a segment.
    pub(crate) fn begin(&mut self, header: &Header, bytes: &mut Vec<u8>) {
        bytes.extend(MAGIC);
        bytes.extend(FORMAT_VERSION.to_le_bytes());
        bytes.extend(0_u32.to_le_bytes());
        let start = bytes.len();
        bytes.resize(start + HEAD, 0);
        bytes.extend(header.encode());
        close(HEADER_SEED, header.first, start, bytes);
    }

    /// Appends an entry with its number.
    pub(crate) fn entry(&mut self, sequence: u64, entry: &Entry, bytes: &mut Vec<u8>) {
        Self::frame(sequence, bytes, |bytes| self.encoder.encode(entry, bytes));
    }

    /// Appends an action with its number.
    pub(crate) fn action(&mut self, sequence: u64, action: &Action<'_>, bytes: &mut Vec<u8>) {
        Self::frame(sequence, bytes, |bytes| self.encoder.action(action, bytes));
    }

    fn frame(sequence: u64, bytes: &mut Vec<u8>, encode: impl FnOnce(&mut Vec<u8>)) {
        let start = bytes.len();
        bytes.resize(start + HEAD, 0);
        encode(bytes);
        close(*ENTRY_SEED, sequence, start, bytes);
    }
}

/// Writes head and tail around the payload behind `start + HEAD`.
fn close(seed: u32, sequence: u64, start: usize, bytes: &mut Vec<u8>) {
    let payload = start + HEAD;
    let length = (bytes.len() - payload) as u32;
    bytes[start..start + 4].copy_from_slice(&length.to_le_bytes());
    bytes[start + 4..start + 12].copy_from_slice(&sequence.to_le_bytes());
    let head_check = check(seed, &bytes[start..start + 12]);
    bytes[start + 12..payload].copy_from_slice(&head_check.to_le_bytes());
    // The head's check covers the sequence, and begins this one: a payload under another head does not fit.
    let payload_check = check(head_check, &bytes[payload..]);
    bytes.extend(payload_check.to_le_bytes());
    bytes.push(MARK);
}

fn check(seed: u32, bytes: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new_with_initial(seed);
    crc.update(bytes);
    crc.finalize()
}

#[cfg(test)]
mod tests;
