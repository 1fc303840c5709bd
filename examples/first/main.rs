//! The README's first program: it logs in, looks at prices, buys a lot, and places an order that it cancels.

// A file of its own, so that the README and its test have it word for word.
include!("program.rs");
