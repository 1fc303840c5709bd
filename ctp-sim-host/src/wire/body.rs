//! The bytes of a body, read front to back. Nothing is taken that is not there.

use ctp_types::{RecordBox, RecordDescriptor};

use super::{Kind, WireError};

/// What is left of a body.
pub(super) struct Body<'a> {
    kind: Kind,
    rest: &'a [u8],
}

impl<'a> Body<'a> {
    pub(super) fn new(kind: Kind, rest: &'a [u8]) -> Self {
        Self { kind, rest }
    }

    pub(super) fn error(&self, problem: &'static str) -> WireError {
        WireError::Body { kind: self.kind.name(), problem }
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], WireError> {
        let Some((taken, rest)) = self.rest.split_at_checked(count) else {
            return Err(self.error("it ends too early"));
        };
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let Some((taken, rest)) = self.rest.split_first_chunk() else {
            return Err(self.error("it ends too early"));
        };
        self.rest = rest;
        Ok(*taken)
    }

    pub(super) fn u8(&mut self) -> Result<u8, WireError> {
        self.array().map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16, WireError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, WireError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn i32(&mut self) -> Result<i32, WireError> {
        self.array().map(i32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, WireError> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn i64(&mut self) -> Result<i64, WireError> {
        self.array().map(i64::from_le_bytes)
    }

    pub(super) fn f64(&mut self) -> Result<f64, WireError> {
        self.array().map(f64::from_le_bytes)
    }

    /// A byte that is 0 or 1.
    pub(super) fn flag(&mut self) -> Result<bool, WireError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.error("a flag is neither 0 nor 1")),
        }
    }

    /// At most 255 bytes, after their number.
    pub(super) fn short(&mut self) -> Result<&'a [u8], WireError> {
        let length = self.u8()?;
        self.take(length.into())
    }

    pub(super) fn record(&mut self, descriptor: &'static RecordDescriptor) -> Result<RecordBox, WireError> {
        let bytes = self.take(descriptor.size)?;
        RecordBox::from_bytes(descriptor, bytes).ok_or_else(|| self.error("a record is not of its size"))
    }

    /// Checks that so many things of at least `least` bytes each may still come, before room is made for them.
    pub(super) fn count(&self, count: usize, least: usize) -> Result<usize, WireError> {
        match count.checked_mul(least) {
            Some(needed) if needed <= self.rest.len() => Ok(count),
            _ => Err(self.error("it tells of more than it has")),
        }
    }

    pub(super) fn utf8(&self, bytes: &[u8]) -> Result<String, WireError> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(self.error("a text is not UTF-8")),
        }
    }

    /// Everything that is left, as text.
    pub(super) fn rest_text(&mut self) -> Result<String, WireError> {
        let rest = std::mem::take(&mut self.rest);
        self.utf8(rest)
    }

    /// The end: nothing may follow.
    pub(super) fn end(&self) -> Result<(), WireError> {
        match self.rest.is_empty() {
            true => Ok(()),
            false => Err(self.error("bytes follow its end")),
        }
    }
}
