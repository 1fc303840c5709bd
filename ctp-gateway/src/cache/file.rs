//! The format of a cache file.
//!
//! Magic, key, entries (name, rows), each with its length in front as a little-endian `u32`, then the SHA-256 of all
//! before it.

use std::collections::BTreeMap;
use std::io;

use ctp_types::{RecordBox, RecordDescriptor};
use sha2::{Digest, Sha256};

const MAGIC: &[u8; 8] = b"CTPDAY1\n";
const DIGEST: usize = 32;

/// Records by the name they were asked for.
pub(super) type Entries = BTreeMap<String, Vec<RecordBox>>;

/// Why a file is of no use.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unusable {
    /// It belongs to another day, account or version.
    #[error("it belongs to another day, account or version")]
    OtherKey,
    /// It is shorter than it says, or its digest is another one.
    #[error("it is cut or changed")]
    Damaged,
}

/// Returns the bytes of a file.
pub(super) fn write(key: &str, record: &RecordDescriptor, entries: &Entries) -> io::Result<Vec<u8>> {
    let rows: usize = entries.values().map(Vec::len).sum();
    let mut bytes = Vec::with_capacity(rows * record.size + 1024);
    bytes.extend_from_slice(MAGIC);
    put(&mut bytes, key.as_bytes())?;
    bytes.extend_from_slice(&length(entries.len())?);
    for (name, rows) in entries {
        put(&mut bytes, name.as_bytes())?;
        bytes.extend_from_slice(&length(rows.len())?);
        for row in rows {
            row.as_ref().append_to(&mut bytes);
        }
    }
    let digest = Sha256::digest(&bytes);
    bytes.extend_from_slice(&digest);
    Ok(bytes)
}

/// Returns what a file holds, if it is whole and of this key.
pub(super) fn read(bytes: &[u8], key: &str, record: &'static RecordDescriptor) -> Result<Entries, Unusable> {
    let split = bytes.len().checked_sub(DIGEST).ok_or(Unusable::Damaged)?;
    let (content, digest) = bytes.split_at(split);
    if Sha256::digest(content).as_slice() != digest {
        return Err(Unusable::Damaged);
    }
    let mut rest = content.strip_prefix(MAGIC.as_slice()).ok_or(Unusable::Damaged)?;
    if take_text(&mut rest)? != key.as_bytes() {
        return Err(Unusable::OtherKey);
    }
    let mut entries = Entries::new();
    for _ in 0..take_length(&mut rest)? {
        let name = str::from_utf8(take_text(&mut rest)?).map_err(|_| Unusable::Damaged)?.to_owned();
        let mut rows = Vec::new();
        for _ in 0..take_length(&mut rest)? {
            let row = take(&mut rest, record.size)?;
            rows.push(RecordBox::from_bytes(record, row).ok_or(Unusable::Damaged)?);
        }
        entries.insert(name, rows);
    }
    if rest.is_empty() { Ok(entries) } else { Err(Unusable::Damaged) }
}

fn length(length: usize) -> io::Result<[u8; 4]> {
    u32::try_from(length).map(u32::to_le_bytes).map_err(io::Error::other)
}

fn put(bytes: &mut Vec<u8>, text: &[u8]) -> io::Result<()> {
    bytes.extend_from_slice(&length(text.len())?);
    bytes.extend_from_slice(text);
    Ok(())
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], Unusable> {
    let (taken, left) = rest.split_at_checked(length).ok_or(Unusable::Damaged)?;
    *rest = left;
    Ok(taken)
}

fn take_length(rest: &mut &[u8]) -> Result<usize, Unusable> {
    let bytes = take(rest, 4)?.try_into().map_err(|_| Unusable::Damaged)?;
    usize::try_from(u32::from_le_bytes(bytes)).map_err(|_| Unusable::Damaged)
}

fn take_text<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Unusable> {
    let length = take_length(rest)?;
    take(rest, length)
}
