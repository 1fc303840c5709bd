//! The deterministic simulation: both sessions against the simulator's exchange, in one thread and in virtual time.
//!
//! A run is made from one number, its seed. The [`plan`] draws what kind of run it is; the [`world`] holds the exchange,
//! the wire with its faults, the two sessions and their user, and lets happen whatever is due next; the [`judge`] sees
//! everything from outside and says what was broken. After a time of users and faults comes the quiet: nothing goes wrong
//! any more, and everything has to come right.
//!
//! There is no runtime, thread, socket or clock: the log of a seed is the same, byte for byte, whenever it runs.
//! `docs/simulation.md` says how to run and read it.

mod agenda;
mod chance;
mod clock;
mod disk;
mod judge;
mod library;
mod listing;
mod log;
mod plan;
mod stranger;
mod tally;
mod trader;
mod user;
mod venue;
mod world;

mod tests;
