//! Faults: what goes wrong between the exchange and its clients, on demand.
//!
//! A [`FaultPlan`] says what, to whom and when, in TOML (`docs/faults.md`). The machine that carries it out stands
//! between the exchange's outputs and the clients' mailboxes, and before the exchange takes a request: seeded, in the
//! exchange's own time, so that the same seed and inputs give the same faults.

mod alter;
mod classes;
mod error;
mod kinds;
mod machine;
mod node;
mod plan;
mod random;
mod read;
pub(crate) mod words;

pub use classes::{Classes, GROUPS, Group};
pub use error::{PlanError, PlanFileError, PlanProblem};
pub use kinds::{CommonKey, Kind, Level};
pub(crate) use machine::{Deed, Faults};
pub use machine::{FaultState, LibraryFault, PlanState};
pub use plan::{Action, At, Every, Fault, FaultPlan, Garbage, Span, When, Who};
pub use random::random_plan;
pub use read::{FAULTS_MAX, PLAN_LENGTH_MAX};
