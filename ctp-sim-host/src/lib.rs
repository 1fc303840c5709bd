//! The simulated exchange, running.
