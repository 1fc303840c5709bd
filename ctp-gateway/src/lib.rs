//! Market data and trading over CTP as async Rust.
#![forbid(unsafe_code)]

pub mod clock;
pub mod config;
pub mod error;
mod handshake;
mod ids;
pub mod state;
pub mod status;
pub mod td;
