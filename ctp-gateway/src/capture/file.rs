//! The file: eight bytes that name it, its format's version, then frames with checksums.
//!
//! ```text
//! 89 43 54 50 43 41 50 0a   version (u32)
//! length (u32)  check of number and length (u32)  payload  check of number and payload (u32)
//! …
//! ```
//!
//! All numbers have the little end first. A frame's number, which counts from 0 and is not written, goes into both
//! checks (CRC-32), so that a frame that is lost, doubled or moved is seen as a changed one is. The length has a check
//! of its own: a flipped bit in it is damage, never an end that seems torn.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use super::error::CaptureError;
use super::frame::{Frame, Header};

/// The version of the format that this build writes and reads.
pub const FORMAT_VERSION: u32 = 1;

const MAGIC: [u8; 8] = *b"\x89CTPCAP\n";
/// Length and its check before a payload, the payload's check behind it.
const FRAME_HEAD: usize = 8;
const FRAME_TAIL: usize = 4;
/// No frame is longer. It bounds what a reader sets aside.
const LENGTH_MAX: u32 = 16 << 20;

fn check(number: u64, bytes: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&number.to_le_bytes());
    crc.update(bytes);
    crc.finalize()
}

/// Writes frames.
#[derive(Debug)]
pub(crate) struct FrameWriter<W> {
    to: W,
    number: u64,
    bytes: u64,
}

impl<W: Write> FrameWriter<W> {
    /// Begins a file.
    pub(crate) fn new(mut to: W, header: Header) -> io::Result<Self> {
        to.write_all(&MAGIC)?;
        to.write_all(&FORMAT_VERSION.to_le_bytes())?;
        let mut this = Self { to, number: 0, bytes: 12 };
        this.write(&Frame::Header(header))?;
        Ok(this)
    }

    pub(crate) fn write(&mut self, frame: &Frame) -> io::Result<()> {
        let payload = frame.encode().map_err(io::Error::other)?;
        let length = u32::try_from(payload.len()).ok().filter(|length| *length <= LENGTH_MAX);
        let length = length.ok_or_else(|| io::Error::other("a frame is longer than 16 MiB"))?.to_le_bytes();
        self.to.write_all(&length)?;
        self.to.write_all(&check(self.number, &length).to_le_bytes())?;
        self.to.write_all(&payload)?;
        self.to.write_all(&check(self.number, &payload).to_le_bytes())?;
        self.number += 1;
        self.bytes += (FRAME_HEAD + payload.len() + FRAME_TAIL) as u64;
        Ok(())
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }

    /// Returns how long the file is so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// Reads a capture frame by frame, and stops at the first thing that is wrong.
#[derive(Debug)]
pub struct Reader<R> {
    from: R,
    header: Header,
    offset: u64,
    number: u64,
    over: bool,
}

impl Reader<BufReader<File>> {
    /// Opens a capture.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new), and a file that cannot be opened.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, CaptureError> {
        let path = path.as_ref();
        let opened = File::open(path);
        let file =
            opened.map_err(|source| CaptureError::Io { what: "open", path: path.to_owned(), source })?;
        Self::new(BufReader::with_capacity(1 << 16, file))
    }
}

impl<R: Read> Reader<R> {
    /// Reads the beginning of a capture. `from` should be buffered.
    ///
    /// # Errors
    ///
    /// What is not the beginning of a capture of this build's format and API version.
    pub fn new(mut from: R) -> Result<Self, CaptureError> {
        let mut prelude = [0; 12];
        let found = fill(&mut from, &mut prelude, 0)?;
        if found == 0 {
            return Err(CaptureError::Empty);
        }
        let named = found.min(MAGIC.len());
        if prelude[..named] != MAGIC[..named] {
            let (found, expected) = (prelude[..named].to_vec(), MAGIC.to_vec());
            return Err(CaptureError::NotACapture { found, expected });
        }
        if found < prelude.len() {
            return Err(CaptureError::Torn { offset: 0, needed: prelude.len() as u64, found: found as u64 });
        }
        let version = prelude[8..].iter().rev().fold(0, |version, byte| version << 8 | u32::from(*byte));
        if version != FORMAT_VERSION {
            return Err(CaptureError::FormatVersion { found: version });
        }
        let header = Header {
            session: super::SessionKind::Md,
            gateway: String::new(),
            api: String::new(),
            library: String::new(),
            started_unix_ns: 0,
            seed: 0,
            config: serde_json::Value::Null,
        };
        let mut this = Self { from, header, offset: 12, number: 0, over: false };
        match this.read()? {
            (offset, Frame::Header(header)) if header.api != ctp_types::API_VERSION => {
                Err(CaptureError::ApiVersion {
                    offset,
                    found: header.api,
                    expected: ctp_types::API_VERSION.to_owned(),
                    gateway: header.gateway,
                })
            }
            (_, Frame::Header(header)) => Ok(Self { header, ..this }),
            (offset, _) => {
                let reason = "the first frame is not the header".to_owned();
                Err(CaptureError::Malformed { offset, reason })
            }
        }
    }

    /// Returns what the file says about itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Returns how much of the file was read and is whole, in bytes.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    fn read(&mut self) -> Result<(u64, Frame), CaptureError> {
        let offset = self.offset;
        let mut head = [0; FRAME_HEAD];
        let found = fill(&mut self.from, &mut head, offset)?;
        if found == 0 {
            return Err(CaptureError::Unfinished { offset });
        }
        if found < FRAME_HEAD {
            return Err(CaptureError::Torn { offset, needed: FRAME_HEAD as u64, found: found as u64 });
        }
        let damaged = |what| CaptureError::Damaged { offset, what };
        let (length, length_check) = head.split_at(4);
        let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte));
        if check(self.number, length) != number(length_check) || number(length) > LENGTH_MAX {
            return Err(damaged("its length"));
        }
        let length = number(length) as usize;
        let mut body = vec![0; length + FRAME_TAIL];
        let found = fill(&mut self.from, &mut body, offset)?;
        if found < body.len() {
            let (needed, found) = ((FRAME_HEAD + body.len()) as u64, (FRAME_HEAD + found) as u64);
            return Err(CaptureError::Torn { offset, needed, found });
        }
        let (payload, payload_check) = body.split_at(length);
        if check(self.number, payload) != number(payload_check) {
            return Err(damaged("its content"));
        }
        let malformed = |reason: &str| CaptureError::Malformed { offset, reason: reason.to_owned() };
        let frame = Frame::decode(payload).map_err(malformed)?;
        if matches!(frame, Frame::Header(_)) != (self.number == 0) {
            return Err(malformed("a header stands at the beginning, and only there"));
        }
        self.number += 1;
        self.offset += (FRAME_HEAD + body.len()) as u64;
        Ok((offset, frame))
    }

    fn read_end(&mut self) -> Result<(), CaptureError> {
        let found = fill(&mut self.from, &mut [0], self.offset)?;
        let reason = "something follows the end mark".to_owned();
        if found == 0 { Ok(()) } else { Err(CaptureError::Malformed { offset: self.offset, reason }) }
    }
}

/// Frames with the offsets at which they begin. After an error, and after [`Frame::End`], there is nothing more.
impl<R: Read> Iterator for Reader<R> {
    type Item = Result<(u64, Frame), CaptureError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let mut frame = self.read();
        if let Ok((_, Frame::End(_))) = frame
            && let Err(error) = self.read_end()
        {
            frame = Err(error);
        }
        self.over = matches!(frame, Err(_) | Ok((_, Frame::End(_))));
        Some(frame)
    }
}

/// Reads as many bytes as there are, at most the buffer.
fn fill(from: &mut impl Read, buffer: &mut [u8], offset: u64) -> Result<usize, CaptureError> {
    let mut filled = 0;
    while filled < buffer.len() {
        match from.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => return Err(CaptureError::Read { offset, source }),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests;
