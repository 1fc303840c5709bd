//! Loads any CTP library version at run time through generated C++ adapters.
//!
//! [`MdLibrary::open`] and [`TraderLibrary::open`] check file, symbols and version before any virtual
//! call, and pick the adapter of that version. Every record and method then is of the current model
//! ([`ctp_types::API_VERSION`]), whatever version the library is.
//!
//! Life cycle: `open` → `create` (makes and locks the flow directory) → `register_spi`,
//! `register_front`, topics → `init` → requests → `close`. Callbacks come on the library's worker
//! thread through [`MdSpi`] / [`TraderSpi`]; a panic in one is caught, the owner becomes *faulted*, and
//! nothing more is delivered.

#![deny(unsafe_op_in_unsafe_fn)]

mod adapter;
mod error;
mod flow;
mod library;
mod owner;
mod platform;
mod refusal;
mod simulator;
mod spi;
mod system_info;
mod version;

pub use error::{ApiError, CloseError, CreateError, LoadError};
pub use library::{MdLibrary, MdOptions, TraderLibrary, TraderOptions};
pub use owner::{MdApi, TraderApi};
pub use refusal::Nearest;
pub use simulator::{SimulatorLibraries, find_simulator};
pub use spi::{MdEvent, MdSpi, TraderEvent, TraderSpi, dispatch_md, dispatch_trader};
pub use system_info::{
    CollectorTurn, DataCollect, Missing, SystemInfo, SystemInfoError, SystemInfoRecord, collector_turn, system_info,
};
pub use version::{ApiVersion, supported_versions};
