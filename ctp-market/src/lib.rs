//! Reference data of the Chinese futures exchanges.
