//! The high level: `MdClient`, `TdClient` and `Gateway` of `ctp-gateway`, for asyncio, for threads and for handlers.
//!
//! No thread of tokio's or of CTP's takes the interpreter lock. What they have to say they say by ringing a
//! [`Bell`](bell::Bell): it wakes threads that wait without the lock, and event loops by one byte on a socket.

mod base;
mod batches;
mod bell;
mod both;
pub(crate) mod config;
pub(crate) mod errors;
pub(crate) mod handlers;
mod journal;
pub(crate) mod life;
mod log;
pub(crate) mod login;
pub(crate) mod md;
pub(crate) mod pending;
mod post;
pub(crate) mod runtime;
pub(crate) mod session;
pub(crate) mod stream;
pub(crate) mod td;
pub(crate) mod tick;
mod wait;

use pyo3::prelude::*;

pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    log::begin();
    errors::add_to(module)?;
    life::add_to(module)?;
    pending::add_to(module)?;
    stream::add_to(module)?;
    handlers::add_to(module)?;
    tick::add_to(module)?;
    login::add_to(module)?;
    base::add_to(module)?;
    md::add_to(module)?;
    td::add_to(module)?;
    journal::add_to(module)?;
    both::add_to(module)
}
