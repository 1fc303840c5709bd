//! Two examples to read and to run: [`md`] shows market data, [`td`] trades.
//!
//! ```text
//! cargo run --bin md_demo
//! cargo run --bin td_demo
//! cargo run --bin td_demo -- --library thosttraderapi_se.so --front tcp://host:port --broker 9999 --user ID
//! ```
//!
//! What they share with each other and with `ctp demo` (options, Ctrl-C, the rule about orders) is [`ctp::demo`].
#![forbid(unsafe_code)]

pub mod md;
pub mod td;
