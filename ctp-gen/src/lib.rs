//! Turns CTP vendor headers into an API model, and the model into code.
//!
//! Three stages, each in its own module and none knowing the one after it:
//!
//! 1. `parse` (feature `parse`) reads a folder of vendor headers with libclang and makes an [`Api`].
//!    Only people who upgrade to a new CTP version run it.
//! 2. [`api`] is that model: names, types, values, order, sizes. It is committed as text in
//!    `ctp-gen/api/` and embedded here ([`models`]).
//! 3. [`emit`] writes Rust, C++ and Python text from models and [`overlay`]s: pure functions, run by
//!    build scripts.

pub mod api;
#[cfg(feature = "check")]
pub mod check;
#[cfg(feature = "parse")]
pub mod detect;
pub mod diff;
pub mod emit;
pub mod models;
pub mod names;
pub mod overlay;
#[cfg(feature = "parse")]
pub mod parse;

pub use api::Api;
