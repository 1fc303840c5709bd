//! Hash tables for what every order passes: a hash of some nanoseconds, the same in every run.
//!
//! It withstands no one who chooses keys to make tables slow. The keys here are the gateway's own numbers and what the
//! account's own counter says, which could do worse.

use foldhash::fast::FixedState;

/// A table whose keys are the gateway's or the counter's.
pub(crate) type HashMap<K, V> = std::collections::HashMap<K, V, FixedState>;

/// A set of what the gateway or the counter names.
pub(crate) type HashSet<K> = std::collections::HashSet<K, FixedState>;
