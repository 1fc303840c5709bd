//! What a trading session makes sure of before it lets orders out.

use serde::{Deserialize, Serialize};

/// What a trading session asks the counter for after each login, before orders may leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Recovery {
    /// Orders, trades, positions and money: the gate opens when the ledger agrees with the counter.
    #[default]
    Full,
    /// Orders and trades only. Positions and money are not compared.
    Orders,
}

/// What happens when the ledger and the counter still differ in the second look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reconcile {
    /// The gate stays closed until a later look agrees, or
    /// [`TdClient::accept_differences`](crate::TdClient::accept_differences) is called.
    #[default]
    Strict,
    /// The counter is right: the ledger takes its rows over, and the gate opens.
    AdoptCounter,
    /// The differences are reported, and the gate opens.
    ReportOnly,
}
