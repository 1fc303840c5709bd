//! When a demo may send an order.

/// What a demo does about orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OrderPlan {
    /// Send an order that fills, and one that rests and is cancelled: the library is our simulator.
    Trade,
    /// Send one lot at the far daily limit and cancel it: the user asked for it.
    FarLimit,
    /// Print the order and send nothing.
    Show,
}

/// Returns what a demo may do: on anything that is not our simulator nothing is sent without the flag.
pub fn order_plan(is_simulator: bool, place_order: bool) -> OrderPlan {
    match (is_simulator, place_order) {
        (true, _) => OrderPlan::Trade,
        (false, true) => OrderPlan::FarLimit,
        (false, false) => OrderPlan::Show,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_simulator_trades_without_the_flag() {
        assert_eq!(order_plan(false, false), OrderPlan::Show);
        assert_eq!(order_plan(false, true), OrderPlan::FarLimit);
        assert_eq!(order_plan(true, false), OrderPlan::Trade);
        assert_eq!(order_plan(true, true), OrderPlan::Trade);
    }
}
