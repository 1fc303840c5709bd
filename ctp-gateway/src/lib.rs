//! Market data and trading over CTP as async Rust.
