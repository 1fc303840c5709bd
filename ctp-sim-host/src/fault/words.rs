//! Faults among the commands of a scenario: `fault drop what=OnRtnTrade`, `clear-faults`.

use super::{FaultPlan, PlanError};
use crate::command::Argument;
use crate::simulator::Simulator;

/// The commands that are about faults.
pub(crate) const NAMES: [&str; 2] = ["fault", "clear-faults"];

/// Carries out a command that is about faults; `None` when it is another.
pub(crate) fn command(
    exchange: &Simulator,
    name: &str,
    arguments: &[Argument],
    session: &dyn Fn(&str) -> Option<u64>,
) -> Option<Result<(), PlanError>> {
    match name {
        "fault" => Some(FaultPlan::from_words(arguments, session).map(|plan| {
            exchange.add_faults(plan);
        })),
        "clear-faults" => {
            exchange.clear_faults(None);
            Some(Ok(()))
        }
        _ => None,
    }
}
