//! SHA-256, in the few shapes that the store needs.

use sha2::{Digest, Sha256};

pub(crate) type Hash = [u8; 32];

/// Returns the digest of parts, each told from the next by its length.
pub(crate) fn of(parts: &[&[u8]]) -> Hash {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
