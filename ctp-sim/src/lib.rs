//! The simulated exchange: a pure state machine.
