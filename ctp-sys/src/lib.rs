//! Loads any CTP library version at run time through generated C++ adapters.
//!
//! [`MdLibrary::open`] and [`TraderLibrary::open`] check file, symbols and version before any virtual
//! call, and pick the adapter of that version. Every record and method then is of the current model
//! ([`ctp_types::API_VERSION`]), whatever version the library is.
//!
//! The names at the root are those of the `se` family; [`mini`] and [`sopt`] have the same over their own
//! records, and libraries of all three live in one process. All of them are aliases of [`Library`],
//! [`Api`] and [`Event`], which are written once over a [`Side`].
//!
//! Life cycle: `open` → `create` (makes and locks the flow directory) → `register_spi`,
//! `register_front`, topics → `init` → requests → `close`. Callbacks come on the library's worker
//! thread through [`MdSpi`] / [`TraderSpi`]; a panic in one is caught, the owner becomes *faulted*, and
//! nothing more is delivered.

#![deny(unsafe_op_in_unsafe_fn)]

mod adapter;
mod control;
mod error;
mod family;
mod flow;
mod library;
pub mod mini;
mod owner;
mod platform;
mod refusal;
pub mod se;
mod side;
mod simulator;
pub mod sopt;
mod spi;
mod system_info;
mod version;

pub use control::{Control, ControlError};
pub use error::{ApiError, CloseError, CreateError, LoadError};
pub use library::{Library, MdOptions, TraderOptions};
pub use owner::Api;
pub use refusal::Nearest;
pub use se::{
    MdApi, MdEvent, MdLibrary, MdSpi, TraderApi, TraderEvent, TraderLibrary, TraderSpi, dispatch_md,
    dispatch_trader, find_simulator, supported_versions,
};
pub use side::{Side, Trading};
pub use simulator::SimulatorLibraries;
pub use spi::Event;
pub use system_info::{
    CollectorTurn, DataCollect, Missing, SystemInfo, SystemInfoError, SystemInfoRecord, collector_turn,
    system_info,
};
pub use version::ApiVersion;
