//! Trading sessions.

pub(crate) mod account;
pub(crate) mod classes;
mod client;
pub(crate) mod dials;
pub(crate) mod driver;
mod event;
#[cfg(test)]
mod fixtures;
pub(crate) mod instructions;
pub(crate) mod io;
pub(crate) mod ledger;
mod lookups;
pub(crate) mod meter;
mod new_order;
pub(crate) mod observed;
mod offsets;
pub(crate) mod orders;
mod parked;
pub(crate) mod recorded;
mod recovery;
mod requests;
pub(crate) mod risk;
pub(crate) mod rows;
pub(crate) mod session;
mod settlement;
mod spi;
mod task;

pub(crate) use account::AccountNames;
pub use client::{Cancelled, Closing, TdClient};
pub use event::TdEvent;
pub use instructions::{
    Combination, Exercise, Instruction, InstructionHandle, InstructionId, InstructionKeys, InstructionKind,
    InstructionPhase, Quote, SelfClose,
};
pub use ledger::{
    AccountNow, Closable, Compared, Comparison, DayProfit, Difference, Figure, PositionKey, PositionNow,
    Rows, Unknown,
};
pub use new_order::{Condition, NewOrder};
pub use offsets::{CloseFirst, NotEnoughHeld, split};
pub use orders::{Order, OrderEvents, OrderHandle, OrderId, OrderKeys, OrderPhase, Origin, Outcome, Trade};
pub use parked::{Parked, ParkedCancel};
pub use recovery::{GateReason, GateReasons, GateState};
pub use requests::Requests;
pub use risk::{AccountCounts, Killed, RiskSnapshot};
pub use rows::{Account, CommissionRate, Instrument, MarginRate, Position};
